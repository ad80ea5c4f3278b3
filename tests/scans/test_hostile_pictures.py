"""A hostile picture costs its limit and nothing else: it is read as something or as nothing, it raises nothing, it is
never accepted, and the other pages of its file are read. All through the child that a returned file goes through."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from cpdocs.core.verdicts import Verdict
from cpdocs.returns import judging
from cpdocs.sandbox.run import Stopped, run_sandboxed
from cpdocs.signing.file_facts import ReturnFacts
from cpdocs.signing.record import Limits
from cpdocs.signing.verify import decide
from tests.scans import hostile
from tests.signing import builder as b

QUIET = settings(
    max_examples=int(os.environ.get("CPDOCS_FUZZ", "60")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize="CPDOCS_FUZZ" not in os.environ,
)
SECONDS = 12.0
"""Of the processor's: a trap may take them all, and then it is stopped."""


def read(data: bytes) -> ReturnFacts | None:
    """The facts that the child gives of a file; None where it ran into its limit. Any error of a parser's that got out
    of it fails the test."""
    given = {"trust": b.trust(), "received_at": b.office().now, "limits": Limits(50 << 20, 40)}
    try:
        facts: ReturnFacts = run_sandboxed(
            "cpdocs.sandbox.reading:read_other", data, seconds=SECONDS, megabytes=judging.MEGABYTES, **given
        )
    except Stopped as stopped:
        if stopped.why != "limit":
            pytest.fail(f"{stopped.why} got out of the reading")
        return None
    return facts


def is_held(facts: ReturnFacts) -> bool:
    """Whether every part of it waits for a person, with words that say why and what to do."""
    parts = decide(facts, [], b.trust())
    said = all(finding.kind.message and finding.kind.todo for part in parts for finding in part.findings)
    return bool(parts) and said and all(part.findings and part.verdict is not Verdict.ACCEPTED for part in parts)


@QUIET
@given(hostile.bent())
def test_a_bent_picture_is_read_as_something_and_held(data: bytes) -> None:
    facts = read(data)
    assert facts is None or is_held(facts)


@pytest.mark.slow
@settings(QUIET, max_examples=4000)
@given(hostile.bent())
def test_thousands_of_bent_pictures_are(data: bytes) -> None:
    facts = read(data)
    assert facts is None or is_held(facts)


@pytest.mark.parametrize("name", hostile.bombs())
def test_a_picture_made_to_harm_is_read_as_something_and_held(name: str) -> None:
    data = hostile.bombs()[name]()
    assert len(data) < 1 << 20
    facts = read(data)
    assert facts is not None, "it cost its limit; no other page was with it"
    assert is_held(facts)


@pytest.mark.parametrize("name", hostile.bad_pages())
def test_the_pages_beside_a_trap_are_read(name: str) -> None:
    facts = read(hostile.bad_pages()[name]())
    assert facts is not None
    assert facts.pages.present(hostile.DOCUMENT) == {1, 3}
    assert len(facts.pages.pages) == 3
    assert is_held(facts)


def test_a_frame_that_is_broken_costs_no_other() -> None:
    """In a fax's file, each page's bytes are its own."""
    data: Any = bytearray(hostile.fax.tiff([hostile.page(number) for number in (1, 2, 3)]))
    third = len(data) // 3
    data[third + 2000 : third + 6000] = bytes(4000)
    facts = read(bytes(data))
    assert facts is not None
    assert facts.pages.present(hostile.DOCUMENT) >= {1, 3}
