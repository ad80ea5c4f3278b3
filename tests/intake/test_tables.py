"""Tables in: encodings, separators, headers, line numbers, and every way in which a file can be no table."""

from __future__ import annotations

import codecs
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpdocs.core.roster_lines import COLUMNS
from cpdocs.errors import InputFault
from cpdocs.intake import limits
from cpdocs.intake.tables import read_table
from tests.intake.tables_made import cells, csv_bytes

SMALL = ("id", "last_name", "note")


def read(data: bytes, columns=SMALL, **more):
    return read_table(data, "t.csv", columns, **more)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("encoding", "told"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252")])
def test_any_usual_encoding_separator_and_line_end_gives_the_same_rows(
    separator: str, end: str, encoding: str, told: str
) -> None:
    data = csv_bytes(
        [cells(last_name="Montañés", city="Łódź" if told == "utf-8" else "Zürich")],
        encoding=encoding,
        separator=separator,
        end=end,
    )
    table = read_table(data, "r.csv", COLUMNS)
    assert table.encoding == told
    assert [row.cells["last_name"] for row in table.rows] == ["Montañés"]
    assert table.rows[0].line == 2


def test_headers_match_without_regard_to_case_spaces_and_hyphens() -> None:
    table = read(b" ID ,Last Name,NO-TE\n1,a,b\n")
    assert dict(table.rows[0].cells) == {"id": "1", "last_name": "a", "note": "b"}


def test_a_sites_own_names_are_taken_from_the_settings() -> None:
    table = read(
        b"MassHealth Nr,surname,note\n1,a,b\n",
        renamed={"MASSHEALTH NR": "id", "Surname": "last_name", "dob": "birthday"},
    )
    assert table.rows[0].cells["id"] == "1"


def test_every_missing_and_doubled_column_is_named() -> None:
    with pytest.raises(InputFault) as caught:
        read(b"id,Id,other\n1,2,3\n")
    assert [(one.code, one.message.split()[1 if "missing" in one.code else 3]) for one in caught.value.problems] == [
        ("column_twice", "id"),
        ("column_missing", "last_name"),
        ("column_missing", "note"),
    ]


def test_a_file_without_a_header_is_told_so() -> None:
    with pytest.raises(InputFault, match="none of the first 20 lines has the column names"):
        read(b"1,a,b\n2,c,d\n")


def test_columns_that_nobody_asked_for_are_named_and_left() -> None:
    assert read(b"id,Extra,last_name,note\n1,x,a,b\n").ignored_columns == ("Extra",)


def test_a_header_cannot_steer_a_terminal() -> None:
    assert read(b"id,\x1b[31mred\x07,last_name,note\n").ignored_columns == ("[31mred",)


def test_a_quoted_line_break_keeps_the_later_line_numbers_right() -> None:
    table = read(b'id,last_name,note\n1,a,"two\nlines"\n\n2,b,c\n')
    assert [(row.line, row.blank) for row in table.rows] == [(2, False), (4, True), (5, False)]


@pytest.mark.parametrize("line", [b"1,a", b"1,a,b,extra"])
def test_a_line_with_more_or_fewer_cells_than_the_header_is_misaligned(line: bytes) -> None:
    assert [row.misaligned for row in read(b"id,last_name,note\n" + line + b"\n1,a,b,,\n").rows] == [True, False]


def test_a_line_with_only_a_cell_under_an_ignored_column_is_not_blank() -> None:
    assert [row.blank for row in read(b"id,last_name,note,more\n,,,x\n,,,\n").rows] == [False, True]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (b" \r\n\t\n", "is empty"),
        (b"\0\0\0\0", "is empty"),
        ("id,last_name,note\n1,ä,b".encode("utf-16"), "UTF-16"),
        ("id,last_name,note\n1,a,b".encode("utf-16-le"), "bytes that no text has"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "old .xls"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"PK\x03\x04 but nothing after it", "damaged"),
        (b"\x1f\x8b\x08\x00", "compressed"),
    ],
)
def test_what_is_no_table_is_told_what_it_is(data: bytes, message: str) -> None:
    with pytest.raises(InputFault, match=message):
        read(data)


def test_mixed_encodings_are_refused_with_the_line_rather_than_guessed() -> None:
    data = "id,last_name,note\n1,Peña,b\n".encode() + "2,Muñoz,c\n".encode("cp1252")
    with pytest.raises(InputFault, match="mixes encodings") as caught:
        read(data)
    assert caught.value.problems[0].where == "line 3"
    assert "(byte 0xF1), at byte 5 of the line" in caught.value.problems[0].message


