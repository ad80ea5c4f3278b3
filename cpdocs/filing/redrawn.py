"""Takes out of a plan's pages, as we issued them, what held only until somebody approved: words asking for a review or
a signature, and the plan's own count of pages.

Only our own sealed bytes come here. What is to go is found by the titles that its template gave it in the structure
tree (``core.filed_copy``), its marked content is emptied of text, and everything else that the page draws stays as it
is. A plan without such titles, from a site's own template, keeps its words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Operator, Pdf

from cpdocs.core.filed_copy import PLACES, UNTIL_APPROVED, Place

_SHOWS = frozenset({"Tj", "TJ", "'", '"'})
_PAGE_LINE = re.compile(r"Page \d+ of \d+")
_PX = 0.75
"""Points a CSS pixel: what boxes are measured in when tags are written (``documents.tags``)."""
_PAIR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>")


@dataclass
class _Named:
    place: Place
    contents: list[int] = field(default_factory=list)


def redraw(pdf: Pdf) -> dict[int, tuple[Place, ...]]:
    """Takes from every page of ``pdf``, a plan as issued, what no longer holds; gives the named places of each page (by
    number from 0) that has some."""
    found = _named_places(pdf)
    places: dict[int, tuple[Place, ...]] = {}
    for number, page in enumerate(pdf.pages):
        named = found.get(page.obj.objgen, [])
        going = {each: one for one in named if one.place.name in UNTIL_APPROVED for each in one.contents}
        sizes = _take_out(pdf, page, set(going))
        if named:
            places[number] = tuple(_sized(one, sizes) for one in named)
    return places


def _sized(one: _Named, sizes: dict[int, float]) -> Place:
    place = one.place
    size = max((sizes[each] for each in one.contents if each in sizes), default=0.0)
    return Place(place.name, place.x0, place.y0, place.x1, place.y1, size)


def _named_places(pdf: Pdf) -> dict[tuple[int, int], list[_Named]]:
    """The places that the structure tree names and gives the corners of, by their page's object."""
    found: dict[tuple[int, int], list[_Named]] = defaultdict(list)
    root = pdf.Root.get("/StructTreeRoot")
    for element in _elements(root) if root is not None else ():
        name, corners = str(element.get("/T", "")), element.get("/A", Dictionary())
        page = element.get("/Pg")
        if name not in PLACES or not isinstance(corners, Dictionary) or "/BBox" not in corners or page is None:
            continue
        height = float(page.MediaBox[3])
        left, top, right, bottom = (float(each) * _PX for each in corners.BBox)
        place = Place(name, *(round(each, 2) for each in (left, height - bottom, right, height - top)))
        contents = list(_contents(element, page.objgen))
        # What goes on over several lines is an element for each.
        earlier = next((one for one in found[page.objgen] if one.place.name == name), None)
        if earlier is None:
            found[page.objgen].append(_Named(place, contents))
        else:
            earlier.place = _around(earlier.place, place)
            earlier.contents += contents
    return found


def _around(one: Place, other: Place) -> Place:
    return Place(
        one.name, min(one.x0, other.x0), min(one.y0, other.y0), max(one.x1, other.x1), max(one.y1, other.y1), one.size
    )


def _elements(root: Any) -> Iterator[Any]:
    """Every element below ``root``, in the order of reading, without recursion."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if element is not root:
            yield element
        kids = element.get("/K")
        listed = list(kids) if isinstance(kids, Array) else [kids]
        waiting.extend(kid for kid in reversed(listed) if isinstance(kid, Dictionary) and "/S" in kid)


def _contents(element: Any, page: tuple[int, int]) -> Iterator[int]:
    """The numbers of the marked contents in ``element`` and below it that stand on ``page``."""
    waiting = [element]
    while waiting:
        one = waiting.pop()
        if isinstance(one, int):
            yield one
        elif isinstance(one, Array):
            waiting.extend(one)
        elif isinstance(one, Dictionary):
            at = one.get("/Pg")
            if at is not None and at.objgen != page:
                continue
            if one.get("/Type") == Name.MCR:
                yield int(one.MCID)
            elif "/K" in one:
                waiting.append(one.K)


def _take_out(pdf: Pdf, page: pikepdf.Page, going: set[int]) -> dict[int, float]:
    """Empties the marked contents ``going`` of text, and the artifact that counts the plan's pages; gives the size of
    the letters that went, in points, by marked content."""
    fonts = _Fonts(page)
    sizes: dict[int, float] = {}
    kept: list[Any] = []
    mark: int | None = None  # which content we are in, -1 for an artifact
    begun = depth = 0
    for instruction in pikepdf.parse_content_stream(page):
        operator = str(instruction.operator)
        if operator in ("BDC", "BMC"):
            depth += 1
            if depth == 1:
                mark, begun = _marked(instruction), len(kept)
        elif operator == "EMC":
            depth -= 1
            if depth == 0 and mark == -1 and _PAGE_LINE.fullmatch(fonts.text(kept[begun:]).strip()):
                kept[begun:] = [each for each in kept[begun:] if str(each.operator) not in _SHOWS]
        elif operator == "Tf" and mark in going:
            sizes[mark] = round(float(instruction.operands[1]) * _PX, 2)
        if not (operator in _SHOWS and depth and mark in going):
            kept.append(instruction)
    page.obj.Contents = pdf.make_stream(pikepdf.unparse_content_stream(kept))
    return sizes


def _marked(instruction: Any) -> int | None:
    if instruction.operands[0] == Name.Artifact:
        return -1
    properties = instruction.operands[1] if instruction.operator == Operator("BDC") else None
    return int(properties.MCID) if isinstance(properties, Dictionary) and "/MCID" in properties else None


class _Fonts:
    """What the codes of a page's fonts say, by their ToUnicode tables."""

    def __init__(self, page: pikepdf.Page) -> None:
        self._fonts = page.resources.get("/Font", Dictionary())
        self._known: dict[str, dict[bytes, str]] = {}

    def text(self, instructions: list[Any]) -> str:
        """The text that these instructions show."""
        said = []
        font = ""
        for each in instructions:
            operator = str(each.operator)
            if operator == "Tf":
                font = str(each.operands[0])
            elif operator in _SHOWS:
                shown = each.operands[-1]
                for piece in shown if isinstance(shown, Array) else [shown]:
                    if isinstance(piece, pikepdf.String):
                        data = bytes(piece)
                        codes = (data[at : at + 2] for at in range(0, len(data), 2))
                        said.append("".join(self._table(font).get(code, "\ufffd") for code in codes))
        return "".join(said)

    def _table(self, font: str) -> dict[bytes, str]:
        if font not in self._known:
            table = self._fonts.get(font, Dictionary()).get("/ToUnicode")
            self._known[font] = (
                {
                    bytes.fromhex(code.decode()): bytes.fromhex(text.decode()).decode("utf-16-be", "replace")
                    for code, text in _PAIR.findall(table.read_bytes())
                }
                if isinstance(table, pikepdf.Stream)
                else {}
            )
        return self._known[font]
