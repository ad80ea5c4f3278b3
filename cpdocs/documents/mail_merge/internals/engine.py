"""Lays letters out and breaks a block's lines again with other words.

While a document is laid out, every call of WeasyPrint's line breaker is written down with what it was given, so that a
block's lines can be broken again with other words by the same function at the same place. ``easel`` draws pages without
the lines of such blocks, and the lines by themselves.

The names used are listed in ``INTERNALS`` with a digest of their source as it was read for version 70.0; ``check``
refuses any other, and a test does.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import weasyprint
from weasyprint.css.counters import CounterStyle
from weasyprint.document import Document, Page
from weasyprint.draw import draw_inline_level
from weasyprint.draw.text import draw_first_line, draw_text
from weasyprint.formatting_structure import boxes, build
from weasyprint.html import get_html_metadata
from weasyprint.layout import LayoutContext, background, block, inline, layout_document
from weasyprint.layout.absolute import AbsolutePlaceholder
from weasyprint.pdf import _use_references
from weasyprint.pdf import fonts as pdf_fonts
from weasyprint.pdf import stream as pdf_stream
from weasyprint.pdf.metadata import DocumentMetadata
from weasyprint.text import line_break

from cpdocs.errors import Defect

VERSION = "70.0"
INTERNALS: tuple[tuple[str, Any], ...] = (
    ("Document._build_layout_context", Document._build_layout_context.__func__),
    ("Page", Page),
    ("draw_inline_level", draw_inline_level),
    ("draw_text", draw_text),
    ("draw_first_line", draw_first_line),
    ("boxes.ParentBox", boxes.ParentBox),
    ("boxes.TextBox", boxes.TextBox),
    ("build_formatting_structure", build.build_formatting_structure),
    ("LayoutContext", LayoutContext),
    ("layout_document", layout_document),
    ("layout_box_backgrounds", background.layout_box_backgrounds),
    ("block._linebox_layout", block._linebox_layout),
    ("inline.iter_line_boxes", inline.iter_line_boxes),
    ("inline.get_next_linebox", inline.get_next_linebox),
    ("inline.split_inline_box", inline.split_inline_box),
    ("inline.split_text_box", inline.split_text_box),
    ("inline.text_align", inline.text_align),
    ("inline.line_box_verticality", inline.line_box_verticality),
    ("pdf.Font", pdf_fonts.Font),
    ("pdf.build_fonts_dictionary", pdf_fonts.build_fonts_dictionary),
    ("pdf.Stream", pdf_stream.Stream),
    ("pdf._use_references", _use_references),
    ("line_break.Layout", line_break.Layout),
    ("line_break.split_first_line", line_break.split_first_line),
    ("line_break.first_line_metrics", line_break.first_line_metrics),
    ("line_break.line_size", line_break.line_size),
)

_LAYER = 100_000
_UNSOUND_INSIDE = (
    boxes.FlexBox,
    boxes.InlineFlexBox,
    boxes.GridBox,
    boxes.InlineGridBox,
    boxes.TableBox,
    boxes.InlineBlockBox,
)


@dataclass(slots=True)
class _Call:
    """One call of the line breaker: its arguments as they were, and where the lines came to stand."""

    linebox: Any
    position_y: float
    bottom_space: float
    containing_block: Any
    whole: bool
    lines: list[Any]
    places: list[tuple[float, float, float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A stretch of an element's own text inside a block: which leaf of the block's inline tree it is, the element (by
    identity) that it belongs to, its text after white-space processing, and whether white space is kept."""

    leaf: int
    element: int
    text: str
    kept: bool


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """A block whose lines can be broken again: its page (from 0), its number in the order of drawing, its
    stretches of text, and how it was laid out.

    Slots with the same ``twin`` give the same drawing for the same texts (a foot that repeats on every page).
    """

    page: int
    number: int
    runs: tuple[Run, ...]
    twin: tuple[Any, ...]
    call: Any
    shift: tuple[float, float]
    page_box: Any

    @property
    def lines(self) -> Sequence[Any]:
        """The lines of the layout itself."""
        return self.call.lines  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A document laid out: its pages, its slots in the order of drawing, its text nodes in document order (the element
    that each belongs to, by identity, and the text)."""

    document: Document
    slots: tuple[Slot, ...]
    nodes: tuple[tuple[int, str], ...]
    context: Any

    @property
    def pages(self) -> int:
        return len(self.document.pages)


def check() -> None:
    """Raises Defect where WeasyPrint isn't the version whose internals are used here."""
    if weasyprint.__version__ != VERSION:
        raise Defect(
            (
                f"WeasyPrint {weasyprint.__version__} is installed; letters are merged with the internals of "
                f"{VERSION} only."
            ),
            todo="Install the versions in requirements.lock.",
        )


