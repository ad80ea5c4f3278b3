"""What a page is goes by what it draws: pictures in whatever form they come, whatever else stands in the file."""

from __future__ import annotations

import io
import zlib
from base64 import a85encode

import pikepdf
import pypdfium2
import pytest
from pikepdf import Dictionary, Name
from PIL import Image

from cpdocs.scans.drawn import Drawn, what_is_drawn

WORDS = b"BT 0 g /F1 11 Tf 14 TL 60 740 Td " + b"(A line of words that a program wrote) Tj T* " * 48 + b"ET\n"
WHOLE = b"q 612 0 0 792 0 0 cm "


def picture(pdf: pikepdf.Pdf, size: tuple[int, int] = (850, 1100), *, mask: bool = False) -> pikepdf.Stream:
    stream = pdf.make_stream(zlib.compress(Image.new("1" if mask else "L", size, 1).tobytes()))
    stream.Type, stream.Subtype, stream.Filter = Name.XObject, Name.Image, Name.FlateDecode
    stream.Width, stream.Height = size
    stream.BitsPerComponent = 1 if mask else 8
    if mask:
        stream.ImageMask = True
    else:
        stream.ColorSpace = Name.DeviceGray
    return stream


def drawn(operators: bytes, *, mask: bool = False, form: bool = False, inherited: bool = False) -> Drawn:
    """What a letter page with these operators draws; /I is a picture, /F a form that draws it over the page."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(612, 792))
    objects = Dictionary(I=picture(pdf, mask=mask))
    font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    if form:
        inner = pdf.make_stream(WHOLE + b"/I Do Q")
        inner.Type, inner.Subtype = Name.XObject, Name.Form
        inner.BBox, inner.Resources = [0, 0, 612, 792], Dictionary(XObject=Dictionary(I=objects.I))
        objects.F = inner
    page.obj.Resources = Dictionary(XObject=objects, Font=Dictionary(F1=font))
    page.obj.Contents = pdf.make_stream(operators)
    out = io.BytesIO()
    pdf.save(out)
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        return what_is_drawn(document[0])


def strips(count: int) -> bytes:
    height = 792 / count
    return b"".join(b"q 612 0 0 %f 0 %f cm /I Do Q\n" % (height, number * height) for number in range(count))


INLINE = (
    WHOLE
    + b"BI /W 64 /H 88 /BPC 1 /CS /G /F [/A85 /Fl] ID "
    + a85encode(zlib.compress(Image.new("1", (64, 88), 1).tobytes()))
    + b"~> EI Q\n"
)
SCANS = {
    "a picture": (WHOLE + b"/I Do Q", {}),
    "strips": (strips(60), {}),
    "a form": (b"/F Do", {"form": True}),
    "an inline picture": (INLINE, {}),
    "a stencil mask": (WHOLE + b"0 g /I Do Q", {"mask": True}),
    "a picture under hidden text": (WHOLE + b"/I Do Q 3 Tr " + WORDS, {}),
    "a picture over text": (WORDS + WHOLE + b"/I Do Q", {}),
    "a picture under visible recognized text": (WHOLE + b"/I Do Q " + WORDS, {}),
    "a picture with a fax server's line": (WHOLE + b"/I Do Q BT /F1 8 Tf 40 780 Td (From 508-555-0179 p. 2) Tj ET", {}),
    "a picture on a white ground": (b"1 g 0 0 612 792 re f " + WHOLE + b"/I Do Q", {}),
    "a photo in the middle of a page": (b"q 300 0 0 400 150 200 cm /I Do Q", {}),
}


@pytest.mark.parametrize("kind", SCANS)
def test_a_page_that_shows_a_picture_alone_is_a_scan(kind: str) -> None:
    operators, how = SCANS[kind]
    assert drawn(operators, **how).scanned


DIGITAL = {
    "words": WORDS,
    "words and a logo": b"q 90 0 0 40 60 740 cm /I Do Q " + WORDS,
    "words on a stencil watermark": WHOLE + b"0.9 g /I Do Q " + WORDS,
    "nothing": b"",
}


@pytest.mark.parametrize("kind", DIGITAL)
def test_a_page_that_a_program_wrote_is_none(kind: str) -> None:
    assert not drawn(DIGITAL[kind], mask="stencil" in kind).scanned


def test_black_and_white_is_told_from_gray() -> None:
    assert drawn(INLINE).bilevel
    assert drawn(WHOLE + b"0 g /I Do Q", mask=True).bilevel
    assert not drawn(WHOLE + b"/I Do Q").bilevel
    assert not drawn(WORDS).bilevel
