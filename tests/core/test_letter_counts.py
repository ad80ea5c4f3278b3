"""A run adds up, or says what doesn't."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cpdocs.core.letter_counts import DISPOSITIONS, LineResult, PrintCounts, codes, counts, faults, warning_counts
from cpdocs.core.letters import Piece


def piece(number: int, pages: int = 4) -> Piece:
    key = (f"{number:012d}", "BH", "CP", "2026-11-01")
    return Piece(number, f"ID-{number}", key, "en", "standard", pages, (pages + 1) // 2, 1, "00")


PIECES = [piece(1), piece(2, 3)]
LINES = [
    LineResult(2, "mailed", "", ("zip_repadded",), "1", PIECES[0]),
    LineResult(3, "held", "undeliverable_address", (), "2"),
    LineResult(4, "mailed", "", (), "3", PIECES[1]),
    LineResult(5, "ignored", "blank_line", (), ""),
]
PRINTED = PrintCounts(letter_pages=7, blank_pages=1, separator_pages=2, pages=10)


def test_a_run_in_which_everything_adds_up_has_no_fault() -> None:
    assert faults(4, LINES, PIECES, PRINTED) == []


def test_lines_are_counted_by_disposition_code_and_warning() -> None:
    assert counts(LINES) == {**dict.fromkeys(DISPOSITIONS, 0), "mailed": 2, "held": 1, "ignored": 1}
    assert codes(LINES) == {"held": {"undeliverable_address": 1}, "ignored": {"blank_line": 1}}
    assert warning_counts(LINES) == {"zip_repadded": 1}


@pytest.mark.parametrize(
    ("records_in", "pieces", "printed", "word"),
    [
        (5, PIECES, PRINTED, "disposition"),
        (4, PIECES[:1], PRINTED, "made"),
        (4, [PIECES[0], replace(PIECES[1], document_id="ID-1")], PRINTED, "same document id"),
        (4, [PIECES[0], replace(PIECES[1], number=3)], PRINTED, "numbered"),
        (4, PIECES, replace(PRINTED, letter_pages=6), "pages"),
        (4, [PIECES[0], replace(PIECES[1], sheets=1)], PRINTED, "sheets don't fit"),
        (4, PIECES, replace(PRINTED, pages=12), "nothing accounts for"),
    ],
)
def test_what_does_not_add_up_is_named(records_in: int, pieces: list[Piece], printed: PrintCounts, word: str) -> None:
    assert any(word in fault for fault in faults(records_in, LINES, pieces, printed))
