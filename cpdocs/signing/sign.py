"""Signing a slot of an issued plan: by a clinician's own key, or by a member's one-time key at a visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from pyhanko.sign.timestamps import TimeStamper

from cpdocs.core.moments import moment_text
from cpdocs.core.verdicts import Slot
from cpdocs.errors import InputFault
from cpdocs.signing.appearance import Ink, Line, Picture
from cpdocs.signing.field_names import FIELD_OF_SLOT, MEANING
from cpdocs.signing.identity import named_in
from cpdocs.signing.increment import Format, Statement, append_signature
from cpdocs.signing.keyfiles import KeyPair, check_dates, fingerprint
from cpdocs.signing.unsigned import look

_SLOT_WORDS = {Slot.MEMBER: "the member", Slot.PCP: "the PCP or designee"}


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs, as the page will show it. ``witness`` is set for a member at a visit; ``npi`` for a clinician.

    ``acting`` says for whom a representative signs and by what right.
    """

    name: str
    npi: str = ""
    acting: str = ""
    witness: str = ""


def signatory_of(certificate: x509.Certificate) -> Signatory:
    """The person whom a clinician's certificate names."""
    named = named_in(certificate)
    return Signatory(named.name, npi=named.npi)


def sign_slot(
    pdf: bytes,
    slot: Slot,
    pair: KeyPair,
    signatory: Signatory,
    *,
    now: datetime,
    font: bytes,
    ink: Ink | None = None,
    packing: Format = Format.PADES,
    name: str = "The file",
    timestamper: TimeStamper | None = None,
) -> bytes:
    """``pdf`` with ``slot`` signed: the bytes given, and one increment behind them with the signature and its picture.

    PAdES B-B with the slot's meaning as its reason, B-T with a ``timestamper``. ``now`` (aware) is the signer's own
    clock; ``font`` a TrueType file; ``name`` what to call the file in messages.

    Raises:
        TimestampUnavailable: the authority gave no time stamp.
        InputFault: not an issued plan, changed since, the slot is signed already, or the key can't sign it.
    """
    plan = look(pdf, name=name)
    if slot in plan.signed:
        raise InputFault(
            f"{name} is signed for {_SLOT_WORDS[slot]} already.", todo="Send it back as it is; a slot is signed once."
        )
    check_dates(pair, now, name="this digital ID")
    _check_key(pair, slot, (plan.seal_fingerprint, *plan.signed.values()))
    statement = Statement(name=signatory.name, reason=MEANING[slot], signed_at=now)
    picture = Picture(_lines(slot, signatory, now), font, ink)
    return append_signature(
        pdf, FIELD_OF_SLOT[slot], pair, statement, picture=picture, packing=packing, timestamper=timestamper
    )


def _check_key(pair: KeyPair, slot: Slot, taken: tuple[str, ...]) -> None:
    certificate = pair.certificate
    if fingerprint(certificate) in taken:
        raise InputFault(
            "This digital ID has signed this plan already, as its seal or in the other slot.",
            todo="Each slot needs a signer of its own.",
        )
    named = named_in(certificate)
    if bool(named.document_id) != (slot is Slot.MEMBER and bool(named.document_id)):
        raise InputFault(
            "A member's one-time key can't sign for the PCP.", todo="Sign with the clinician's own digital ID."
        )
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise InputFault(
            "This digital ID is not meant for signing.", todo="Use the one whose certificate is for digital signatures."
        )


def _lines(slot: Slot, signatory: Signatory, now: datetime) -> tuple[Line, ...]:
    """The lines of the picture: who, in what capacity, when, and what it means (21 CFR 11.50)."""

    who = "Signed in person by" if signatory.witness else "Digitally signed by"
    lines = [Line(f"{who} {signatory.name}", f"{who} the person named in the signature's certificate")]
    if signatory.acting:
        lines.append(Line(signatory.acting, "as the member's representative"))
    if signatory.npi:
        lines.append(Line(f"NPI {signatory.npi}"))
    if signatory.witness:
        lines.append(Line(f"Witness: {signatory.witness}", "Witness: on record"))
    lines.append(Line(moment_text(now)))
    lines.append(Line(MEANING[slot]))
    return tuple(lines)
