"""The print file: every letter of a run in mailing order, for a printer that prints on both sides.

No two letters share a sheet: a letter with an odd number of pages gets a blank back. Letters are grouped by their
sheets, each group behind a separator sheet. The front of every sheet carries a code that says run, piece and sheet.
Merging loses the tags: the print file is for the printer, each letter's own PDF is the accessible one (mailroom.md).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2
import segno
from pypdfium2 import PdfiumError

from cpdocs.core.ids import parse_document_id
from cpdocs.core.letters import SheetMark, parse_sheet_mark
from cpdocs.documents.sheet_text import SheetText, add_font

_LETTER = (612.0, 792.0)
CODE_SIZE = 0.46
"""Inches, both ways: a sheet code is read from clean paper, not from a fax."""
CODE_LEFT, CODE_TOP = 7.29, 10.12
"""Inches from the sheet's upper left corner."""
_MASK = 3
"""Choosing the best of eight masks costs five times the rest; one for all reads as well (performance.md, traps)."""
_WRITTEN_ID = re.compile(r"\b[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{3}\b")


class PrintFile:
    """A print file being put together; every method adds sheets at its end. ``text`` writes what people read of a
    sheet's code; without it that isn't there."""

    def __init__(self, run_id: str, text: SheetText | None = None) -> None:
        self.run_id = run_id
        self._text = text
        self._pdf = pikepdf.Pdf.new()
        self.blank_pages = 0
        self.separator_pages = 0

    @property
    def pages(self) -> int:
        """Sides so far, blank backs included."""
        return len(self._pdf.pages)

    def add_separator(self, pdf: bytes) -> None:
        """Adds a separator, which takes a sheet of its own."""
        before = self.pages
        self._append(pdf)
        self._pad()
        self.separator_pages += self.pages - before

    def add_letter(self, pdf: bytes, piece: int, barcode: bytes = b"") -> int:
        """Adds a letter as piece number ``piece``, with the operators of its barcode; gives its first page's number,
        from 1."""
        first = self.pages
        self._append(pdf)
        sheets = range(first, self.pages, 2)
        for number, index in enumerate(sheets, start=1):
            page = self._pdf.pages[index]
            mark = SheetMark(self.run_id, piece, number, len(sheets))
            page.contents_add(b"q", prepend=True)
            drawn = [sheet_code(mark), *([barcode] if number == 1 and barcode else [])]
            if self._text is not None:
                add_font(self._pdf, page, self._text)
                drawn.append(self._text.operators(mark))
            page.contents_add(b"Q\n" + b"\n".join(drawn))
        self.blank_pages += self._pad()
        return first + 1

    def finish(self) -> bytes:
        """The file's bytes: the same pieces in the same order give the same bytes."""
        with self._pdf.open_metadata(set_pikepdf_as_editor=False) as about:
            about["dc:title"] = f"Letters, run {self.run_id}"
        out = io.BytesIO()
        self._pdf.remove_unreferenced_resources()
        self._pdf.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return out.getvalue()

    def _append(self, pdf: bytes) -> None:
        with pikepdf.open(io.BytesIO(pdf)) as source:
            before = self.pages
            self._pdf.pages.extend(source.pages)
            for page in self._pdf.pages[before:]:
                # What belongs to a structure tree that stays behind would only mislead.
                for key in ("/StructParents", "/Tabs"):
                    if key in page:
                        del page[key]

    def _pad(self) -> int:
        if self.pages % 2 == 0:
            return 0
        self._pdf.add_blank_page(page_size=_LETTER)
        return 1


def sheet_code(mark: SheetMark) -> bytes:
    """PDF operators that draw the code of one sheet in its lower right corner."""
    symbol = segno.make(mark.text, error="m", micro=False, boost_error=False, mask=_MASK)
    module = CODE_SIZE * 72 / len(symbol.matrix)
    left, top = CODE_LEFT * 72, _LETTER[1] - CODE_TOP * 72
    parts = ["q 0 g"]
    for row, line in enumerate(symbol.matrix):
        for start, length in _dark_runs(line):
            x, y = left + start * module, top - (row + 1) * module
            parts.append(f"{x:.2f} {y:.2f} {length * module:.2f} {module * 1.02:.2f} re")
    parts.append("f Q")
    return "\n".join(parts).encode()


def _dark_runs(line: Sequence[int]) -> Iterable[tuple[int, int]]:
    start = None
    for place, dark in enumerate([*line, 0]):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            yield start, place - start
            start = None


def extract(ranges: Iterable[tuple[Path, int, int]]) -> bytes:
    """Pages of print files (the file, the first page counted from 1, how many) as a file of their own. The same bytes
    each time."""
    with ExitStack() as opened, pikepdf.Pdf.new() as target:
        sources: dict[Path, pikepdf.Pdf] = {}
        for path, first, count in ranges:
            if path not in sources:
                sources[path] = opened.enter_context(pikepdf.open(path))
            target.pages.extend(sources[path].pages[first - 1 : first - 1 + count])
        out = io.BytesIO()
        target.remove_unreferenced_resources()
        target.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class Recount:
    """What a print file says of itself when read back: the document ids on each page, in order."""

    pages: tuple[tuple[str, ...], ...]

    def differences(self, expected: Sequence[str]) -> list[str]:
        """Where the file differs from ``expected`` (a document id for each page, empty where there is none), in
        words."""
        found = []
        if len(self.pages) != len(expected):
            found.append(f"The print file has {len(self.pages)} pages, not {len(expected)}.")
        for number, (ids, wanted) in enumerate(zip(self.pages, expected, strict=False), start=1):
            if ids != ((wanted,) if wanted else ()):
                found.append(f"Page {number} shows {' and '.join(ids) or 'no document id'}, not {wanted or 'none'}.")
        return found


def recount(pdf: bytes) -> Recount:
    """Reads a print file back from its own bytes, with another library than the one that wrote it.

    A file that can't be read has no pages: the difference is then plain.
    """
    try:
        document = pypdfium2.PdfDocument(pdf)
    except PdfiumError:
        return Recount(())
    try:
        return Recount(tuple(_ids_on(page) for page in document))
    finally:
        document.close()


def _ids_on(page: pypdfium2.PdfPage) -> tuple[str, ...]:
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_range()
    finally:
        text_page.close()
        page.close()
    ids = (parse_document_id(match[0]) for match in _WRITTEN_ID.finditer(text))
    return tuple(dict.fromkeys(found for found in ids if found))


def read_sheet_code(picture: object) -> SheetMark | None:
    """The sheet code in a picture of a sheet's front (a PIL image), or None where none can be read."""
    import zxingcpp

    for found in zxingcpp.read_barcodes(picture):
        mark = parse_sheet_mark(found.text)
        if mark is not None:
            return mark
    return None
