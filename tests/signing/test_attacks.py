"""No file that an attacker makes of our plan is accepted, and each gives the finding that names what was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from cpdocs.core.verdicts import Lane, Verdict
from cpdocs.signing.examination import Examination
from tests.signing import builder as b
from tests.signing.attacks import rawbytes, resaves, revisions, signatures, structure
from tests.signing.attacks.revisions import Change

BY_CHANGE = {
    revisions.invisible_signature_field: {"extra_field", "changed_after_signing"},
    revisions.visible_signature_field: {"extra_field", "changed_after_signing"},
    revisions.text_field: {"extra_field", "changed_after_signing"},
    revisions.child_field: {"extra_field"},
    revisions.remove_field: {"field_missing", "changed_after_signing"},
    revisions.rename_member_field: {"extra_field", "field_missing"},
    revisions.strip_seal: {"seal_missing"},
    revisions.free_the_seal: {"seal_missing", "field_missing"},
    revisions.info_title: {"title_changed"},
    revisions.xmp_title: {"title_changed"},
    revisions.open_action: {"active_content", "changed_after_signing"},
    revisions.embedded_file: {"active_content", "changed_after_signing"},
    revisions.xfa_form: {"active_content", "changed_after_signing"},
    revisions.field_script: {"active_content", "changed_after_signing"},
    revisions.second_field_of_our_name: {"extra_field"},
    revisions.false_timestamp_field: {"unverifiable"},
    revisions.many_objects: {"changes_unclear"},
    revisions.swap_font: {"changes_unclear"},
}
"""What a change must give where it isn't the usual finding."""
USUAL = {"changed_after_signing"}


def codes(examination: Examination) -> set[str]:
    return {each.code for each in examination.findings}


def refuse(data: bytes, expected: set[str]) -> Examination:
    examination = b.verdict(data)
    found = codes(examination)
    assert examination.verdict is not Verdict.ACCEPTED
    assert not examination.slots
    assert expected <= found, found
    return examination


@pytest.mark.parametrize("change", revisions.CHANGES, ids=lambda change: change.__name__)
def test_a_change_before_the_pcp_signs_is_seen_through_the_seal(change: Change) -> None:
    if change is revisions.second_field_of_our_name:
        pytest.skip("no program signs one of two fields of the same name")
    changed = revisions.revise(b.issued().data, change)
    data = b.sign(changed, "PCPSig", b.office().clinician())
    refuse(data, BY_CHANGE.get(change, USUAL))


@pytest.mark.parametrize("change", revisions.CHANGES, ids=lambda change: change.__name__)
def test_a_change_after_the_pcp_signed_is_seen(change: Change) -> None:
    data = revisions.revise(b.sign(b.issued().data, "PCPSig", b.office().clinician()), change)
    refuse(data, BY_CHANGE.get(change, USUAL))


@pytest.mark.parametrize("make", rawbytes.EXPECTED, ids=lambda make: make.__name__)
def test_changed_bytes_are_refused(make: Callable[[], bytes]) -> None:
    refuse(make(), rawbytes.EXPECTED[make])


@pytest.mark.parametrize("make", signatures.EXPECTED, ids=lambda make: make.__name__)
def test_attacks_with_signatures_are_refused(make: Callable[[], bytes]) -> None:
    refuse(make(), signatures.EXPECTED[make])


@pytest.mark.parametrize("make", structure.EXPECTED, ids=lambda make: make.__name__)
def test_cross_references_of_which_readers_make_different_documents_are_refused(make: Callable[[], bytes]) -> None:
    refuse(make(), structure.EXPECTED[make])


@pytest.mark.parametrize("make", resaves.LIBRARIES, ids=lambda make: make.__name__)
def test_a_plan_saved_again_by_a_library_is_rejected_with_how_to_send_it_again(make: Callable[[], bytes]) -> None:
    examination = refuse(make(), {"damaged_resaved"})
    assert (examination.verdict, examination.lane) == (Verdict.REJECTED, Lane.DAMAGED)


@pytest.mark.parametrize("command", resaves.TOOLS, ids=" ".join)
def test_a_plan_saved_again_by_a_tool_is_rejected(command: tuple[str, ...]) -> None:
    data = resaves.tool(*command)
    if data is None:
        pytest.skip(f"{command[0]} isn't installed")
    assert refuse(data, {"damaged_resaved"}).lane is Lane.DAMAGED


def test_fonts_written_anew_are_held_for_a_comparison_of_pages_and_hide_nothing_else() -> None:
    rewritten = b.sign(revisions.revise(b.issued().data, revisions.swap_font), "PCPSig", b.office().clinician())
    assert refuse(rewritten, {"changes_unclear"}).verdict is Verdict.HELD

    def more(writer: revisions.Writer) -> None:
        revisions.swap_font(writer)
        revisions.rotate_page(writer)

    changed = b.sign(revisions.revise(b.issued().data, more), "PCPSig", b.office().clinician())
    assert refuse(changed, {"changed_after_signing"}).verdict is Verdict.REJECTED


def test_what_is_filled_in_behind_the_last_signature_is_covered_by_nobody() -> None:
    signed = b.sign(b.issued().data, "PCPSig", b.office().clinician())
    refuse(revisions.revise(signed, revisions.form_resources), {"not_whole_file"})


def test_a_plan_whose_own_seal_is_not_genuine_is_rejected() -> None:
    data = bytearray(b.issued().data)
    at = data.rindex(b"/Contents <") + 11
    last = at + 2 * (4 + int(data[at + 4 : at + 8], 16)) - 4
    data[last] = ord("1") if data[last] != ord("1") else ord("2")
    spoilt = bytes(data)
    plan = b.Issued(spoilt, replace(b.issued().plan, sha256=sha256(spoilt).hexdigest()), b.issued().boxes)
    examination = b.verdict(b.sign(spoilt, "PCPSig", b.office().clinician()), plan=plan)
    assert examination.verdict is Verdict.REJECTED
    assert "seal_broken" in codes(examination)


def test_no_cut_of_a_signed_plan_is_accepted_but_a_whole_revision() -> None:
    signed = b.sign(b.issued().data, "PCPSig", b.office().clinician())
    size = len(b.issued().data)
    for length in sorted({*range(0, size, size // 40), *range(size + 1, len(signed), (len(signed) - size) // 60)}):
        refuse(signed[:length], set())
