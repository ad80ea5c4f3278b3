"""The print file of merged letters: shared parts and fonts once, of every letter its own words, pages in mailing
order.

As ``printfile.PrintFile`` makes it: no two letters share a sheet, every sheet's front has a code. It is written as it
goes along, and the same letters in the same order give the same bytes whoever merged them.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

import pikepdf

from cpdocs.core.letters import SheetMark
from cpdocs.documents.mail_merge import sheets
from cpdocs.documents.mail_merge.internals import canvas
from cpdocs.documents.mail_merge.merged import MergedLetter, SharedPart, Side
from cpdocs.documents.mail_merge.writer import PdfWriter
from cpdocs.documents.sheet_text import NAME as SHEET_TEXT
from cpdocs.documents.sheet_text import SheetText, add_font

_PAGE = b"/MediaBox[0 0 612 792]"
_STATES = {"/a1": b"<</ca 1>>", "/a1.0": b"<</ca 1>>", "/A1": b"<</CA 1>>", "/A1.0": b"<</CA 1>>"}


_PIXELS, _POINTS = b"0 0 816 1056", b"0 0 612 792"
_UNSCALED = b"1.3333333333333333 0 0 -1.3333333333333333 0 1056"
"""From CSS pixels of a page back to points from its lower left."""
_FACE = re.compile(rb"/([A-Za-z]+) [0-9.]+ Tf")


class MergedPrintFile:
    """A print file being written to ``target``; ``shared`` has the shared parts by digest. ``text`` writes what people
    read of a sheet's code; without it that isn't there."""

    def __init__(
        self, run_id: str, target: BinaryIO, shared: Mapping[bytes, SharedPart], text: SheetText | None = None
    ) -> None:
        self.run_id = run_id
        self._text = text
        self._writer = PdfWriter(target)
        self._shared = shared
        self._fonts = self._writer.reserve()
        self._resources: dict[bytes, int] = {}
        self._pictures: dict[bytes, dict[str, dict[str, bytes]]] = {}
        self._code_checked: set[int] = set()
        self.blank_pages = 0
        self.separator_pages = 0

    @property
    def pages(self) -> int:
        """Sides so far, blank backs included."""
        return self._writer.pages

    def add_separator(self, pdf: bytes) -> None:
        """Adds a separator, which takes a sheet of its own."""
        before = self.pages
        self._import(pdf, [])
        self._pad()
        self.separator_pages += self.pages - before

    def add_letter(self, letter: MergedLetter, piece: int, barcode: bytes = b"") -> int:
        """Adds a letter as piece number ``piece``, with the operators of its barcode; gives its first page's number,
        from 1."""
        first = self.pages
        count = (len(letter.sides) + 1) // 2
        for index, side in enumerate(letter.sides):
            mark = None if index % 2 else SheetMark(self.run_id, piece, index // 2 + 1, count)
            self.add_side(side, mark, b"" if index else barcode)
        self.blank_pages += self._pad()
        return first + 1

    def add_side(self, side: Side, mark: SheetMark | None = None, barcode: bytes = b"") -> None:
        """Adds one page, with a code where it is a sheet's front, and a barcode where it has one."""
        contents = self._writer.reserve()
        self._writer.put_deflated(contents, b"", side.own)
        references = b"%d 0 R" % contents
        if mark is not None:
            references += b" %d 0 R" % self._code(mark, barcode)
        self._writer.add_page(
            b"%b/Resources %d 0 R/Contents[%b]" % (_PAGE, self._resources_of(side.shared), references)
        )

    def add_foreign(self, pdf: bytes, piece: int, barcode: bytes = b"") -> int:
        """Adds a letter that is a PDF of its own, with fonts of its own."""
        first = self.pages
        with pikepdf.open(io.BytesIO(pdf)) as source:
            count = (len(source.pages) + 1) // 2
        self._import(pdf, [SheetMark(self.run_id, piece, sheet, count) for sheet in range(1, count + 1)], barcode)
        self.blank_pages += self._pad()
        return first + 1

    def finish(self, faces: Mapping[str, canvas.Face], lay: Any) -> str:
        """Writes the fonts and what is left; gives the file's SHA-256. ``lay`` lays out with the letters' fonts."""
        names = b"<<>>"
        if faces:
            # The fonts number their objects themselves, from the next free number on, without a gap.
            objects, names = canvas.font_objects(dict(faces), self._writer.next_number, lay)
            self._writer.reserve(len(objects))
            for number, body in objects:
                self._writer.put_written(number, body)
        if self._text is not None:
            with pikepdf.open(io.BytesIO(self._text.pdf)) as source:
                font = self._copied(source.pages[0].Resources.Font[SHEET_TEXT], {})
            names = b"<<%b %b%b" % (SHEET_TEXT.encode(), font, names.removeprefix(b"<<"))
        self._writer.put(self._fonts, names)
        return self._writer.finish(f"Letters, run {self.run_id}".encode("ascii"))

    def _resources_of(self, digest: bytes) -> int:
        if digest not in self._resources:
            part = self._shared[digest]
            named = self._named(part.pictures)
            drawing, resources = self._writer.reserve(2), self._writer.next_number - 1
            entries = b"/Type/XObject/Subtype/Form/BBox[%b]%b/Resources%b" % (
                *((_POINTS, b"/Matrix[%b]" % _UNSCALED) if part.pictures else (_PIXELS, b"")),
                self._dictionary(named),
            )
            self._writer.put_deflated(drawing, entries, part.operators)
            objects = {**named.get("/XObject", {}), "/S": b"%d 0 R" % drawing}
            self._writer.put(resources, self._dictionary({**named, "/XObject": objects}))
            self._resources[digest] = resources
        return self._resources[digest]

    def _dictionary(self, named: Mapping[str, Mapping[str, bytes]]) -> bytes:
        """A resource dictionary with the letters' fonts and these entries by kind."""
        inner = [b"%b<<%b>>" % (kind.encode(), _entries(entries)) for kind, entries in named.items() if entries]
        return b"<</Font %d 0 R%b>>" % (self._fonts, b"".join(inner))

    def _named(self, pictures: bytes) -> dict[str, dict[str, bytes]]:
        """What operators name besides fonts, by kind and name: the pictures and effects in this PDF, each written once,
        and the states that letters have."""
        if pictures not in self._pictures:
            found: dict[str, dict[str, bytes]] = {"/ExtGState": {}}
            if pictures:
                known: dict[tuple[int, int], int] = {}
                with pikepdf.open(io.BytesIO(pictures)) as source:
                    for kind, entries in source.pages[0].Resources.items():
                        found[kind] = {name: self._copied(value, known) for name, value in entries.items()}
            found["/ExtGState"] |= _STATES
            self._pictures[pictures] = found
        return self._pictures[pictures]

    def _code(self, mark: SheetMark, barcode: bytes, *, flipped: bool = True) -> int:
        if len(mark.text) not in self._code_checked:
            sheets.check(mark)
            self._code_checked.add(len(mark.text))
        number = self._writer.reserve()
        code = sheets.sheet_code(mark)
        in_points = [barcode] if barcode else []
        if self._text is not None:
            in_points.append(self._text.operators(mark))
        if in_points:
            code += b"\nq %b cm\n%b\nQ" % (_UNSCALED, b"\n".join(in_points))
        if flipped:
            self._writer.put_stream(number, b"", code)
        else:
            self._writer.put_stream(number, b"", b"Q\n.75 0 0 -.75 0 792 cm\n" + code)
        return number

    def _pad(self) -> int:
        if self.pages % 2 == 0:
            return 0
        self._writer.add_page(_PAGE + b"/Resources<<>>")
        return 1

    def _import(self, pdf: bytes, marks: list[SheetMark], barcode: bytes = b"") -> None:
        """Adds the pages of a PDF without their tags."""
        with pikepdf.open(io.BytesIO(pdf)) as source:
            known: dict[tuple[int, int], int] = {}
            begin = self._writer.reserve()
            self._writer.put_stream(begin, b"", b"q")
            for index, page in enumerate(source.pages):
                if marks and self._text is not None:
                    add_font(source, page, self._text)
                page.contents_coalesce()
                contents = self._copied(page.Contents, known).replace(b"[", b"").replace(b"]", b"")
                if index % 2 == 0 and marks:
                    contents = b"%d 0 R %b %d 0 R" % (
                        begin,
                        contents,
                        self._code(marks[index // 2], b"" if index else barcode, flipped=False),
                    )
                resources = self._copied(page.Resources, known)
                self._writer.add_page(b"%b/Resources %b/Contents[%b]" % (_PAGE, resources, contents))

    def _copied(self, value: Any, known: dict[tuple[int, int], int]) -> bytes:
        if isinstance(value, pikepdf.Object) and value.is_indirect:
            place = value.objgen
            if place not in known:
                known[place] = number = self._writer.reserve()
                body = self._spelled(value, known)
                if isinstance(value, pikepdf.Stream):
                    self._writer.put_stream(number, body, value.read_raw_bytes())
                else:
                    self._writer.put(number, body)
            return b"%d 0 R" % known[place]
        return self._spelled(value, known)

    def _spelled(self, value: Any, known: dict[tuple[int, int], int]) -> bytes:
        if isinstance(value, pikepdf.Stream):
            entries = ((key, item) for key, item in value.stream_dict.items() if key != "/Length")
            return b"".join(key.encode() + b" " + self._copied(item, known) for key, item in entries)
        if isinstance(value, pikepdf.Dictionary):
            return (
                b"<<" + b"".join(key.encode() + b" " + self._copied(item, known) for key, item in value.items()) + b">>"
            )
        if isinstance(value, pikepdf.Array):
            return b"[" + b" ".join(self._copied(item, known) for item in value) + b"]"
        if isinstance(value, pikepdf.Object):
            return bytes(value.unparse())
        if isinstance(value, bool):
            return b"true" if value else b"false"
        if isinstance(value, Decimal):
            return format(value, "f").encode("ascii")  # PDF knows no exponents
        return b"null" if value is None else str(value).encode("ascii")


def _entries(entries: Mapping[str, bytes]) -> bytes:
    return b"".join(name.encode() + b" " + value for name, value in entries.items())


def proof(
    sides: Sequence[Side], shared: Mapping[bytes, SharedPart], faces: Mapping[str, canvas.Face], lay: Any
) -> bytes:
    """Pages of one merged letter as a PDF by itself, without sheet codes."""
    out = io.BytesIO()
    file = MergedPrintFile("proof", out, shared)
    used: set[str] = set()
    for side in sides:
        used |= _faces_in(zlib.decompress(side.own)) | _faces_in(zlib.decompress(shared[side.shared].operators))
        file.add_side(side)
    file.finish({name: face for name, face in faces.items() if name in used}, lay)
    return out.getvalue()


def _faces_in(operators: bytes) -> set[str]:
    return {name.decode() for name in _FACE.findall(operators)}
