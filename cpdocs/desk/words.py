"""How values are written on the desk's pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from cpdocs.core.clock import EASTERN
from cpdocs.core.ids import last_four
from cpdocs.core.line_words import WARNINGS, what_to_do, why
from cpdocs.core.notices import SAYS
from cpdocs.core.page_facts import BoxReading
from cpdocs.core.plurals import counted as counted
from cpdocs.core.plurals import plural
from cpdocs.desk.at_the_desk import at_the_desk

_SEEN = {
    BoxReading.SIGNED: ("signed", "ink is seen", "well"),
    BoxReading.EMPTY: ("empty", "no ink is seen", "late"),
    BoxReading.UNSURE: ("look", "perhaps ink: look at it", "soon"),
}
_NOT_THERE = ("not there", "not looked at, or its page isn't there", "")


def as_date(value: date | datetime | str | None) -> date | None:
    """The day of what is kept as ISO 8601 text or as a value; of a moment, its day in Massachusetts."""
    if not value:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return value.astimezone(EASTERN).date() if isinstance(value, datetime) else value


def day(value: date | datetime | str | None) -> str:
    """A day as it is written here: Nov 6, 2026. Of a moment, its day in Massachusetts."""
    found = as_date(value)
    return f"{found:%b} {found.day}, {found.year}" if found else ""


def weekday(value: date) -> str:
    """A day with its weekday: Monday, November 9."""
    return f"{value:%A, %B} {value.day}"


def moment(value: datetime | str) -> str:
    """A moment in Massachusetts: Nov 6, 2026, 2:14 PM."""
    return f"{day(value)}, {time_of_day(value)}"


def time_of_day(value: datetime | str) -> str:
    """The time of a moment in Massachusetts: 2:14 PM."""
    local = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(EASTERN)
    return f"{local.hour % 12 or 12}:{local:%M %p}"


def plain(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ")


def span(waited: timedelta) -> str:
    """How long something took, in the largest unit that tells."""
    hours = int(waited.total_seconds() // 3600)
    if hours < 1:
        return counted(max(int(waited.total_seconds() // 60), 0), "minute")
    return counted(hours, "hour") if hours < 2 * 24 else counted(hours // 24, "day")


def seen(reading: BoxReading | None) -> str:
    """What was seen in a signature box."""
    return (_SEEN[reading] if reading else _NOT_THERE)[1]


def seen_short(reading: BoxReading | None) -> str:
    """What was seen in a signature box, in a word or two."""
    return (_SEEN[reading] if reading else _NOT_THERE)[0]


def box_tone(reading: BoxReading | None) -> str:
    """How what was seen in a box looks on a page."""
    return (_SEEN[reading] if reading else _NOT_THERE)[2]


def first_sentence(text: str) -> str:
    """The first sentence of a message: what is the matter, without what to do about it."""
    return re.split(r"(?<=[.!?]) ", text, maxsplit=1)[0]


def capitalize_first(text: str) -> str:
    """With a capital letter at its beginning; the rest as it is."""
    return text[:1].upper() + text[1:]


def warned(code: str) -> str:
    """What is to be known of the members whose letters have a warning, to be read after “members who”."""
    return WARNINGS.get(code, plain(code))


def notice_says(kind: str) -> str:
    """What a notice of a kind says, in a few words."""
    return SAYS.get(kind, plain(kind))


def told(text: str) -> str:
    """An event's sentence for people: times as they are written here, digests by their first digits."""
    text = _MOMENT.sub(lambda found: moment(found[0]), text)
    text = _DAY.sub(lambda found: day(found[0]), text)
    return _DIGEST.sub(lambda found: f"{found[1][:8]}…", text)


_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[+-]\d{2}:\d{2}|Z)")
_DAY = re.compile(r"(?<![\w-])\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\w-])")
_DIGEST = re.compile(r"\b([0-9a-f]{64})\b")

FILTERS: Mapping[str, Callable[..., Any]] = {
    "day": day,
    "weekday": weekday,
    "moment": moment,
    "time_of_day": time_of_day,
    "plain": plain,
    "counted": counted,
    "plural": plural,
    "span": span,
    "seen": seen,
    "seen_short": seen_short,
    "box_tone": box_tone,
    "first_sentence": first_sentence,
    "capitalize_first": capitalize_first,
    "told": told,
    "at_the_desk": at_the_desk,
    "why": why,
    "what_to_do": what_to_do,
    "warned": warned,
    "notice_says": notice_says,
    "last_four": last_four,
}
