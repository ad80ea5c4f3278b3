"""Tables of a plan as values: columns that hold nothing are left out, the others share the width.

The same rows are a table in standard print and, in large print, a list of records in one column: what each cell says
is decided once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cpdocs.documents.phrases import NOTHING, Said, Value
from cpdocs.documents.words import Words

SHORT = 7
"""Rows up to which a table is kept on one page."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell says: a text, what stands under it in small print, and whether it is marked as a Part 2 item."""

    text: str | Said | Words = ""
    under: tuple[Value, ...] = ()
    part2: bool = False

    @property
    def filled(self) -> bool:
        text = self.text.text if isinstance(self.text, Said | Words) else self.text
        return bool(text.strip()) or any(self.under)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading and its share of the width."""

    head: Said
    share: int


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: headings with their widths in CSS, and rows of as many cells. ``short`` ones aren't torn."""

    heads: tuple[Said, ...]
    widths: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    short: bool


def grid(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Grid | None:
    """The table of ``rows``, or None where there are none. The first column always stands."""
    if not rows:
        return None
    kept = [place for place in range(len(columns)) if place == 0 or any(row[place].filled for row in rows)]
    whole = sum(columns[place].share for place in kept)
    return Grid(
        tuple(columns[place].head for place in kept),
        tuple(f"{100 * columns[place].share / whole:.2f}%" for place in kept),
        tuple(tuple(row[place] for place in kept) for row in rows),
        len(rows) <= SHORT,
    )


def small(*texts: Value) -> tuple[Value, ...]:
    """What stands under a cell's text: the texts that say something."""
    return tuple(text for text in texts if text and text != NOTHING)
