"""What a file says of itself: with whose bytes it begins, which ids stand in it, what stands behind its end."""

from __future__ import annotations

import io

import pikepdf

from cpdocs.signing.content import read_contents
from cpdocs.signing.file_facts import Tail
from cpdocs.signing.index import IssuedIndex
from cpdocs.signing.reading import ids_named, tail_of
from tests.signing import builder as b

OTHER_ID = "2222-2222-222"


def index() -> IssuedIndex:
    return IssuedIndex.of([b.issued().plan, b.issued(3, document_id=OTHER_ID).plan])


def with_info(**entries: str) -> bytes:
    document = pikepdf.new()
    document.add_blank_page()
    for key, value in entries.items():
        document.docinfo[f"/{key}"] = value
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_a_file_that_begins_with_issued_bytes_is_that_plan() -> None:
    data = b.sign(b.issued().data, "PCPSig", b.office().clinician())
    assert index().by_bytes(data) == b.DOCUMENT_ID
    assert index().by_bytes(b.issued(3, document_id=OTHER_ID).data) == OTHER_ID


def test_one_changed_byte_is_no_match_by_bytes() -> None:
    data = bytearray(b.issued().data)
    data[200] ^= 1
    assert index().by_bytes(bytes(data)) is None


def test_a_shorter_plan_whose_bytes_a_longer_one_begins_with_loses_to_the_longer() -> None:
    data = b.sign(b.issued().data, "PCPSig", b.office().clinician())
    from hashlib import sha256

    plans = [
        (b.DOCUMENT_ID, b.issued().plan.sha256, b.issued().plan.size),
        (OTHER_ID, sha256(data).hexdigest(), len(data)),
    ]
    assert IssuedIndex(plans).by_bytes(data + b"x") == OTHER_ID


def named(data: bytes) -> tuple[str, ...]:
    return index().known(ids_named(data, read_contents(data)))


def test_a_rewritten_file_is_found_by_the_id_in_its_metadata() -> None:
    assert named(with_info(Title=f"Care Plan {b.DOCUMENT_ID}")) == (b.DOCUMENT_ID,)


def test_an_id_that_was_never_issued_matches_nothing() -> None:
    assert named(with_info(Title="Care Plan 3333-3333-333")) == ()


def test_a_file_that_names_two_plans_says_which() -> None:
    assert set(named(with_info(Title=f"{b.DOCUMENT_ID} and {OTHER_ID}"))) == {b.DOCUMENT_ID, OTHER_ID}


def test_a_file_that_cant_be_read_is_found_by_an_id_in_its_raw_bytes() -> None:
    assert named(b"%PDF-1.7 broken " + b.DOCUMENT_ID.lower().encode()) == (b.DOCUMENT_ID,)


def test_no_bytes_match_nothing() -> None:
    assert (named(b""), index().by_bytes(b"")) == ((), None)


def test_behind_the_last_end_mark_stands_nothing_a_revision_broken_off_or_something_else() -> None:
    assert tail_of(b"%PDF-1.7 %%EOF\r\n") is Tail.NOTHING
    assert tail_of(b"%PDF-1.7 %%EOF\n12 0 obj\n<<") is Tail.BROKEN_OFF
    assert tail_of(b"%PDF-1.7 %%EOF\n-- scanned --") is Tail.SOMETHING
