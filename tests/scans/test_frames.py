"""Where pages lie on a sheet goes by their codes, and two pages are two only where both have room."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cpdocs.core.ids import derive_document_id
from cpdocs.core.marks import PageMark, Paper, parse_mark
from cpdocs.core.page_facts import PageFacts, PageKind
from cpdocs.documents import code39, marks
from cpdocs.scans import frames
from cpdocs.scans.codes import find_bars
from cpdocs.scans.pages import Sheet
from cpdocs.scans.reading import read_sheet
from tests.documents.letter_samples import SHIPPED
from tests.scans import fax
from tests.slips import bars

DOCUMENT = derive_document_id(b"k" * 32, "frames")
OTHER = derive_document_id(b"k" * 32, "other")


def page(number: int, document: str = DOCUMENT) -> Image.Image:
    return fax.printed_page(PageMark(document, number, 6), seed=number)


def read(picture: Image.Image) -> list[PageFacts]:
    return read_sheet(Sheet(1, picture), thorough=True)


def two_up(left: Image.Image, right: Image.Image) -> Image.Image:
    sheet = Image.new("L", (2200, 1700), 255)
    for place, each in enumerate((left, right)):
        sheet.paste(each.resize((1100, 1424), Image.Resampling.LANCZOS), (1100 * place, 138))
    return sheet


def test_two_pages_on_one_sheet_are_both_read_from_the_left() -> None:
    assert [each.plan_page for each in read(two_up(page(3), page(4)))] == [3, 4]
    assert [each.plan_page for each in read(two_up(page(3), page(4)).rotate(180))] == [3, 4]


def test_pages_of_two_documents_on_one_sheet_keep_their_own() -> None:
    found = read(two_up(page(1), page(2, OTHER)))
    assert [(each.document_id, each.plan_page) for each in found] == [(DOCUMENT, 1), (OTHER, 2)]


def test_two_on_a_sheet_are_found_where_a_code_of_each_is_lost() -> None:
    left, right = page(5), page(6)
    left.paste(255, (1400, 0, 1700, 300))
    right.paste(255, (0, 1900, 300, 2200))
    assert [each.plan_page for each in read(two_up(left, right))] == [5, 6]


def test_a_page_with_another_documents_code_laid_on_it_is_left_unread() -> None:
    picture = page(2)
    picture.paste(page(3, OTHER).crop((1400, 0, 1700, 300)), (1400, 0))
    (facts,) = read(picture)
    assert facts.codes_disagree
    assert facts.document_id is None


def test_the_place_of_a_page_is_where_it_lies() -> None:
    sheet = Image.new("L", (2550, 3300), 255)
    sheet.paste(page(1), (400, 600))
    (facts,) = read(sheet)
    assert facts.lies is not None
    a, b, c, d, e, f = facts.lies
    assert (c * 2550, f * 3300) == pytest.approx((400, 600), abs=60)
    assert ((a + b + c) * 2550, (d + e + f) * 3300) == pytest.approx((2100, 2800), abs=60)


def test_doubled_pages_name_the_first() -> None:
    from cpdocs.scans.reading import read_scan

    reading = read_scan(fax.tiff([fax.faxed(page(number)) for number in (1, 2, 1)]), most_pages=5)
    assert [each.doubled_of for each in reading.pages] == [None, None, 1]


def test_a_covers_and_a_reply_slips_codes_say_what_they_stand_on() -> None:
    cover, slip = PageMark(DOCUMENT, 1, 1, Paper.COVER), PageMark(DOCUMENT, 1, 1, Paper.REPLY_SLIP)
    page = fax.printed_page(None)
    page.paste(bars(DOCUMENT), (150, 1980))
    for mark, kind, drawn in ((cover, PageKind.COVER, fax.printed_page(cover)), (slip, PageKind.REPLY_SLIP, page)):
        assert parse_mark(mark.text) == mark
        assert len(mark.text) <= 20
        (facts,) = read(drawn)
        assert (facts.kind, facts.document_id, facts.plan_page) == (kind, DOCUMENT, None)


@pytest.mark.parametrize(("turn", "faxed_as"), [(0, "standard"), (4, "fine"), (-9, "fine"), (90, ""), (180, "fine")])
def test_bars_say_where_a_slip_lies_however_it_is_turned(turn: int, faxed_as: str) -> None:
    page = fax.printed_page(None, seed=2)
    page.paste(255, (100, 900, 1100, 1040))
    page.paste(bars(DOCUMENT), (150, 930))
    whole = turn % 90 == 0
    page = page.rotate(turn, resample=Image.Resampling.BICUBIC, expand=whole, fillcolor=255)
    if faxed_as:
        page = fax.faxed(page, standard=faxed_as == "standard").convert("L")
    picture = np.asarray(page)
    (code,) = find_bars(picture)
    (frame,) = frames.slip_frames([code])
    dots = picture.shape[0 if turn == 90 else 1] / 8.5
    assert frame.turn == (turn % 360 if whole else 0)
    (left, top), (right, bottom) = frame.at(4.25 - 2.23, 5.5), frame.at(4.25 + 2.23, 5.5)
    assert np.hypot(right - left, bottom - top) == pytest.approx(4.46 * dots, rel=0.02)
    assert abs(np.degrees(np.arctan2(bottom - top, right - left)) + turn + 180) % 360 - 180 == pytest.approx(0, abs=1.5)


def test_an_empty_back_is_blank_and_a_word_on_it_is_not() -> None:
    from PIL import ImageDraw

    back = Image.new("L", fax.LETTER, 250)
    assert read(back)[0].kind is PageKind.BLANK
    ImageDraw.Draw(back).text((700, 900), "no", fill=40, font_size=60)
    assert read(back)[0].kind is PageKind.UNKNOWN


def test_the_geometry_is_that_of_the_codes_that_we_print() -> None:
    assert frames.CODE == marks.CODE_SIZE
    narrow = 24 / 72 * 0.06  # the bars' type is 24 points, its narrow ones 60 of 1000
    code = "".join(code39.modules(char) for char in code39.reply_code(DOCUMENT))
    assert pytest.approx(((len(code) - 1) * narrow, 24 / 72)) == frames.SLIP_CODE
    assert "font-size: 24pt" in (SHIPPED / "letters/common/letter.css").read_text("utf-8").split("#reply .code")[1]
    assert pytest.approx((8.5 - marks.EDGE - marks.CODE_SIZE, marks.EDGE)) == frames.UPPER_RIGHT
    assert pytest.approx((marks.EDGE, 11 - marks.EDGE - marks.CODE_SIZE)) == frames.LOWER_LEFT
