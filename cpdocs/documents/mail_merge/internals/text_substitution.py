"""Other words in a block whose every text stands on a line of its own: set without the line breaker, drawn without the
boxes.

Most of what differs from letter to letter is such: the lines of an address, a salutation, a reference number. Where
each text fits its line whole, is the last on it, and has the height and baseline of the template's, WeasyPrint's line
breaker would put every box where it stood (``split_first_line``, step 2). So the text is shaped once by Pango, as
WeasyPrint would, and written as WeasyPrint writes it; the rest of the block's operators are the template's. Whatever is
out of the ordinary (another font than the template's, glyphs that are moved or don't say their text, a line that is
nearly full) is left to ``engine.break_again``.

The template's own words are tried first: a block for which that doesn't give the template's very bytes is never
retyped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from weasyprint.draw import text as draw_text
from weasyprint.formatting_structure import boxes
from weasyprint.text import line_break
from weasyprint.text.ffi import FROM_UNITS, ffi, pango

from cpdocs.documents.glyphs import uncertain
from cpdocs.documents.mail_merge.internals.canvas import Canvas, Drawing
from cpdocs.documents.mail_merge.internals.engine import Run, Slot

_KEPT_LINES = 256
"""Enough for cities, which lie together in mailing order; names hardly come twice."""
_GLYPH_INTS = 5
"""PangoGlyphInfo: glyph, width, x offset, y offset, attributes."""
_NO_GLYPH = 0x0FFFFFFF
"""From here on Pango's numbers are empty and unknown glyphs."""
_ROOM = 0.05
"""CSS pixels that must be left on a line which could break: more than rounding."""
_TO_THE_END = 0xFFFFFFFF
_PLAIN = {
    "direction": ("ltr",),
    "text_align_all": ("start", "left"),
    "text_align_last": ("auto", "start", "left"),
    "unicode_bidi": ("normal",),
    "text_decoration_line": ("none",),
    "letter_spacing": ("normal", 0),
    "word_spacing": (0,),
    "visibility": ("visible",),
}


@dataclass(frozen=True, slots=True)
class _Set:
    """A text that was set: its operator, and what it inks (CSS pixels: left, top, width, height from its own
    origin)."""

    operator: bytes
    ink: tuple[float, float, float, float]


