"""What long-term signers append behind a signature is accepted; what hides behind its form is not."""

from __future__ import annotations

from datetime import timedelta

from cpdocs.core.return_record import Decision
from cpdocs.core.verdicts import Slot, Verdict
from cpdocs.signing import authority
from cpdocs.signing.keyfiles import certificate_der
from cpdocs.signing.trust import Revoked
from tests.signing import archival
from tests.signing import builder as b
from tests.signing.attacks.revisions import revise, rotate_page


def codes(examination: Decision) -> list[str]:
    return [each.code for each in examination.findings]


def pcp_return() -> bytes:
    return b.sign(b.issued().data, "PCPSig", b.office().clinician())


def member_too(data: bytes) -> tuple[bytes, dict[str, object]]:
    pair = b.office().one_time(data)
    return b.sign(data, "MemberSig", pair), b.witnessed(pair, data)  # type: ignore[return-value]


def test_validation_material_behind_the_signature_is_accepted() -> None:
    examination = b.verdict(archival.with_validation_material(pcp_return()))
    assert (examination.verdict, codes(examination), examination.slots_filled) == (Verdict.ACCEPTED, [], (Slot.PCP,))


def test_a_document_time_stamp_behind_the_signature_is_accepted() -> None:
    examination = b.verdict(archival.with_document_stamp(pcp_return()))
    assert (examination.verdict, codes(examination)) == (Verdict.ACCEPTED, [])
    assert [each["slot"] for each in examination.signatures] == ["seal", "pcp", "timestamp"]


def test_material_and_time_stamp_and_material_again_are_accepted() -> None:
    data = archival.with_validation_material(
        archival.with_document_stamp(archival.with_validation_material(pcp_return()))
    )
    assert b.verdict(data).verdict is Verdict.ACCEPTED


def test_the_member_may_sign_after_the_pcps_program_added_its_material() -> None:
    data, visit = member_too(archival.with_document_stamp(archival.with_validation_material(pcp_return())))
    examination = b.verdict(data, trust=b.trust(witnessed=visit))
    assert (examination.verdict, examination.slots_filled) == (Verdict.ACCEPTED, (Slot.MEMBER, Slot.PCP)), codes(
        examination
    )


def test_a_time_stamp_of_an_authority_that_we_trust_proves_the_time() -> None:
    stamped = b.office().now + timedelta(minutes=2)
    data = archival.sign_with_stamp(b.issued().data, "PCPSig", b.office().clinician(), stamped)
    examination = b.verdict(data, trust=b.trust(timestamp_roots=(archival.clock_der(),)))
    assert (examination.verdict, codes(examination)) == (Verdict.ACCEPTED, [])
    approval = examination.fills[Slot.PCP]
    assert (approval.timestamped, approval.signed_at) == (
        True,
        stamped.replace(microsecond=approval.signed_at.microsecond),
    )  # type: ignore[union-attr]


def test_a_time_stamp_of_a_stranger_proves_nothing_and_hinders_nothing() -> None:
    data = archival.sign_with_stamp(b.issued().data, "PCPSig", b.office().clinician())
    examination = b.verdict(data)
    assert (examination.verdict, codes(examination)) == (Verdict.ACCEPTED, ["timestamp_untrusted"])
    assert not examination.fills[Slot.PCP].timestamped


def test_a_proven_time_before_expiry_saves_a_signature_whose_certificate_expired_on_its_way() -> None:
    now = b.office().now
    short = b.office().clinician(validity=authority.Validity(now - timedelta(days=1), now + timedelta(minutes=3)))
    data = archival.sign_with_stamp(b.issued().data, "PCPSig", short, now + timedelta(minutes=2))
    trusted = b.trust(timestamp_roots=(archival.clock_der(),))
    later = now + timedelta(days=2)
    assert b.verdict(data, trust=trusted, received_at=later).verdict is Verdict.ACCEPTED
    assert "expired" in codes(b.verdict(data, received_at=later))


def test_a_strangers_time_stamp_revives_no_certificate_that_has_expired() -> None:
    now = b.office().now
    ended = b.office().clinician(validity=authority.Validity(now - timedelta(days=9), now - timedelta(days=5)))
    data = archival.sign_with_stamp(b.issued().data, "PCPSig", ended, now - timedelta(days=6))
    another_clock = certificate_der(b.self_signed("Another Time Authority").certificate)
    examination = b.verdict(data, trust=b.trust(timestamp_roots=(another_clock,)))
    assert (examination.verdict, "expired" in codes(examination)) == (Verdict.HELD, True)


def test_a_proven_time_before_revocation_lets_a_signature_stand() -> None:
    now = b.office().now
    pair = b.office().clinician()
    data = archival.sign_with_stamp(b.issued().data, "PCPSig", pair, now + timedelta(minutes=1))
    revoked = {b.fingerprint(pair.certificate): Revoked(now + timedelta(minutes=2), "superseded")}
    with_clock = b.trust(timestamp_roots=(archival.clock_der(),), revoked=revoked)
    assert codes(b.verdict(data, trust=with_clock)) == ["revoked_later"]
    assert "revoked" in codes(b.verdict(data, trust=b.trust(revoked=revoked)))


def test_a_change_hidden_between_material_and_time_stamp_is_seen() -> None:
    data = archival.with_document_stamp(revise(archival.with_validation_material(pcp_return()), rotate_page))
    examination = b.verdict(data)
    assert (examination.verdict, "changed_after_signing" in codes(examination)) == (Verdict.REJECTED, True)


def test_a_broken_document_time_stamp_is_not_passed_over() -> None:
    data = bytearray(archival.with_document_stamp(pcp_return()))
    at = data.rindex(b"/Contents <") + 11
    length = 4 + int(data[at + 4 : at + 8], 16)
    data[at + 2 * length - 4] = ord("1") if data[at + 2 * length - 4] != ord("1") else ord("2")
    assert b.verdict(bytes(data)).verdict is not Verdict.ACCEPTED
