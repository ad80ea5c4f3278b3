"""Opening hours as readers of a language write them.

Settings have them in English words ("Monday to Friday, 9 a.m. to 5 p.m."). What is written so is told by days and times
of the Unicode locale data; what isn't stays in English, and says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONDAY = date(2026, 11, 2)
_CLOCK = r"(\d{1,2})(?::(\d{2}))? ?([ap])\.? ?m\.?"
_HOURS = re.compile(rf"(\w+)(?: (?:to|through|–|-) (\w+))?, {_CLOCK} (?:to|–|-) {_CLOCK}", re.IGNORECASE)
_OWN_DAYS = {
    "ht": ("lendi", "madi", "mèkredi", "jedi", "vandredi", "samdi", "dimanch"),
}
"""Days of languages that the locale data has none for."""
_HERE = {"es": "es-US"}
"""Locales whose clock is the one that readers of a language have here."""
_NO_BREAK = "\u00a0"


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours: the language that they are written in (BCP 47), and the parts that never stand on two lines."""

    language: str
    parts: tuple[str, ...]


@lru_cache(maxsize=1024)
def office_hours(text: str, tag: str) -> Hours:
    """``text`` for readers of ``tag``; in English where it can't be told, or the language isn't known."""
    match = _HOURS.fullmatch(text.strip())
    if tag == "en" or match is None:
        return Hours("en", tuple(text.strip().split(", ")))
    first, last = match[1].casefold(), (match[2] or match[1]).casefold()
    begin, end = _time(*match.group(3, 4, 5)), _time(*match.group(6, 7, 8))
    if not {first, last} <= {*_DAYS} or begin is None or end is None:
        return Hours("en", tuple(text.strip().split(", ")))
    days = dict.fromkeys((_day(first, tag), _day(last, tag)))
    if None in days:
        return Hours("en", tuple(text.strip().split(", ")))
    times = (_clock(begin, tag), _clock(end, tag))
    return Hours(tag, (" – ".join(str(day) for day in days), " – ".join(times)))


def _time(hour: str, minute: str | None, half: str) -> time | None:
    if not 1 <= int(hour) <= 12 or int(minute or 0) > 59:
        return None
    return time(int(hour) % 12 + (12 if half in "pP" else 0), int(minute or 0))


def _day(name: str, tag: str) -> str | None:
    place = _DAYS.index(name)
    if tag in _OWN_DAYS:
        return _OWN_DAYS[tag][place]
    locale = _locale(tag)
    return format_date(_MONDAY.replace(day=2 + place), "EEEE", locale=locale) if locale else None


def _clock(moment: time, tag: str) -> str:
    locale = _locale(tag)
    return (
        format_time(moment, "short", locale=locale) if locale else f"{moment.hour % 12 or 12}:{moment:%M} {moment:%p}"
    )


@lru_cache(maxsize=64)
def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(_HERE.get(tag, tag), sep="-")
    except (UnknownLocaleError, ValueError):
        return None


def kept_together(text: str) -> str:
    """``text`` (a number, a date) so that no line ends inside it."""
    return text.replace(" ", _NO_BREAK)