def test_a_byte_that_neither_encoding_has_is_named_by_its_line() -> None:
    with pytest.raises(InputFault, match="neither UTF-8 nor Windows-1252") as caught:
        read(b"id,last_name,note\n1,a\x81,b\n")
    assert caught.value.problems[0].where == "line 2"


def test_bytes_that_break_the_promise_of_a_bom_are_refused() -> None:
    with pytest.raises(InputFault, match="mixes encodings"):
        read(codecs.BOM_UTF8 + b"id,last_name,note\n1,a\xf1,b\n")


def test_a_quotation_mark_that_never_closes_is_named_by_the_line_where_it_opens() -> None:
    with pytest.raises(InputFault, match="from line 3 on") as caught:
        read(b'id,last_name,note\n1,a,b\n2,"cut off,c\n3,d,e\n')
    assert caught.value.problems[0].code == "csv_damaged"


def test_a_cell_larger_than_a_spreadsheets_is_refused() -> None:
    with pytest.raises(InputFault) as caught:
        read(b"id,last_name,note\n1," + b"x" * (limits.MAX_CELL + 1) + b",b\n")
    assert "quotation mark is probably missing" in caught.value.problems[0].message


def test_too_many_bytes_lines_or_cells_are_refused(monkeypatch) -> None:
    monkeypatch.setattr("cpdocs.intake.limits.MAX_LINES", 3)
    monkeypatch.setattr("cpdocs.intake.tables.MAX_BYTES", 10_000)
    with pytest.raises(InputFault, match="more than 3 lines"):
        read(b"id,last_name,note\n" + b"1,a,b\n" * 4)
    with pytest.raises(InputFault, match="more than 300 cells"):
        read(b"id,last_name,note\n1" + b"," * 400 + b"\n")
    with pytest.raises(InputFault, match="MB"):
        read(b"x" * 10_001)


def test_no_message_repeats_what_a_cell_holds() -> None:
    for data in (
        b'id,last_name,note\n1,"Secretname\n',
        "id,last_name,note\n1,Secretname é".encode() + b"\xff,b\n",
        b"Secretname,b\n",
    ):
        with pytest.raises(InputFault) as caught:
            read(data)
        assert "Secretname" not in f"{caught.value.message}{caught.value.todo}{caught.value.problems}"


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), min_size=3, max_size=3),
        max_size=6,
    ),
    separator=st.sampled_from(",;\t"),
)
def test_whatever_a_csv_writer_wrote_reads_back_cell_for_cell(rows: list[list[str]], separator: str) -> None:
    table = read(csv_bytes(rows, SMALL, separator=separator, end="\r\n"))
    assert [list(row.cells.values()) for row in table.rows] == rows


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_a_table_or_a_fault(data: bytes) -> None:
    for prefix in (b"", b"id,last_name,note\n", codecs.BOM_UTF8, b"PK\x03\x04"):
        with contextlib.suppress(InputFault):
            assert read(prefix + data).encoding in ("utf-8", "cp1252")


@pytest.mark.parametrize(("first", "last"), [(2, 3), (2, 5), (4, 6)])
def test_a_stray_quotation_mark_that_swallows_lines_refuses_the_file_and_names_them(first: int, last: int) -> None:
    lines = csv_bytes([cells(member_id=f"90000000000{number}") for number in range(1, 7)]).decode().split("\n")
    place = COLUMNS.index("address2")
    for line, text in ((first, '"Apt B'), (last, 'Unit 5"')):
        parts = lines[line - 1].split(",")
        parts[place] = text
        lines[line - 1] = ",".join(parts)
    with pytest.raises(InputFault) as caught:
        read_table("\n".join(lines).encode(), "roster.csv", COLUMNS)
    assert [(problem.code, problem.where) for problem in caught.value.problems] == [
        ("lines_swallowed", f"lines {first} to {last}")
    ]


@pytest.mark.parametrize(
    ("encoding", "named"), [("cp437", "code page 437"), ("cp850", "code page"), ("mac_roman", "Macintosh")]
)
def test_a_file_in_an_old_encoding_is_refused_and_named(encoding: str, named: str) -> None:
    people = [("José", "Muñoz"), ("Renée", "Nuñez"), ("Inés", "Ibáñez"), ("André", "Gonçalves")]
    rows = [cells(first_name=first, last_name=last) for first, last in people]
    with pytest.raises(InputFault) as caught:
        read_table(csv_bytes(rows, encoding=encoding), "roster.csv", COLUMNS)
    assert named in caught.value.message
    assert caught.value.problems[0].where.startswith("line ")
    table = read_table(csv_bytes(rows, encoding="cp1252"), "roster.csv", COLUMNS)
    assert [row.cells["last_name"] for row in table.rows] == [last for _, last in people]
