"""Revisions written by hand, which no library would write: cross-references of which readers make different documents."""

from __future__ import annotations

import io
import re

import pikepdf

from tests.signing import builder as b

OTHER_WORDS = b"<</Length 37>>stream\nBT /F1 24 Tf 50 500 Td (Nothing) Tj ET\nendstream"
NOWHERE = 15
"""An offset at which no object stands."""


def _written(
    trailer_root: int, objects: dict[int, bytes], *, nowhere: tuple[int, ...] = (), unlisted: dict[int, bytes] | None = None
) -> bytes:
    """The issued plan with one revision behind it: ``objects`` by number, entries that lead ``nowhere``, and objects that stand
    in the bytes but in no cross-reference."""
    issued = b.issued().data
    out = bytearray(issued)
    for number, body in (unlisted or {}).items():
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    entries = dict.fromkeys(nowhere, NOWHERE)
    for number, body in objects.items():
        entries[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % (number, offset) for number, offset in sorted(entries.items()))
    previous = int(re.findall(rb"startxref\s+(\d+)", issued)[-1])
    identity = re.findall(rb"/ID\s*\[[^\]]*\]", issued)[-1]
    info = re.findall(rb"/Info (\d+)", issued)[-1]
    out += b"xref\n%strailer\n<</Size %d/Root %d 0 R/Info %s 0 R/Prev %d %s>>\nstartxref\n%d\n%%%%EOF\n" % (
        *(rows, max(_size(), *entries) + 1, trailer_root, info, previous, identity, start),
    )
    return bytes(out)


def _size() -> int:
    return max(int(each) for each in re.findall(rb"/Size (\d+)", b.issued().data))


def _numbers() -> tuple[int, int]:
    """The object numbers of the catalog and of the first page's contents."""
    with pikepdf.open(io.BytesIO(b.issued().data)) as document:
        contents = document.pages[0].obj.Contents
        return document.Root.objgen[0], contents.objgen[0]


def _signed(data: bytes) -> bytes:
    return b.sign(data, "PCPSig", b.office().clinician())


def searched_for_objects() -> bytes:
    """An entry that leads nowhere makes lenient readers search the bytes, where they find a page's contents once more."""
    root, contents = _numbers()
    return _signed(_written(root, {_size() + 1: b"<<>>"}, nowhere=(_size() + 2,), unlisted={contents: OTHER_WORDS}))


def contents_freed() -> bytes:
    root, contents = _numbers()
    data = _written(root, {_size() + 1: b"<<>>"})
    changed = data.replace(b"xref\n%d 1" % (_size() + 1), b"xref\n%d 1\n0000000000 00001 f \n%d 1" % (contents, _size() + 1))
    start = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    assert changed[start : start + 4] == b"xref"
    return _signed(changed)


def contents_overwritten() -> bytes:
    root, contents = _numbers()
    return _signed(_written(root, {contents: OTHER_WORDS}))


def chain_that_returns_to_itself() -> bytes:
    data = _written(_numbers()[0], {_size() + 1: b"<<>>"})
    start = re.findall(rb"startxref\s+(\d+)", data)[-1]
    kept, old = data.rsplit(b"/Prev ", 1)
    return kept + b"/Prev " + start + old[old.index(b" ") :]


EXPECTED = {
    searched_for_objects: {"unverifiable"},
    contents_freed: {"changed_after_signing"},
    contents_overwritten: set(),
    chain_that_returns_to_itself: {"unverifiable"},
}
"""Each file and the findings that it must at least give."""
