"""Signing an issued plan: by a clinician with their own key, or by the member at a visit before a witness.

A clinician's signature needs no workspace: an office runs this with nothing but the plan and its digital ID. A member's
does: the key is made here, in memory, certified for minutes for this document's exact bytes, used once and forgotten;
what makes the signature count is the event, recorded before the signed file is handed out.
"""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType
from cpdocs.core.people import Role
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.transitions import may_fill, must_take_part
from cpdocs.core.verdicts import Slot
from cpdocs.errors import InputFault, WorkspaceFault
from cpdocs.keys.organization_keys import load_pair
from cpdocs.people import people
from cpdocs.plans.approvals import refuse_own_key
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import plan_of, the_plan
from cpdocs.plans.signers import may_sign
from cpdocs.register.load import load_register
from cpdocs.system.durable import read_plain, write_durably

if TYPE_CHECKING:
    from cpdocs.signing.identity import NamedIn
    from cpdocs.signing.sign import Signatory
    from cpdocs.workspace import Workspace

FONT = "fonts/NotoSans-Regular.ttf"
_MOST_BYTES = 64 * 1024 * 1024
_SECONDS = 20.0
_MEGABYTES = 1024


@dataclass(frozen=True, slots=True)
class Signed:
    """A file that was signed: where it lies, its document id as the seal states it, and whom the certificate names.

    ``timestamped``: the signature carries a time stamp; ``why_not`` says why it doesn't where an authority was asked.
    """

    file: Path
    document_id: str
    signer: NamedIn
    timestamped: bool = False
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Stamping:
    """The time-stamping authority to ask for a stamp in the signature (empty: none), and whether signing waits for it:
    a member at a visit may be where there is no network."""

    url: str = ""
    required: bool = False


