"""Addresses that are none, states in words, ZIPs of other states, and what spreadsheets make of ZIPs."""

from __future__ import annotations

import pytest

from cpdocs.core.addresses import is_no_place, is_remark_of_no_place, is_zip_of_another_state, state_code
from cpdocs.core.zips import repad_zip


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "UNKNOWN",
            "Homeless",
            "N/A",
            "n.a.",
            "BAD ADDRESS - DO NOT MAIL",
            "No fixed address",
            "None",
            "-",
            ".",
            "XXXX",
        ),
        *("Address unknown", "HOMELESS SHELTER", "Returned mail", "returned to sender", "0000", "UNDELIVERABLE", "TBD"),
        *("NFA", "RTS", "Same as above", "Streets of Boston", "Confidential - ACP", "12"),
        *("Don't mail", "No Known Address", "12 Elm St - BAD ADDRESS", "Whereabouts unknown"),
    ],
)
def test_a_placeholder_is_no_place(cell: str) -> None:
    assert is_no_place(cell)


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "General Delivery",
            "PO Box 12",
            "RR 2 Box 4",
            "12 Unknown Road",
            "1 Elm Street",
            "Specimen Shelter 17 Court St",
        ),
        *("Homeless Outreach, 17 Court Street", "None Such Road", "Boston", "N Adams", "Naples", "Mailer Street 5"),
    ],
)
def test_a_place_is_a_place(cell: str) -> None:
    assert not is_no_place(cell)


def test_a_second_line_may_be_empty_or_say_anything_but_that_no_mail_arrives() -> None:
    assert is_remark_of_no_place("DO NOT MAIL")
    assert not any(map(is_remark_of_no_place, ("", "Apt 5", "NA", "Unit Unknown")))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Massachusetts", "MA"),
        ("new  hampshire", "NH"),
        ("Mass.", "MA"),
        ("ma", "MA"),
        ("M.A.", "MA"),
        ("Bavaria", "Bavaria"),
    ],
)
def test_a_state_in_words_is_its_two_letters(text: str, code: str) -> None:
    assert state_code(text) == code


@pytest.mark.parametrize(
    ("zip_code", "state", "another"),
    [
        *(("02118", "MA", False), ("02118-1234", "MA", False), ("90210", "MA", True), ("99999", "MA", True)),
        *(
            ("05501", "MA", False),
            ("00926", "PR", False),
            ("09012", "AE", False),
            ("06390", "NY", False),
            ("02118", "", False),
        ),
    ],
)
def test_a_zip_lies_in_its_state_or_in_another(zip_code: str, state: str, another: bool) -> None:
    assert is_zip_of_another_state(zip_code, state) is another


@pytest.mark.parametrize(
    ("text", "state", "zip_code", "repadded"),
    [
        *(("926", "PR", "00926", True), ("9012", "AE", "09012", True), ("2118", "MA", "02118", True)),
        *(("02118-", "MA", "02118", False), ("2118.0", "MA", "02118", True), ('="02118"', "MA", "02118", False)),
        *(
            ("'02118", "MA", "02118", False),
            ("021181234", "MA", "02118-1234", False),
            ("21181234", "MA", "02118-1234", True),
        ),
        *(("02118 1234", "MA", "02118-1234", False), ("9021", "CA", "9021", False), ("211", "MA", "211", False)),
        *(("02118-12", "MA", "02118-12", False), ("", "MA", "", False), ("0211O", "MA", "0211O", False)),
    ],
)
def test_a_zip_gets_back_what_a_spreadsheet_took(text: str, state: str, zip_code: str, repadded: bool) -> None:
    assert repad_zip(text, state) == (zip_code, repadded)
