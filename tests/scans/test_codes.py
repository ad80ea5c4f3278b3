from __future__ import annotations

import pytest
from PIL import Image

from cpdocs.core.ids import derive_document_id
from cpdocs.core.marks import PageMark
from cpdocs.core.page_facts import PageFacts, PageKind
from cpdocs.scans.pages import Sheet
from cpdocs.scans.reading import read_scan, read_sheet
from tests.scans import fax

FAXES = {
    "fine": {},
    "standard": {"standard": True},
    "fine upside down": {"upside_down": True},
    "standard upside down and askew": {"standard": True, "upside_down": True, "skew": 0.7},
    "fine with noise": {"noise": 0.03, "skew": -1.2},
    "standard with noise": {"standard": True, "noise": 0.02, "skew": 1.0},
}


def read_page(picture: Image.Image) -> PageFacts:
    (facts,) = read_sheet(Sheet(1, picture), thorough=True)
    return facts


def named(facts: PageFacts) -> PageMark | None:
    """What a page says it is; None where it names nothing."""
    if facts.document_id is None or facts.plan_page is None or facts.of is None:
        return None
    return PageMark(facts.document_id, facts.plan_page, facts.of)


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
        assert named(reading.pages[0]) in {mark_of(number), None}
        right += named(reading.pages[0]) is not None
    assert right >= 7


def test_a_ruined_page_is_not_guessed_at() -> None:
    page = fax.faxed(fax.printed_page(mark_of(1)), noise=0.45)
    facts = read_page(page.convert("L"))
    assert facts.document_id is None
    assert not facts.codes_disagree


def test_one_of_the_two_codes_is_enough() -> None:
    page = fax.printed_page(mark_of(2))
    page.paste(255, (0, 1800, 600, 2200))
    assert named(read_page(page)) == mark_of(2)


def test_a_page_whose_codes_disagree_is_left_unread() -> None:
    facts = read_page(fax.printed_page(mark_of(1), second=mark_of(2)))
    assert facts.codes_disagree
    assert facts.document_id is None


def test_the_same_document_with_two_page_numbers_on_one_page_is_left_unread() -> None:
    first = PageMark(mark_of(1).document_id, 1, 6)
    second = PageMark(mark_of(1).document_id, 2, 6)
    assert read_page(fax.printed_page(first, second=second)).codes_disagree


def test_codes_of_others_are_passed_over() -> None:
    page = Image.new("L", fax.LETTER, 255)
    page.paste(fax.code("https://example.org/menu"), (300, 300))
    assert read_page(page).kind is PageKind.UNKNOWN


def test_a_code_with_a_wrong_check_character_is_no_mark_of_ours() -> None:
    text = mark_of(1).text
    wrong = text.replace(text[4], "7" if text[4] != "7" else "8", 1)
    page = Image.new("L", fax.LETTER, 255)
    page.paste(fax.code(wrong), (300, 300))
    assert read_page(page).kind is PageKind.UNKNOWN
