"""Each check of the procedure carries: taken out, the file that it is there for loses its finding, and so its test
would fail.

The checks are numbered as in ``cpdocs.signing.verify``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from cpdocs.core.verdicts import Lane, Verdict
from cpdocs.signing import authority, coverage, difference, facts, filechecks, gate, reading, slotchecks, verify
from cpdocs.signing.keyfiles import certificate_der, fingerprint
from cpdocs.signing.trust import Pin, Revoked
from tests.signing import builder as b
from tests.signing.attacks import appended, cms, rawbytes, revisions, signatures, structure


def nothing(*_: Any, **__: Any) -> tuple[Any, ...]:
    return ()


def pcp(data: bytes | None = None, **how: Any) -> bytes:
    return b.sign(data or b.issued().data, "PCPSig", b.office().clinician(), **how)


@dataclass(frozen=True)
class Check:
    """One check: its number, what it is, what takes it out, a file, and the finding that is gone without it."""

    number: str
    what: str
    where: object
    name: str
    instead: object
    make: Callable[[], bytes]
    code: str
    given: Callable[[], dict[str, Any]] = field(default=dict)


def revoked() -> dict[str, Any]:
    taken_back = {fingerprint(_lost().certificate): Revoked(b.office().now - timedelta(hours=1), "superseded")}
    return {"trust": b.trust(revoked=taken_back)}


_kept: list[Any] = []


def _lost() -> Any:
    if not _kept:
        _kept.append(b.office().clinician())
    return _kept[0]


def expired() -> bytes:
    now = b.office().now
    return b.sign(
        b.issued().data,
        "PCPSig",
        b.office().clinician(validity=authority.Validity(now - timedelta(days=9), now - timedelta(days=1))),
    )


def stranger_with_a_pin_for_a_member() -> dict[str, Any]:
    pair = _pinned()
    pins = {fingerprint(pair.certificate): Pin(b.office().now, member_id=b.MEMBER_ID)}
    return {"trust": b.trust(pinned=(certificate_der(pair.certificate),), pins=pins)}


_pins: list[Any] = []


def _pinned() -> Any:
    if not _pins:
        _pins.append(b.self_signed())
    return _pins[0]


def spoilt_seal() -> dict[str, Any]:
    """The plan as issued with a seal that isn't genuine: see ``signed_over_a_spoilt_seal``."""
    data = _spoilt()
    return {"plan": b.Issued(data, replace(b.issued().plan, sha256=sha256(data).hexdigest()), b.issued().boxes)}


def _spoilt() -> bytes:
    data = bytearray(b.issued().data)
    at = data.rindex(b"/Contents <") + 11
    last = at + 2 * (4 + int(data[at + 4 : at + 8], 16)) - 4
    data[last] = ord("1") if data[last] != ord("1") else ord("2")
    return bytes(data)


def other_seal() -> dict[str, Any]:
    return {"plan": replace(b.issued(), plan=replace(b.issued().plan, seal_fingerprint="0" * 64))}


def two_changes_of_the_store() -> bytes:
    """An object that an earlier returned revision brought in, overwritten by a later one."""
    signed = pcp(visible=True)
    return revisions.revise(signed, signatures_picture)


def signatures_picture(writer: revisions.Writer) -> None:
    raw = revisions._field(writer, "PCPSig")["/AP"].raw_get("/N")
    writer.objects[raw.generation, raw.idnum] = revisions.generic.StreamObject(
        revisions.dictionary(Type=revisions.name("XObject"), Subtype=revisions.name("Form")), stream_data=b"0 0 m S"
    )


def revisions_without_end() -> bytes:
    data = b.issued().data
    for _ in range(30):
        data = revisions.revise(data, revisions.add_nothing)
    return data


def before(change: revisions.Change) -> Callable[[], bytes]:
    return lambda: pcp(revisions.revise(b.issued().data, change))


def after(change: revisions.Change) -> Callable[[], bytes]:
    return lambda: revisions.revise(pcp(), change)


def passes(*_: Any, **__: Any) -> bool:
    return True


