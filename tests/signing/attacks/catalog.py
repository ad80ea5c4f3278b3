"""Every attack by its family: what docs/attacks.md lists, and what no file of may be accepted.

``python -m tests.signing.attacks.catalog`` writes that page; a test says when it wasn't run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cpdocs.core.verdicts import Verdict
from tests.signing import builder as b
from tests.signing.attacks import appended, cms, rawbytes, resaves, revisions, signatures, structure

PAGE = Path(__file__).parents[3] / "docs" / "attacks.md"

Make = Callable[[], bytes]


@dataclass(frozen=True)
class Attack:
    """One file: how it is made, and the findings that it must at least give."""

    name: str
    make: Make
    findings: frozenset[str]


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


def _before(change: revisions.Change) -> Make:
    return lambda: b.sign(revisions.revise(b.issued().data, change), "PCPSig", b.office().clinician())


def _after(change: revisions.Change) -> Make:
    return lambda: revisions.revise(b.sign(b.issued().data, "PCPSig", b.office().clinician()), change)


def _changes(*changes: revisions.Change) -> Iterator[Attack]:
    """Each change before the PCP signs, and after. No program signs one of two fields of the same name."""
    for change in changes:
        expected = frozenset(BY_CHANGE.get(change, USUAL))
        if change is not revisions.second_field_of_our_name:
            yield Attack(f"{change.__name__}, before the PCP signs", _before(change), expected)
        yield Attack(f"{change.__name__}, after the PCP signed", _after(change), expected)


def _of(module: dict[Make, set[str]], *makes: Make) -> Iterator[Attack]:
    for make in makes:
        yield Attack(make.__name__, make, frozenset(module[make]))


def _appended() -> Iterator[Attack]:
    """Each revision by hand put behind the issued plan, which the PCP then signs, and behind the signed one."""
    unclear = frozenset({"additions_unclear"})
    for change in appended.HAND:
        yield Attack(f"{change.__name__}, before the PCP signs", partial(_then_signed, change), unclear)
        yield Attack(f"{change.__name__}, after the PCP signed", partial(_behind, change), unclear)
    for change in appended.NOT_READ:
        yield Attack(f"{change.__name__}, after the PCP signed", partial(_behind, change), frozenset({"unverifiable"}))
    second = appended.second_start_before_the_signature
    yield Attack(second.__name__, partial(_then_signed, second), unclear)


def _then_signed(change: appended.Bytes) -> bytes:
    return appended.signed(change(b.issued().data))


def _behind(change: appended.Bytes) -> bytes:
    return change(appended.signed_once())


def _saved(*makes: Make) -> Iterator[Attack]:
    for make in makes:
        yield Attack(make.__name__, make, frozenset({"damaged_resaved"}))


_R, _S, _C, _X, _V = rawbytes, signatures, cms, structure, revisions

FAMILIES: dict[str, tuple[Attack, ...]] = {
    "Universal signature forgery: a signature without what it covers, or without itself": (
        *_of(
            _R.EXPECTED,
            _R.range_missing,
            _R.range_renamed,
            _R.range_null,
            _R.range_empty,
            _R.range_negative,
            _R.range_of_three,
        ),
        *_of(_R.EXPECTED, _R.contents_missing, _R.contents_empty, _R.contents_null, _R.contents_zero, _R.contents_bent),
        *_of(
            _R.EXPECTED,
            _R.contents_padding_used,
            _R.subfilter_unknown,
            _R.subfilter_old,
            _R.type_changed,
            _R.time_changed,
        ),
    ),
    "Incremental saving: something behind the signed bytes": (
        *_of(
            _R.EXPECTED,
            _R.appended_object_without_reference,
            _R.appended_object_and_trailer,
            _R.appended_whole_document,
        ),
        *_of(_R.EXPECTED, _R.tail_of_text, _R.tail_of_zeros, _R.tail_with_end_mark),
        *_changes(
            _V.replace_page_text,
            _V.overwrite_content_stream,
            _V.add_page,
            _V.remove_page,
            _V.swap_pages,
            _V.rotate_page,
        ),
        *_changes(
            _V.crop_page, _V.swap_page_resources, _V.many_objects, _V.swap_font, _V.hidden_layer, _V.other_language
        ),
        *_changes(_V.spoken_text, _V.info_title, _V.xmp_title, _V.unknown_store_entry, _V.page_beside_store),
    ),
    "Signature wrapping: byte ranges moved, overlapping, with gaps, over another part": (
        *_of(
            _R.EXPECTED,
            _R.range_of_the_issued_plan,
            _R.ranges_that_overlap_the_value,
            _R.ranges_that_reach_into_the_value,
        ),
        *_of(_R.EXPECTED, _R.ranges_with_a_gap, _R.ranges_beyond_the_end, _R.ranges_short_of_the_end, _R.wrapped),
        *_of(_R.EXPECTED, _R.wrapped_around_another_object, _R.revisions_skipped),
    ),
    "Shadow: what was laid ready before signing hides, replaces, or hides and replaces": (
        *_of(_S.EXPECTED, _S.shadow_hide, _S.shadow_replace, _S.shadow_hide_and_replace),
        *_of(_X.EXPECTED, _X.tree_behind_the_extensions, _X.another_catalog),
        *_changes(_V.contents_as_stored_certificate, _V.contents_as_appearance, _V.contents_as_extensions),
        *_changes(_V.contents_as_form_resource),
    ),
    "Annotations on the certified plan (EAA)": (*_changes(_V.free_text, _V.stamp_picture, _V.link, _V.redaction_box),),
    "Signatures and fields on the certified plan (SSA)": (
        *_of(
            _S.EXPECTED,
            _S.sneaky_signature_before_the_pcps,
            _S.sneaky_signature_after_the_pcps,
            _S.second_certification,
        ),
        *_of(_S.EXPECTED, _S.signature_of_a_stranger_in_the_members_field),
        *_changes(_V.invisible_signature_field, _V.visible_signature_field, _V.text_field, _V.second_field_of_our_name),
        *_changes(_V.child_field, _V.false_timestamp_field, _V.visible_timestamp_field),
    ),
    "Our fields changed: moved, enlarged, hidden, renamed, relabelled, unlocked": (
        *_changes(
            _V.remove_field,
            _V.move_member_field,
            _V.enlarge_member_field,
            _V.rename_member_field,
            _V.relabel_member_field,
        ),
        *_changes(_V.hide_member_field, _V.print_another_field, _V.layer_for_a_field, _V.looser_lock, _V.spoken_field),
        *_changes(_V.change_seed_value, _V.picture_in_unsigned_field),
    ),
    "Appearances exchanged": (
        *_of(_S.EXPECTED, _S.appearance_swapped_after_signing, _S.appearance_stream_overwritten),
    ),
    "One signature, certificate or key used twice": (
        *_of(_S.EXPECTED, _S.one_value_in_two_fields, _S.seal_as_approval, _S.copied_value, _S.value_from_another_plan),
        *_of(_S.EXPECTED, _S.one_certificate_in_both_slots, _S.one_key_in_both_slots, _S.seal_key_in_pcp_slot),
        *_of(_S.EXPECTED, _S.signature_value_removed, _S.member_signs_over_a_change),
        *_of(_C.EXPECTED, _C.value_of_the_seal),
    ),
    "The seal stripped, or another in its place": (
        *_of(
            _S.EXPECTED, _S.stripped_and_signed, _S.resealed_by_another_organization, _S.resealed_by_a_trusted_clinician
        ),
        *_of(_S.EXPECTED, _S.seal_replaced_in_place),
        *_changes(_V.strip_seal, _V.free_the_seal, _V.drop_permissions),
    ),
    "Certificates of who may not certify": (
        *_of(_S.EXPECTED, _S.certificate_from_a_clinician, _S.certificate_from_an_authority_of_our_name),
        *_of(_S.EXPECTED, _S.certificate_from_the_seals_key, _S.npi_in_the_name),
        *_of(
            _C.EXPECTED,
            _C.names_another_certificate,
            _C.carries_anothers_certificate,
            _C.certificate_of_the_same_name_and_number,
        ),
        *_of(_C.EXPECTED, _C.no_certificate),
    ),
    "Signature values made by hand: attributes, signers, enclosed contents": (
        *_of(_C.EXPECTED, _C.no_signed_attributes, _C.no_content_type, _C.another_content_type, _C.no_message_digest),
        *_of(_C.EXPECTED, _C.another_message_digest, _C.two_message_digests, _C.two_values_of_the_message_digest),
        *_of(_C.EXPECTED, _C.no_signer, _C.two_signers, _C.encloses_what_it_signs, _C.no_signed_data),
    ),
    "Weak methods: MD5, SHA-1, odd paddings": (
        *_of(
            _C.EXPECTED, _C.md5_value, _C.sha1_value, _C.sha1_inside_sha256, _C.pss_with_sha1, _C.pss_with_another_mask
        ),
        *_of(_C.EXPECTED, _C.pss_with_another_salt),
    ),
    "Another document, everything in it valid": (*_of(_R.EXPECTED, _R.signature_of_another_plan),),
    "Cross-references of which readers make different documents": (
        *_of(
            _X.EXPECTED,
            _X.searched_for_objects,
            _X.contents_freed,
            _X.contents_overwritten,
            _X.chain_that_returns_to_itself,
        ),
        *_of(
            _X.EXPECTED,
            _X.chain_beyond_the_end,
            _X.key_given_twice,
            _X.key_given_twice_in_two_spellings,
            _X.later_generation,
        ),
        *_of(
            _X.EXPECTED, _X.entry_for_another_object, _X.last_revision_passed_over, _X.encryption_named_in_the_trailer
        ),
        *_of(
            _X.EXPECTED, _X.contents_in_a_cross_reference_stream, _X.page_in_an_object_stream, _X.hybrid_cross_reference
        ),
        *_of(_X.EXPECTED, _X.entries_without_end, _X.brackets_without_end),
    ),
    "Bytes that two readers read differently, or that nobody has vouched for": tuple(_appended()),
    "What no signer needs, in the revision that the PCP signs": tuple(
        Attack(make.__name__, make, frozenset({"additions_unclear"})) for make in appended.SIGNING
    ),
    "Active content": (*_changes(_V.open_action, _V.embedded_file, _V.xfa_form, _V.field_script),),
    "Bytes changed, before or inside the plan; mail gateways in text mode": (
        *_of(_R.EXPECTED, _R.byte_in_plan, _R.byte_in_increment, _R.leading_text, _R.leading_byte_order_mark),
        *_of(_R.EXPECTED, _R.line_ends_mangled, _R.high_bits_lost),
    ),
    "Cut off": (*_of(_R.EXPECTED, _R.cut_in_the_plan, _R.cut_in_the_signature, _R.cut_at_the_end),),
    "Saved again by a library": (*_saved(*resaves.LIBRARIES),),
}

_HEAD = """# Attacks that the tests make

