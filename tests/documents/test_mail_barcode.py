"""The Intelligent Mail barcode: right by the public vectors and by a reader of its own, in its place, alone there."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from cpdocs.documents.envelope import BARCODE, BARCODE_CLEAR, VISIBLE, AddressBlock
from cpdocs.documents.letters import Letter, PrintedLetter
from cpdocs.documents.mail_barcode import WIDTH, barcode, bars
from cpdocs.documents.mail_merge.merged import MergedLetter
from cpdocs.documents.mail_merge.printing import MergedPrintFile
from cpdocs.documents.mail_merge.renderer import MailMerge
from cpdocs.documents.preflight import BARCODE_ZONE, inside
from cpdocs.documents.printfile import PrintFile
from tests.documents.imb_decoder import bars_in, decode
from tests.documents.letter_samples import letter, renderer

TRACKING = "00300123456000000012"
VECTORS = {
    "": "ATTFATTDTTADTAATTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTDT",
    "01234": "DTTAFADDTTFTDTFTFDTDDADADAFADFATDDFTAAAFDTTADFAAATDFDTDFADDDTDFFT",
    "012345678": "ADFTTAFDTTTTFATTADTAAATFTFTATDAAAFDDADATATDTDTTDFDTDATADADTDFFTFA",
    "01234567891": "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA",
}
"""ZIP → bars for tracking 01234567094987654321 (USPS-B-3200, appendix)."""


@pytest.mark.parametrize(("zip_code", "symbol"), VECTORS.items())
def test_the_public_vectors_are_drawn_and_read(zip_code: str, symbol: str) -> None:
    assert decode(symbol) == ("01234567094987654321", zip_code)
    if zip_code:
        assert bars("01234567094987654321", zip_code) == symbol


def test_one_wrong_bar_is_not_read_as_something_else() -> None:
    symbol = VECTORS["01234"]
    for place in range(65):
        for bar in "FADT":
            if bar != symbol[place]:
                wrong = symbol[:place] + bar + symbol[place + 1 :]
                with pytest.raises((ValueError, KeyError)):
                    decode(wrong)


def test_it_is_as_large_as_the_postal_service_allows_and_fits_the_window() -> None:
    left, top, right, bottom = BARCODE
    assert right - left == pytest.approx(WIDTH) == pytest.approx(2.6875)
    assert 0.125 <= bottom - top <= 0.165
    assert 20 <= 64 / (WIDTH - 1 / 48) <= 24.01  # bars to the inch
    assert inside(BARCODE_ZONE, VISIBLE)


def in_print(item: Letter, *, merged: bool) -> bytes:
    """A print file with that letter as piece 12, made by mail merge or from whole files."""
    drawn = barcode(TRACKING, item.assignment.zip)
    if merged:
        merging = MailMerge(renderer())
        made = merging.make(item)
        assert isinstance(made, MergedLetter)
        assert made.barcode
        shared, faces = merging.taken()
        out = io.BytesIO()
        target = MergedPrintFile("2026-11-02-01", out, shared)
        target.add_letter(made, 12, drawn)
        target.finish(faces, merging.lay)
        return out.getvalue()
    whole = renderer().make(item)
    assert isinstance(whole, PrintedLetter)
    assert whole.address.barcode
    file = PrintFile("2026-11-02-01")
    file.add_letter(whole.pdf, 12, drawn)
    return file.finish()


@pytest.mark.parametrize("merged", [True, False])
@pytest.mark.parametrize("zip_code", ["02118", "02118-1234"])
def test_it_is_read_from_a_picture_of_the_page_where_nothing_else_stands(merged: bool, zip_code: str) -> None:
    item = replace(letter(address1="Ápt Gjpqy Street 7", city="Õgyville", zip=zip_code), barcode=True)
    dpi = 600
    page = pypdfium2.PdfDocument(in_print(item, merged=merged))[0]
    left, top, right, bottom = (round(inches * dpi) for inches in BARCODE_ZONE)
    picture = page.render(scale=dpi / 72, grayscale=True).to_pil().crop((left, top, right, bottom))
    assert decode(bars_in(picture)) == (TRACKING, zip_code.replace("-", ""))
    ink = picture.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert ink is not None
    inches = [place / dpi for place in ink]
    assert inches[0] == pytest.approx(BARCODE_CLEAR[0], abs=0.003)
    assert inches[1] == pytest.approx(BARCODE_CLEAR[1], abs=0.003)
    assert inches[2] - inches[0] == pytest.approx(WIDTH, abs=0.003)
    assert inches[3] - inches[1] == pytest.approx(BARCODE[3] - BARCODE[1], abs=0.003)


def test_four_lines_leave_no_room_for_it() -> None:
    item = letter(address1="c/o Sample Family Shelter of the Valley", address2="444 Example Avenue North, Apartment 12")
    with_barcode = renderer().address(replace(item, barcode=True))
    assert with_barcode == renderer().address(item)
    assert isinstance(with_barcode, AddressBlock)
    assert not with_barcode.barcode


def test_a_site_template_that_puts_something_there_is_held(tmp_path: Path) -> None:
    base = (Path(__file__).parent.parent.parent / "templates/letters/common/base.html").read_text("utf-8")
    site = tmp_path / "letters" / "common" / "base.html"
    site.parent.mkdir(parents=True)
    site.write_text(base.replace("top: {{ address_top }}in", "top: 1.44in"), "utf-8")
    item = letter()
    assert isinstance(renderer(tmp_path).make(item), PrintedLetter)
    held = renderer(tmp_path).make(replace(item, barcode=True))
    assert not isinstance(held, PrintedLetter)
    assert held.code == "window_preflight"
