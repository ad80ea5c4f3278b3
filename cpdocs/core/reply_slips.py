"""Reply slips of letters: what a member may tick, and what the ticks that were seen come to (contract §8).

A reading decides nothing: a person looks at the slip and records what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from cpdocs.core.page_facts import BoxReading


class Answer(StrEnum):
    """What a slip says: one box ticked, or not to be told."""

    CHANGE_CP = "change_cp"
    DECLINE = "decline"
    CALL = "call"
    UNSURE = "unsure"


TICKS = (Answer.CHANGE_CP, Answer.DECLINE, Answer.CALL)
"""The boxes from the uppermost, as ``templates/letters/common/reply.html`` has them; the lint of letters holds it to
this."""

IN_WORDS = {
    Answer.CHANGE_CP: "wants a different Community Partner",
    Answer.DECLINE: "wants no Community Partner",
    Answer.CALL: "asks to be called",
    Answer.UNSURE: "can't be told from the ticks",
}


def answer_of(ticks: Mapping[str, BoxReading]) -> Answer:
    """The answer where one box is surely ticked and the others are surely empty; else unsure, as where none was looked
    at."""
    ticked = [each for each in TICKS if ticks.get(each) is BoxReading.SIGNED]
    others = [each for each in TICKS if ticks.get(each) is not BoxReading.EMPTY]
    return ticked[0] if len(ticked) == 1 and others == ticked else Answer.UNSURE


def together(answers: list[Answer]) -> Answer:
    """What several copies of one slip say: the same, or unsure."""
    return answers[0] if len(set(answers)) == 1 else Answer.UNSURE
