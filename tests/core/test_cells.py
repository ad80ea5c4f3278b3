"""What one cell means, and what no name may hold."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.cells import is_forbidden_name, is_open_end, parse_date, parse_flag, split_list, tidy


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-11-02", date(2026, 11, 2)),
        (" 11/2/2026 ", date(2026, 11, 2)),
        ("01/02/1990", date(1990, 1, 2)),
        ("2024-02-29", date(2024, 2, 29)),
        ("1/2/90", None),
        ("2026/11/02", None),
        ("2-11-2026", None),
        ("2026-11-02T00:00:00", date(2026, 11, 2)),
        ("11/2/2026 12:00:00 AM", date(2026, 11, 2)),
        ("11/2/2026 0:00", date(2026, 11, 2)),
        ("20261102", date(2026, 11, 2)),
        ("2026-11-02 09:30:00", None),
        ("20261302", None),
        ("२०२६-११-०२", None),
        ("46328", None),
        ("0001-01-01", None),
        ("9999-12-31", None),
        ("", None),
    ],
)
def test_a_date_is_iso_or_american_with_four_digits_of_year(cell: str, day: date | None) -> None:
    assert parse_date(cell) == day


@given(st.dates(date(1850, 1, 1), date(2199, 12, 31)))
def test_every_date_reads_back_in_both_forms(day: date) -> None:
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{day.month}/{day.day}/{day.year:04d}") == day


@given(st.text())
def test_tidying_twice_changes_nothing_and_leaves_nothing_hidden(cell: str) -> None:
    text = tidy(cell)
    assert tidy(text) == text
    assert text == unicodedata.normalize("NFC", text)
    assert not any(unicodedata.category(char) in ("Cc", "Cf") for char in text if char not in "\u200c\u200d")


def test_tidying_joins_lines_and_composes_accents() -> None:
    assert tidy("  Jose\u0301 \n Mari\u0301a\t") == "José María"


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Mn"]), min_size=1, max_size=20))
def test_a_name_of_letters_is_a_name_in_any_script(name: str) -> None:
    assert not is_forbidden_name(name)


HARMLESS = "\u00ad\ufeff\u200e\u200f\u061c\u200b\u2060"


@given(
    st.text(st.characters(categories=["Cc", "Cf"], exclude_characters=HARMLESS), min_size=1, max_size=3),
    st.integers(0, 4),
)
def test_a_control_or_invisible_character_anywhere_is_forbidden(hidden: str, place: int) -> None:
    assert is_forbidden_name("Acorn"[:place] + hidden + "Acorn"[place:])


@pytest.mark.parametrize("cell", ["\ufeffAna", "Ana\u200b", "Ander\u00adson", "Noor\u200f", "علی\u200cرضا", "ක්\u200dෂ"])
def test_joiners_that_spelling_needs_and_marks_that_nobody_sees_forbid_no_name(cell: str) -> None:
    assert not is_forbidden_name(cell)


def test_a_joiner_stays_where_its_script_needs_it_and_goes_elsewhere() -> None:
    assert tidy("علی\u200cرضا") == "علی\u200cرضا"
    assert tidy("An\u200cna") == "Anna"
    assert is_forbidden_name("An\u200cna")


@pytest.mark.parametrize(
    ("cell", "is_open"),
    [
        ("12/31/9999", True),
        ("9999-12-31", True),
        ("2299-12-31 00:00:00", True),
        ("99991231", True),
        ("2026-12-31", False),
        ("9999", False),
    ],
)
def test_an_end_beyond_any_calendar_is_no_end(cell: str, is_open: bool) -> None:
    assert is_open_end(cell) is is_open


@pytest.mark.parametrize("cell", ["=1+1", " @x", "-Acorn", "+1", "\u00a0=x", "＝x", "\tAcorn", "Acorn\r"])
def test_what_a_spreadsheet_would_run_is_no_name(cell: str) -> None:
    assert is_forbidden_name(cell)


@pytest.mark.parametrize("cell", ["O'Testwell", "Anne-Marie", "Núñez–O’Brien", "de la Muestra", "ខ្មែរ", "Smith, Jr."])
def test_usual_names_are_allowed(cell: str) -> None:
    assert not is_forbidden_name(cell)


def test_flags_and_lists_read_in_any_case_and_with_any_usual_separator() -> None:
    assert [parse_flag(cell) for cell in ("Y", "no", "TRUE", "0", "", "maybe")] == [
        True,
        False,
        True,
        False,
        None,
        None,
    ]
    assert split_list("HCBS_WAIVER; CCM ,CBHI|;") == ("HCBS_WAIVER", "CCM", "CBHI")
