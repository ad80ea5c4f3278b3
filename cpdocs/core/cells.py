"""What one cell of a table means: text, names, dates, yes or no. Shared by every table (contract §3)."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_US = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_YEARS = range(1850, 2200)
"""Years that a date here can have; another is a slip of the finger, and would run arithmetic off the calendar."""
_YES = frozenset({"y", "yes", "true", "1"})
_NO = frozenset({"n", "no", "false", "0"})
_FORMULA = ("=", "+", "-", "@")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that no name has: controls, invisible and direction-turning characters, unassigned, line ends."""


def tidy(cell: str) -> str:
    """The cell's text: NFC, controls and invisible characters out, inner white space collapsed, ends trimmed."""
    if cell.isascii() and cell.isprintable():
        plain = "  " not in cell and cell[:1] != " " and cell[-1:] != " "
        return cell if plain else " ".join(cell.split())
    if not cell.isascii():
        cell = "".join(
            char
            for char in unicodedata.normalize("NFC", cell)
            if char.isspace() or unicodedata.category(char) not in _HIDDEN
        )
    else:
        cell = "".join(char for char in cell if char.isspace() or char.isprintable())
    return " ".join(cell.split())


def is_forbidden_name(cell: str) -> bool:
    """Whether a name holds what no name has: control or invisible characters, or a start that a spreadsheet runs.

    Full-width forms of ``= + - @`` count, since spreadsheets in some languages run them too; so does U+FFFD, which is
    what is left of a character that was lost.
    """
    text = cell.strip(" \u00a0")
    if text.startswith(_FORMULA):
        return True
    if text.isascii():
        return not text.isprintable()
    if unicodedata.normalize("NFKC", text).startswith(_FORMULA) or "\ufffd" in text:
        return True
    return any(unicodedata.category(char) in _HIDDEN for char in text)


@lru_cache(maxsize=4096)
def parse_date(cell: str) -> date | None:
    """The date in ``cell``: ISO or M/D/YYYY with a four-digit year from 1850 to 2199; None where it is none."""
    text = cell.strip()
    if match := _ISO.fullmatch(text):
        year, month, day = match.groups()
    elif match := _US.fullmatch(text):
        month, day, year = match.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day)) if int(year) in _YEARS else None
    except ValueError:
        return None


def parse_flag(cell: str) -> bool | None:
    """Y or N in any case (yes, no, true, false, 1, 0 too); None where it is neither or empty."""
    text = cell.strip().casefold()
    if text in _YES:
        return True
    return False if text in _NO else None


def split_list(cell: str) -> tuple[str, ...]:
    """The parts of a cell that lists several, separated by semicolons (commas and bars are taken too), without empty
    ones."""
    return tuple(part for part in map(tidy, re.split(r"[;,|]", cell)) if part)
