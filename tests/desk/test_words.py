"""What the use cases say of commands and options, said for who sits at the desk."""

from __future__ import annotations

import re

import pytest

from cpdocs.core import held_words, line_words
from cpdocs.core.findings import FINDINGS
from cpdocs.desk.at_the_desk import PLACES, at_the_desk
from cpdocs.desk.words import told
from tests.reference import commands


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Close this with `cpdocs held close`.", "Close this with “Close: nobody is asked”."),
        ("Check --at.", "Check the time."),
        ("Mend it, then recheck.", "Mend it, then have it judged again."),
        ("Give --to NAME.", "Give to whom."),
        ("Say with --second-reader who.", "Say with “second reader” who."),
        (
            "Say who you are with `--as NAME` if that isn't your name on record; ask an administrator.",
            "Log in by your own name if this is another's; ask an administrator.",
        ),
        ("An administrator: `cpdocs user add rita --role reviewer`.",) * 2,
        ("A well--worn word, 2026-11-03.",) * 2,
    ],
)
def test_a_command_is_said_as_its_place_and_an_option_as_its_field(said: str, meant: str) -> None:
    assert at_the_desk(said) == meant


def test_days_and_moments_in_an_events_sentence_are_written_as_everywhere() -> None:
    text = "Refused on 2026-11-12 in run 2026-11-02-01, said 2026-11-12T15:00:00+00:00."
    assert told(text) == "Refused on Nov 12, 2026 in run 2026-11-02-01, said Nov 12, 2026, 10:00 AM."


def test_what_is_to_be_decided_and_mended_names_no_option() -> None:
    texts = [*held_words._BY_CODE.values(), *held_words._BY_LANE.values(), *(kind.todo for kind in FINDINGS.values())]
    texts += [text for reason in line_words.REASONS.values() for text in reason]
    shown = [at_the_desk(text) for text in texts]
    assert [text for text in shown if "--" in text] == []
    left = {found for text in shown for found in re.findall(r"`cpdocs ([a-z]+ [a-z-]+)", text)}
    assert left <= {"keys pin", "keys import-ca", "keys fetch"}, "the desk has no keys"


def test_every_place_stands_for_a_command_that_there_is() -> None:
    known = {name.removeprefix("cpdocs ") for name, _ in commands()}
    assert {each for each in PLACES if not any(f"{name} ".startswith(f"{each} ") for name in known)} == set()
