"""A letter's own tagged PDF/UA-1 file, merged: byte for byte what its full layout writes.

WeasyPrint writes the tagged file of a layout once. It is kept in parts: every object as it was serialised, and of each
page's operators those of each block apart. Another letter of that layout has other operators in the blocks whose words
differ, with the same marks in the same order wherever its lines are made of the same boxes; then its structure tree,
its outline and its metadata are the layout's, and only pages and fonts are new. Fonts are cut once a set of glyphs.
Marked content can't stand in a drawing that pages share (performance.md), so every file has all its operators.
Uses what WeasyPrint and pydyf don't promise (``INTERNALS``; a test compares it with what was read for 70.0 and 0.13).
"""

from __future__ import annotations

import copy
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pydyf
import weasyprint
from weasyprint.document import Document, Page
from weasyprint.draw import draw_inline_level
from weasyprint.formatting_structure import boxes
from weasyprint.pdf import fonts as pdf_fonts
from weasyprint.pdf import generate_pdf
from weasyprint.pdf import tags as pdf_tags

from cpdocs.documents import glyphs
from cpdocs.documents.layout import shaped_once
from cpdocs.documents.mail_merge.internals.canvas import Canvas, NotMergeable
from cpdocs.documents.mail_merge.internals.engine import LaidOut, Slot, break_again
from cpdocs.documents.mail_merge.internals.tagged_assembly import TaggedAssembly, Written, bind
from cpdocs.documents.pdf import write_letter
from cpdocs.documents.tags import margin_content

INTERNALS: tuple[tuple[str, Any], ...] = (
    ("generate_pdf", generate_pdf),
    ("add_tags", pdf_tags.add_tags),
    ("build_fonts_dictionary", pdf_fonts.build_fonts_dictionary),
    ("Document.write_pdf", Document.write_pdf),
    ("pydyf.PDF", pydyf.PDF),
    ("pydyf.Stream", pydyf.Stream),
)
_LEVEL = 9
"""How hard pydyf deflates."""
_FACE_OBJECTS = 4
"""What a face has besides its file: ToUnicode, descriptor, the font of its glyphs, and the font."""
_KIND = 4
"""Bytes of a font file by which its kind is known."""
_KEPT = 512
_SHOWN = re.compile(rb"/([A-Za-z]+) [0-9.]+ Tf|\[([^\]]*)\] ?TJ|(<[0-9a-f]+>) ?Tj")
_HEX = re.compile(rb"<([0-9a-f]*)>")


Colors = tuple[Any, Any, Any, Any]
"""What a stream knows of the colours in force."""
Glyphs = dict[str, int]
"""Face by its name → its glyphs, a bit for each."""


@dataclass(slots=True)
class _Span:
    """Where the lines of a slot were drawn: its page, the items of the stream from start to end, the first mark's
    number (None in the margins, which are artifacts), and the colours in force before."""

    page: int
    start: int
    end: int
    mark: int | None
    colors: Colors


class _Recorder(glyphs.SpellingStream):
    """A page's stream that remembers where each slot's lines were drawn."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.spans: dict[int, _Span] = {}

    def colors(self) -> Colors:
        """What it knows of the colours in force."""
        return (self._current_color, self._current_color_stroke, self._current_alpha, self._current_alpha_stroke)

    def unmarked(self, box: Any, _tag: str) -> Any:
        """Has a text drawn as an artifact."""
        self.words = getattr(box, "text", "")
        return self.artifact()


class _Numbers(dict[Any, Any]):
    """Marks of a part of a page: they are counted from ``first``."""

    def __init__(self, first: int) -> None:
        super().__init__()
        self._first = first

    def __len__(self) -> int:
        return self._first + super().__len__()


class _Places:
    """Takes the objects of a font, and gives them the numbers that they have in the file."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = iter(numbers)
        self.added: list[Any] = []

    def add_object(self, thing: Any) -> None:
        """As ``pydyf.PDF`` does."""
        thing.number = next(self._numbers)
        self.added.append(thing)


