"""What the pages of a file hold, compared with the plan as issued, where the bytes can't be.

Only for files that are not what we issued any more: a signing service's rewrite, a damaged copy, a scan. What is found
here never accepts anything; it tells a person what they are looking at (shared signing rules, "Lanes").
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

_CHAR = f"[{ALPHABET}]"
_WRITTEN_ID = re.compile(
    rf"(?<![0-9A-Z])(?=({_CHAR}{{4}}[-\s]?{_CHAR}{{4}}[-\s]?{_CHAR}{{3}})(?![0-9A-Z]))", re.IGNORECASE
)
"""Looked for at every word, since two common words before an id have the form of its beginning."""
_SHOWING = frozenset({"Tj", "TJ", "'", '"'})
_SCAN_PIXELS = 500_000
_MOST_STREAM = 8 * 1024 * 1024
_MOST_PAGES = 400
_MOST_IMAGES = 50


@dataclass(frozen=True, slots=True)
class Contents:
    """A file's pages by what they show: ``runs`` holds each page's shown text as written (glyph codes, in order),
    ``scanned`` how many pages are little but a picture, ``document_ids`` the ids of ours that metadata names."""

    pages: int
    runs: tuple[bytes, ...]
    scanned: int
    document_ids: tuple[str, ...]

    @property
    def is_scan(self) -> bool:
        """Whether every page, or all but a cover, is a picture."""
        return self.scanned > 0 and self.scanned >= self.pages - 1


def read_contents(data: bytes) -> Contents | None:
    """The contents of ``data``; None where it can't be read. Never raises."""
    try:
        with Pdf.open(BytesIO(data), suppress_warnings=True) as document:
            pages = list(islice(document.pages, _MOST_PAGES))
            runs = tuple(_shown(page) for page in pages)
            scanned = sum(_is_picture(page, run) for page, run in zip(pages, runs, strict=True))
            return Contents(len(document.pages), runs, scanned, tuple(dict.fromkeys(_ids_in(document))))
    except Exception:  # noqa: BLE001 see gate: a stranger's bytes make parsers throw anything
        return None


def same_pages(returned: Contents, issued: Contents) -> bool:
    """Whether every issued page is there in order, showing at least the text that was issued on it.

    A service may add its stamps and pages after ours; it may not take words away or put its own between them.
    """
    if returned.pages < issued.pages:
        return False
    return all(ours in theirs for ours, theirs in zip(issued.runs, returned.runs, strict=False))


def _shown(page: pikepdf.Page) -> bytes:
    """The strings that the page's own content stream shows, joined; positions and fonts don't count."""
    found: list[bytes] = []
    size = 0
    for instruction in pikepdf.parse_content_stream(page):
        if str(instruction.operator) not in _SHOWING:
            continue
        for operand in instruction.operands:
            parts = operand if isinstance(operand, pikepdf.Array) else [operand]
            for part in parts:
                if isinstance(part, pikepdf.String):
                    found.append(bytes(part))
                    size += len(found[-1])
        if size > _MOST_STREAM:
            break
    return b"".join(found)


def _is_picture(page: pikepdf.Page, run: bytes) -> bool:
    """Whether a large picture is all, or nearly all, that the page shows; a scanner's hidden text doesn't matter."""
    large = any(_pixels(image) >= _SCAN_PIXELS for image in islice(page.get_images().values(), _MOST_IMAGES))
    return large and (not run or not page.obj.get(Name.StructParents))


def _pixels(image: Any) -> int:
    return int(image.get(Name.Width, 0)) * int(image.get(Name.Height, 0))


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
