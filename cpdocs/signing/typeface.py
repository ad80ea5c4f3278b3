"""The font of a signature's picture: cut down to the characters in use and embedded (ISO 32000-1, 9.7)."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from cpdocs.signing.objects import Value, pdf, stream

if TYPE_CHECKING:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.writer import BasePdfFileWriter

_UNUSED_TABLES = (
    "GSUB",
    "GPOS",
    "GDEF",
    "DSIG",
    "STAT",
    "fpgm",
    "prep",
    "cvt",
    "gasp",
    "meta",
    "kern",
    "post",
    "name",
    "OS/2",
)
_SYMBOLIC = 4


@dataclass(frozen=True, slots=True)
class Typeface:
    """A subset of a font: its file, each character's glyph, widths in thousandths of the size, and its measures."""

    file: bytes
    name: str
    glyphs: dict[int, int]
    widths: tuple[int, ...]
    ascent: int
    descent: int
    box: tuple[int, int, int, int]

    def width(self, text: str) -> float:
        """How wide ``text`` is, in multiples of the size."""
        return sum(self.widths[self.glyphs[ord(char)]] for char in text) / 1000

    def encode(self, text: str) -> str:
        """``text`` as the hexadecimal codes of its glyphs."""
        return "".join(f"{self.glyphs[ord(char)]:04X}" for char in text)

    def wrap(self, line: str, width: float) -> list[str]:
        """``line`` broken at spaces into parts no wider than ``width`` (in multiples of the size) where that can be."""
        parts: list[str] = []
        for word in line.split(" "):
            longer = f"{parts[-1]} {word}" if parts else word
            if parts and self.width(longer) <= width:
                parts[-1] = longer
            else:
                parts.append(word)
        return parts

    def embed(self, writer: BasePdfFileWriter) -> generic.IndirectObject:
        """Adds the font to ``writer`` as a composite font with two-byte glyph codes and gives its reference."""
        descriptor: dict[str, Value] = {
            "Type": "/FontDescriptor",
            "FontName": "/" + self.name,
            "Flags": _SYMBOLIC,
            "FontBBox": self.box,
            "ItalicAngle": 0,
            "Ascent": self.ascent,
            "Descent": self.descent,
            "CapHeight": self.ascent,
            "StemV": 80,
            "FontFile2": writer.add_object(stream(self.file, Length1=len(self.file))),
        }
        descendant: dict[str, Value] = {
            "Type": "/Font",
            "Subtype": "/CIDFontType2",
            "BaseFont": "/" + self.name,
            "CIDSystemInfo": {"Registry": "Adobe", "Ordering": "Identity", "Supplement": 0},
            "FontDescriptor": writer.add_object(pdf(descriptor)),
            "W": [0, self.widths],
            "CIDToGIDMap": "/Identity",
        }
        font: dict[str, Value] = {
            "Type": "/Font",
            "Subtype": "/Type0",
            "BaseFont": "/" + self.name,
            "Encoding": "/Identity-H",
            "DescendantFonts": [writer.add_object(pdf(descendant))],
            "ToUnicode": writer.add_object(stream(self._to_unicode())),
        }
        return writer.add_object(pdf(font))

    def _to_unicode(self) -> bytes:
        pairs = sorted((glyph, chr(code).encode("utf-16-be").hex().upper()) for code, glyph in self.glyphs.items())
        lines = ["/CIDInit /ProcSet findresource begin 12 dict begin begincmap"]
        lines += ["/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def"]
        lines += [
            "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
            "1 begincodespacerange <0000> <FFFF> endcodespacerange",
        ]
        for start in range(0, len(pairs), 100):  # a CMap section holds a hundred entries at most
            section = pairs[start : start + 100]
            lines += [
                f"{len(section)} beginbfchar",
                *(f"<{glyph:04X}> <{text}>" for glyph, text in section),
                "endbfchar",
            ]
        lines.append("endcmap CMapName currentdict /CMap defineresource pop end end")
        return "\n".join(lines).encode("ascii")


def cut(font: bytes, texts: Iterable[str]) -> Typeface:
    """The part of the TrueType ``font`` that draws ``texts``; the same characters give the same bytes.

    Every character must be one that ``can_draw`` finds.
    """
    return _cut(font, "".join(sorted({" ", *"".join(texts)})))


def can_draw(font: bytes, text: str) -> bool:
    """Whether ``font`` has a glyph for every character of ``text`` (composed form, NFC)."""
    return {ord(char) for char in unicodedata.normalize("NFC", text)} <= _characters(font)


@lru_cache(maxsize=4)
def _characters(font: bytes) -> frozenset[int]:
    with TTFont(BytesIO(font), lazy=True) as face:
        return frozenset(face.getBestCmap() or ())


@lru_cache(maxsize=16)
def _cut(font: bytes, characters: str) -> Typeface:
    face = TTFont(BytesIO(font), lazy=True, recalcTimestamp=False)
    cutter = Subsetter(
        Options(layout_features=[], hinting=False, notdef_outline=True, drop_tables=list(_UNUSED_TABLES))
    )
    cutter.populate(text=characters)
    cutter.subset(face)
    out = BytesIO()
    face.save(out)
    glyphs = face.getGlyphOrder()
    numbers = {name: number for number, name in enumerate(glyphs)}
    head, lines, scale = face["head"], face["hhea"], 1000 / face["head"].unitsPerEm
    # Six capital letters mark a subset (ISO 32000-1, 9.6.4).
    tag = f"{zlib.crc32(characters.encode()):08X}".translate(str.maketrans("0123456789", "GHIJKLMNOP"))[:6]
    return Typeface(
        file=out.getvalue(),
        name=f"{tag}+Signature",
        glyphs={code: numbers[name] for code, name in face.getBestCmap().items()},
        widths=tuple(round(face["hmtx"][name][0] * scale) for name in glyphs),
        ascent=round(lines.ascent * scale),
        descent=round(lines.descent * scale),
        box=(round(head.xMin * scale), round(head.yMin * scale), round(head.xMax * scale), round(head.yMax * scale)),
    )