class TaggedTemplate:
    """The tagged file of one layout, and those of the letters merged from it.

    Raises NotMergeable where the layout has what isn't made of pages, fonts and tags alone, or can't be put together
    again.
    """

    def __init__(self, laid: LaidOut, canvas: Canvas, moment: str) -> None:
        self._laid, self._canvas = laid, canvas
        self._slots = {id(slot): slot for slot in laid.slots}
        self._margins = [set(margin_content(page._page_box)) for page in laid.document.pages]
        if any(page.links or any(page.forms.values()) for page in laid.document.pages):
            raise NotMergeable
        original = laid.document
        document = Document(
            [Page(page._page_box) for page in original.pages],
            original.metadata,
            original.url_fetcher,
            original.font_config,
            {},
            None,
        )
        self._labels = {label for page in document.pages for _, label, _, _ in page.bookmarks}
        with self._recording() as recorded:
            whole = write_letter(document, moment, "template", finisher=recorded.take)
        self._fonts, self._font_numbers, self._options = recorded.fonts, recorded.numbers, recorded.options
        self._references = {"Root": recorded.pdf.catalog.reference, "Info": recorded.pdf.info.reference}
        # Behind these come what packs others, and the cross-reference.
        self._objects = [
            thing if isinstance(thing, _Recorder) else Written.of(thing) for thing in recorded.objects[:-2]
        ]
        self._drawn_with = {font.hash: font for font in document.fonts.values()}
        self._streams: list[_Recorder] = [thing for thing in self._objects if isinstance(thing, _Recorder)]
        self._spans = {slot: span for stream in self._streams for slot, span in stream.spans.items()}
        self._parts = [self._parts_of(stream) for stream in self._streams]
        self._lines = {slot: _signatures(self._slots[slot].lines) for slot in self._spans}
        self._own = {slot: self._operators(slot) for slot in self._spans}
        self._static: Glyphs = _merged(
            _shown(b"\n".join(part for part in parts if isinstance(part, bytes))) for parts in self._parts
        )
        self._kept: dict[tuple[int, tuple[str, ...]], tuple[bytes, Glyphs] | None] = {}
        self._bound: dict[tuple[int, ...], TaggedAssembly] = {}
        self._faces: dict[tuple[int, int], list[Written]] = {}
        self._between: dict[int, list[bytes] | None] = {}
        if self.file({}, "template") != whole:
            raise NotMergeable

    @contextmanager
    def _recording(self) -> Iterator[_Taken]:
        taken = _Taken()
        draw, stream, build = (
            weasyprint.draw.draw_inline_level,
            weasyprint.pdf.Stream,
            weasyprint.pdf.build_fonts_dictionary,
        )
        for slot in self._laid.slots:
            # WeasyPrint draws copies of the lines; what is noted on them is copied too.
            slot.lines[0].slot_begins, slot.lines[-1].slot_ends = slot, slot

        def drawn(stream: Any, page: Any, box: Any, *more: Any) -> None:
            slot = getattr(box, "slot_begins", None)
            if slot is not None:
                mark = None if slot.lines[0] in self._margins[slot.page] else len(stream._tags)
                stream.spans[id(slot)] = _Span(slot.page, len(stream.stream), -1, mark, stream.colors())
            draw(stream, page, box, *more)
            slot = getattr(box, "slot_ends", None)
            if slot is not None:
                stream.spans[id(slot)].end = len(stream.stream)

        weasyprint.draw.draw_inline_level, weasyprint.pdf.Stream = drawn, _Recorder
        weasyprint.pdf.build_fonts_dictionary = taken.build
        try:
            yield taken
        finally:
            weasyprint.draw.draw_inline_level, weasyprint.pdf.Stream = draw, stream
            weasyprint.pdf.build_fonts_dictionary = build

    def _parts_of(self, stream: _Recorder) -> list[bytes | int]:
        """A page's operators, those of a slot by its key."""
        parts: list[bytes | int] = []
        place = 0
        for slot, span in sorted(stream.spans.items(), key=lambda item: item[1].start):
            if span.end < span.start or span.start < place:
                raise NotMergeable
            if span.start > place:
                parts.append(_joined(stream.stream[place : span.start]))
            parts.append(slot)
            place = span.end
        if place < len(stream.stream):
            parts.append(_joined(stream.stream[place:]))
        return parts

    def _operators(self, slot: int) -> tuple[bytes, Glyphs]:
        span = self._spans[slot]
        operators = _joined(self._streams[span.page].stream[span.start : span.end])
        return operators, _shown(operators)

    def may_change(self, slot: Slot) -> bool:
        """Whether a slot's words stand nowhere else in the file: an outline repeats those of headings."""
        said = [run.text.strip() for run in slot.runs]
        return id(slot) in self._spans and not any(all(text in label for text in said) for label in self._labels)

    def merge(self, changed: Sequence[tuple[Slot, Sequence[str], Any]], identifier: str) -> bytes | None:
        """The file of a letter in which these slots have other words (white space processed; and how they are retyped,
        if so); None where it isn't made as the layout's is."""
        others: dict[int, tuple[bytes, Glyphs]] = {}
        for slot, words, retyping in changed:
            key = (id(slot), tuple(words))
            if key not in self._kept:
                if len(self._kept) >= _KEPT:
                    self._kept.clear()
                self._kept[key] = self._drawn(slot, words, retyping)
            made = self._kept[key]
            if made is None:
                return None
            others[id(slot)] = made
        return self.file(others, identifier)

    def _drawn(self, slot: Slot, words: Sequence[str], retyping: Any) -> tuple[bytes, Glyphs] | None:
        if not self.may_change(slot):
            return None
        operators = self._substituted(slot, words, retyping)
        if operators is None:
            with shaped_once():
                lines = break_again(self._laid, slot, words)
                if lines is None or _signatures(lines) != self._lines[id(slot)]:
                    return None
                operators = self._draw(slot, lines)
        found = _shown(operators)
        # A face that the layout's block hasn't might be written in another order: not for certain the same file.
        return (operators, found) if list(found) == list(self._own[id(slot)][1]) else None

    def _draw(self, slot: Slot, lines: Sequence[Any]) -> bytes:
        span = self._spans[id(slot)]
        template = self._streams[span.page]
        states = len(template._resources["ExtGState"])
        marks = _Numbers(span.mark or 0)
        stream = _Recorder(template._fonts, template.page_rectangle, template._resources, {}, marks, {}, None)
        (stream._current_color, stream._current_color_stroke, stream._current_alpha, stream._current_alpha_stroke) = (
            span.colors
        )
        if span.mark is None:
            stream.__dict__["marked"] = stream.unmarked
        for line in lines:
            draw_inline_level(stream, slot.page_box, line)
        if len(template._resources["ExtGState"]) != states:
            raise NotMergeable
        return _joined(stream.stream)

    def _substituted(self, slot: Slot, words: Sequence[str], retyping: Any) -> bytes | None:
        if retyping is None:
            return None
        set_words = retyping.operators(words)
        if set_words is None:
            return None
        if id(slot) not in self._between:
            self._between[id(slot)] = retyping.around(lambda: self._draw(slot, slot.lines))
        between = self._between[id(slot)]
        if between is None:
            return None
        return b"".join([between[0], *(part for pair in zip(set_words, between[1:], strict=True) for part in pair)])

    def file(self, others: dict[int, tuple[bytes, Glyphs]], identifier: str) -> bytes:
        """The file with other operators for some slots."""
        used = _merged([self._static, *(others.get(slot, own)[1] for slot, own in self._own.items())])
        key = tuple(glyphs.with_alphabet(font, used.get(font.hash, 0)) for font in self._fonts)
        if key not in self._bound:
            if len(self._bound) >= _KEPT:
                self._bound.clear()
            self._bound[key] = self._bind(key)
        bound = self._bound[key]
        pages = [
            zlib.compress(
                b"\n".join(
                    [part if isinstance(part, bytes) else others.get(part, self._own[part])[0] for part in parts]
                ),
                _LEVEL,
            )
            for parts in self._parts
        ]
        return bound.file(pages, identifier, self._references)

    def _bind(self, key: tuple[int, ...]) -> TaggedAssembly:
        """Everything but the pages, with these glyphs of each face."""
        first, count = self._font_numbers[0], len(self._fonts)
        anew: dict[int, Any] = {}
        for index, font in enumerate(self._fonts):
            if (index, key[index]) not in self._faces:
                numbers = [
                    first + index,
                    *range(first + count + _FACE_OBJECTS * index, first + count + _FACE_OBJECTS * (index + 1)),
                ]
                pdf = _Places(numbers)
                cut = self._cut(font, key[index])
                pdf_fonts.build_fonts_dictionary(pdf, {0: cut}, True, True, self._options)
                if len(cut.file_content) <= _KIND:
                    raise NotMergeable
                self._faces[index, key[index]] = list(map(Written.of, pdf.added))
            anew |= {thing.number: thing for thing in self._faces[index, key[index]]}
        things = [anew.get(thing.number, thing) for thing in self._objects]
        return bind(things)

    def _cut(self, font: Any, wanted: int) -> Any:
        """A face with these glyphs."""
        mine = copy.copy(font)
        texts: dict[int, Iterable[str]] = {}
        widths: dict[int, int] = {}
        # What the layout itself drew comes last and counts.
        for known in (self._canvas.face_of(font.hash), self._drawn_with[font.hash], font):
            if known is not None:
                widths |= known.widths
                texts |= known.to_unicode if isinstance(known.to_unicode, glyphs.Said) else {}
        mine.to_unicode = glyphs.spelled(font, {glyph: said for glyph, said in texts.items() if wanted >> glyph & 1})
        mine.widths = {glyph: widths[glyph] for glyph in mine.to_unicode}
        glyphs.complete(mine)
        return mine


