"""Cuts the collection of Chinese, Japanese and Korean faces to what a plan draws, once, and embeds the glyphs alone.

WeasyPrint 70.0 cuts a face twice and keeps an empty place for each of the 65,535 glyphs that the collection numbers, so
that glyphs keep their numbers: 800 KB a face, and a third of the time of a plan. In a face keyed by CID a glyph is
found by its CID, which stays the same however few are left (ISO 32000-1, 9.7.4.2: FontFile3, CIDFontType0C). That holds
where a glyph's number in the whole face is its CID; every face is asked, and one that says otherwise goes
WeasyPrint's way.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pydyf
from fontTools.ttLib import TTFont
from weasyprint.pdf import fonts as pdf_fonts
from weasyprint.text.ffi import ffi, harfbuzz, harfbuzz_subset

_subset = pdf_fonts.Font._harfbuzz_subset
_DROPPED = (b"BASE", b"DSIG", b"GPOS", b"GSUB", b"JSTF", b"VORG", b"vhea", b"vmtx")


@contextmanager
def cut_once() -> Iterator[None]:
    """While this lasts, faces keyed by CID are cut once; ``bare_glyphs`` finishes the file (one thread at a time)."""
    pdf_fonts.Font._harfbuzz_subset = _cut
    try:
        yield
    finally:
        pdf_fonts.Font._harfbuzz_subset = _subset


def bare_glyphs(pdf: pydyf.PDF) -> None:
    """Embeds of each face that was cut by CID the glyphs alone (CIDFontType0C), before the file is written."""
    bare = set()
    for each in pdf.objects:
        if isinstance(each, pydyf.Stream) and each.extra.get("Subtype") == "/OpenType":
            glyphs = _glyphs_by_cid(each.stream[0])
            if glyphs is not None:
                each.stream[:], each.extra["Subtype"] = [glyphs], "/CIDFontType0C"
                bare.add(each.reference)
    described = {
        each.reference for each in pdf.objects if isinstance(each, pydyf.Dictionary) and each.get("FontFile3") in bare
    }
    for each in pdf.objects:
        if isinstance(each, pydyf.Dictionary) and each.get("FontDescriptor") in described:
            # Of TrueType outlines alone (Table 117).
            del each["CIDToGIDMap"]


def _cut(font: Any, to_unicode: Collection[int], hinting: bool) -> None:
    if "CFF " in font.tables and not font.missing:
        whole, font.file_content = font.file_content, _cut_by_number(font.hb_face, to_unicode, hinting)
        if _holds(font.file_content, to_unicode):
            return
        font.file_content = whole
    _subset(font, to_unicode, hinting)


def _cut_by_number(face: Any, glyphs: Collection[int], hinting: bool) -> bytes:
    """The face with these glyphs, renumbered; empty where it can't be cut."""
    asked = ffi.gc(harfbuzz_subset.hb_subset_input_create_or_fail(), harfbuzz_subset.hb_subset_input_destroy)
    _add(harfbuzz_subset.hb_subset_input_glyph_set(asked), glyphs)
    _add(
        harfbuzz_subset.hb_subset_input_set(asked, harfbuzz_subset.HB_SUBSET_SETS_DROP_TABLE_TAG),
        [harfbuzz.hb_tag_from_string(name, -1) for name in _DROPPED],
    )
    flags = harfbuzz_subset.HB_SUBSET_FLAGS_DESUBROUTINIZE
    if not hinting:
        flags |= harfbuzz_subset.HB_SUBSET_FLAGS_NO_HINTING
    harfbuzz_subset.hb_subset_input_set_flags(asked, flags)
    cut = harfbuzz_subset.hb_subset_or_fail(face, asked)
    if cut == ffi.NULL:
        return b""
    return pdf_fonts.get_hb_object_data(ffi.gc(cut, harfbuzz.hb_face_destroy)) or b""


def _add(to: Any, numbers: Collection[int]) -> None:
    harfbuzz.hb_set_add_sorted_array(to, ffi.new(f"hb_codepoint_t[{len(numbers)}]", sorted(numbers)), len(numbers))


def _holds(face: bytes, cids: Collection[int]) -> bool:
    """Whether each of ``cids`` is a CID of the face."""
    if face[:4] != b"OTTO":
        return False
    with TTFont(io.BytesIO(face), lazy=True) as font:
        top = font["CFF "].cff.topDictIndex[0]
        return hasattr(top, "ROS") and {f"cid{cid:05}" for cid in cids if cid} <= set(top.charset)


def _glyphs_by_cid(face: bytes) -> bytes | None:
    """The CFF table of a face keyed by CID that was cut by us; None for any other."""
    if face[:4] != b"OTTO":
        return None
    with TTFont(io.BytesIO(face), lazy=True) as font:
        top = font["CFF "].cff.topDictIndex[0]
        # What WeasyPrint cut keeps as many places as its highest CID.
        renumbered = hasattr(top, "ROS") and top.charset[-1] != f"cid{len(top.charset) - 1:05}"
        return bytes(font.reader["CFF "]) if renumbered else None