CHECKS = (
    Check("1", "the revisions begin with ours", filechecks, "check_prefix", nothing, rawbytes.revisions_skipped,
          "not_issued_bytes"),
    Check("2", "nothing behind the last signature", filechecks, "check_coverage", nothing, rawbytes.tail_of_text,
          "trailing_bytes"),
    Check("2", "covered to its end", filechecks, "check_coverage", nothing, after(revisions.form_resources),
          "not_whole_file"),
    Check("2", "the ranges leave out the value alone", coverage, "_end_of_ranges", lambda each: sum(map(int,
          each.byte_range[2:])) + 10,
          rawbytes.ranges_that_overlap_the_value, "not_whole_file"),
    Check("3", "a signature is sound", facts.SignatureFacts, "sound", True, rawbytes.contents_bent, "signature_broken"),
    Check("3", "so is the seal", facts.SignatureFacts, "sound", True, lambda: pcp(_spoilt()), "seal_broken",
          spoilt_seal),
    Check("3", "nothing hides behind a value", facts, "_value", lambda value: (value, False),
          rawbytes.contents_padding_used,
          "signature_broken"),
    Check("3", "attributes are signed", filechecks, "check_attributes", nothing, cms.no_signed_attributes,
          "unverifiable"),
    Check("3", "only the seal certifies", filechecks, "check_signatures", nothing, signatures.second_certification,
          "unverifiable"),
    Check("4", "no other field", filechecks, "check_fields", nothing, before(revisions.invisible_signature_field),
          "extra_field"),
    Check("4", "every field of ours", filechecks, "check_fields", nothing, before(revisions.remove_field),
          "field_missing"),
    Check("4", "no field below ours", filechecks, "check_fields", nothing, before(revisions.child_field),
          "extra_field"),
    Check("5", "the seal is there", filechecks, "check_seal", nothing, before(revisions.strip_seal), "seal_missing"),
    Check("5", "the seal is this plan's own", filechecks, "check_seal", nothing, pcp, "seal_not_ours", other_seal),
    Check("6", "changes are on the list", facts, "_change", lambda *_, **__: facts.Change.SIGNATURES,
          before(revisions.free_text),
          "changed_after_signing"),
    Check("6", "a: no new field but for a stamp", difference._TimestampFieldRule, "apply",
          difference.SigFieldCreationRule.apply,
          before(revisions.invisible_signature_field), "changed_after_signing"),
    Check("6", "c: nothing returned is overwritten", difference.StrictPolicy, "_refuse_overwriting_increments", nothing,
          two_changes_of_the_store, "changes_unclear"),
    Check("6", "d: fonts are for a person", difference, "_font_refs", lambda _: set(), before(revisions.swap_font),
          "changes_unclear"),
    Check("6", "e: no more objects than signing needs", difference, "MOST_OBJECTS", 10_000,
          before(revisions.many_objects),
          "changes_unclear"),
    Check("6", "e: no more revisions", reading, "MOST_REVISIONS", 1_000, revisions_without_end, "too_many_revisions"),
    Check("7", "no value twice", filechecks, "check_distinct", nothing, signatures.copied_value,
          "same_signature_twice"),
    Check("6", "every parser reaches the pages that we issued", filechecks, "check_pages", nothing,
          lambda: appended.entry_listed_twice(pcp()), "pages_read_differently"),
    Check("6", "every appended byte is accounted for", filechecks, "check_additions", nothing,
          lambda: appended.entry_listed_twice(pcp()), "additions_unclear"),
    Check("7", "no certificate in both slots", filechecks, "check_distinct", nothing,
          signatures.one_certificate_in_both_slots,
          "same_certificate_both_slots"),
    Check("7", "no key in both slots", filechecks, "_key_of",
          lambda each: each.certificate.fingerprint if each.certificate else "",
          signatures.one_key_in_both_slots, "same_certificate_both_slots"),
    Check("8", "somebody vouches for the certificate", slotchecks, "_unvouched",
          lambda _: slotchecks.finding("no_reason"),
          lambda: b.sign(b.issued().data, "PCPSig", b.self_signed()), "self_signed_unpinned"),
    Check("8", "a member's pin fills no PCP's slot", slotchecks, "_pcp", lambda *_: slotchecks.SlotOutcome((), None),
          lambda: b.sign(b.issued().data, "PCPSig", _pinned()), "member_in_pcp_slot", stranger_with_a_pin_for_a_member),
    Check("8", "whoever signs may approve", slotchecks, "may_approve", lambda **_: _anybody(),
          lambda: b.sign(b.issued().data, "PCPSig", b.office().clinician(b.STRANGER)), "signer_unknown"),
    Check("8", "the meaning is approval", slotchecks, "_meaning", nothing,
          lambda: b.strip_seed_values(lambda data: pcp(data, reason="I have only read this.")), "reason_differs"),
    Check("9", "not revoked", slotchecks, "_revocation", nothing, lambda: b.sign(b.issued().data, "PCPSig", _lost()),
          "revoked", revoked),
    Check("9", "within its dates", slotchecks, "_dates", nothing, expired, "expired"),
    Check("9", "a safe method", slotchecks, "_method", nothing, cms.sha1_inside_sha256, "weak_digest"),
    Check("10", "particulars as sealed", filechecks, "check_particulars", nothing, before(revisions.info_title),
          "title_changed"),
    Check("10", "and in every revision", facts, "same_particulars", passes, before(revisions.xmp_title),
          "title_changed"),
    Check("11", "no structure to be guessed", filechecks, "check_structure", nothing, structure.searched_for_objects,
          "unverifiable"),
    Check("A", "active content", gate, "_active", nothing, before(revisions.open_action), "active_content"),
    Check("state", "the version is open", verify, "_state", nothing, pcp, "withdrawn_version",
          lambda: {"issued_plan": replace(b.issued().plan, closed="withdrawn")}),
)  # fmt: skip


def _anybody() -> Any:
    from cpdocs.core.signers import Standing

    return Standing("pcp", "", None, ())


@pytest.mark.parametrize("check", CHECKS, ids=[f"{each.number}-{each.what.replace(' ', '-')}" for each in CHECKS])
def test_without_this_check_its_finding_is_gone(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    data, given = check.make(), check.given()
    found = {each.code for each in b.verdict(data, **given).findings}
    assert check.code in found
    monkeypatch.setattr(check.where, check.name, property(passes) if check.instead is True else check.instead)
    left = b.verdict(data, **given)
    assert check.code not in {each.code for each in left.findings}, (
        "something else gives that finding: this check isn't shown to carry"
    )


def test_the_whole_procedure_ends_in_a_verdict_even_where_a_check_itself_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(verify.filechecks, "check_seal", fails)
    examination = b.verdict(pcp())
    assert (examination.verdict, [each.code for each in examination.findings]) == (Verdict.HELD, ["unverifiable"])


def test_no_other_lane_accepts_whatever_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify.lanes, "classify", lambda *_, **__: (Lane.ESIGN_SERVICE, ()))
    examination = b.verdict(rawbytes.byte_in_plan())
    assert (examination.verdict, examination.fills) == (Verdict.HELD, {})