def _joined(items: Sequence[Any]) -> bytes:
    return b"\n".join([pydyf._to_bytes(item) for item in items])


def _shown(operators: bytes) -> Glyphs:
    """The glyphs of each face that these operators show, faces in the order of their first use."""
    found: dict[str, set[bytes]] = {}
    face: set[bytes] = set()
    for name, several, one in _SHOWN.findall(operators):
        if name:
            face = found.setdefault(name.decode(), set())
            continue
        shown = b"".join(_HEX.findall(several or one))
        face.update(shown[place : place + 4] for place in range(0, len(shown), 4))
    return {name: sum(1 << int(glyph, 16) for glyph in drawn) for name, drawn in found.items()}


def _merged(parts: Iterable[Glyphs]) -> Glyphs:
    merged: Glyphs = {}
    for part in parts:
        for face, drawn in part.items():
            merged[face] = merged.get(face, 0) | drawn
    return merged


def _signatures(lines: Sequence[Any]) -> tuple[Any, ...]:
    """Of what boxes lines are made: what marks, colours and tags they get follows from that."""
    return tuple(tuple(_signature(child) for child in line.children) for line in lines)


def _signature(box: Any) -> tuple[Any, ...]:
    if isinstance(box, boxes.TextBox):
        return (id(box.style), id(box.element), bool(box.text.strip()))
    return (type(box), id(box.style), id(box.element), *(_signature(child) for child in box.children))


