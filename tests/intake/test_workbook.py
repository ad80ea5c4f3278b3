"""Workbooks in: what a spreadsheet did to ids, ZIPs and dates, and workbooks made to do harm."""

from __future__ import annotations

from datetime import datetime

import pytest

from cpdocs.core.cells import parse_flag
from cpdocs.core.roster_lines import COLUMNS
from cpdocs.errors import InputFault
from cpdocs.intake.tables import Choices, Table, read_table
from tests.intake import tables_made as made


def read(data: bytes, **choices: str) -> Table:
    return read_table(data, "r.xlsx", COLUMNS, choices=Choices(**choices))


def test_ids_zips_and_dates_read_as_a_person_sees_them() -> None:
    row = read(made.workbook([made.spreadsheet_row(dmh_accs=True, end_on=datetime(2026, 12, 1, 9, 30))])).rows[0]
    assert row.cells["member_id"] == "900000000001"
    assert row.cells["zip"] == "2118"
    assert row.cells["dob"] == "1980-05-04"
    assert row.cells["pcp_npi"] == "1234567893"
    assert parse_flag(row.cells["dmh_accs"]) is True
    assert row.cells["end_on"] == "2026-12-01 09:30:00"


def test_lines_are_numbered_as_the_spreadsheet_does_and_formatting_below_is_no_line() -> None:
    blank = [None] * len(COLUMNS)
    table = read(made.workbook([made.spreadsheet_row(), blank, made.spreadsheet_row(), blank, blank]))
    assert [(row.line, row.blank) for row in table.rows] == [(2, False), (3, True), (4, False)]


def test_a_formula_is_not_run_and_an_error_value_stays_what_it_is() -> None:
    row = read(made.workbook([made.spreadsheet_row(last_name='=HYPERLINK("http://x","y")', first_name="#N/A")])).rows[0]
    assert row.cells["last_name"] == ""
    assert row.cells["first_name"] == "#N/A"


def test_the_first_visible_sheet_with_our_columns_is_read() -> None:
    table = read(made.workbook([made.spreadsheet_row()], before=["Read me"]))
    assert [row.cells["last_name"] for row in table.rows] == ["Testwell"]
    assert (table.found.sheet, table.found.other_sheets) == ("Sheet", ("Read me",))


@pytest.mark.parametrize("hidden", [False, True])
def test_of_two_sheets_with_our_columns_neither_is_read_until_one_is_chosen(hidden: bool) -> None:
    data = made.two_sheets("BH", "LTSS", hidden=hidden)
    with pytest.raises(InputFault, match="more than one sheet") as caught:
        read(data)
    assert "--sheet" in caught.value.todo
    assert [row.cells["first_name"] for row in read(data, sheet="ltss").rows] == ["LTSS"]
    with pytest.raises(InputFault, match="no sheet of that title"):
        read(data, sheet="Other")


def test_a_second_sheet_with_members_and_no_header_is_not_passed_over() -> None:
    with pytest.raises(InputFault, match="more than one sheet"):
        read(made.two_sheets("BH", "More", header=False))


def test_titles_above_the_header_are_passed_over_and_lines_are_the_sheets_own() -> None:
    table = read(made.workbook([made.spreadsheet_row()], titles=["Monthly assignments", "Pretend Health", ""]))
    assert (table.found.header_line, [row.line for row in table.rows]) == (4, [5])


@pytest.mark.parametrize("way", ["row", "sheet", "height"])
def test_hidden_rows_stop_the_file_until_somebody_says_what_they_are(way: str) -> None:
    data = made.with_hidden_row(way)
    with pytest.raises(InputFault, match=r"1 row of sheet .* is hidden") as caught:
        read(data)
    assert [problem.where for problem in caught.value.problems] == ["line 3"]
    assert [row.hidden for row in read(data, hidden_rows="read").rows] == [False, False]
    assert [row.hidden for row in read(data, hidden_rows="leave-out").rows] == [False, True]


def test_an_empty_cell_far_out_in_the_sheet_is_no_line() -> None:
    table = read(made.far_row(9_000_000, empty=True))
    assert [row.line for row in table.rows] == [2]


def test_rows_that_the_reader_passes_over_stop_the_file() -> None:
    with pytest.raises(InputFault, match="2 rows stand in sheet"):
        read(made.rows_out_of_order())


def test_a_workbook_without_such_a_sheet_is_told_so() -> None:
    with pytest.raises(InputFault, match="no sheet has the column names"):
        read(made.workbook([], header=["Notes"]))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputFault) as caught:
        read(made.workbook([], header=[column for column in COLUMNS if column != "zip"]))
    assert "column zip is missing" in caught.value.problems[0].message


def test_a_cut_off_workbook_is_damaged() -> None:
    data = made.workbook([made.spreadsheet_row()])
    for size in (100, len(data) // 2, len(data) - 10):
        with pytest.raises(InputFault, match="damaged"):
            read(data[:size])


def test_a_zip_that_is_no_workbook_is_told_so() -> None:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("roster.csv", "x")
    with pytest.raises(InputFault, match="a zip file, not a workbook"):
        read(out.getvalue())


def test_a_workbook_that_unpacks_without_end_is_not_opened() -> None:
    data = made.bomb()
    assert len(data) < 200_000
    with pytest.raises(InputFault, match="would unpack to far more"):
        read(data)


def test_a_workbook_with_entities_is_not_opened() -> None:
    with pytest.raises(InputFault, match="XML that no spreadsheet writes"):
        read(made.entity_bomb())


def test_a_row_that_claims_to_be_the_billionth_does_not_keep_us_busy(monkeypatch) -> None:
    monkeypatch.setattr("cpdocs.intake.limits.MAX_LINES", 50_000)
    with pytest.raises(InputFault, match="more than 50000 lines"):
        read(made.far_row(10**9))


def test_sheet_xml_that_is_broken_inside_a_sound_zip_is_damaged() -> None:
    data = made.rezipped(
        made.workbook([made.spreadsheet_row()]), replace={"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row"}
    )
    with pytest.raises(InputFault, match="damaged"):
        read(data)
