"""The arithmetic of a letter run: every line and every sheet accounted for (contract §1, mailroom.md
"Reconciliation")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cpdocs.core.letters import Piece, sheets_for
from cpdocs.core.plurals import counted

DISPOSITIONS = ("mailed", "held", "suppressed", "duplicate", "rejected", "ignored")
"""What a line may become; ``records_in`` is always their sum."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of one line: its number, disposition, code and warnings, and the piece that was made of it.

    ``program`` and ``language`` (as the roster names it) are empty where the line couldn't be read.
    """

    line: int
    disposition: str
    code: str
    warnings: tuple[str, ...]
    member_id: str
    piece: Piece | None = None
    program: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class PrintCounts:
    """Sides in print files by what they are for: letters' own pages, blank backs, separators; and all of them."""

    letter_pages: int
    blank_pages: int
    separator_pages: int
    pages: int

    def __add__(self, other: PrintCounts) -> PrintCounts:
        return PrintCounts(
            self.letter_pages + other.letter_pages,
            self.blank_pages + other.blank_pages,
            self.separator_pages + other.separator_pages,
            self.pages + other.pages,
        )


def counts(lines: Iterable[LineResult]) -> dict[str, int]:
    """Lines by disposition, every disposition named."""
    found = Counter(line.disposition for line in lines)
    return {name: found[name] for name in DISPOSITIONS}


def codes(lines: Iterable[LineResult]) -> dict[str, dict[str, int]]:
    """Lines by disposition and code, for those that have one."""
    found: dict[str, Counter[str]] = {}
    for line in lines:
        if line.code:
            found.setdefault(line.disposition, Counter())[line.code] += 1
    return {name: dict(sorted(found[name].items())) for name in DISPOSITIONS if name in found}


def tally(lines: Iterable[LineResult]) -> list[tuple[str, str, str, int]]:
    """How many lines there are of each (program, language as the roster names it, disposition), sorted."""
    found = Counter((line.program, line.language, line.disposition) for line in lines)
    return [(*key, number) for key, number in sorted(found.items())]


def warning_counts(lines: Iterable[LineResult]) -> dict[str, int]:
    """How many mailed lines carry each warning."""
    return dict(sorted(Counter(warning for line in lines for warning in line.warnings).items()))


def faults(records_in: int, lines: Sequence[LineResult], pieces: Sequence[Piece], printed: PrintCounts) -> list[str]:
    """What doesn't add up, in words; empty where every line, piece and sheet is accounted for.

    Seed pieces answer no line; their pages and sheets count like all others'.
    """
    by_disposition: Mapping[str, int] = counts(lines)
    found = []
    if records_in != sum(by_disposition.values()):
        found.append(f"{counted(records_in, 'line')} came in and {sum(by_disposition.values())} have a disposition.")
    letters = [piece for piece in pieces if not piece.seed]
    if by_disposition["mailed"] != len(letters):
        mailed = counted(by_disposition["mailed"], "line is", "lines are")
        found.append(f"{mailed} to be mailed and {counted(len(letters), 'letter was', 'letters were')} made.")
    if any(line.piece is not None and line.piece.seed for line in lines):
        found.append("A seed piece answers a line.")
    if len({piece.document_id for piece in pieces}) != len(pieces):
        found.append("Two letters have the same document id.")
    if [piece.number for piece in pieces] != list(range(1, len(pieces) + 1)):
        found.append("The pieces are not numbered one after the other.")
    if sum(piece.pages for piece in pieces) != printed.letter_pages:
        found.append(
            f"The letters have {sum(piece.pages for piece in pieces)} pages, the print file "
            f"{printed.letter_pages} of them."
        )
    if any(piece.sheets != sheets_for(piece.pages) for piece in pieces):
        found.append("A letter's sheets don't fit its pages.")
    if 2 * sum(piece.sheets for piece in pieces) + printed.separator_pages != printed.pages:
        found.append("The sheets of letters and separators are not those of the print file.")
    if printed.letter_pages + printed.blank_pages + printed.separator_pages != printed.pages:
        found.append("The print file has pages that nothing accounts for.")
    return found
