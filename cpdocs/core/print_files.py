"""How a run's letters lie in its print files: groups behind separators, and files no larger than the printer takes.

Letters of the same number of sheets lie together (mailroom.md, "Order"). A letter is never cut between files, nor is a
group that fits into one; a larger group is divided into groups that do, each behind a separator of its own, so that
every file can be printed, folded and counted by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

_SEPARATOR = 1
"""Sheets that a separator takes."""
_NAME = re.compile(r"print(?:-([0-9]{2,}))?\.pdf")


@dataclass(frozen=True, slots=True)
class FileLimit:
    """The most that one print file may have: sheets, separators included, and pieces. 0 sets no limit."""

    sheets: int = 0
    pieces: int = 0

    def allows(self, sheets: int, pieces: int) -> bool:
        """Whether a file of so many sheets and pieces is small enough."""
        return (not self.sheets or sheets <= self.sheets) and (not self.pieces or pieces <= self.pieces)


@dataclass(frozen=True, slots=True)
class Group:
    """Letters of one sheet count, next to each other in print file number ``file`` (from 1)."""

    file: int
    sheets: int
    first_piece: int
    last_piece: int
    first_zip: str
    last_zip: str

    @property
    def letters(self) -> int:
        return self.last_piece - self.first_piece + 1


def grouped(pieces: Sequence[tuple[int, str]], limit: FileLimit) -> tuple[Group, ...]:
    """The groups of a run's pieces, each given as its sheets and its ZIP, which are in mailing order, in files within
    ``limit``.

    A letter that is larger than a file by itself gets one alone.
    """
    groups: list[Group] = []
    file, sheets_used, pieces_used = 1, 0, 0
    first = 1
    for sheets, members in groupby(pieces, key=lambda piece: piece[0]):
        left = [zip_code for _, zip_code in members]
        if sheets_used and not limit.allows(sheets_used + _SEPARATOR + sheets * len(left), pieces_used + len(left)):
            file, sheets_used, pieces_used = file + 1, 0, 0
        while left:
            count = _fitting(len(left), sheets, sheets_used, pieces_used, limit)
            if not count and sheets_used:
                file, sheets_used, pieces_used = file + 1, 0, 0
                continue
            count = count or 1
            groups.append(Group(file, sheets, first, first + count - 1, left[0], left[count - 1]))
            first, left = first + count, left[count:]
            sheets_used, pieces_used = sheets_used + _SEPARATOR + sheets * count, pieces_used + count
    return tuple(groups)


def _fitting(letters: int, sheets: int, sheets_used: int, pieces_used: int, limit: FileLimit) -> int:
    """How many of so many letters go into a file that has something already, behind a separator of their own."""
    by_sheets = (limit.sheets - sheets_used - _SEPARATOR) // sheets if limit.sheets else letters
    by_pieces = limit.pieces - pieces_used if limit.pieces else letters
    return max(0, min(letters, by_sheets, by_pieces))


def print_name(number: int, files: int) -> str:
    """The name of print file ``number`` of so many: ``print.pdf`` where it is the only one, else ``print-01.pdf`` and
    so on."""
    return "print.pdf" if files == 1 else f"print-{number:0{max(2, len(str(files)))}d}.pdf"


def print_names(names: Iterable[str]) -> list[str]:
    """Those of ``names`` that are print files, in order."""
    return sorted(name for name in names if _NAME.fullmatch(name))
