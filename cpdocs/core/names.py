"""The rules that compare people by their names: as they are written by hand into tables (whose name is this?), and of
assignments (are these two people one?).

Letters that look alike are alike (a Cyrillic а is an a), accents, case, punctuation and titles don't count, nor does
the order. An initial may stand for any first name that begins with it; alone it names nobody.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from cpdocs.core.members import Assignment

PersonKey: TypeAlias = tuple[str, str, str]
"""Who somebody is but for the id: last name, first name, date of birth, as compared."""

_NOT_LETTERS = re.compile(r"[^\w]+")
_TITLES = frozenset(
    {"dr", "md", "do", "np", "pa", "rn", "pac", "fnp", "aprn", "c", "bc", "bsn", "msn", "mr", "ms", "mrs"}
)
_LOOK_ALIKE = str.maketrans(
    # Cyrillic        а в е ѕ і ј к м н о р с т у х ԁ һ ԛ ԝ
    "\u0430\u0432\u0435\u0455\u0456\u0458\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0501\u04bb\u051b\u051d"
    # Greek           α β ε η ι κ μ ν ο ρ τ υ χ, then dotless and script letters, then digits
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0131\u0251\u026101",
    "abesijkmhopctyxdhqwabehikmnoptyxiagol",
)
"""Cyrillic and Greek letters, and digits, that are drawn like a Latin letter in upper or lower case (after Unicode
Technical Standard 39's table of confusables, the letters that names are written with)."""


@lru_cache(maxsize=4096)
def name_words(name: str) -> frozenset[str]:
    """The words of a name, so that two spellings of one name give the same; titles are left out."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    words = {word for word in _NOT_LETTERS.split(plain.casefold().translate(_LOOK_ALIKE)) if word}
    return frozenset(words - _TITLES or words)


def is_named(name: str, first: str, last: str) -> bool:
    """Whether ``name`` holds this person's first and last name in full."""
    words = name_words(name)
    return bool(name_words(first) and name_words(last)) and name_words(f"{first} {last}") <= words


def may_be(name: str, first: str, last: str) -> bool:
    """Whether ``name`` may be this person: the last name, and nothing that contradicts the first."""
    words, family = name_words(name), name_words(last)
    if not family <= words:
        return False
    given = name_words(first)
    others = words - family
    return all(
        other in given
        or any(each.startswith(other) or other.startswith(each) for each in given if min(len(each), len(other)) == 1)
        for other in others
    )


def person_key(item: Assignment) -> PersonKey:
    """Who somebody is but for the id (requirement X12): names without case, accents, spaces and punctuation, an accent
    written as an e behind its vowel (Müller, Mueller), and the date of birth."""
    return (_bare(item.last_name), _bare(item.first_name), item.dob.isoformat())


_PLAIN_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n", "ɓ": "b", "ɗ": "d"}
    | {"æ": "ae", "œ": "oe", "þ": "th", "ß": "ss", "ĸ": "k", "ŀ": "l", "ə": "e", "ƙ": "k"}
)
"""Letters that Unicode doesn't take apart, and what they are written as where they can't be written."""


_E_FOR_ACCENT = re.compile(r"(?<=[aou])e")


@lru_cache(maxsize=65536)
def _bare(name: str) -> str:
    return _E_FOR_ACCENT.sub("", _letters(name))


def _letters(name: str) -> str:
    if name.isascii():
        return name.casefold() if name.isalpha() else "".join(filter(str.isalnum, name.casefold()))
    decomposed = unicodedata.normalize("NFKD", name.casefold().translate(_PLAIN_LETTERS))
    return "".join(char for char in decomposed if unicodedata.category(char)[0] in "LN" or _is_vowel_sign(char))


def _is_vowel_sign(char: str) -> bool:
    """Whether a mark is a vowel of its script (Khmer, Lao, Devanagari …), not an accent over a letter."""
    return unicodedata.category(char) in ("Mc", "Mn") and not unicodedata.combining(char)
