"""docs/events.md names every kind of event, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from cpdocs.core.events import EventType

PAGE = Path(__file__).parents[2] / "docs" / "events.md"


def documented() -> dict[str, tuple[str, set[str]]]:
    """By type: the cell of subjects, and every name between backticks in the cell of data."""
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.*?) \| (.*) \|$", PAGE.read_text("utf-8").split("## Types")[1], re.M)
    return {kind: (subjects, set(re.findall(r"`([a-z_0-9]+)`", data))) for kind, subjects, data in rows}


def test_every_kind_of_event_is_documented_and_no_other():
    assert sorted(documented()) == sorted(kind.value for kind in EventType)


def test_every_kind_of_event_says_what_it_is_about_and_what_it_holds():
    for kind, (subjects, data) in documented().items():
        assert subjects, kind
        assert data, kind
