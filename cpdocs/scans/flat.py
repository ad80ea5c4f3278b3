"""Strangers' scans of one plan as plain page pictures in a new PDF: upright, in the plan's order, each page once.

What goes to a chart shows the ink and carries nothing else of the files: no script, no form, no hidden layer. Black and
white stays black and white, as finely as it came. Of a page that came twice the copy with more ink in its boxes is
shown, else the first; empty backs are left out, and what names no page of the plan comes last.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from time import gmtime
from typing import TYPE_CHECKING

from cpdocs.core.page_facts import BoxReading, NamedPage, PageFacts, PageKind
from cpdocs.core.page_names import with_names
from cpdocs.scans.likeness import find_likeness
from cpdocs.scans.pages import Sheet, TooManyPages, UnreadablePages, sheets
from cpdocs.scans.reading import get_ready, read_handwriting, read_scan

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["FlatScan", "draw", "get_ready"]

_LETTER = (8.5, 11.0)
"""Inches: every page of ours."""
_INK = (BoxReading.SIGNED, BoxReading.UNSURE)
_BLACK = 128


@dataclass(frozen=True, slots=True)
class FlatScan:
    """The PDF of page pictures, and for each of its pages which page of the plan it is (0: none)."""

    pdf: bytes
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    file: int
    facts: PageFacts


def draw(
    files: Sequence[bytes],
    issued: bytes,
    document_id: str,
    *,
    most_pages: int,
    named: Sequence[Mapping[int, NamedPage]] = (),
) -> FlatScan:
    """The pages of ``files`` that are of the plan ``document_id`` (``issued`` are its bytes), and those of no document;
    for a child process with limits. The same bytes give the same PDF.

    ``named``, for each file, are the pages that a person named. A page that can't be drawn costs no other. Raises
    UnreadablePages where none is left, TooManyPages.
    """
    found = [
        _Found(number, page)
        for number, data in enumerate(files)
        for page in _read(data, issued, document_id, most_pages, named[number] if named else {})
    ]
    chosen = _chosen(found, document_id)
    if not chosen:
        raise UnreadablePages
    pictures: dict[tuple[int, int, int], bytes] = {}
    for number, data in enumerate(files):
        wanted = {each.facts.number for each in chosen if each.file == number}
        for sheet in sheets(data, most_pages=most_pages, dpi=None, only=wanted):
            for place, each in enumerate(chosen):
                if (each.file, each.facts.number) == (number, sheet.number):
                    alone = sum((other.file, other.facts.number) == (number, sheet.number) for other in found) == 1
                    picture, dots = _upright(sheet, each.facts, alone=alone)
                    pictures[number, sheet.number, place] = _as_pdf(picture, dots, bilevel=sheet.bilevel)
    pages = [pictures[each.file, each.facts.number, place] for place, each in enumerate(chosen)]
    return FlatScan(_joined(pages), tuple(each.facts.plan_page or 0 for each in chosen))


def _read(
    data: bytes, issued: bytes, document_id: str, most_pages: int, named: Mapping[int, NamedPage]
) -> tuple[PageFacts, ...]:
    facts = read_scan(data, most_pages=most_pages)
    if facts.stopped == "limit":
        raise TooManyPages
    plans = {document_id: issued} if issued else {}
    if named:
        facts = find_likeness(data, with_names(facts, named), plans, most_pages=most_pages)
    return read_handwriting(data, facts, plans, most_pages=most_pages, elsewhere=False).pages


def _chosen(found: Sequence[_Found], document_id: str) -> list[_Found]:
    """The pages to be shown, in their order."""
    by_place: dict[int, _Found] = {}
    loose = []
    for each in found:
        facts = each.facts
        if facts.kind is PageKind.PLAN and facts.plan_page and (facts.document_id == document_id or not document_id):
            first = by_place.setdefault(facts.plan_page, each)
            if _ink(facts) > _ink(first.facts):
                by_place[facts.plan_page] = each
        elif facts.document_id in (None, document_id) and facts.kind is not PageKind.BLANK and not facts.unreadable:
            loose.append(each)
    return [*(by_place[place] for place in sorted(by_place)), *loose]


def _ink(facts: PageFacts) -> int:
    return sum(reading in _INK for reading in facts.boxes.values())


def _upright(sheet: Sheet, facts: PageFacts, *, alone: bool) -> tuple[Image.Image, tuple[float, float]]:
    """A page as it came, turned upright, one of two on a sheet cut out of it; and its dots an inch across and down, by
    which half-height rows and squashed pages are as tall as they were, and no dot is drawn anew."""
    picture = sheet.picture
    if picture is None:
        raise UnreadablePages
    if facts.lies is None:
        picture = _turned(picture, facts.turn)
        return picture, _dots(picture)
    wide, high = picture.size
    a, b, c, d, e, f = facts.lies
    across, down = ((a * wide) ** 2 + (d * high) ** 2) ** 0.5, ((b * wide) ** 2 + (e * high) ** 2) ** 0.5
    xs, ys = [c, a + c, b + c, a + b + c], [f, d + f, e + f, d + e + f]
    if not alone:
        left, right = round(max(min(xs), 0) * wide), round(min(max(xs), 1) * wide)
        top, bottom = round(max(min(ys), 0) * high), round(min(max(ys), 1) * high)
        picture = picture.crop((left, top, right, bottom))
    return _turned(picture, facts.turn), (across / _LETTER[0], down / _LETTER[1])


def _dots(picture: Image.Image) -> tuple[float, float]:
    """The dots an inch of a picture that is taken for letter paper, whichever of its sides fits."""
    short, long = sorted(picture.size)
    dots = max(short / _LETTER[0], long / _LETTER[1], 1.0)
    return dots, dots


def _turned(picture: Image.Image, turn: int) -> Image.Image:
    from PIL import Image

    how = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
    return picture.transpose(how[turn]) if turn in how else picture


def _as_pdf(picture: Image.Image, dots: tuple[float, float], *, bilevel: bool) -> bytes:
    """One page with the picture and nothing else."""
    if bilevel:
        picture = picture.point([0] * _BLACK + [255] * (256 - _BLACK)).convert("1")
    out = io.BytesIO()
    when = gmtime(0)
    about = {"dpi": dots, "creationDate": when, "modDate": when, "producer": "cpdocs"}
    picture.save(out, "PDF", **about, **({} if bilevel else {"quality": 80}))
    return out.getvalue()


def _joined(pages: Sequence[bytes]) -> bytes:
    import pikepdf

    out = io.BytesIO()
    with ExitStack() as opened, pikepdf.new() as whole:
        for page in pages:
            whole.pages.extend(opened.enter_context(pikepdf.open(io.BytesIO(page))).pages)
        whole.save(out, deterministic_id=True)
    return out.getvalue()
