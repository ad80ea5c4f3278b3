"""Draws what ``engine`` has laid out, part by part, and gathers the faces that it is drawn with.

The second part of the one place that uses what WeasyPrint doesn't promise: ``engine.INTERNALS`` lists the names of all
three.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import pydyf
import weasyprint
from weasyprint.draw import draw_inline_level
from weasyprint.formatting_structure import boxes
from weasyprint.pdf import _use_references
from weasyprint.pdf import fonts as pdf_fonts
from weasyprint.text.ffi import FROM_UNITS, ffi, pango

from cpdocs.documents import glyphs
from cpdocs.documents.mail_merge.internals.engine import LaidOut, Slot
from cpdocs.documents.mail_merge.merged import TO_PIXELS

_POINTS = 0.75
"""Points in a CSS pixel."""
_LETTER = (816, 1056)
"""US Letter in CSS pixels: print files have no other pages."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """PDF operators in CSS pixels from the upper left, and the boxes that they may ink: left, top, right, bottom in
    inches."""

    operators: bytes
    ink: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Furniture:
    """What a page has besides the lines of its slots: PDF operators, and a PDF of one page with the pictures and
    effects that they name (empty where there are none). For their units see ``merged.SharedPart``."""

    operators: bytes
    pictures: bytes


class Canvas:
    """Draws parts of pages, all with the same fonts."""

    def __init__(self) -> None:
        self.fonts: dict[int, Any] = {}

    def lines(self, slot: Slot, lines: Sequence[Any]) -> Drawing:
        """Lines by themselves, in CSS pixels from the page's upper left."""
        resources = _resources()
        stream = self._canvas(slot.page_box, resources)
        ink = tuple((x / 96, y / 96, (x + width) / 96, (y + height) / 96) for x, y, width, height in _ink(lines))
        for line in lines:
            draw_inline_level(stream, slot.page_box, line)
        _require_plain(resources)
        return Drawing(_operators(stream), ink)

    def face_of(self, name: str) -> Any:
        """The font of this name in the operators as it was drawn with here; None where it wasn't."""
        return next((font for font in self.fonts.values() if font.hash == name), None)

    def furniture(self, laid: LaidOut, number: int) -> Furniture:
        """Everything on page ``number`` (from 0) but the lines of its slots.

        Raises NotMergeable where a picture lies over or under words that are drawn apart from it, or effects hold
        words.
        """
        page = laid.document.pages[number]
        slots = [slot for slot in laid.slots if slot.page == number]
        if any(_lies_over(box, slots) for box in page._page_box.descendants(placeholders=True)):
            raise NotMergeable
        resources = _resources()
        stream = self._canvas(page._page_box, resources)
        with _without_slots():
            page.paint(stream)
        if _is_plain(resources):
            return Furniture(_operators(stream), b"")
        resources, images = _resources(), dict[str, Any]()
        stream = self._canvas(page._page_box, resources, images)
        with _without_slots(), stream.stacked():
            stream.transform(d=-1, f=page.height * _POINTS)
            page.paint(stream, scale=_POINTS)
        return Furniture(_operators(stream) + b"\n" + TO_PIXELS, _pictures(resources, images))

    def font(self, pango_font: Any, page_box: Any) -> tuple[Any, float]:
        """The face of a Pango font as WeasyPrint keeps it for these drawings, and its size in CSS pixels."""
        return self._canvas(page_box, _resources()).add_font(pango_font)  # type: ignore[no-any-return]

    def _canvas(self, page_box: Any, resources: Any, images: dict[str, Any] | None = None) -> Any:
        rectangle = (0, 0, page_box.margin_width(), page_box.margin_height())
        if rectangle[2:] != _LETTER:
            raise NotMergeable
        return glyphs.SpellingStream(
            self.fonts, rectangle, resources, images if images is not None else {}, None, {}, None
        )


class NotMergeable(Exception):
    """A page has something that isn't drawn with text, lines and colour alone: it is laid out by itself each time."""


def _resources() -> Any:
    kinds = ("ExtGState", "XObject", "Pattern", "Shading")
    return pydyf.Dictionary({**{kind: pydyf.Dictionary() for kind in kinds}, "ColorSpace": pydyf.Dictionary()})


def _require_plain(resources: Any) -> None:
    if not _is_plain(resources):
        raise NotMergeable


def _is_plain(resources: Any) -> bool:
    alphas = all(name in ("a1.0", "A1.0", "a1", "A1") for name in resources["ExtGState"])
    return alphas and not any(resources[kind] for kind in ("XObject", "Pattern", "Shading"))


def _pictures(resources: Any, images: dict[str, Any]) -> bytes:
    """The pictures and effects that a page's operators name, as the resources of the one page of a PDF. Raises
    NotMergeable where words are among them: fonts are shared by all letters."""
    if any(_shows_text(group) for kind in ("XObject", "Pattern") for group in resources[kind].values()):
        raise NotMergeable
    pdf = pydyf.PDF()
    resources["Font"] = pydyf.Dictionary()
    _use_references(pdf, resources, images, {})
    del resources["Font"]
    size = pydyf.Array((0, 0, 612, 792))
    pdf.add_page(
        pydyf.Dictionary({"Type": "/Page", "Parent": pdf.pages.reference, "MediaBox": size, "Resources": resources})
    )
    out = io.BytesIO()
    pdf.write(out, version=b"1.7", identifier=False)
    return out.getvalue()


_SETS_A_FONT = re.compile(rb"\bTf\b")


def _shows_text(group: Any) -> bool:
    """Whether a group or pattern, or one inside it, draws text. An image doesn't, and is None until it is written."""
    if group is None:
        return False
    inner = group.extra.get("Resources") or {}
    return any(_SETS_A_FONT.search(pydyf._to_bytes(item)) for item in group.stream) or any(
        _shows_text(other) for kind in ("XObject", "Pattern") for other in (inner.get(kind) or {}).values()
    )


