"""Code 39 as a typeface: a reply slip's code is a line of text, merged into letters as any other.

Every character is as wide as every other, so that one layout serves all letters. The file in ``templates/fonts`` is
what :func:`make_font` gives; a test compares them. Patterns: ISO/IEC 16388, table 1; wide bars and spaces are three
times the narrow ones.
"""

from __future__ import annotations

import io
import re

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from cpdocs.core.marks import PageMark

FAMILY = "Cpdocs Code 39"
FILE = "CpdocsCode39-Regular.ttf"
_MODULE = 60
_EM = 1000
_WIDE = 3
_PATTERNS = {
    "0": "000110100", "1": "100100001", "2": "001100001", "3": "101100000", "4": "000110001", "5": "100110000",
    "6": "001110000", "7": "000100101", "8": "100100100", "9": "001100100", "A": "100001001", "B": "001001001",
    "C": "101001000", "D": "000011001", "E": "100011000", "F": "001011000", "G": "000001101", "H": "100001100",
    "I": "001001100", "J": "000011100", "K": "100000011", "L": "001000011", "M": "101000010", "N": "000010011",
    "O": "100010010", "P": "001010010", "Q": "000000111", "R": "100000110", "S": "001000110", "T": "000010110",
    "U": "110000001", "V": "011000001", "W": "111000000", "X": "010010001", "Y": "110010000", "Z": "011010000",
    "*": "010010100",
}  # fmt: skip
"""Bars and spaces by turns, 1 for a wide one."""


def reply_code(document_id: str) -> str:
    """The line of text that is a letter's code on its reply slip, with the symbology's own start and stop."""
    return f"*{PageMark.slip_text(document_id)}*"


def modules(char: str) -> str:
    """A character's modules from the left, 1 for dark, with the gap behind it."""
    widths = [_WIDE if wide == "1" else 1 for wide in _PATTERNS[char]]
    return "".join(str((place + 1) % 2) * width for place, width in enumerate(widths)) + "0"


def make_font() -> bytes:
    """The typeface as a TrueType file: the same bytes every time."""
    names = {char: f"code{ord(char):02X}" for char in _PATTERNS}
    builder = FontBuilder(_EM, isTTF=True)
    builder.setupGlyphOrder([".notdef", "space", *names.values()])
    builder.setupCharacterMap({32: "space", **{ord(char): name for char, name in names.items()}})
    widths = 9 + 3 * (_WIDE - 1) + 1
    glyphs = {".notdef": TTGlyphPen(None).glyph(), "space": TTGlyphPen(None).glyph()}
    glyphs |= {names[char]: _glyph(modules(char)) for char in _PATTERNS}
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (widths * _MODULE, 0)))
    builder.setupHorizontalHeader(ascent=_EM, descent=0)
    builder.setupNameTable({"familyName": FAMILY, "styleName": "Regular", "psName": FILE.removesuffix(".ttf")})
    builder.setupOS2(sTypoAscender=_EM, sTypoDescender=0, usWinAscent=_EM, usWinDescent=0, fsType=0)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.font.recalcTimestamp = False
    out = io.BytesIO()
    builder.font.save(out)
    return out.getvalue()


def _glyph(modules_: str) -> object:
    pen = TTGlyphPen(None)
    for bar in re.finditer("1+", modules_):
        left, right = bar.start() * _MODULE, bar.end() * _MODULE
        for number, point in enumerate(((left, 0), (left, _EM), (right, _EM), (right, 0))):
            (pen.lineTo if number else pen.moveTo)(point)
        pen.closePath()
    return pen.glyph()
