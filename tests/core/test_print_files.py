"""Letters lie in print files that are no larger than asked for; none is cut, and no group that fits."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.print_files import FileLimit, Group, grouped, print_name, print_names

PIECES = st.lists(st.integers(1, 6), max_size=60).map(
    lambda sheets: [(count, f"{n:05d}") for n, count in enumerate(sorted(sheets))]
)
LIMITS = st.builds(FileLimit, st.one_of(st.just(0), st.integers(3, 40)), st.one_of(st.just(0), st.integers(1, 12)))


def test_without_a_limit_there_is_one_file_and_a_group_for_each_sheet_count() -> None:
    groups = grouped([(1, "01001"), (1, "01002"), (2, "01001")], FileLimit())
    assert groups == (Group(1, 1, 1, 2, "01001", "01002"), Group(1, 2, 3, 3, "01001", "01001"))
    assert grouped([], FileLimit(10)) == ()


def test_a_group_that_fits_into_a_file_is_not_divided() -> None:
    groups = grouped([(1, "1")] * 6 + [(2, "2")] * 4, FileLimit(sheets=10))
    assert [(group.file, group.sheets, group.letters) for group in groups] == [(1, 1, 6), (2, 2, 4)]


def test_a_group_larger_than_a_file_is_divided_into_groups_that_fit() -> None:
    groups = grouped([(2, f"{n:05d}") for n in range(1, 11)], FileLimit(sheets=9))
    assert [(group.file, group.first_piece, group.last_piece) for group in groups] == [(1, 1, 4), (2, 5, 8), (3, 9, 10)]
    assert (groups[1].first_zip, groups[1].last_zip) == ("00005", "00008")


def test_a_letter_larger_than_a_file_has_one_alone() -> None:
    groups = grouped([(1, "1"), (8, "2"), (8, "3")], FileLimit(sheets=5))
    assert [(group.file, group.letters) for group in groups] == [(1, 1), (2, 1), (3, 1)]


@given(PIECES, LIMITS)
def test_every_piece_is_in_one_group_and_no_file_is_too_large(pieces: list[tuple[int, str]], limit: FileLimit) -> None:
    groups = grouped(pieces, limit)
    covered = [number for group in groups for number in range(group.first_piece, group.last_piece + 1)]
    assert covered == list(range(1, len(pieces) + 1))
    assert all(
        pieces[number - 1][0] == group.sheets
        for group in groups
        for number in range(group.first_piece, group.last_piece + 1)
    )
    files = [(file, list(members)) for file, members in groupby(groups, key=lambda group: group.file)]
    assert [file for file, _ in files] == list(range(1, len(files) + 1))
    for _, members in files:
        letters = sum(group.letters for group in members)
        sheets = sum(1 + group.letters * group.sheets for group in members)
        assert letters == 1 or limit.allows(sheets, letters)


def test_the_only_print_file_has_no_number() -> None:
    assert (print_name(1, 1), print_name(2, 3), print_name(7, 120)) == ("print.pdf", "print-02.pdf", "print-007.pdf")
    assert print_names(["manifest.csv", "print-02.pdf", "print-01.pdf", "reprint-01.pdf"]) == [
        "print-01.pdf",
        "print-02.pdf",
    ]
