"""Everything that the bytes of a returned file say, read in one go: for the confined child.

Facts only. Whom the file is about, and whether anything counts, is decided outside from these (``verify``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

import pikepdf
from pikepdf import Name, Pdf

from cpdocs.signing.content import Contents, ids_in_text
from cpdocs.signing.facts import read_facts
from cpdocs.signing.file_facts import FileFacts, Note, ReturnFacts, Tail
from cpdocs.signing.gate import look
from cpdocs.signing.increments import MOST_REVISIONS
from cpdocs.signing.line_ends import MOST_SPACE, SPACE, AsSigned, LineEnd, as_signed
from cpdocs.signing.record import Limits

if TYPE_CHECKING:
    from cpdocs.signing.trust import Trust

_BEGINS_OBJECT = re.compile(
    rb"\s*([0-9]{1,10}( [0-9]{0,5}( o?b?j?.*)?)?)?\Z|\s*[0-9]{1,10} [0-9]{1,5} obj\b", re.DOTALL
)
_LINE_ENDS = (b"", b"\n", b"\r", b"\r\n")
_SEARCHED = 4 * 1024 * 1024
_MOST_NOTES = 50
_MOST_WORDS = 2_000
_NOTES = frozenset(
    {"/Text", "/FreeText", "/Ink", "/Highlight", "/Underline", "/StrikeOut", "/Squiggly", "/Caret", "/Stamp", "/Line"}
    | {"/Square", "/Circle", "/Polygon", "/PolyLine"}
)


def read_signed(
    data: bytes,
    *,
    begins_with: str = "",
    issued: bytes | None = None,
    trust: Trust,
    received_at: datetime,
    limits: Limits | None = None,
) -> ReturnFacts:
    """The facts of ``data`` but for its pages. It begins with the ``issued`` bytes of the plan ``begins_with``, where
    that is given, the line end at its own end aside. Never raises for any bytes."""

    def read(each: bytes) -> FileFacts:
        return read_facts(each, trust, received_at, issued=issued, most_revisions=MOST_REVISIONS if issued else 0)

    gate = look(data, limits or Limits())
    if gate.shut:
        found = AsSigned(data, FileFacts(), LineEnd.AS_IT_CAME)
    elif issued is not None and not data.startswith(issued):
        found = AsSigned(issued, read(issued), LineEnd.RESTORED)
    else:
        found = as_signed(data, read)
    data, signed = found.data, found.facts
    tail = tail_of(data, max((each.end for each in signed.signatures), default=0))
    return ReturnFacts(
        gate=gate,
        signed=signed,
        tail={LineEnd.RESTORED: Tail.RESTORED, LineEnd.UNPROVEN: Tail.UNPROVEN}.get(found.line_end, tail),
        begins_with=begins_with,
        notes=() if gate.shut else tuple(notes_in(data)),
    )


def bytes_as_signed(data: bytes, trust: Trust, at: datetime) -> bytes:
    """``data``, which was accepted, with the line end with which it was signed (``line_ends``)."""
    return as_signed(data, lambda each: read_facts(each, trust, at)).data


def tail_of(data: bytes, signed: int = 0) -> Tail:
    """What stands behind the last end mark, in a file that is ``signed`` up to that offset."""
    tail = data[data.rfind(b"%%EOF") + 5 :] if b"%%EOF" in data else data
    if tail in _LINE_ENDS:
        return Tail.NOTHING
    if signed and len(tail) <= MOST_SPACE and not data[signed:].strip(SPACE):
        return Tail.SPACE
    return Tail.BROKEN_OFF if _BEGINS_OBJECT.match(tail) else Tail.SOMETHING


def ids_named(data: bytes, contents: Contents | None) -> tuple[str, ...]:
    """The document ids that the file's metadata name, else those that stand in its raw bytes (a damaged file can't be
    read)."""
    if contents is not None and contents.document_ids:
        return contents.document_ids
    return tuple(dict.fromkeys(ids_in_text(data[:_SEARCHED].decode("latin-1"))))


def notes_in(data: bytes) -> Iterator[Note]:
    """The comments that readers left as annotations, page by page, so many at most; none where they can't be read."""
    try:
        with Pdf.open(BytesIO(data), suppress_warnings=True) as document:
            found = [note for number, page in enumerate(document.pages, 1) for note in _notes_on(number, page)]
    except Exception:  # noqa: BLE001 see gate: a file that can't be read is told so by others
        return
    yield from found[:_MOST_NOTES]


def _notes_on(number: int, page: pikepdf.Page) -> Iterator[Note]:
    for annotation in islice(page.obj.get(Name.Annots, ()), _MOST_NOTES):
        kind = str(annotation.get(Name.Subtype, ""))
        if kind in _NOTES:
            yield Note(number, kind.removeprefix("/"), str(annotation.get(Name.Contents, ""))[:_MOST_WORDS])
