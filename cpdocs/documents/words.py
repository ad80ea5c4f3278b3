"""A member's own words, with the language and direction that a screen reader and the line breaker need."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

ENGLISH = "en-US"

_LANGUAGES = {
    "english": ENGLISH,
    "spanish": "es",
    "portuguese": "pt-BR",
    "haitian creole": "ht",
    "vietnamese": "vi",
    "cape verdean creole": "kea",
    "chinese": "zh-Hans",
    "chinese (simplified)": "zh-Hans",
    "chinese (traditional)": "zh-Hant",
    "mandarin": "zh-Hans",
    "cantonese": "zh-Hant",
    "arabic": "ar",
    "khmer": "km",
    "russian": "ru",
    "french": "fr",
    "italian": "it",
    "korean": "ko",
    "japanese": "ja",
    "greek": "el",
    "polish": "pl",
    "hindi": "hi",
    "gujarati": "gu",
    "nepali": "ne",
    "bengali": "bn",
    "lao": "lo",
    "thai": "th",
    "amharic": "am",
    "tigrinya": "ti",
    "somali": "so",
    "ukrainian": "uk",
    "albanian": "sq",
    "armenian": "hy",
    "hebrew": "he",
    "persian": "fa",
    "farsi": "fa",
    "dari": "prs",
    "pashto": "ps",
    "urdu": "ur",
    "burmese": "my",
    "swahili": "sw",
    "twi": "tw",
}
"""The names that rosters give languages, in lower case, and their BCP 47 tags."""

_SCRIPTS = {
    "ARABIC": ("ar", "fa", "prs", "ps", "ur"),
    "HEBREW": ("he",),
    "KHMER": ("km",),
    "LAO": ("lo",),
    "THAI": ("th",),
    "ETHIOPIC": ("am", "ti"),
    "DEVANAGARI": ("hi", "ne"),
    "GUJARATI": ("gu",),
    "BENGALI": ("bn",),
    "ARMENIAN": ("hy",),
    "MYANMAR": ("my",),
    "GREEK": ("el",),
    "CYRILLIC": ("ru", "uk"),
    "HANGUL": ("ko",),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "CJK": ("zh-Hans", "zh-Hant", "ja"),
}
"""The first word of a letter's Unicode name, and the languages written so; the likeliest first."""
_RIGHT_TO_LEFT = ("R", "AL")


@dataclass(frozen=True, slots=True)
class Words:
    """A text in its own language: ``lang`` a BCP 47 tag, ``dir`` ltr or rtl."""

    text: str
    lang: str = ENGLISH
    dir: str = "ltr"


def language_tag(name: str) -> str:
    """The BCP 47 tag for a language's name as rosters write it, or a tag itself; empty where it isn't known."""
    known = _LANGUAGES.get(name.strip().lower())
    if known:
        return known
    return name.strip() if name.strip() in _LANGUAGES.values() or name.strip() == "en" else ""


def words(text: str, member_language: str = "", *, translated: bool = False) -> Words:
    """``text`` with its language: told by its script, and among that script's languages by the member's own.

    ``member_language`` is a name or tag. Latin letters tell nothing: such a text counts as the member's language only
    where ``translated``, a translation standing beside it, says that it isn't English.
    """
    text = unicodedata.normalize("NFC", text.strip())
    own = language_tag(member_language)
    languages = _languages_of(text)
    lang = own if translated and own else ENGLISH
    if languages:
        lang = own if own in languages else languages[0]
    return Words(text, lang, direction(text))


def _languages_of(text: str) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for char in text:
        if char.isalpha():
            script = unicodedata.name(char, "").partition(" ")[0]
            counts[script] = counts.get(script, 0) + 1
    if "HIRAGANA" in counts or "KATAKANA" in counts:
        return ("ja",)
    main = max(counts, key=lambda script: counts[script], default="")
    return _SCRIPTS.get(main, ())


def direction(text: str) -> str:
    """``rtl`` or ``ltr``: that of the first letter that has one (UAX #9, P2 and P3)."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in _RIGHT_TO_LEFT:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"
