"""Opening hours, dates and numbers by language, none of them broken between two lines."""

from __future__ import annotations

from dataclasses import replace

import pypdfium2
import pytest

from cpdocs.documents.letters import PrintedLetter
from cpdocs.documents.office_hours import Hours, office_hours
from tests.documents.letter_samples import letter, renderer

WEEK = "Monday to Friday, 9 a.m. to 5 p.m."


def test_english_stays_as_it_is_written() -> None:
    assert office_hours(WEEK, "en") == Hours("en", ("Monday to Friday", "9 a.m. to 5 p.m."))


@pytest.mark.parametrize(
    ("tag", "days"),
    [
        ("es", "lunes – viernes"),
        ("fr", "lundi – vendredi"),
        ("ht", "lendi – vandredi"),
        ("ru", "понедельник – пятница"),
        ("vi", "Thứ Hai – Thứ Sáu"),
        ("pt-BR", "segunda-feira – sexta-feira"),
    ],
)
def test_days_are_those_of_the_language(tag: str, days: str) -> None:
    found = office_hours(WEEK, tag)
    assert (found.language, found.parts[0]) == (tag, days)
    assert "9" in found.parts[1]


@pytest.mark.parametrize("tag", [*renderer().catalogues])
def test_every_language_of_letters_has_days_and_times(tag: str) -> None:
    assert office_hours(WEEK, tag).language == tag
    assert office_hours("Monday, 8:30 a.m. to 12:15 p.m.", tag).language == tag


@pytest.mark.parametrize(
    "text", ["By appointment", "Weekdays, 9 a.m. to 5 p.m.", "Monday to Friday, 9 to 5", "Monday, 13 a.m. to 5 p.m."]
)
def test_what_is_written_otherwise_stays_english_and_says_so(text: str) -> None:
    assert office_hours(text, "es").language == "en"
    assert ", ".join(office_hours(text, "es").parts) == text


@pytest.mark.parametrize("large_print", [False, True])
def test_no_line_ends_inside_a_number_a_date_or_hours(large_print: bool) -> None:
    made = renderer().make(replace(letter(large_print=large_print), language="es"))
    assert isinstance(made, PrintedLetter)
    lines = [
        line
        for page in pypdfium2.PdfDocument(made.pdf)
        for line in page.get_textpage().get_text_range().replace("\u00a0", " ").splitlines()
    ]
    for whole in (
        "(617) 555-0100",
        "855-781-9898",
        "lunes – viernes",
        "1 de enero de 2026",
        "2 de noviembre de 2026",
    ):
        assert any(whole in line for line in lines), whole
