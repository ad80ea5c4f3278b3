"""Revisions written by hand, which no library would write: cross-references of which readers make different
documents."""

from __future__ import annotations

import io
import re

import pikepdf

from tests.signing import builder as b

_OTHER = b"BT /F1 24 Tf 50 500 Td (Nothing) Tj ET"
OTHER_WORDS = b"<</Length %d>>stream\n%s\nendstream" % (len(_OTHER), _OTHER)
NOWHERE = 15
"""An offset at which no object stands."""


def _written(
    trailer_root: int,
    objects: dict[int, bytes],
    *,
    nowhere: tuple[int, ...] = (),
    unlisted: dict[int, bytes] | None = None,
) -> bytes:
    """The issued plan with one revision behind it: ``objects`` by number, entries that lead ``nowhere``, and objects
    that stand in the bytes but in no cross-reference."""
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
    """An entry that leads nowhere makes lenient readers search the bytes, where they find a page's contents once
    more."""
    root, contents = _numbers()
    return _signed(_written(root, {_size() + 1: b"<<>>"}, nowhere=(_size() + 2,), unlisted={contents: OTHER_WORDS}))


def contents_freed() -> bytes:
    root, contents = _numbers()
    data = _written(root, {_size() + 1: b"<<>>"})
    changed = data.replace(
        b"xref\n%d 1" % (_size() + 1), b"xref\n%d 1\n0000000000 00001 f \n%d 1" % (contents, _size() + 1)
    )
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


def _catalog() -> bytes:
    return catalog_of(b.issued().data)


def catalog_of(data: bytes) -> bytes:
    """The catalog's own text in its last version, between its brackets."""
    found = re.findall(rb"(?<!\d)%d 0 obj\s*<<(.*?)>>\s*endobj" % _numbers()[0], data, re.DOTALL)
    assert found
    return bytes(found[-1])


def _other_page_tree() -> dict[int, bytes]:
    """One page of other words, as objects of new numbers; the first is its tree."""
    first = _size() + 1
    tree = b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % (first + 1)
    page = b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 612 792]/Resources<<>>/Contents %d 0 R>>" % (first, first + 2)
    return {first: tree, first + 1: page, first + 2: OTHER_WORDS}


def key_given_twice() -> bytes:
    """A catalog with two page trees: readers differ in which of them they take."""
    objects = _other_page_tree()
    twice = b"<<%s/Pages %d 0 R>>" % (_catalog(), min(objects))
    return _written(_numbers()[0], {**objects, _numbers()[0]: twice})


def key_given_twice_in_two_spellings() -> bytes:
    objects = _other_page_tree()
    twice = b"<<%s/Pa#67es %d 0 R>>" % (_catalog(), min(objects))
    return _written(_numbers()[0], {**objects, _numbers()[0]: twice})


def tree_behind_the_extensions() -> bytes:
    """Another page tree hung where the library looks no further: named in the catalog, shown by nobody yet."""
    objects = _other_page_tree()
    hung = re.sub(rb"/Extensions\s*<<", b"/Extensions<</More %d 0 R" % min(objects), _catalog())
    assert hung != _catalog()
    return _signed(_written(_numbers()[0], {**objects, _numbers()[0]: b"<<%s>>" % hung}))


def another_catalog() -> bytes:
    """The trailer names a new catalog; ours stands untouched beside it."""
    objects = _other_page_tree()
    new = max(objects) + 1
    return _written(new, {**objects, new: b"<</Type/Catalog/Pages %d 0 R>>" % min(objects)})


def later_generation() -> bytes:
    """A page's contents again, as generation 1 of the same number."""
    root, contents = _numbers()
    data = _written(root, {contents: OTHER_WORDS})
    cut = len(b.issued().data)
    return data[:cut] + data[cut:].replace(b"%d 0 obj" % contents, b"%d 1 obj" % contents).replace(
        b" 00000 n", b" 00001 n"
    )


def entry_for_another_object() -> bytes:
    """The cross-reference says that the contents stand where another object does."""
    root, contents = _numbers()
    new = _size() + 1
    data = _written(root, {new: OTHER_WORDS})
    return _signed(data.replace(b"xref\n%d 1\n" % new, b"xref\n%d 1\n" % contents))


def last_revision_passed_over() -> bytes:
    """The end names the issued plan's cross-reference: what was signed is in the bytes and nowhere else."""
    signed = _signed(b.issued().data)
    issued = int(re.findall(rb"startxref\s+(\d+)", b.issued().data)[-1])
    return signed + b"startxref\n%d\n%%%%EOF\n" % issued


def chain_beyond_the_end() -> bytes:
    data = _written(_numbers()[0], {_size() + 1: b"<<>>"})
    kept, old = data.rsplit(b"/Prev ", 1)
    return kept + b"/Prev 99999999" + old[old.index(b" ") :]


def encryption_named_in_the_trailer() -> bytes:
    data = _written(_numbers()[0], {_size() + 1: b"<</Filter/Standard/V 1/R 2/O<00>/U<00>/P -4>>"})
    return data.replace(b"trailer\n<<", b"trailer\n<</Encrypt %d 0 R" % (_size() + 1))


