"""The checks on the whole file, from facts alone: what each combination of coverage, tail and change comes to."""

from __future__ import annotations

import pytest

from cpdocs.signing.field_names import FIELDS
from cpdocs.signing.file_facts import Change, Covers, FieldFacts, FileFacts, SignatureFacts, Tail
from cpdocs.signing.filechecks import check_coverage, check_fields, check_signatures


def file(covers: Covers, *, revision: int, change: Change = Change.ARCHIVAL, sound: bool = True) -> FileFacts:
    """A file of three revisions whose last signature is in ``revision``."""
    seal = SignatureFacts(
        "OrganizationSeal", False, intact=True, valid=True, covers=Covers.REVISION, end=50, certifies=2
    )
    last = SignatureFacts(
        "PCPSig", False, intact=sound, valid=sound, covers=covers, end=100, revision=revision, change=change
    )
    return FileFacts(signatures=(seal, last), revisions=3)


def found(tail: Tail, facts: FileFacts) -> list[str]:
    return [each.code for each in check_coverage(tail, facts)]


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (Tail.NOTHING, []),
        (Tail.SPACE, ["trailing_bytes"]),
        (Tail.BROKEN_OFF, ["trailing_bytes"]),
        (Tail.SOMETHING, ["trailing_bytes"]),
        (Tail.RESTORED, ["line_end_lost"]),
    ],
)
def test_archival_material_may_follow_the_last_signature_and_nothing_may_stand_behind_it(
    tail: Tail, expected: list[str]
) -> None:
    assert found(tail, file(Covers.REVISION, revision=1)) == expected


def test_a_last_signature_that_leaves_something_out_is_told_by_what_that_is() -> None:
    assert found(Tail.NOTHING, file(Covers.REVISION, revision=2)) == ["trailing_bytes"]
    assert found(Tail.SPACE, file(Covers.REVISION, revision=2)) == ["line_end_added"]
    assert found(Tail.NOTHING, file(Covers.UNCLEAR, revision=2)) == ["not_whole_file"]
    for change in set(Change) - {Change.ARCHIVAL}:
        assert found(Tail.NOTHING, file(Covers.REVISION, revision=1, change=change)) == ["not_whole_file"]
    for tail in set(Tail) - {Tail.RESTORED}:
        assert found(tail, file(Covers.WHOLE_FILE, revision=2)) == []


def test_only_the_last_signature_of_a_file_whose_line_end_is_missing_is_left_unjudged() -> None:
    facts = file(Covers.WHOLE_FILE, revision=2, sound=False)
    assert [each.code for each in check_signatures(Tail.UNPROVEN, facts)] == ["line_end_missing"]
    assert [each.code for each in check_signatures(Tail.NOTHING, facts)] == ["signature_broken"]
    seal = SignatureFacts("OrganizationSeal", False, covers=Covers.REVISION, end=50, certifies=2)
    broken = FileFacts(signatures=(seal, *facts.signatures[1:]), revisions=3)
    assert [each.code for each in check_signatures(Tail.UNPROVEN, broken)] == ["seal_broken", "line_end_missing"]


@pytest.mark.parametrize("kind", ["/Btn", "/Tx", "/Ch", ""])
def test_a_field_of_our_name_and_of_another_kind_is_none_of_ours(kind: str) -> None:
    ours = [FieldFacts(name, "/Sig", filled=False, is_timestamp=False) for name in FIELDS]
    assert list(check_fields(FileFacts(fields=tuple(ours)))) == []
    other = FieldFacts(FIELDS[-1], kind, filled=False, is_timestamp=False)
    assert [each.code for each in check_fields(FileFacts(fields=(*ours[:-1], other)))] == ["field_missing"]
    stamp = FieldFacts(FIELDS[-1], "/Sig", filled=True, is_timestamp=True)
    assert [each.code for each in check_fields(FileFacts(fields=(*ours, stamp)))] == ["extra_field"]
    twice = FieldFacts(FIELDS[0], "/Sig", filled=False, is_timestamp=False)
    assert [each.code for each in check_fields(FileFacts(fields=(*ours, twice)))] == ["extra_field"]