def digests(internals: Sequence[tuple[str, Any]] = INTERNALS) -> dict[str, str]:
    """SHA-256 of the source of everything that is used, by name."""
    return {name: sha256(inspect.getsource(thing).encode()).hexdigest() for name, thing in internals}


@contextmanager
def _recording(calls: dict[int, _Call]) -> Iterator[None]:
    original = block.iter_line_boxes

    def recorded(
        context: Any,
        box: Any,
        position_y: float,
        bottom_space: float,
        skip_stack: Any,
        containing_block: Any,
        *more: Any,
    ) -> Any:
        floats = bool(context.excluded_shapes)
        letters = any(style is not None for style in more[2:])
        whole = skip_stack is None and not floats and not letters and not context.footnotes
        call = _Call(box.deepcopy(), position_y, bottom_space, containing_block.copy(), False, [], [])
        for line, resume_at in original(context, box, position_y, bottom_space, skip_stack, containing_block, *more):
            call.lines.append(line)
            call.places.append((line.position_x, line.position_y, line.height, line.baseline if line.children else 0))
            call.whole = whole and resume_at is None
            calls[id(line)] = call
            yield line, resume_at

    block.iter_line_boxes = recorded
    try:
        yield
    finally:
        block.iter_line_boxes = original


def lay_out(html: Any, font_config: Any, stylesheets: Sequence[Any], pictures: dict[str, Any]) -> LaidOut:
    """Lays ``html`` (weasyprint.HTML) out in full, remembering how every block's lines were broken."""
    check()
    calls: dict[int, _Call] = {}
    options = {**weasyprint.DEFAULT_OPTIONS, "stylesheets": stylesheets, "cache": pictures}
    context = Document._build_layout_context(html, font_config, CounterStyle(), {}, options)
    root = build.build_formatting_structure(
        html.etree_element,
        context.style_for,
        context.get_image_from_uri,
        html.base_url,
        context.target_collector,
        context.counter_style,
        context.footnotes,
    )
    with _recording(calls):
        pages = [Page(page_box) for page_box in layout_document(html, root, context)]
    document = Document(pages, DocumentMetadata(**get_html_metadata(html)), html.url_fetcher, font_config, {}, None)
    slots = tuple(slot for number, page in enumerate(pages) for slot in _slots(page._page_box, number, calls))
    return LaidOut(document, slots, tuple(_nodes(html.etree_element)), context)


def _nodes(element: Any) -> Iterator[tuple[int, str]]:
    if isinstance(element.tag, str) and element.text:
        yield id(element), element.text
    for child in element:
        yield from _nodes(child)
        if child.tail:
            yield id(element), child.tail


def _slots(page_box: Any, number: int, calls: dict[int, _Call]) -> Iterator[Slot]:
    if page_box.style["overflow"] != "visible":
        return
    count = 0
    todo: list[tuple[Any, bool, int]] = [
        (child, True, layer * 2) for layer, child in reversed(list(enumerate(page_box.children)))
    ]
    while todo:
        box, sound, layer = todo.pop()
        if isinstance(box, AbsolutePlaceholder):
            box = box._box
        if not isinstance(box, boxes.ParentBox):
            continue
        sound = sound and not _sized_by_content(box) and not _drawn_apart(box)
        # What is positioned is drawn after what isn't; the margins of the page come last.
        layer |= box.style["position"] != "static"
        if box.children and all(isinstance(child, boxes.LineBox) for child in box.children):
            count += 1
            slot = _slot(box, (number, layer * _LAYER + count), page_box, calls) if sound else None
            if slot is not None:
                for line in box.children:
                    line.merged_apart = True
                yield slot
                continue
        todo += [(child, sound, layer) for child in reversed(box.children)]