class _Line:
    """One text of the template and whatever of other words would set them as it is set."""

    def __init__(self, canvas: Canvas, slot: Slot, box: Any, room: float) -> None:
        self._box, self._room = box, room
        self._noted: set[tuple[int, str]] = set()
        self._first = self._layout()
        self._layouts = self._layout()
        self._kept: dict[str, _Set | None] = {}
        self._glyphs: dict[tuple[int, int], str] = {}
        text = box.text.encode()
        pango.pango_layout_set_text(self._first.layout, text, len(text))
        # The layout that has the template's text keeps this font alive, so its address is no other's.
        first = self._first.get_first_line()[0]
        self._measures = self._height_and_baseline(self._first, first)
        self._font = first.runs[0].data.item.analysis.font
        self._drawn_with, self._size = canvas.font(self._font, slot.page_box)
        self.x, self.y = box.position_x, box.position_y + box.baseline

    def _layout(self) -> Any:
        style = self._box.style
        layout = line_break.Layout(style)
        if style["overflow_wrap"] in ("anywhere", "break-word"):
            attributes = pango.pango_layout_get_attributes(layout.layout)
            if attributes == ffi.NULL:
                attributes = ffi.gc(pango.pango_attr_list_new(), pango.pango_attr_list_unref)
            attribute = pango.pango_attr_insert_hyphens_new(False)
            attribute.start_index, attribute.end_index = 0, _TO_THE_END
            pango.pango_attr_list_change(attributes, attribute)
            pango.pango_layout_set_attributes(layout.layout, attributes)
        pango.pango_layout_set_single_paragraph_mode(layout.layout, True)
        return layout

    def _height_and_baseline(self, layout: Any, line: Any) -> tuple[float, float]:
        return line_break.line_size(line, self._box.style)[1], pango.pango_layout_get_baseline(layout.layout)

    def set(self, text: str) -> _Set | None:
        """``text`` in the place of the template's; None where it wouldn't stand just so."""
        if text not in self._kept:
            if len(self._kept) >= _KEPT_LINES:
                self._kept.clear()
            self._kept[text] = self._shaped(text)
        return self._kept[text]

    def _shaped(self, text: str) -> _Set | None:
        layout = self._layouts
        encoded = text.encode()
        pango.pango_layout_set_text(layout.layout, encoded, len(encoded))
        line, second = layout.get_first_line()
        if second is not None or line.runs == ffi.NULL or self._height_and_baseline(layout, line) != self._measures:
            return None
        if line_break.line_size(line, self._box.style)[0] > self._room:
            return None
        shown = ""
        glyphs: list[int] = []
        texts: list[str] = []
        run = line.runs
        while run != ffi.NULL:
            said = self._run(run.data, encoded)
            if said is None:
                return None
            shown += said[0]
            glyphs += said[1]
            texts += said[2]
            run = run.next
        self._note(glyphs, texts)
        extents = ffi.new("PangoRectangle *")
        pango.pango_layout_line_get_extents(line, extents, ffi.NULL)
        ink = (extents.x * FROM_UNITS, extents.y * FROM_UNITS, extents.width * FROM_UNITS, extents.height * FROM_UNITS)
        return _Set(b"[" + shown.encode("ascii") + b"] TJ", ink)

    def _run(self, item: Any, encoded: bytes) -> tuple[str, list[int], list[str]] | None:
        """What is shown of a run of glyphs, the glyphs, and the text of each; None where it is out of the ordinary."""
        part = item.item
        if part.analysis.font != self._font or part.analysis.level % 2:
            return None
        count = item.glyphs.num_glyphs
        numbers = memoryview(ffi.buffer(item.glyphs.glyphs, count * 4 * _GLYPH_INTS)).cast("I").tolist()
        if any(numbers[2::_GLYPH_INTS]) or any(numbers[3::_GLYPH_INTS]):
            return None
        found = numbers[0::_GLYPH_INTS]
        shown = self._shown(list(zip(found, numbers[1::_GLYPH_INTS], strict=True)))
        texts = _texts(encoded[part.offset : part.offset + part.length], item.glyphs.log_clusters, count)
        return None if shown is None or texts is None else (shown, found, texts)

    def _shown(self, glyphs: Sequence[tuple[int, int]]) -> str | None:
        known = self._glyphs
        try:
            shown = "".join([known[glyph] for glyph in glyphs])
        except KeyError:
            for number, width in glyphs:
                if number >= _NO_GLYPH:
                    return None
                known[number, width] = self._one(number, width)
            shown = "".join([known[glyph] for glyph in glyphs])
        return f"<{shown[:-1]}" if shown.endswith("<") else f"<{shown}>"

    def _one(self, number: int, width: int) -> str:
        """A glyph and the room after it, as WeasyPrint's ``draw_first_line`` writes them."""
        widths = self._drawn_with.widths
        if number not in widths:
            logical = ffi.new("PangoRectangle *")
            pango.pango_font_get_glyph_extents(self._font, number, ffi.NULL, logical)
            widths[number] = round(logical.width * 1000 * FROM_UNITS / self._size)
        kerning = widths[number] + 0 / self._size - width * 1000 * FROM_UNITS / self._size
        return f"{number:04x}>{int(kerning)}<" if kerning else f"{number:04x}"

    def _note(self, numbers: Sequence[int], texts: Sequence[str]) -> None:
        """Remembers what each glyph stood for, as drawing would (``easel``)."""
        for glyph, text in set(zip(numbers, texts, strict=True)) - self._noted:
            self._noted.add((glyph, text))
            self._drawn_with.to_unicode.keep(glyph, text)


def _texts(encoded: bytes, clusters: Any, count: int) -> list[str] | None:
    """The text of each glyph of a run that goes from left to right; None where the words have to be written beside
    them."""
    starts = memoryview(ffi.buffer(clusters, count * 4)).cast("i").tolist()
    if count == len(encoded) and starts == list(range(count)):
        return list(encoded.decode("ascii"))
    ends = [*starts[1:], len(encoded)]
    found = [encoded[start:end].decode() for start, end in zip(starts, ends, strict=True)]
    return None if any(map(uncertain, found)) else found


