"""What a chart gets of paper: every page of the plan upright, in order and once, as finely as it came."""

from __future__ import annotations

import io

import numpy as np
import pikepdf
import pypdfium2
import pytest
from PIL import Image

from benchmarks import _channels, _pens
from cpdocs.core.verdicts import Slot
from cpdocs.scans.flat import FlatScan, draw
from cpdocs.scans.pages import UnreadablePages
from cpdocs.scans.reading import read_scan
from tests.scans import returned


def flat(*files: bytes) -> FlatScan:
    return draw(files, returned.issued(), returned.DOCUMENT, most_pages=9)


def frames(*pages: np.ndarray, channel: str = "fax fine") -> bytes:
    return _channels.as_file(list(pages), returned.CHANNELS[channel])


def sent(number: int, ink: np.ndarray | None = None, *, turn: int = 0, channel: str = "fax fine") -> np.ndarray:
    paper = _channels.printed(returned.printed(number), _pens.paper() if ink is None else ink)
    return _channels.sent(paper, returned.CHANNELS[channel], 3, turn=turn)


def test_pages_are_upright_in_order_and_once_and_empty_backs_left_out() -> None:
    blank = np.full_like(sent(1), 255)
    found = flat(frames(sent(2, turn=180), blank), frames(sent(1), sent(2)))
    assert found.places == (1, 2)
    pages = read_scan(found.pdf, most_pages=9).pages
    assert [(page.plan_page, page.turn) for page in pages] == [(1, 0), (2, 0)]


def test_of_a_page_that_came_twice_the_signed_one_is_shown() -> None:
    signed = returned.signed(Slot.PCP)
    found = flat(frames(sent(2)), frames(sent(2, signed)))
    assert found.places == (2,)
    assert returned.seen(found.pdf).boxes[Slot.PCP].value == "signed"


def test_black_and_white_stays_so_and_gray_stays_gray() -> None:
    with pikepdf.open(io.BytesIO(flat(frames(sent(1))).pdf)) as document:
        (picture,) = document.pages[0].get_images().values()
        assert int(picture.BitsPerComponent) == 1
        assert int(picture.Width) > 1600
    with pikepdf.open(
        io.BytesIO(flat(frames(sent(1, channel="200 dpi gray"), channel="200 dpi gray")).pdf)
    ) as document:
        (picture,) = document.pages[0].get_images().values()
        assert int(picture.BitsPerComponent) == 8


def test_half_height_rows_and_lying_pages_come_as_letter_paper() -> None:
    for data in (
        frames(sent(1, channel="fax standard, no tags"), channel="fax standard, no tags"),
        frames(sent(1, turn=90)),
    ):
        with pypdfium2.PdfDocument(flat(data).pdf) as document:
            width, height = document[0].get_size()
        assert width == pytest.approx(612, abs=25)
        assert height == pytest.approx(792, abs=25)


def test_two_pages_on_a_sheet_are_cut_apart() -> None:
    sheet = Image.new("L", (2200, 1700), 255)
    for place, number in enumerate((1, 2)):
        half = Image.fromarray(returned.printed(number)).resize((1100, 1424), Image.Resampling.LANCZOS)
        sheet.paste(half, (1100 * place, 138))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    found = flat(out.getvalue())
    assert found.places == (1, 2)
    assert [page.plan_page for page in read_scan(found.pdf, most_pages=9).pages] == [1, 2]


def test_a_page_of_no_plan_comes_last_and_one_of_another_plan_not_at_all() -> None:
    note = np.full_like(sent(1), 255)
    note[400:420, 300:900] = 0
    assert flat(frames(note, sent(1))).places == (1, 0)
    with pytest.raises(UnreadablePages):
        draw([frames(sent(1))], b"", "7K3M-9QXW-2RC", most_pages=9)