class _Taken:
    """What is taken from WeasyPrint while it writes a file."""

    def __init__(self) -> None:
        self.fonts: list[Any] = []
        self.numbers = range(0)
        self.options: Any = None
        self.objects: list[Any] = []
        self.pdf: Any = None

    def build(self, pdf: Any, fonts: dict[Any, Any], compress: bool, subset: bool, options: Any) -> Any:
        """Builds the fonts, of which copies are kept as they were drawn with."""
        self.fonts = [copy.copy(font) for font in fonts.values()]
        for font in self.fonts:
            # Fonts are cut from the face; a collection's file is 20 MB, and every layout would keep one.
            font.file_content = font.file_content[:_KIND]
        if any(font.missing or font.bitmap or font.png or font.svg or font.colr for font in self.fonts):
            raise NotMergeable
        self.options = options
        first = len(pdf.objects)
        for font in fonts.values():
            glyphs.complete(font)
        built = pdf_fonts.build_fonts_dictionary(pdf, fonts, compress, subset, options)
        self.numbers = range(first, len(pdf.objects))
        if len(self.numbers) != len(self.fonts) * (1 + _FACE_OBJECTS):
            raise NotMergeable
        return built

    def take(self, _document: Document, pdf: pydyf.PDF) -> None:
        """Keeps the file and its objects."""
        self.pdf, self.objects = pdf, pdf.objects