Made by `make docs` from `tests/signing/attacks/`, where each file is generated from a plan that we issued.
`tests/signing/test_attacks.py` wants that none is accepted and that each gives at least the findings named here
([verdicts.md](verdicts.md) says what they mean). Beside these files it cuts a signed plan at 200 places, and has it
saved again by
qpdf, mutool and Ghostscript; `tests/signing/test_fuzz.py` bends bytes at random, and `make fuzz` does so guided by
the code that
they reach. `tests/signing/test_checks_carry.py` takes out each check and wants its finding gone. What genuine signers
send is
accepted in the variants of `tests/signing/genuine.py`.
"""


def page() -> str:
    """The whole text of docs/attacks.md."""
    count = sum(map(len, FAMILIES.values()))
    parts = [_HEAD, f"{count} files in {len(FAMILIES)} families:\n", "| family | files |", "|---|---|"]
    parts += [f"| {family} | {len(attacks)} |" for family, attacks in FAMILIES.items()]
    for family, attacks in FAMILIES.items():
        parts += [f"\n## {family}\n", "| file | must give |", "|---|---|"]
        for each in attacks:
            found = ", ".join(f"`{code}`" for code in sorted(each.findings)) or f"anything but {Verdict.ACCEPTED.value}"
            parts.append(f"| {each.name.replace('_', ' ')} | {found} |")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.exit(0)
