"""Document ids, member ids, NPIs and ZIPs: forms and check characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.ids import (
    ALPHABET,
    derive_document_id,
    format_document_id,
    is_damaged_by_spreadsheet,
    is_member_id,
    is_npi,
    last_four,
    luhn_mod_n,
    parse_document_id,
)
from cpdocs.core.zips import is_deliverable_zip, repad_zip

PAYLOADS = st.text(ALPHABET, min_size=10, max_size=10)


@given(PAYLOADS)
def test_an_id_reads_back_however_it_was_spoken(payload: str) -> None:
    written = format_document_id(payload + luhn_mod_n(payload))
    assert parse_document_id(written) == written
    assert parse_document_id(written.lower().replace("-", " ")) == written


@given(PAYLOADS, st.integers(0, 10), st.sampled_from(ALPHABET))
def test_any_one_wrong_character_is_found(payload: str, place: int, char: str) -> None:
    compact = payload + luhn_mod_n(payload)
    wrong = compact[:place] + char + compact[place + 1 :]
    assert (parse_document_id(wrong) is None) == (wrong != compact)


@given(PAYLOADS, st.integers(0, 9))
def test_two_swapped_neighbours_are_found_but_for_the_two_at_the_ends_of_the_alphabet(payload: str, place: int) -> None:
    compact = payload + luhn_mod_n(payload)
    swapped = compact[:place] + compact[place + 1] + compact[place] + compact[place + 2 :]
    ends = {ALPHABET[0], ALPHABET[-1]}
    if swapped != compact and {compact[place], compact[place + 1]} != ends:
        assert parse_document_id(swapped) is None


def test_an_id_has_no_letters_that_are_mistaken_for_digits() -> None:
    assert not set(ALPHABET) & set("O0I1")
    assert len(set(ALPHABET)) == 32


def test_ids_depend_on_the_secret_and_on_every_part() -> None:
    ids = {
        derive_document_id(b"a" * 32, "plan", "1"),
        derive_document_id(b"b" * 32, "plan", "1"),
        derive_document_id(b"a" * 32, "plan", "2"),
        derive_document_id(b"a" * 32, "plan1"),
    }
    assert len(ids) == 4
    assert derive_document_id(b"a" * 32, "plan", "1") in ids


@pytest.mark.parametrize(
    ("npi", "good"),
    [
        ("1234567893", True),
        ("1558598797", True),
        ("1234567890", False),
        ("3234567893", False),
        ("123456789", False),
        ("１２３４５６７８９３", False),
    ],
)
def test_npis_have_ten_digits_and_a_check_digit(npi: str, good: bool) -> None:
    assert is_npi(npi) is good


@given(st.integers(100_000_000, 299_999_999), st.integers(0, 8), st.integers(1, 9))
def test_any_one_wrong_digit_of_an_npi_is_found(stem: int, place: int, shift: int) -> None:
    npi = next(f"{stem}{digit}" for digit in range(10) if is_npi(f"{stem}{digit}"))
    wrong = npi[:place] + str((int(npi[place]) + shift) % 10) + npi[place + 1 :]
    assert not is_npi(wrong)


def test_member_ids_are_twelve_ascii_digits() -> None:
    assert is_member_id("900000000001")
    assert not any(
        map(is_member_id, ("90000000001", "9000000000012", "90000000000a", "90000000000१", "900000000001\n"))
    )


@pytest.mark.parametrize(
    ("text", "damaged"),
    [
        ("1.00E+11", True),
        ("1e11", True),
        ("1,0035E+11", True),
        ("100235000000", False),
        ("E11", False),
        ("TOTAL", False),
    ],
)
def test_an_id_in_scientific_form_is_damaged(text: str, damaged: bool) -> None:
    assert is_damaged_by_spreadsheet(text) is damaged


def test_a_member_appears_in_messages_by_the_last_four_digits() -> None:
    assert last_four("900000000001") == "…0001"
    assert last_four("12") == "…"


@pytest.mark.parametrize(
    ("text", "state", "repadded"),
    [
        ("2118", "MA", "02118"),
        ("21181234", "MA", "02118-1234"),
        ("021181234", "MA", "02118-1234"),
        ("02118-1234", "MA", "02118-1234"),
        ("2118", "", "02118"),
        ("2118", "CA", "2118"),
        ("211", "MA", "211"),
        ("", "MA", ""),
    ],
)
def test_one_lost_zero_is_put_back_where_zips_begin_with_zero(text: str, state: str, repadded: str) -> None:
    assert repad_zip(text, state)[0] == repadded


@given(st.integers(501, 99999))
def test_every_real_zip_survives(number: int) -> None:
    text = f"{number:05d}"
    assert repad_zip(text, "MA") == (text, False)
    assert is_deliverable_zip(text)
