"""The names of organizations as they are compared: payers write one Community Partner in many ways (contract §3)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_LEGAL_FORMS = frozenset(
    [
        "inc",
        "incorporated",
        "llc",
        "llp",
        "lp",
        "ltd",
        "limited",
        "corp",
        "corporation",
        "co",
        "company",
        "pc",
        "pllc",
        "pa",
        "nfp",
        "npo",
        "plc",
    ]
)
_DROPPED = re.compile(r"[.'’‘`´]")


@lru_cache(maxsize=4096)
def compared_name(name: str) -> str:
    """``name`` without case, accents, spaces, punctuation and a legal form at its end; empty for an empty name.

    >>> compared_name("INVENTED BH PARTNERS, Inc.")
    'inventedbhpartners'
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = re.sub(r"[\W_]+", " ", _DROPPED.sub("", plain)).split()
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return "".join(words)


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The name among ``known`` that looks most like ``name``; empty where none is near."""
    from difflib import get_close_matches  # for a name that nobody knows

    by_compared = {compared_name(other): other for other in known}
    found = get_close_matches(compared_name(name), by_compared, n=1, cutoff=0.6)
    return by_compared[found[0]] if found else ""
