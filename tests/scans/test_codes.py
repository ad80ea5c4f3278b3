from __future__ import annotations

import pytest
from PIL import Image

from cpdocs.core.ids import derive_document_id
from cpdocs.core.marks import PageMark
from cpdocs.scans.codes import Outcome, read_page
from cpdocs.scans.reading import read_scan
from tests.scans import fax

FAXES = {
    "fine": {},
    "standard": {"standard": True},
    "fine upside down": {"upside_down": True},
    "standard upside down and askew": {"standard": True, "upside_down": True, "skew": 0.7},
    "fine with noise": {"noise": 0.03, "skew": -1.2},
    "standard with noise": {"standard": True, "noise": 0.02, "skew": 1.0},
}


def mark_of(number: int) -> PageMark:
    return PageMark(derive_document_id(b"k" * 32, f"document {number}"), 1 + number % 6, 6)


@pytest.mark.parametrize("kind", FAXES)
def test_faxed_pages_are_read_and_never_read_wrongly(kind: str) -> None:
    how = FAXES[kind]
    standard = bool(how.get("standard"))
    right = 0
    for number in range(8):
        page = fax.faxed(fax.printed_page(mark_of(number), seed=number), seed=number, **how)
        reading = read_scan(fax.tiff([page], standard=standard), most_pages=4)
        assert reading.stopped == ""
        assert reading.pages[0].plan_page in {mark_of(number).page, None}
        right += reading.pages[0].plan_page is not None
    assert right >= 7


def test_a_ruined_page_is_not_guessed_at() -> None:
    page = fax.faxed(fax.printed_page(mark_of(1)), noise=0.45)
    assert read_page(page.convert("L")).outcome is Outcome.NO_CODE


def test_one_of_the_two_codes_is_enough() -> None:
    page = fax.printed_page(mark_of(2))
    page.paste(255, (0, 1800, 600, 2200))
    assert read_page(page).mark == mark_of(2)


def test_a_page_whose_codes_disagree_is_left_unread() -> None:
    assert read_page(fax.printed_page(mark_of(1), second=mark_of(2))).outcome is Outcome.CODES_DISAGREE


def test_the_same_document_with_two_page_numbers_on_one_page_is_left_unread() -> None:
    first = PageMark(mark_of(1).document_id, 1, 6)
    second = PageMark(mark_of(1).document_id, 2, 6)
    assert read_page(fax.printed_page(first, second=second)).outcome is Outcome.CODES_DISAGREE


def test_codes_of_others_are_passed_over() -> None:
    page = Image.new("L", fax.LETTER, 255)
    page.paste(fax.code("https://example.org/menu"), (300, 300))
    assert read_page(page).outcome is Outcome.NO_CODE


def test_a_code_with_a_wrong_check_character_is_no_mark_of_ours() -> None:
    text = mark_of(1).text
    wrong = text.replace(text[4], "7" if text[4] != "7" else "8", 1)
    page = Image.new("L", fax.LETTER, 255)
    page.paste(fax.code(wrong), (300, 300))
    assert read_page(page).outcome is Outcome.NO_CODE