def _sized_by_content(box: Any) -> bool:
    """Whether the box's width, or where it stands, might follow from the words in it."""
    if (
        isinstance(box, _UNSOUND_INSIDE)
        or box.is_floated()
        or box.style["column_count"] != "auto"
        or box.style["column_width"] != "auto"
    ):
        return True
    if box.style["max_lines"] != "none" or box.first_letter_style is not None or box.first_line_style is not None:
        return True
    loose = isinstance(box, boxes.MarginBox) or box.is_absolutely_positioned()
    return bool(loose and box.style["width"] == "auto")


def _drawn_apart(box: Any) -> bool:
    """Whether drawing what is inside needs more than the page's own coordinates."""
    style = box.style
    clipped = style["overflow"] != "visible" or (box.is_absolutely_positioned() and style["clip"])
    return bool(clipped or style["opacity"] < 1 or style["transform"] or style["mask_border_source"][0] != "none")


def _slot(box: Any, place: tuple[int, int], page_box: Any, calls: dict[int, _Call]) -> Slot | None:
    found = {id(call): call for call in (calls.get(id(line)) for line in box.children) if call is not None}
    if len(found) != 1:
        return None
    (call,) = found.values()
    if not call.whole or [id(line) for line in call.lines] != [id(line) for line in box.children]:
        return None
    if not all(_simple(leaf) for line in call.lines for leaf in line.descendants(placeholders=True)):
        return None
    shifts = {
        (round(line.position_x - x, 6), round(line.position_y - y, 6))
        for line, (x, y, _, _) in zip(call.lines, call.places, strict=True)
    }
    if len(shifts) != 1:
        return None
    leaves = list(call.linebox.descendants())
    runs = tuple(
        Run(index, id(leaf.element), leaf.text, leaf.style["white_space"] == "pre")
        for index, leaf in enumerate(leaves)
        if isinstance(leaf, boxes.TextBox)
        and leaf.element is not None
        and leaf.element_tag == leaf.element.tag
        and leaf.text.strip(" \n")
    )
    styles = tuple(
        (type(leaf).__name__, id(leaf.style), None if _is_run(leaf) else getattr(leaf, "text", None)) for leaf in leaves
    )
    block_box = call.containing_block
    twin = (
        styles,
        call.position_y,
        block_box.content_box_x(),
        block_box.width,
        *shifts,
        tuple(run.element for run in runs),
    )
    line, (x, y, _, _) = call.lines[0], call.places[0]
    return Slot(*place, runs, twin, call, (line.position_x - x, line.position_y - y), page_box)


def _is_run(leaf: Any) -> bool:
    return isinstance(leaf, boxes.TextBox) and leaf.element is not None and leaf.element_tag == leaf.element.tag


def _simple(leaf: Any) -> bool:
    """Whether the leaf of a line is text, or wraps text, and nothing else happens to it."""
    if type(leaf) not in (boxes.LineBox, boxes.InlineBox, boxes.TextBox):
        return False
    style = leaf.style
    plain = (
        style["position"] == "static"
        and style["opacity"] == 1
        and not style["transform"]
        and style["overflow"] == "visible"
    )
    spaced = style["white_space"] in ("normal", "nowrap", "pre") and style["text_transform"] == "none"
    return bool(
        plain and (spaced or not _is_run(leaf)) and not leaf.is_floated() and not leaf.is_leader and not leaf.footnote
    )


def break_again(laid: LaidOut, slot: Slot, texts: Sequence[str]) -> list[Any] | None:
    """The slot's lines with other ``texts`` for its runs (white space processed); None where they don't stand as the
    first did."""
    call, context = slot.call, laid.context
    linebox = call.linebox.deepcopy()
    leaves = list(linebox.descendants())
    for run, text in zip(slot.runs, texts, strict=True):
        leaves[run.leaf].text = text
    around = call.containing_block.copy()
    context.create_block_formatting_context()
    placed: list[Any] = []
    lines: list[Any] = []
    try:
        broken = inline.iter_line_boxes(
            context, linebox, call.position_y, call.bottom_space, None, around, placed, placed, None, None
        )
        for (line, _), (_, y, height, baseline) in zip(broken, call.places, strict=True):
            if (line.position_y, line.height, line.baseline if line.children else 0) != (y, height, baseline):
                return None
            lines.append(line)
    except ValueError:  # more lines, or fewer
        return None
    finally:
        context.finish_block_formatting_context()
    if placed:
        return None
    for line in lines:
        line.translate(*slot.shift)
        background.layout_box_backgrounds(slot.page_box, line, context.get_image_from_uri)
    return lines
