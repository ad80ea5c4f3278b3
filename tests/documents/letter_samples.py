"""Letters to invented members, and the press that makes them, for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from cpdocs.core.members import Program
from cpdocs.core.senders import Senders
from cpdocs.documents.letter_lint import SAMPLE
from cpdocs.documents.letters import Letter, LetterRenderer
from cpdocs.settings import default_text, load

SHIPPED = Path(__file__).parent.parent.parent / "templates"
ON = date(2026, 11, 2)
DOCUMENT_ID = "7K3M-9QXW-2RR"


def senders() -> Senders:
    """The names in the settings file that ``init`` writes."""
    return load(default_text()).senders


def renderer(site: Path | None = None) -> LetterRenderer:
    """A press with the templates that came with cpdocs, and a site's own."""
    return LetterRenderer(SHIPPED, site, senders())


def letter(*, large_print: bool = False, kind: str = "assignment", **changes: Any) -> Letter:
    """A letter to an invented member that differs from the sample one in ``changes``."""
    return Letter(kind, DOCUMENT_ID, ON, "en", large_print, replace(SAMPLE, **changes))


LTSS = {"program": Program.LTSS, "cp_org": "Sample LTSS Partners"}
MINOR = {"dob": date(2016, 5, 1), "guardian_name": "Gale Sample", "guardian_relation": "parent"}
