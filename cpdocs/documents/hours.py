"""Office hours in the reader's language: those that are written as days and hours, as the settings' own example is.

``Monday to Friday, 9 a.m. to 5 p.m.`` becomes the same in the letter's language; hours that are written in any other
way stay as they are, in English.
"""

from __future__ import annotations

import re
from datetime import time
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_time, get_day_names

_WRITTEN = re.compile(
    r"(?P<first>[a-z]+day)\s*(?:to|through|[-–])\s*(?P<last>[a-z]+day),?\s+"
    r"(?P<begin>\d{1,2}(?::\d\d)?\s*[ap]\.?m\.?)\s*(?:to|[-–])\s*(?P<end>\d{1,2}(?::\d\d)?\s*[ap]\.?m\.?)",
    re.IGNORECASE,
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FORMS = {
    "es": "{first} a {last}, de {begin} a {end}",
    "pt-BR": "{first} a {last}, das {begin} às {end}",
    "fr": "du {first} au {last}, de {begin} à {end}",
    "ht": "{first} pou {last}, {begin} rive {end}",
    "kea": "{first} ti {last}, {begin} ti {end}",
    "vi": "{first} đến {last}, {begin} đến {end}",
    "zh-Hans": "{first}至{last}，{begin}至{end}",
    "zh-Hant": "{first}至{last}，{begin}至{end}",
    "ru": "{first} – {last}, {begin} – {end}",
    "ar": "{first} إلى {last}، {begin} إلى {end}",
    "km": "{first} ដល់{last} {begin} ដល់ {end}",
}
_OWN_DAYS = {"ht": ("lendi", "madi", "mèkredi", "jedi", "vandredi", "samdi", "dimanch")}
"""Days of languages that CLDR has none for."""
_LOCALES = {"es": "es_US", "pt-BR": "pt_BR", "zh-Hans": "zh_Hans", "zh-Hant": "zh_Hant_TW"}


@lru_cache(maxsize=256)
def hours_in(text: str, tag: str) -> tuple[str, str]:
    """``text`` in the language ``tag`` (BCP 47), and the language in which it then is: ``en`` where it stays."""
    found = _WRITTEN.fullmatch(text.strip())
    if tag not in _FORMS or found is None:
        return text, "en"
    first, last = found["first"].lower(), found["last"].lower()
    if first not in _DAYS or last not in _DAYS:
        return text, "en"
    begin, end = _time(found["begin"]), _time(found["end"])
    if begin is None or end is None:
        return text, "en"
    said = _FORMS[tag].format(
        first=_day(first, tag), last=_day(last, tag), begin=_clock(begin, tag), end=_clock(end, tag)
    )
    return said, tag


def _day(name: str, tag: str) -> str:
    place = _DAYS.index(name)
    own = _OWN_DAYS.get(tag)
    return own[place] if own else str(get_day_names("wide", locale=_locale(tag))[place])


def _clock(moment: time, tag: str) -> str:
    if tag in _OWN_DAYS:
        return f"{moment.hour % 12 or 12}:{moment:%M %p}"
    return format_time(moment, "short", locale=_locale(tag))


@lru_cache(maxsize=32)
def _locale(tag: str) -> Locale:
    try:
        return Locale.parse(_LOCALES.get(tag, tag))
    except (UnknownLocaleError, ValueError):
        return Locale("en", "US")


def _time(text: str) -> time | None:
    hour, _, rest = text.lower().replace(".", "").replace(" ", "").partition(":")
    digits = re.sub(r"\D", "", hour)
    minutes = int(re.sub(r"\D", "", rest) or 0)
    value = int(digits)
    if not 1 <= value <= 12 or minutes > 59:
        return None
    return time(value % 12 + (12 if "p" in text.lower() else 0), minutes)
