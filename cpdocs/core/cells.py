"""What one cell of a table means: text, names, dates, yes or no. Shared by every table (contract §3)."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_US = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_D8 = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_MIDNIGHT = re.compile(r"[ T]+(00?:00(:00(\.0+)?)?( ?Z|[+-]00:?00)?|12:00(:00(\.0+)?)? ?AM)", re.IGNORECASE)
"""Midnight as exports write it behind a date: no other moment, and no other day."""
_YEARS = range(1850, 2200)
"""Years that a date here can have; another is a slip of the finger, and would run arithmetic off the calendar."""
_OPEN_YEARS = frozenset({"2299", "2999", "4712", "9998", "9999"})
"""Years by which systems say that there is no end (contract §3)."""
_YES = frozenset({"y", "yes", "true", "1"})
_NO = frozenset({"n", "no", "false", "0"})
_FORMULA = ("=", "+", "-", "@")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that no name has: controls, invisible and direction-turning characters, unassigned, line ends."""
_SOFT_HYPHEN = "\u00ad"
_EDGE_MARKS = "\ufeff\u200e\u200f\u061c\u200b\u2060"
"""Byte order marks, marks of direction and of line breaks: harmless where they stand at an edge of a cell."""
_WRAPPED = re.compile(r"=\"?([^\"=]*)\"?|['’]([^'’]*)['’]?")
"""How a spreadsheet's export keeps a number as text: ``="02118"``, ``'02118``."""
_JOINERS = frozenset("\u200c\u200d")


class Converted(str):
    """A cell that a spreadsheet holds as something else than text: ``kind`` is ``boolean``, ``date`` or ``number``.

    As text it is what a person sees. Whether that can stand in a name or an address is for the table's rules to say.
    """

    __slots__ = ("kind",)
    kind: str

    def __new__(cls, text: str, kind: str) -> Converted:
        self = super().__new__(cls, text)
        self.kind = kind
        return self


def tidy(cell: str) -> str:
    """The cell's text: NFC, controls and invisible characters out, inner white space collapsed, ends trimmed.

    Joiners that a script spells with stay (see ``needless``).
    """
    if cell.isascii() and cell.isprintable():
        plain = "  " not in cell and cell[:1] != " " and cell[-1:] != " "
        return str(cell) if plain else " ".join(cell.split())
    if not cell.isascii():
        cell = unicodedata.normalize("NFC", cell)
        cell = "".join(
            char
            for place, char in enumerate(cell)
            if char.isspace() or unicodedata.category(char) not in _HIDDEN or _joins(cell, place)
        )
    else:
        cell = "".join(char for char in cell if char.isspace() or char.isprintable())
    return " ".join(cell.split())


def _joins(text: str, place: int) -> bool:
    """Whether a joiner stands where spelling needs it: between letters of a script that joins or stacks them."""
    if text[place] not in _JOINERS or place in (0, len(text) - 1):
        return False
    return _script_joins(text[place - 1]) and _script_joins(text[place + 1])


def _script_joins(char: str) -> bool:
    code = ord(char)
    if unicodedata.category(char)[0] not in "LM":
        return False
    return 0x0600 <= code <= 0x08FF or 0x0900 <= code <= 0x0DFF or 0x0F00 <= code <= 0x109F or 0x1780 <= code <= 0x18AF


def unwrapped(cell: str) -> str:
    """A cell of digits without what keeps it text in a spreadsheet: ``="200000000101"``, an apostrophe in front."""
    text = cell.strip()
    match = _WRAPPED.fullmatch(text) if text[:1] in ("=", "'", "’") else None
    return (match[1] or match[2] or "").strip() if match else text


@lru_cache(maxsize=1024)
def as_code(cell: str) -> str:
    """A code as the contract writes it: lower case, words joined by underscores."""
    return tidy(cell).casefold().replace(" ", "_").replace("-", "_")


def needless(cell: str) -> str:
    """``cell`` without what nobody sees and nobody needs: soft hyphens, and byte order and direction marks at its
    edges."""
    if cell.isascii():
        return cell
    return cell.replace(_SOFT_HYPHEN, "").strip().strip(_EDGE_MARKS).strip()


def has_hidden(cell: str) -> bool:
    """Whether ``cell`` holds control characters, or invisible or direction-turning ones that no spelling needs.

    White space is for the caller to judge: a line break in a street is one thing, in a name another.
    """
    if cell.isascii():
        return any(not char.isprintable() and not char.isspace() for char in cell) if not cell.isprintable() else False
    return any(
        unicodedata.category(char) in _HIDDEN and not char.isspace() and not _joins(cell, place)
        for place, char in enumerate(cell)
    )


def is_forbidden_name(cell: str) -> bool:
    """Whether a name holds what no name has: control or invisible characters, or a start that a spreadsheet runs.

    Full-width forms of ``= + - @`` count, since spreadsheets in some languages run them too. Joiners that spelling
    needs don't; nor does what ``needless`` takes away.
    """
    text = needless(cell).strip(" \u00a0")
    if text.startswith(_FORMULA):
        return True
    if text.isascii():
        return not text.isprintable()
    if unicodedata.normalize("NFKC", text).startswith(_FORMULA):
        return True
    return any(unicodedata.category(char) in _HIDDEN and not _joins(text, place) for place, char in enumerate(text))


@lru_cache(maxsize=4096)
def parse_date(cell: str) -> date | None:
    """The date in ``cell``: ISO, M/D/YYYY or YYYYMMDD with a year from 1850 to 2199, midnight behind it or not; None
    where it is none."""
    text = _MIDNIGHT.sub("", cell.strip())
    if match := _ISO.fullmatch(text) or _D8.fullmatch(text):
        year, month, day = match.groups()
    elif match := _US.fullmatch(text):
        month, day, year = match.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day)) if int(year) in _YEARS else None
    except ValueError:
        return None


def is_open_end(cell: str) -> bool:
    """Whether a date of ending says that there is none: a day in 2299, 9999 or the like."""
    text = _MIDNIGHT.sub("", cell.strip())
    if match := _ISO.fullmatch(text) or _D8.fullmatch(text):
        return match[1] in _OPEN_YEARS
    match = _US.fullmatch(text)
    return match is not None and match[3] in _OPEN_YEARS


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
