"""How hard an English text is to read: the Flesch-Kincaid grade, with syllables counted by rule.

Letters aim at grade 6 (documents.md §4.11); a higher one is a warning, never a refusal. Every word counts, names too;
what holds a digit (a telephone number, a date) is no word, nor is a web address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

TARGET = 6.0
"""The school grade that letters aim at."""

_SENTENCE = re.compile(r"[.!?]+(?:\s|$)")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]*")
_SILENT = (
    ("e", ("le", "ee", "ye")),
    ("ed", ("ted", "ded")),
    ("es", ("ses", "ces", "zes", "ges", "shes", "ches", "xes")),
)
"""Endings that are not spoken, and the longer ones that are."""
_VOWELS = re.compile(r"[aeiouy]+")


def grade(blocks: Iterable[str]) -> float:
    """The Flesch-Kincaid grade of paragraphs and list items, rounded to a tenth; 0 where there are no words."""
    sentences = words = syllables = 0
    for block in blocks:
        for sentence in _SENTENCE.split(block):
            found = _counted(sentence)
            if found:
                sentences += 1
                words += len(found)
                syllables += sum(map(syllables_in, found))
    if not words:
        return 0.0
    return round(0.39 * words / sentences + 11.8 * syllables / words - 15.59, 1)


def _counted(sentence: str) -> list[str]:
    parts = (part for part in sentence.split() if not any(char.isdigit() for char in part) and "www." not in part)
    return [word for part in parts for word in _WORD.findall(part)]


def syllables_in(word: str) -> int:
    """Syllables by rule: groups of vowels, less a silent final e or ed; at least one."""
    plain = word.lower().replace("’", "'").split("'")[0]
    silent = any(plain.endswith(end) and not plain.endswith(spoken) for end, spoken in _SILENT)
    return max(len(_VOWELS.findall(plain)) - silent, 1)
