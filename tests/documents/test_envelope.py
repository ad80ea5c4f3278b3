"""The address is set as large as its lines allow, never below what the Postal Service reads, never cut."""

from __future__ import annotations

import pytest

from cpdocs.documents.envelope import SMALLEST, VISIBLE, city_line, set_address


def ems(text: str) -> float:
    return 0.55 * len(text)


def test_three_lines_stand_large_in_the_middle_of_the_window() -> None:
    block = set_address(["Ana Test"], ["1 Elm St", "Apt 2"], "Boston, MA 02126", ems)
    assert block is not None
    assert block.lines == ("Ana Test", "1 Elm St, Apt 2", "Boston, MA 02126")
    assert block.size == 10.5
    assert VISIBLE[1] <= block.top
    assert block.top + len(block.lines) * block.leading / 72 <= VISIBLE[3] + 0.001


def test_long_street_lines_stay_apart() -> None:
    block = set_address(
        ["Ana Test"], ["c/o Very Long Name of a Shelter House", "444 Somewhere Avenue North"], "Boston, MA 02126", ems
    )
    assert block is not None
    assert len(block.lines) == 4
    assert block.size >= SMALLEST


def test_five_lines_become_four() -> None:
    block = set_address(
        ["To the parent or guardian of", "Ben Test"], ["c/o Elm House", "44 Elm Street"], "Boston, MA 02126", ems
    )
    assert block is not None
    assert len(block.lines) <= 4
    assert "Boston, MA 02126" in block.lines
    assert "c/o Elm House, 44 Elm Street" in block.lines


def test_what_fits_in_no_way_is_not_cut() -> None:
    assert set_address(["Ana Test"], ["x" * 60], "Boston, MA 02126", ems) is None


@pytest.mark.parametrize(
    ("zip_code", "line"),
    [("02126", "Boston, MA 02126"), ("021261234", "Boston, MA 02126-1234"), ("02126-1234", "Boston, MA 02126-1234")],
)
def test_a_nine_digit_zip_has_its_hyphen(zip_code: str, line: str) -> None:
    assert city_line("Boston", "MA", zip_code) == line


def test_sizes_go_by_half_points() -> None:
    sizes = {
        block.size
        for count in range(20, 70)
        if (block := set_address(["x" * count], ["1 Elm St"], "Boston, MA 02126", ems))
    }
    assert sizes == {10.5, 10.0, 9.5, 9.0, 8.5, 8.0}


def test_a_name_that_fits_no_line_goes_over_two_where_the_window_has_room() -> None:
    name = "MARIA APARECIDA DA SPECIMEN DOS SANTOS INVENTADOS MUSTERMANN"
    block = set_address([name], ["1 Elm St", "Apt 2"], "Boston, MA 02126", ems)
    assert block is not None
    assert block.lines == (
        "MARIA APARECIDA DA SPECIMEN DOS",
        "SANTOS INVENTADOS MUSTERMANN",
        "1 Elm St, Apt 2",
        "Boston, MA 02126",
    )
    assert set_address([name, *["x"]], ["1 Elm St"], "Boston, MA 02126", ems) is not None
    assert set_address([name], ["x" * 60], "Boston, MA 02126", ems) is None