def _lies_over(box: Any, slots: Sequence[Slot]) -> bool:
    """Whether a picture (or a picture behind a box) lies where a slot's lines are that aren't inside the box: words are
    drawn after all else, so that the order of the two might be another."""
    box = getattr(box, "_box", box)
    style = getattr(box, "style", None)
    background = style is not None and any(kind != "none" for kind, _ in style["background_image"])
    if not (background or isinstance(box, boxes.ReplacedBox)):
        return False
    inside = {id(line) for line in box.descendants()} if isinstance(box, boxes.ParentBox) else set()
    left, top = box.border_box_x(), box.border_box_y()
    right, bottom = left + box.border_width(), top + box.border_height()
    return any(
        left < line.position_x + line.width
        and line.position_x < right
        and top < line.position_y + line.height
        and line.position_y < bottom
        for slot in slots
        for line in slot.lines
        if id(line) not in inside
    )


def _operators(stream: Any) -> bytes:
    return b"\n".join(pydyf._to_bytes(item) for item in stream.stream)


@contextmanager
def _without_slots() -> Iterator[None]:
    original = weasyprint.draw.draw_inline_level

    def drawn(stream: Any, page: Any, box: Any, *more: Any) -> None:
        if not getattr(box, "merged_apart", False):
            original(stream, page, box, *more)

    weasyprint.draw.draw_inline_level = drawn
    try:
        yield
    finally:
        weasyprint.draw.draw_inline_level = original


def _ink(lines: Sequence[Any]) -> Iterator[tuple[float, float, float, float]]:
    """What each stretch of text inks, in CSS pixels: left, top, width, height."""
    extents = ffi.new("PangoRectangle *")
    for line in lines:
        for leaf in line.descendants():
            if isinstance(leaf, boxes.TextBox) and leaf.text.strip():
                layout = leaf.pango_layout
                layout.reactivate(leaf.style)
                pango.pango_layout_line_get_extents(layout.get_first_line()[0], extents, ffi.NULL)
                x, y, width, height = (
                    value * FROM_UNITS for value in (extents.x, extents.y, extents.width, extents.height)
                )
                yield leaf.position_x + x, leaf.position_y + leaf.baseline + y, width, height
                layout.deactivate()


@dataclass(slots=True)
class Face:
    """A font face as it was used: how to ask for it, and by glyph the texts that it stood for and its width (1/1000
    em)."""

    family: str
    weight: int
    style: int
    texts: dict[int, dict[str, None]]
    widths: dict[int, int]


class FacesDiffer(Exception):
    """Two processes drew with different metrics, or a face can't be found again."""


def faces(canvas: Canvas) -> dict[str, Face]:
    """Every face that ``easel`` drew with, by its name in the operators."""
    found: dict[str, Face] = {}
    for font in canvas.fonts.values():
        face = Face(font.family, int(font.weight), int(font.style), font.to_unicode, font.widths)
        if font.missing or font.bitmap or font.png or font.svg or font.colr:
            raise NotMergeable
        merge_faces(found, {font.hash: face})
    return found


def merge_faces(into: dict[str, Face], more: dict[str, Face]) -> None:
    """Adds ``more`` faces. The order of adding makes no difference. Raises FacesDiffer where one glyph has two
    widths."""
    for name, face in more.items():
        known = into.get(name)
        if known is None:
            texts = {glyph: dict(said) for glyph, said in face.texts.items()}
            into[name] = Face(face.family, face.weight, face.style, texts, dict(face.widths))
            continue
        if any(known.widths.get(glyph, width) != width for glyph, width in face.widths.items()):
            raise FacesDiffer
        known.widths.update(face.widths)
        for glyph, said in face.texts.items():
            known.texts.setdefault(glyph, {}).update(said)


def font_objects(wanted: dict[str, Face], first: int, lay: Any) -> tuple[list[tuple[int, bytes]], bytes]:
    """The PDF objects of the faces, numbered from ``first``, and the dictionary that names them, each cut to its
    glyphs.

    ``lay`` lays a page of HTML out with the fonts that the letters were drawn with (see ``lay_out``).
    """
    canvas = Canvas()
    chosen: dict[int, Any] = {}
    for name, face in sorted(wanted.items()):
        chosen[len(chosen)] = font = _found_again(name, face, canvas, lay)
        font.to_unicode = glyphs.spelled(font, face.texts)
        font.widths = dict(sorted(face.widths.items()))
    pdf = pydyf.PDF()
    pdf.objects.extend([None] * (first - len(pdf.objects)))
    names = pdf_fonts.build_fonts_dictionary(pdf, chosen, True, True, {"hinting": False, "pdf_version": None})
    return [(thing.number, thing.data) for thing in pdf.objects[first:]], names.data


_STYLES = ("normal", "oblique", "italic")


def _found_again(name: str, face: Face, canvas: Canvas, lay: Any) -> Any:
    """The face as a font of WeasyPrint's, of the same size whoever asks."""
    sample = next(
        (text for said in face.texts.values() for text in sorted(said) if text.strip() and text != glyphs.UNSAID), ""
    )
    style = (
        f"font-family: '{face.family}'; font-weight: {face.weight}; font-style: {_STYLES[face.style]}; font-size: 16px"
    )
    laid = lay(f'<style>@page {{ size: 8.5in 11in }}</style><p style="{escape(style)}">{escape(sample)}</p>')
    for slot in laid.slots:
        canvas.lines(slot, slot.lines)
    for font in canvas.fonts.values():
        if font.hash == name:
            return font
    raise FacesDiffer
