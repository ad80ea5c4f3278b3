"""Workbooks in: what a spreadsheet did to ids, ZIPs and dates, and workbooks made to do harm."""

from __future__ import annotations

from datetime import datetime

import pytest

from cpdocs.core.roster import COLUMNS
from cpdocs.errors import InputFault
from cpdocs.intake.tables import Table, read_table
from tests.intake import tables_made as made


def read(data: bytes) -> Table:
    return read_table(data, "r.xlsx", COLUMNS)


def test_ids_zips_and_dates_read_as_a_person_sees_them() -> None:
    row = read(made.workbook([made.spreadsheet_row(dmh_accs=True, end_on=datetime(2026, 12, 1, 9, 30))])).rows[0]
    assert row.cells["member_id"] == "900000000001"
    assert row.cells["zip"] == "2118"
    assert row.cells["dob"] == "1980-05-04"
    assert row.cells["pcp_npi"] == "1234567893"
    assert row.cells["dmh_accs"] == "Y"
    assert row.cells["end_on"] == "2026-12-01 09:30:00"


def test_lines_are_numbered_as_the_spreadsheet_does_and_formatting_below_is_no_line() -> None:
    blank = [None] * len(COLUMNS)
    table = read(made.workbook([made.spreadsheet_row(), blank, made.spreadsheet_row(), blank, blank]))
    assert [(row.line, row.blank) for row in table.rows] == [(2, False), (3, True), (4, False)]


def test_a_formula_is_not_run_and_an_error_value_is_an_empty_cell() -> None:
    row = read(made.workbook([made.spreadsheet_row(last_name='=HYPERLINK("http://x","y")', first_name="#N/A")])).rows[0]
    assert row.cells["last_name"] == ""
    assert row.cells["first_name"] == ""


def test_the_first_visible_sheet_with_our_columns_is_read() -> None:
    table = read(made.workbook([made.spreadsheet_row()], before=["Read me"], hidden="Old roster"))
    assert [row.cells["last_name"] for row in table.rows] == ["Testwell"]


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
