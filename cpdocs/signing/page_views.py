"""What each parser in use reaches from each page: must be what it reaches in the plan as issued.

A second net under the grammar of increments, made of other threads: pyHanko, which judges the signatures, qpdf, from
which the chart's file is made, and PDFium, which draws what a person compares, are asked each by itself. Left out are
only what signing fills in: our fields' own values and pictures, and document time stamps, which show nothing. One that
reads another page than we issued, or none, or more, is a doubt about the file: other readers may do so too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from typing import Any, Protocol

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
from pyhanko.pdf_utils import generic

from cpdocs.signing.difference import Reader

Views = tuple[str, ...]
"""A digest of what is reached from each page, in order."""

_MOST_VISITED = 300_000
_DEEPEST = 60
_INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
_OF_THE_TREE = frozenset({"/Parent", "/Annots"})
_FILLED_IN = frozenset({"/P", "/Parent", "/V", "/AP", "/AS", "/M", "/MK", "/DA"})
_DRAWN_AT = 0.75
"""Pixels for each point: at 54 dpi a changed letter changes its grey."""


class _Library(Protocol):
    """One library's objects: their pages, and what one of them is."""

    def pages(self) -> Iterable[Any]: ...
    def identity(self, value: Any) -> Any: ...
    def target(self, value: Any) -> Any: ...
    def entries(self, value: Any) -> dict[str, Any] | None: ...
    def data(self, value: Any) -> bytes: ...
    def items(self, value: Any) -> list[Any] | None: ...


class _Qpdf:
    def __init__(self, document: pikepdf.Pdf) -> None:
        self._document = document

    def pages(self) -> Iterable[Any]:
        return (page.obj for page in self._document.pages)

    def identity(self, value: Any) -> Any:
        return value.objgen if isinstance(value, pikepdf.Object) and value.is_indirect else None

    def target(self, value: Any) -> Any:
        return value

    def entries(self, value: Any) -> dict[str, Any] | None:
        held = value.stream_dict if isinstance(value, pikepdf.Stream) else value
        return dict(held.items()) if isinstance(held, pikepdf.Dictionary) else None

    def data(self, value: Any) -> bytes:
        return bytes(value.read_raw_bytes()) if isinstance(value, pikepdf.Stream) else b""

    def items(self, value: Any) -> list[Any] | None:
        return list(value) if isinstance(value, pikepdf.Array) else None


class _PyHanko:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def pages(self) -> Iterator[Any]:
        waiting = [self._reader.root.raw_get("/Pages")]
        while waiting:
            node = waiting.pop().get_object()
            if "/Kids" in node:
                waiting += reversed(list(node["/Kids"]))
            else:
                yield node

    def identity(self, value: Any) -> Any:
        return value.reference.idnum if isinstance(value, generic.IndirectObject) else None

    def target(self, value: Any) -> Any:
        found = value.get_object() if isinstance(value, generic.IndirectObject) else value
        return None if isinstance(found, generic.NullObject) else found

    def entries(self, value: Any) -> dict[str, Any] | None:
        return {key: value.raw_get(key) for key in value} if isinstance(value, generic.DictionaryObject) else None

    def data(self, value: Any) -> bytes:
        return bytes(value.encoded_data) if isinstance(value, generic.StreamObject) else b""

    def items(self, value: Any) -> list[Any] | None:
        return list(value) if isinstance(value, generic.ArrayObject) else None