def _with_stream(
    objects: dict[int, bytes], compressed: dict[int, bytes], *, classic: bool = False, entries: bytes = b""
) -> bytes:
    """A revision with a cross-reference stream: ``objects`` stand by themselves, ``compressed`` ones in an object
    stream. ``classic``: the stream only hangs behind a classic table, for readers that look for it."""
    issued = b.issued().data
    out = bytearray(issued)
    rows: dict[int, tuple[int, int, int]] = {}
    for number, body in objects.items():
        rows[number] = (1, len(out), 0)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    holder, table = _size() + 50, _size() + 51
    if compressed:
        offsets, bodies = b"", b""
        for index, (number, body) in enumerate(compressed.items()):
            offsets += b"%d %d " % (number, len(bodies))
            bodies += body + b" "
            rows[number] = (2, holder, index)
        rows[holder] = (1, len(out), 0)
        stream = b"<</Type/ObjStm/N %d/First %d/Length %d>>stream\n%s%s\nendstream"
        out += b"%d 0 obj\n%s\nendobj\n" % (
            holder,
            stream % (len(compressed), len(offsets), len(offsets) + len(bodies), offsets, bodies),
        )
    start = len(out)
    rows[table] = (1, start, 0)
    previous = re.findall(rb"startxref\s+(\d+)", issued)[-1]
    index = b"".join(b"%d 1 " % number for number in sorted(rows))
    content = b"".join(
        kind.to_bytes(1) + place.to_bytes(4) + third.to_bytes(2) for _, (kind, place, third) in sorted(rows.items())
    )
    common = b"/Root %d 0 R/Info %s 0 R/Prev %s %s" % (
        *(
            _numbers()[0],
            re.findall(rb"/Info (\d+)", issued)[-1],
            previous,
            re.findall(rb"/ID\s*\[[^\]]*\]", issued)[-1],
        ),
    )
    shape = entries or b"/W[1 4 2]/Index[%s]" % index
    out += b"%d 0 obj\n<</Type/XRef/Size %d%s%s/Length %d>>stream\n%s\nendstream\nendobj\n" % (
        *(table, table + 1, shape, common, len(content), content),
    )
    if classic:
        hidden, start = start, len(out)
        out += b"xref\n0 0\ntrailer\n<</Size %d%s/XRefStm %d>>\n" % (table + 1, common, hidden)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def contents_in_a_cross_reference_stream() -> bytes:
    _, contents = _numbers()
    return _signed(_with_stream({contents: OTHER_WORDS}, {}))


def page_in_an_object_stream() -> bytes:
    """The first page again, compressed: found in no search of the bytes."""
    with pikepdf.open(io.BytesIO(b.issued().data)) as document:
        number, parent = document.pages[0].obj.objgen[0], document.pages[0].obj.Parent.objgen[0]
    page = b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 612 792]/Resources<<>>/Contents %d 0 R>>" % (parent, _size() + 1)
    return _signed(_with_stream({_size() + 1: OTHER_WORDS}, {number: page}))


def hybrid_cross_reference() -> bytes:
    """A classic table that says nothing, and a stream behind it that only newer readers read."""
    _, contents = _numbers()
    return _with_stream({contents: OTHER_WORDS}, {}, classic=True)


def entries_of_no_width() -> bytes:
    """Two thousand million entries that take no room."""
    return _with_stream({}, {}, entries=b"/W[0 0 0]/Index[0 2000000000]")


def entries_without_end() -> bytes:
    return _with_stream({}, {}, entries=b"/W[1 4 2]/Index[0 2000000000]")


def brackets_without_end() -> bytes:
    """An object so deeply nested that readers that recurse run out of stack."""
    return _written(_numbers()[0], {_size() + 1: b"[" * 100_000 + b"]" * 100_000})


EXPECTED = {
    searched_for_objects: {"unverifiable"},
    contents_freed: {"changed_after_signing"},
    contents_overwritten: {"changed_after_signing"},
    chain_that_returns_to_itself: {"unverifiable"},
    chain_beyond_the_end: {"unverifiable"},
    key_given_twice: {"unverifiable"},
    key_given_twice_in_two_spellings: {"unverifiable"},
    tree_behind_the_extensions: {"changed_after_signing"},
    another_catalog: {"field_missing", "seal_missing"},
    later_generation: {"unverifiable"},
    entry_for_another_object: {"unverifiable"},
    last_revision_passed_over: {"trailing_bytes"},
    encryption_named_in_the_trailer: {"encrypted"},
    contents_in_a_cross_reference_stream: {"changed_after_signing"},
    page_in_an_object_stream: {"changed_after_signing"},
    hybrid_cross_reference: {"not_issued_bytes"},
    entries_without_end: {"unverifiable"},
    brackets_without_end: {"no_signature"},
}
"""Each file and the findings that it must at least give. ``entries_of_no_width`` has nothing to give: it never ends,
and is for a child process with limits."""
