"""What stands under a sheet's code for people: run, piece, sheet n of m. It names nobody (mailroom.md, "Marks")."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont

from cpdocs.core.letters import SheetMark

NAME = "/SheetText"
"""How operators name the font."""
SIZE = 6.5
"""Points."""
_RIGHT, _BASE = 7.75, 10.71
"""Inches from the sheet's upper left corner: the text's right end, and its base line."""
REGION = (5.2, 10.6, _RIGHT + 0.02, 10.76)
"""Where it stands, in inches from the upper left: left, top, right, bottom."""
_CHARACTERS = "0123456789 -,Runpieceshtof"
_FIRST, _LAST = 32, 126
_NONSYMBOLIC = 32


def said(mark: SheetMark) -> str:
    """The text of one sheet."""
    return f"Run {mark.run_id}, piece {mark.piece}, sheet {mark.sheet} of {mark.sheets}"


class SheetText:
    """Writes sheets' texts in one face. ``pdf`` is a PDF of one page whose resources hold its font, cut to what is
    used."""

    def __init__(self, pdf: bytes, widths: dict[str, float]) -> None:
        self.pdf = pdf
        self._widths = widths

    def operators(self, mark: SheetMark) -> bytes:
        """PDF operators that write one sheet's text, in points from the lower left."""
        text = said(mark)
        left = _RIGHT * 72 - sum([self._widths[char] for char in text]) * SIZE / 1000
        return b"q 0 g BT %b %.1f Tf %.2f %.2f Td (%b) Tj ET Q" % (
            NAME.encode(),
            SIZE,
            left,
            792 - _BASE * 72,
            text.encode("ascii"),
        )


@lru_cache(maxsize=4)
def sheet_text(face: Path) -> SheetText:
    """What writes sheets' texts with the letters of ``face``, a TrueType font. The same face gives the same bytes."""
    options = subset.Options(notdef_outline=True, hinting=False, layout_features=[], name_IDs=[], drop_tables=["meta"])
    with TTFont(face, lazy=True, recalcTimestamp=False) as font:
        cutting = subset.Subsetter(options)
        cutting.populate(text=_CHARACTERS)
        cutting.subset(font)
        units = font["head"].unitsPerEm
        box = [round(1000 * getattr(font["head"], name) / units) for name in ("xMin", "yMin", "xMax", "yMax")]
        advances = {chr(code): font["hmtx"][name][0] for code, name in font.getBestCmap().items()}
        heights = [round(1000 * height / units) for height in (font["hhea"].ascent, font["hhea"].descent)]
        out = io.BytesIO()
        font.save(out)
    widths = {char: round(1000 * advance / units) for char, advance in advances.items()}
    return SheetText(_pdf(out.getvalue(), widths, box, heights), {char: float(value) for char, value in widths.items()})


def _pdf(program: bytes, widths: dict[str, int], box: list[int], heights: list[int]) -> bytes:
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page(page_size=(612, 792))
        file = pdf.make_stream(program)
        file.Length1 = len(program)
        name = pikepdf.Name("/CPSHEE+NotoSans")
        descriptor = pikepdf.Dictionary(
            Type=pikepdf.Name.FontDescriptor,
            FontName=name,
            Flags=_NONSYMBOLIC,
            FontBBox=pikepdf.Array(box),
            ItalicAngle=0,
            Ascent=heights[0],
            Descent=heights[1],
            CapHeight=714,
            StemV=80,
            FontFile2=file,
        )
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.TrueType,
            BaseFont=name,
            FirstChar=_FIRST,
            LastChar=_LAST,
            Widths=pikepdf.Array([widths.get(chr(code), 0) for code in range(_FIRST, _LAST + 1)]),
            Encoding=pikepdf.Name.WinAnsiEncoding,
            FontDescriptor=pdf.make_indirect(descriptor),
        )
        pdf.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary({NAME: pdf.make_indirect(font)}))
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True, compress_streams=True)
    return out.getvalue()


def add_font(pdf: pikepdf.Pdf, page: pikepdf.Page, text: SheetText) -> None:
    """Gives a page of ``pdf`` the font that ``operators`` name."""
    with pikepdf.open(io.BytesIO(text.pdf)) as source:
        if "/Font" not in page.resources:
            page.resources.Font = pikepdf.Dictionary()
        if NAME not in page.resources.Font:
            page.resources.Font[NAME] = pdf.copy_foreign(source.pages[0].Resources.Font[NAME])
