"""What WeasyPrint's tagging leaves undone, mended in one place.

WeasyPrint 70.0 drops ``lang`` on elements, gives table headers no scope, leaves blocks of a list item beside its body
and the text of page margins as tags without a parent where they ought to be artifacts, and looks every page reference
up anew for each tag, which makes tagging quadratic in pages (mailroom.md, rendering fact 6; performance.md, traps). All
of it is mended around three private functions, so the version is pinned and a test compares their source with what was
read here.

An element with ``data-field`` gets that name as its tag's title, and its corners as an attribute: that is where the
signature field's own Form tag belongs, and where a copy for the chart says something else (``core.filed_copy``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pydyf
import weasyprint
from weasyprint.document import Page
from weasyprint.formatting_structure import boxes
from weasyprint.pdf import tags as weasy_tags

from cpdocs.errors import Defect

WEASYPRINT_VERSION = "70.0"

Painter = Callable[[Any, float], None]
"""Draws on a page's stream: takes WeasyPrint's stream and the page's height in CSS px; draws artifacts only."""

_build_box_tree = weasy_tags._build_box_tree
_page_references_of_pydyf = pydyf.PDF.page_references


def _mended_box_tree(
    box: Any, parent: Any, pdf: Any, page_number: int, nums: Any, annotations: Any, tags: Any
) -> Iterator[pydyf.Dictionary]:
    """WeasyPrint's tags for ``box`` with language, scope and title; none at all for the margins of a page."""
    if isinstance(box, boxes.MarginBox):
        return
    for element in _build_box_tree(box, parent, pdf, page_number, nums, annotations, tags):
        source = getattr(box, "element", None)
        if source is not None and source.tag not in ("html", "body") and not isinstance(box, boxes.PageBox):
            _complete(element, source, box)
        if element["S"] == "/LI":
            _gather_body(element, pdf)
        yield element


def _complete(element: pydyf.Dictionary, source: Any, box: Any) -> None:
    language = source.get("lang")
    if language:
        element["Lang"] = pydyf.String(language)
    if element["S"] == "/TH":
        element["A"]["Scope"] = "/Row" if source.get("scope") == "row" else "/Column"
    field = source.get("data-field")
    if field:
        element["T"] = pydyf.String(field)
        left, top = box.border_box_x(), box.border_box_y()
        corners = (left, top, left + box.border_width(), top + box.border_height())
        element["A"] = pydyf.Dictionary({"O": "/Layout", "BBox": pydyf.Array(round(each, 3) for each in corners)})


def _gather_body(item: pydyf.Dictionary, pdf: pydyf.PDF) -> None:
    """Puts blocks that stand in a list item beside its body into the body: an LI holds Lbl and LBody alone."""
    kids = [(kid, pdf.objects[int(kid.split()[0])]) for kid in item["K"] if isinstance(kid, bytes)]
    body = next((held for _, held in kids if held["S"] == "/LBody"), None)
    if body is None:
        return
    for kid, held in kids:
        if held["S"] not in ("/Lbl", "/LBody"):
            item["K"].remove(kid)
            held["P"] = body.reference
            body["K"].append(kid)


def _page_references(pdf: pydyf.PDF) -> tuple[bytes, ...]:
    """pydyf's own answer, remembered until a page is added."""
    kids = pdf.pages["Kids"]
    known: tuple[int, tuple[bytes, ...]] | None = pdf.__dict__.get("_known_page_references")
    if known is None or known[0] != len(kids):
        known = (len(kids), tuple(f"{number} 0 R".encode("ascii") for number in kids[::3]))
        pdf.__dict__["_known_page_references"] = known
    return known[1]


@contextmanager
def mended() -> Iterator[None]:
    """Has tags written by the mended functions while this lasts (one thread at a time). Raises Defect on any other
    WeasyPrint."""
    if weasyprint.__version__ != WEASYPRINT_VERSION:
        raise Defect(
            f"WeasyPrint {weasyprint.__version__} is installed; cpdocs needs {WEASYPRINT_VERSION} exactly.",
            todo="Install the versions in requirements.lock.",
        )
    weasy_tags._build_box_tree = _mended_box_tree
    pydyf.PDF.page_references = property(_page_references)
    try:
        yield
    finally:
        weasy_tags._build_box_tree = _build_box_tree
        pydyf.PDF.page_references = _page_references_of_pydyf


def prepare(page: Page, painters: Sequence[Painter] = ()) -> None:
    """Makes ``page`` draw its margins as artifacts, and ``painters`` after everything else."""
    margin_boxes = set(margin_content(page._page_box))
    paint = page.paint

    def paint_page(stream: Any, scale: float = 1) -> None:
        marked = stream.marked

        def marked_or_artifact(box: Any, tag: str) -> Any:
            if box not in margin_boxes:
                return marked(box, tag)
            stream.words = getattr(box, "text", "")
            return stream.artifact()

        stream.marked = marked_or_artifact
        paint(stream, scale)
        del stream.marked
        for painter in painters:
            with stream.stacked():
                stream.transform(a=scale, d=scale)
                painter(stream, page.height)

    page.paint = paint_page


def margin_content(page_box: Any) -> Iterator[Any]:
    """Every box in the margins of a page: what is drawn of them are artifacts."""
    for child in page_box.children:
        if isinstance(child, boxes.MarginBox):
            yield from child.descendants(placeholders=True)