class _Walk:
    """Digests what is reached from pages; numbers of objects don't count, only what they hold."""

    def __init__(self, library: _Library) -> None:
        self._library = library
        self._left = _MOST_VISITED
        self._data: dict[Any, bytes] = {}

    def views(self) -> Views:
        return tuple(self._view(page) for page in self._library.pages())

    def _view(self, page: Any) -> str:
        digest = sha256()
        own = self._held(page)
        for key in sorted({*own, *_INHERITED} - _OF_THE_TREE):
            digest.update(key.encode())
            self._add(digest, own[key] if key in own else self._inherited(page, key), {}, 0)
        listed = self._library.items(self._library.target(own.get("/Annots"))) or []
        for each in listed:
            entries = self._held(self._library.target(each))
            is_signature = str(self._library.target(entries.get("/FT"))) == "/Sig"
            if is_signature and self._shows_nothing(entries):
                continue
            digest.update(b"annotation")
            for key in sorted(entries.keys() - (_FILLED_IN if is_signature else {"/P"})):
                digest.update(key.encode())
                self._add(digest, entries[key], {}, 0)
        return digest.hexdigest()

    def _held(self, value: Any) -> dict[str, Any]:
        return self._library.entries(value) or {}

    def _shows_nothing(self, entries: dict[str, Any]) -> bool:
        """Whether it is a field of no size, as the seal's and a time stamp's are."""
        corners = self._library.items(self._library.target(entries.get("/Rect"))) or []
        sides = [float(self._library.target(each)) for each in corners]
        return len(sides) == 4 and sides[0] == sides[2] and sides[1] == sides[3]

    def _inherited(self, page: Any, key: str) -> Any:
        node = page
        for _ in range(_DEEPEST):
            node = self._library.target(self._held(node).get("/Parent"))
            if node is None:
                break
            if key in self._held(node):
                return self._held(node)[key]
        return None

    def _add(self, digest: Any, value: Any, seen: dict[Any, int], depth: int) -> None:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise ValueError("more is reached from the pages than can be looked at")
        known = self._library.identity(value)
        if known is not None:
            if known in seen:
                digest.update(b"again %d" % seen[known])
                return
            seen[known] = len(seen)
        value = self._library.target(value)
        entries, items = self._library.entries(value), self._library.items(value)
        if entries is not None:
            if str(entries.get("/Type")) == "/Page":
                digest.update(b"a page")
                return
            data = self._library.data(value)
            digest.update(b"<<%d" % len(entries) + (sha256(data).digest() if data else b""))
            for key in sorted(entries.keys() - {"/Length"}):
                digest.update(key.encode("utf-8", "surrogatepass") + b" ")
                self._add(digest, entries[key], seen, depth + 1)
        elif items is not None:
            digest.update(b"[%d" % len(items))
            for each in items:
                self._add(digest, each, seen, depth + 1)
        else:
            digest.update(repr(value).encode("utf-8", "surrogatepass") + b" ")


def _by_qpdf(data: bytes, passed_over: tuple[tuple[int, int], ...]) -> Views:
    del passed_over
    with pikepdf.Pdf.open(BytesIO(data), attempt_recovery=False, suppress_warnings=True) as document:
        return _Walk(_Qpdf(document)).views()


def _by_pyhanko(data: bytes, passed_over: tuple[tuple[int, int], ...]) -> Views:
    return _Walk(_PyHanko(Reader(data, passed_over))).views()


def _by_pdfium(data: bytes, passed_over: tuple[tuple[int, int], ...]) -> Views:
    """Each page drawn without annotations, its text, and of the annotations that have a size which they are and
    where."""
    del passed_over
    document = pypdfium2.PdfDocument(data)
    try:
        return tuple(_drawn(document[number]) for number in range(len(document)))
    finally:
        document.close()


def _drawn(page: pypdfium2.PdfPage) -> str:
    digest = sha256(repr((page.get_size(), page.get_rotation(), page.get_mediabox(), page.get_cropbox())).encode())
    bitmap = page.render(scale=_DRAWN_AT, grayscale=True, draw_annots=False, may_draw_forms=False)
    digest.update(bytes(bitmap.buffer))
    text = page.get_textpage()
    digest.update(text.get_text_range().encode("utf-8", "surrogatepass"))
    for number in range(pdfium.FPDFPage_GetAnnotCount(page.raw)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, number)
        corners = pdfium.FS_RECTF()
        pdfium.FPDFAnnot_GetRect(annotation, corners)
        place = (corners.left, corners.bottom, corners.right, corners.top)
        kind, flags = pdfium.FPDFAnnot_GetSubtype(annotation), pdfium.FPDFAnnot_GetFlags(annotation)
        pdfium.FPDFPage_CloseAnnot(annotation)
        if place[0] != place[2] or place[1] != place[3]:
            digest.update(repr((kind, flags, place)).encode())
    text.close()
    page.close()
    return digest.hexdigest()


_READERS: tuple[Callable[[bytes, tuple[tuple[int, int], ...]], Views], ...] = (_by_pyhanko, _by_qpdf, _by_pdfium)


@lru_cache(maxsize=4)
def _as_issued(issued: bytes) -> tuple[Views, ...]:
    return tuple(read(issued, ()) for read in _READERS)


def pages_differ(data: bytes, issued: bytes, passed_over: tuple[tuple[int, int], ...] = ()) -> str:
    """Where a parser reaches other pages in ``data`` than it does in ``issued``: in plain words, empty where none does.

    ``passed_over`` as in ``additions``. Never raises: what one can't read is a difference.
    """
    try:
        expected = _as_issued(issued)
        found = [read(data, passed_over) for read in _READERS]
    except Exception:  # noqa: BLE001 check 11: whatever a parser throws, its pages aren't those that we issued
        return "a program can't read its pages"
    for ours, theirs in zip(expected, found, strict=True):
        if len(ours) != len(theirs):
            return f"a program finds {len(theirs)} pages, not {len(ours)}"
        different = [number for number, (one, other) in enumerate(zip(ours, theirs, strict=True), 1) if one != other]
        if different:
            return f"a program reads page {different[0]} otherwise"
    return ""
