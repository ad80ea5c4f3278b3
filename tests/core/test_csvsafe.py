"""Cells that a spreadsheet would run are made harmless."""

from __future__ import annotations

import csv
import io

import pytest

from cpdocs.core.csvsafe import csv_text, neutral


@pytest.mark.parametrize("cell", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_what_a_spreadsheet_would_run_starts_with_an_apostrophe(cell: str) -> None:
    assert neutral(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "Ana", "O'Brien", "a=b", "12-34", " =x"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert neutral(cell) == cell


def test_a_file_reads_back_with_every_cell_neutral() -> None:
    text = csv_text(("line", "name"), [{"line": 2, "name": "=1,2"}, {"line": 3, "name": None}, {"line": 4}])
    assert list(csv.reader(io.StringIO(text))) == [["line", "name"], ["2", "'=1,2"], ["3", ""], ["4", ""]]
    assert text.endswith("\r\n")


def test_a_value_under_no_column_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="extra"):
        csv_text(("line",), [{"line": 1, "extra": 2}])