class Retyping:
    """A block that can be retyped: the operators between its texts, and for each of its runs the line where it
    stands."""

    def __init__(self, between: Sequence[bytes], lines: Sequence[_Line], marks: dict[int, bytes]) -> None:
        self._between, self._lines, self._marks = between, lines, marks

    def operators(self, words: Sequence[str]) -> list[bytes] | None:
        """The operator of each of the block's texts with these words; None where they don't stand as the template's
        did."""
        if any(text != text.strip() or "\n" in text or "\t" in text for text in words):
            return None
        made = [line.set(text) for text, line in zip(words, self._lines, strict=True)]
        return None if None in made else [text.operator for text in made if text is not None]

    def around(self, draw: Callable[[], bytes]) -> list[bytes] | None:
        """What stands around the texts where the block is drawn in another way; None where they can't be found in
        it."""
        with _marked(self._marks):
            return _split(draw(), self._marks)

    def drawing(self, words: Sequence[str]) -> Drawing | None:
        """The block with these words for its runs; None where they don't stand as the template's did."""
        parts = [self._between[0]]
        ink = []
        for text, line, after in zip(words, self._lines, self._between[1:], strict=True):
            if text != text.strip() or "\n" in text or "\t" in text:
                return None
            made = line.set(text)
            if made is None:
                return None
            parts += (made.operator, after)
            x, y, width, height = made.ink
            ink.append(((line.x + x) / 96, (line.y + y) / 96, (line.x + x + width) / 96, (line.y + y + height) / 96))
        return Drawing(b"".join(parts), tuple(ink))


def retyping(canvas: Canvas, slot: Slot) -> Retyping | None:
    """How ``slot`` is retyped; None where it can't be."""
    found = _texts_of(slot)
    if found is None:
        return None
    marks = {id(box): b"\0%d\0" % index for index, (box, _) in enumerate(found)}
    with _marked(marks):
        drawing = canvas.lines(slot, slot.lines)
    between = _split(drawing.operators, marks)
    if between is None:
        return None
    lines = [_Line(canvas, slot, box, room) for box, room in found]
    made = Retyping(between, lines, marks)
    own = made.drawing([run.text for run in slot.runs])
    return made if own == canvas.lines(slot, slot.lines) else None


def _split(operators: bytes, marks: dict[int, bytes]) -> list[bytes] | None:
    between: list[bytes] = []
    for mark in marks.values():
        before, there, operators = operators.partition(mark)
        if not there:
            return None
        between.append(before)
    return [*between, operators]


@contextmanager
def _marked(marks: dict[int, bytes]) -> Iterator[None]:
    """While this lasts, drawing a text puts its mark where its one operator would be."""
    original = draw_text.draw_first_line

    def drawn(stream: Any, textbox: Any, *more: Any) -> Any:
        count = len(stream.stream)
        emojis = original(stream, textbox, *more)
        if id(textbox) in marks and len(stream.stream) - count <= len(("Tm", "Tf", "TJ")):
            stream.stream[-1] = marks[id(textbox)]
        return emojis

    draw_text.draw_first_line = drawn
    try:
        yield
    finally:
        draw_text.draw_first_line = original


def _texts_of(slot: Slot) -> list[tuple[Any, float]] | None:
    """For each run of the block its box and the room that it has (CSS pixels); None where one isn't
    the only text of its line."""
    block = slot.call.containing_block
    right = block.content_box_x() + block.width + slot.shift[0]
    runs: list[Run] = list(slot.runs)
    found: list[tuple[Any, float]] = []
    if block.style["direction"] != "ltr":
        return None
    for line in slot.lines:
        inside = [line, *line.descendants()]
        texts = [box for box in inside if isinstance(box, boxes.TextBox) and box.text.strip()]
        if len(texts) != 1 or len(found) == len(runs) or not all(_is_plain(box) for box in inside):
            return None
        (box,) = texts
        if box.text != runs[len(found)].text or box.text != box.text.strip() or box.justification_spacing:
            return None
        # What stands behind a text in its line (a blank, the box of a line break) has no width that matters, if an em
        # is left.
        spare = box.style["font_size"] if inside[-1] is not box else 0
        wraps = box.style["white_space"] not in ("nowrap", "pre")
        room = right - box.position_x - spare - _ROOM if wraps else float("inf")
        found.append((box, room))
    return found if len(found) == len(runs) else None


def _is_plain(box: Any) -> bool:
    """Whether nothing is drawn of the box but its text, and it takes no room of its own."""
    style = box.style
    if (
        any(style[name] not in allowed for name, allowed in _PLAIN.items())
        or getattr(box, "background", None) is not None
    ):
        return False
    if isinstance(box, boxes.TextBox):
        return True
    if isinstance(box, boxes.LineBox):
        return bool(box.text_overflow == "clip" and box.block_ellipsis == "none" and not box.text_indent)
    sides = ("left", "right", "top", "bottom")
    room = (
        getattr(box, f"{kind}_{side}{end}") for kind, end in (("border", "_width"), ("padding", "")) for side in sides
    )
    return not any(room) and not box.margin_left and not box.margin_right