def read_input(path: Path, what: str) -> bytes:
    """The bytes of the regular file ``path``. Raises InputFault where it can't be read or is too large."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputFault(f"{path} is too large to be {what}.", todo="Check that this is the right file.")
        return read_plain(path.resolve())
    except OSError as error:
        raise InputFault(
            f"{path} can't be read: {(error.strerror or 'unreadable').lower()}.",
            todo=f"It must be {what}, and readable to you.",
        ) from None


def is_open_to_others(path: Path) -> bool:
    """Whether other accounts on this machine can read ``path``: a warning where it holds a secret."""
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


def output_for(file: Path, out: Path | None) -> Path:
    """Where the signed file goes: ``out``, else beside ``file`` with ``-signed`` in its name. Raises InputFault where
    it is."""
    target = out or file.with_name(f"{file.stem}-signed.pdf")
    if target.exists() or target.is_symlink():
        raise InputFault(f"{target} is there already and is left alone.", todo="Name another file with -o.")
    if not target.parent.is_dir():
        raise InputFault(f"There is no folder {target.parent}.", todo="Make it first.")
    return target


def sign_as_clinician(
    file: Path,
    key: Path,
    passphrase: people.Secret | None,
    *,
    out: Path | None,
    now: datetime,
    templates: Path,
    stamping: Stamping,
) -> Signed:
    """Signs the PCP's slot of ``file`` with the digital ID ``key`` (PKCS#12). ``templates`` is where the fonts are.

    ``passphrase`` is asked for only where the digital ID has one; None where nobody can be asked.

    Raises:
        TimestampUnavailable: the time-stamping authority that must be used gave no time stamp.
        InputFault: a file that may not be signed, a digital ID that can't sign it, an output that is there already.
    """
    from cpdocs.signing.identity import named_in
    from cpdocs.signing.keyfiles import PassphraseNeeded, read_pkcs12
    from cpdocs.signing.sign import sign_slot, signatory_of
    from cpdocs.signing.unsigned import look

    target = output_for(file, out)
    pdf = read_input(file, "the plan to sign")
    plan = look(pdf, name=file.name)
    stored = read_input(key, "the digital ID")
    try:
        pair = read_pkcs12(stored, None, name=key.name)
    except PassphraseNeeded:
        if passphrase is None:
            raise
        pair = read_pkcs12(stored, passphrase(), name=key.name)
    sign = partial(
        sign_slot, pdf, Slot.PCP, pair, signatory_of(pair.certificate), now=now, font=_font(templates), name=file.name
    )
    signed, timestamped, why_not = _stamped(sign, stamping)
    write_durably(target, signed)
    return Signed(target, plan.document_id, named_in(pair.certificate), timestamped, why_not)


def sign_in_person(
    ws: Workspace,
    file: Path,
    *,
    witness: str,
    secret: people.Secret,
    ink: Path | None,
    out: Path | None,
    representative: bool,
    stamping: Stamping,
) -> Signed:
    """The member, or who acts for them, signs the member's slot of ``file`` before ``witness``, the acting account.

    Who must be represented on that day (``core.guardianship``) always is; an adult otherwise only with
    ``representative``. Names come from the record and the plan.

    Raises:
        InputFault: not a plan of this workspace as it was issued, closed, the slot filled or signed, nobody to sign.
        AnswerIsNo: the witness issued the key by which the PCP's slot is signed.
        WorkspaceFault: the acting account is no witness, ``witness`` is somebody else, or the PIN is wrong.
    """
    from cpdocs.signing import authority
    from cpdocs.signing.appearance import read_ink
    from cpdocs.signing.identity import named_in
    from cpdocs.signing.keyfiles import KeyPair, certificate_pem, fingerprint, serial_text
    from cpdocs.signing.sign import sign_slot

    target = output_for(file, out)
    pdf = read_input(file, "the plan to sign")
    record = _issued(ws, pdf, file.name)
    _refuse_what_no_signer_adds(ws, pdf, record, file.name)
    acting = people.require(ws, Role.WITNESS, secret)
    refuse_own_key(ws, ws.ledger, record, acting)
    named = witness_name(ws, acting, witness)
    now = ws.clock.now()
    may_fill(record, Slot.MEMBER, on=eastern_date(now), now=now)
    signatory = _signatory(ws, record, named, representative=representative, now=now)
    written = read_ink(read_input(ink, "the member's handwriting"), name=ink.name) if ink else None
    in_person = load_pair(ws, "in-person")
    before = ws.blobs.put(pdf)
    key = authority.new_key()
    certificate = authority.certify_one_time(
        in_person, record.document_id, before, key.public_key(), authority.Validity.at(now, authority.ONE_TIME_LIFE)
    )
    pair = KeyPair(key, certificate, (in_person.certificate, *in_person.chain))
    sign = partial(
        sign_slot,
        pdf,
        Slot.MEMBER,
        pair,
        signatory,
        now=now,
        font=_font(ws.shipped_templates),
        ink=written,
        name=file.name,
    )
    signed, timestamped, why_not = _stamped(sign, stamping)
    after = ws.blobs.put(signed)
    data: dict[str, JSON] = {
        "slot": Slot.MEMBER.value,
        "certificate_sha256": fingerprint(certificate),
        "serial": serial_text(certificate),
        "pem": certificate_pem(certificate).decode(),
        "before_sha256": before,
        "after_sha256": after,
        "signer": signatory.name,
        "role": "representative" if signatory.acting else "member",
        "on_behalf_of": signatory.acting,
        "witness": named,
        "witness_user": acting.user,
        "signed_at": now.isoformat(),
        "ink": written is not None,
    }
    with ws.ledger.write() as tx:
        may_fill(the_plan(tx, record.document_id), Slot.MEMBER, on=eastern_date(now), now=now)
        tx.append(plan_event(EventType.SIGNING_WITNESSED, record, **data))
    write_durably(target, signed)
    return Signed(target, record.document_id, named_in(certificate), timestamped, why_not)


def _stamped(sign: Callable[..., bytes], stamping: Stamping) -> tuple[bytes, bool, str]:
    """The file signed with a time stamp in the signature, or without one where that may be, and why then."""
    from cpdocs.signing.timestamps import TimestampUnavailable, UrlTimeStamper

    if not stamping.url:
        return sign(), False, ""
    try:
        return sign(timestamper=UrlTimeStamper(stamping.url)), True, ""
    except TimestampUnavailable as error:
        if stamping.required:
            raise
        return sign(), False, error.message


def _issued(ws: Workspace, pdf: bytes, name: str) -> PlanRecord:
    """The version with whose issued bytes ``pdf`` begins: nothing else is parsed here, or put before a member."""
    from cpdocs.signing.index import IssuedIndex

    plans = ws.ledger.events(types=(EventType.PLAN_ISSUED,))
    index = IssuedIndex((event.data["document_id"], event.data["sha256"], event.data["size"]) for event in plans)
    document_id = index.by_bytes(pdf)
    if document_id is None:
        raise InputFault(
            f"{name} is no plan of this workspace as it was issued.",
            todo="Let the member sign the file from outbox/plans/.",
        )
    return the_plan(ws.ledger, document_id)


def _refuse_what_no_signer_adds(ws: Workspace, pdf: bytes, record: PlanRecord, name: str) -> None:
    """What stands behind the plan came from outside: a confined child reads it first, and only what signatures leave
    goes on. Raises InputFault."""
    from cpdocs.sandbox.run import Stopped, run_sandboxed

    if len(pdf) == record.size:
        return
    issued = ws.blobs.get(record.sha256)
    try:
        doubt: str = run_sandboxed(
            "cpdocs.signing.additions:read_additions", pdf, issued, seconds=_SECONDS, megabytes=_MEGABYTES
        ).doubt
    except Stopped:
        doubt = "it can't be read within its limits"
    if doubt:
        raise InputFault(
            f"{name} holds more than the plan and signatures: {doubt}.",
            todo="Let the member sign the file from outbox/plans/, and drop the other one into inbox/.",
        )


def witness_name(ws: Workspace, acting: people.Acting, witness: str) -> str:
    """The witness as it will be recorded: whoever is named must be who acts (contract §4); a sandbox takes any name."""
    given = witness.strip()
    if not given:
        raise InputFault("--witness is empty.", todo="Name yourself: whoever watches the member sign.")
    if ws.sandbox:
        return given
    if given.casefold() not in (acting.user.casefold(), acting.name.casefold()):
        raise WorkspaceFault(
            f"The witness must be who runs this command: {acting.name} ({acting.user}).",
            todo="Let the witness log in and run it.",
        )
    return acting.name


def _signatory(ws: Workspace, record: PlanRecord, witness: str, *, representative: bool, now: datetime) -> Signatory:
    """Who signs for the member's slot: the member, or the representative whom the plan names."""
    from cpdocs.core.guardianship import must_be_represented
    from cpdocs.core.members import Program
    from cpdocs.signing.sign import Signatory

    register = load_register(ws, record.member_id)
    must_take_part(record, register.stated_end(record.member_id, Program(record.program)))
    member = register.latest(record.member_id, Program(record.program))
    if member is None:
        raise WorkspaceFault(
            f"The member of {record.document_id} is not on record any more.", todo="Run `cpdocs audit verify`."
        )
    on, guardians = eastern_date(now), register.guardians_of(record.member_id)
    must = must_be_represented(member.dob, guardians, on)
    if not (must or representative):
        may_sign(record, member.dob, guardians, on=on, representative="")
        return Signatory(member.full_name, witness=witness)
    acts = plan_of(ws, record).representative
    if acts is None:
        raise InputFault(
            f"{record.document_id} names no representative{', and somebody signs for the member' if must else ''}.",
            todo="Issue a new version with the plan's `representative` filled in.",
        )
    may_sign(record, member.dob, guardians, on=on, representative=acts.name)
    right = f", {acts.authority}" if acts.authority else ""
    return Signatory(acts.name, acting=f"{acts.relation} of the member{right}", witness=witness)


def _font(templates: Path) -> bytes:
    try:
        return read_plain((templates / FONT).resolve())
    except OSError:
        raise WorkspaceFault(
            f"The font {FONT} that came with cpdocs is missing.", todo="Install cpdocs again, templates included."
        ) from None
