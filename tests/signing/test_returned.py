"""Which plan a returned file is: by its bytes, else by the ids in it."""

from __future__ import annotations

import io

import pikepdf

from cpdocs.signing.index import IssuedIndex, Match
from cpdocs.signing.returned import match
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
    assert match(data, index()) == Match(b.DOCUMENT_ID, True, (b.DOCUMENT_ID,))
    assert match(b.issued(3, document_id=OTHER_ID).data, index()).document_id == OTHER_ID


def test_one_changed_byte_is_no_match_by_bytes() -> None:
    data = bytearray(b.issued().data)
    data[200] ^= 1
    assert not match(bytes(data), index()).by_bytes


def test_a_shorter_plan_whose_bytes_a_longer_one_begins_with_loses_to_the_longer() -> None:
    data = b.sign(b.issued().data, "PCPSig", b.office().clinician())
    from hashlib import sha256

    plans = [
        (b.DOCUMENT_ID, b.issued().plan.sha256, b.issued().plan.size),
        (OTHER_ID, sha256(data).hexdigest(), len(data)),
    ]
    assert IssuedIndex(plans).by_bytes(data + b"x") == OTHER_ID


def test_a_rewritten_file_is_found_by_the_id_in_its_metadata() -> None:
    assert match(with_info(Title=f"Care Plan {b.DOCUMENT_ID}"), index()) == Match(
        b.DOCUMENT_ID, False, (b.DOCUMENT_ID,)
    )


def test_an_id_that_was_never_issued_matches_nothing() -> None:
    assert match(with_info(Title="Care Plan 3333-3333-333"), index()) == Match(None)


def test_a_file_that_names_two_plans_matches_neither_and_says_which() -> None:
    found = match(with_info(Title=f"{b.DOCUMENT_ID} and {OTHER_ID}"), index())
    assert (found.document_id, set(found.candidates)) == (None, {b.DOCUMENT_ID, OTHER_ID})


def test_page_codes_win_over_ids_in_metadata() -> None:
    assert match(with_info(Title=f"Care Plan {b.DOCUMENT_ID}"), index(), [OTHER_ID]).document_id == OTHER_ID


def test_a_file_that_cant_be_read_is_found_by_an_id_in_its_raw_bytes() -> None:
    assert match(b"%PDF-1.7 broken " + b.DOCUMENT_ID.lower().encode(), index()).document_id == b.DOCUMENT_ID


def test_no_bytes_match_nothing() -> None:
    assert match(b"", index()) == Match(None)
