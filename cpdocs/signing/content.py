"""What the pages of a file hold, compared with the plan as issued, where the bytes can't be.

Only for files that are not what we issued any more: a signing service's rewrite, a damaged copy, a scan. What is found
here never accepts anything; it tells a person what they are looking at (shared signing rules, "Lanes"). For the
confined child.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any

import pikepdf
from pikepdf import Name, Pdf

from cpdocs.core.ids import ALPHABET, parse_document_id
from cpdocs.signing.file_facts import Begins, Beside

_CHAR = f"[{ALPHABET}]"
_WRITTEN_ID = re.compile(
    rf"(?<![0-9A-Z])(?=({_CHAR}{{4}}[-\s]?{_CHAR}{{4}}[-\s]?{_CHAR}{{3}})(?![0-9A-Z]))", re.IGNORECASE
)
"""Looked for at every word, since two common words before an id have the form of its beginning."""
_SHOWING = frozenset({"Tj", "TJ", "'", '"'})
_MOST_STREAM = 8 * 1024 * 1024
_MOST_PAGES = 400
_MOST_IMAGES = 50


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one page draws: ``run`` is its shown text as written (glyph codes, in order), ``pictures`` and ``painted``
    how often a picture and a shape is put down, ``notes`` how many annotations stand on it besides links and form
    fields."""

    run: bytes
    pictures: int
    painted: int
    notes: int


@dataclass(frozen=True, slots=True)
class Contents:
    """A file's pages by what they draw, and the ``document_ids`` of ours that its metadata name."""

    pages: tuple[Drawn, ...]
    document_ids: tuple[str, ...]


def read_contents(data: bytes) -> Contents | None:
    """The contents of ``data``; None where it can't be read. Never raises."""
    try:
        with Pdf.open(BytesIO(data), suppress_warnings=True) as document:
            pages = tuple(_drawn(page) for page in islice(document.pages, _MOST_PAGES))
            return Contents(pages, tuple(dict.fromkeys(_ids_in(document))))
    except Exception:  # noqa: BLE001 see gate: a stranger's bytes make parsers throw anything
        return None


_CUT_OFF = 4096
"""A copy that agrees with ours this far and then ends is a cut-off one, not another document."""
_END_WITHIN = 1024


def beside(data: bytes, issued: bytes) -> Beside:
    """How ``data``, which doesn't begin with ``issued``, stands to it. A service may add its stamps and pages after
    ours; it may not take words away or put its own between them."""
    begins = Begins.OTHERWISE
    if issued[:_CUT_OFF] in data[1:]:
        begins = Begins.PUT_BEFORE
    elif issued.startswith(data) or (b"%%EOF" not in data[-_END_WITHIN:] and data.startswith(issued[:_CUT_OFF])):
        begins = Begins.CUT_OFF
    theirs, ours = read_contents(data), read_contents(issued)
    if theirs is None or ours is None:
        return Beside(begins)
    pairs = list(zip(ours.pages, theirs.pages, strict=False))
    fewer = len(theirs.pages) < len(ours.pages)
    return Beside(
        begins,
        same_text=not fewer and all(issued.run in returned.run for issued, returned in pairs),
        fewer_pages=fewer,
        drawn_on=tuple(
            number
            for number, (issued, returned) in enumerate(pairs, 1)
            if issued.run == returned.run
            and (returned.pictures, returned.painted, returned.notes) > (issued.pictures, issued.painted, issued.notes)
        ),
    )


_PAINTING = frozenset({"S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh"})
_MOST_DEEP = 3
_MOST_FORMS = 500
"""Forms that a page puts down: a page that draws each many times over would be read for ever; a plan's has ten."""


def _drawn(page: pikepdf.Page) -> Drawn:
    """What the page's own content stream, and the forms that it puts down, draw; positions and fonts don't count."""
    found = _Drawing()
    found.read(page, page.obj.get(Name.Resources), 0)
    notes = sum(
        annotation.get(Name.Subtype) not in (Name.Link, Name.Widget, Name.Popup)
        for annotation in islice(page.obj.get(Name.Annots, ()), _MOST_IMAGES)
    )
    return Drawn(b"".join(found.run), found.pictures, found.painted, notes)


class _Drawing:
    """Counts what a content stream puts on the page."""

    def __init__(self) -> None:
        self.run: list[bytes] = []
        self.pictures = self.painted = self._size = self._forms = 0

    def read(self, stream: Any, resources: Any, depth: int) -> None:
        """Reads one content stream; forms within forms to a depth that no scanner passes."""
        for instruction in pikepdf.parse_content_stream(stream):
            operator = str(instruction.operator)
            if operator in _SHOWING:
                self._show(instruction.operands)
            elif operator in _PAINTING:
                self.painted += 1
            elif operator == "INLINE IMAGE":
                self.pictures += 1
            elif operator == "Do":
                self._put_down(resources, instruction.operands[0], depth)
            if self._size > _MOST_STREAM:
                return

    def _show(self, operands: Any) -> None:
        for operand in operands:
            for part in operand if isinstance(operand, pikepdf.Array) else [operand]:
                if isinstance(part, pikepdf.String):
                    self.run.append(bytes(part))
                    self._size += len(self.run[-1])

    def _put_down(self, resources: Any, name: Any, depth: int) -> None:
        objects = resources.get(Name.XObject) if resources is not None else None
        item = objects.get(name) if objects is not None else None
        if item is None:
            return
        if item.get(Name.Subtype) == Name.Image:
            self.pictures += 1
        elif item.get(Name.Subtype) == Name.Form and depth < _MOST_DEEP and self._forms < _MOST_FORMS:
            self._forms += 1
            self.read(item, item.get(Name.Resources, resources), depth + 1)


def _ids_in(document: Pdf) -> Iterator[str]:
    """Document ids in the information dictionary and the XMP packet."""
    for value in document.docinfo.values():
        yield from ids_in_text(str(value))
    packet = document.Root.get(Name.Metadata)
    if isinstance(packet, pikepdf.Stream):
        yield from ids_in_text(packet.read_bytes()[:_MOST_STREAM].decode("utf-8", "replace"))


def ids_in_text(text: str) -> Iterator[str]:
    """Every well-formed document id in ``text``, in the written form."""
    for match in _WRITTEN_ID.finditer(text):
        found = parse_document_id(match[1])
        if found is not None:
            yield found
