"""What an encoding, an export or a spreadsheet leaves of names and streets, and names that only look strange."""

from __future__ import annotations

import pytest

from cpdocs.core.damage import is_damaged_name, is_damaged_text

SPOILED = [
    *("Pe?a", "PeÃ±a", "PEÃ‘A", "Ã lvaro", "JosÃ©", "Nuâ€™ez", "Zo√´", "Pe\ufffda", "Pe%C3%B1a", "Pe\\u00f1a"),
    *("O&#39;Specimen", "Specimen &amp; Co", "Test_x000D_", "#N/A", "#REF!", "#VALUE!", "########"),
    *("Jos‚", "Pe¤a", "Mar¡a", "PE¥A", "JosŽ", "PŽrez", "Pe–a", "Garc’a", "Mart’nez", "LàPEZ", "JéREZ"),
    *("Specimen (DECEASED)", "DO NOT USE", "Do not mail", "UNKNOWN", "Estate of Specimen", "FNU", "N/A", "XXX"),
    *(".", "-", "12", "Sp3cimen", "2026-06-01", "6-Jan", "Jan-26", "1/6/2026"),
    *("<script>alert(1)</script>", "{{ 7*7 }}", "file:///etc/passwd", "../../etc", "a@b.example", "%s"),
    *("A" + "\u0301" * 5, "Ïåòðîâà"),
]
SOUND = [
    *("José", "Muñoz", "MUÑOZ", "MUñOZ", "Núñez–O’Testwell", "O'Specimen", "O’Specimen", "D’Angelo", "N’Diaye", "Te’o"),
    *(
        "Da’quan",
        "Ka’ili",
        "Mu’min",
        "L’Écuyer",
        "DeÁngelo",
        "McÉwan",
        "Jean–Luc",
        "St. John",
        "Smith, Jr.",
        "3rd",
        "III",
    ),
    *("Đặng", "Nguyễn", "Trần Thị Ánh", "Łukasz", "Łódź", "Tomáš", "ČÍŽEK", "Şahin", "Straße", "Žižek", "Zoë", "Irmã"),
    *("JOÃO", "CONCEIÇÃO", "ليلى", "علی\u200cرضا", "សុខ", "ນາງ", "李", "Иван", "Ελένη", "א׳", "ကျော်"),
    *("Null", "Nan", "True", "False", "None", "Test", "Voidman", "Unknownly", "Deadman", "Duplessis"),
]


@pytest.mark.parametrize("name", SPOILED)
def test_a_name_that_was_damaged_is_known_by_its_signs(name: str) -> None:
    assert is_damaged_name(name)


@pytest.mark.parametrize("name", SOUND)
def test_a_name_in_any_script_and_spelling_is_sound(name: str) -> None:
    assert not is_damaged_name(name)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Pe?a Street",
            "#N/A",
            "5-May",
            "2026-05-02",
            "5/2/2026",
            "PeÃ±a St",
            "5 Oak <b>",
            "1 Elm &amp; Oak",
            "a://b",
        ),
        *("Ma¤ana Rd", "Main\u202eSt", "Elm\u0007St", "Elm\ufffd", "Elm" + "\u0336" * 9),
    ],
)
def test_a_street_that_was_damaged_is_known_by_its_signs(text: str) -> None:
    assert is_damaged_text(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "12½ Elm St",
            "Apt #5",
            "12 Main St, Apt 3-5",
            "1/2 Oak St",
            "Peña Street",
            "5 Rue de l’Église",
            "C/O A. Name",
        ),
        *("AT&T Plan", "Blue & Blue", "Sample CP (East)", "PO Box 12", "RR 2 Box 5", "General Delivery", "TRUE Care"),
        *("Salem St • Apt 2", "Unit 2/3", "5th Ave", "S&P"),
    ],
)
def test_a_street_with_unusual_signs_is_sound(text: str) -> None:
    assert not is_damaged_text(text)
