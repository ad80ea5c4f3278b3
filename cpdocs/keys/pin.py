"""Certificates of those who have their own: recorded as a person's once somebody confirmed whose each is (``keys
pin``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.events import EventType, NewEvent, key_subject, member_subject
from cpdocs.core.ids import is_member_id
from cpdocs.core.key_records import KeyRecord
from cpdocs.core.people import Role
from cpdocs.errors import InputFault
from cpdocs.keys.issue import certificate_data, key_records, require_said, rows_on_record
from cpdocs.keys.reuse import require_own_key
from cpdocs.keys.trust import load_trust
from cpdocs.people import people
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.signing.identity import NamedIn
    from cpdocs.workspace import Workspace


def pin(
    ws: Workspace,
    data: bytes,
    *,
    name: str,
    identity: str,
    by: str,
    secret: people.Secret,
    npi: str = "",
    member_id: str = "",
) -> KeyRecord:
    """Records that the certificate in ``data`` (a file called ``name``, PEM or DER) is this clinician's, or this
    member's.

    ``identity`` says how it was established whose it is, ``by`` who did so. Pinning the same again changes nothing.

    Raises:
        InputFault: no certificate, one of our own, one past its dates, one that names another NPI, one that is somebody
            else's already or holds somebody else's key, one that was taken back, or a person who isn't on record.
        WorkspaceFault: the acting account is no issuer, or its PIN is wrong.
    """
    from cpdocs.signing.identity import named_in
    from cpdocs.signing.keyfiles import certificate_der, fingerprint, read_certificate
    from cpdocs.signing.trust import Vouching, key_sha256

    require_said(identity, "--identity", "how it was established whose certificate it is")
    certificate = read_certificate(data, name=name)
    ends = certificate.not_valid_after_utc
    if ws.clock.now() > ends:
        raise InputFault(
            f"The certificate in {name} expired on {ends:%Y-%m-%d}.", todo="Ask the signer for their current one."
        )
    named = named_in(certificate)
    _check_holder(ws, named, name, npi, member_id)
    trust = load_trust(ws.ledger)
    der = certificate_der(certificate)
    if trust.vouching_for(der) not in (Vouching.NOBODY, Vouching.PINNED) or der in (
        *trust.roots,
        *trust.issuing,
        *trust.in_person,
    ):
        raise InputFault(
            f"The certificate in {name} is one that this organization made.", todo="What we issued needs no pin."
        )
    acting = people.require(ws, Role.ISSUER, secret)
    event = certificate_data(certificate, npi=npi, identity=identity, by=by or acting.name)
    event |= {"member_id": member_id, "credential": named.credential}
    mark = fingerprint(certificate)
    with ws.ledger.write() as tx:
        before = key_records(tx).get(mark)
        if before is not None and before.revoked_at is not None:
            raise InputFault(
                f"The certificate in {name} was taken back ({before.reason}).", todo="Ask the signer for a new one."
            )
        if before is not None and (before.npi, before.member_id) != (npi, member_id):
            raise InputFault(
                f"The certificate in {name} is pinned for somebody else.",
                todo="One certificate is one person's: find out whose.",
            )
        require_own_key(tx, key_sha256(certificate), name=name, npi=npi, member_id=member_id)
        if before is None:
            about = (key_subject(str(event["serial"])), *((member_subject(member_id),) if member_id else ()))
            tx.append(NewEvent(EventType.KEY_PINNED, about, event))
        return key_records(tx)[mark]


def _check_holder(ws: Workspace, named: NamedIn, name: str, npi: str, member_id: str) -> None:
    """The person must be on record and the certificate must not name another. Raises InputFault."""
    if not member_id:
        rows_on_record(load_register(ws).directory, npi)
        if named.npis and set(named.npis) != {npi}:
            raise InputFault(
                f"The certificate in {name} names another NPI.",
                todo="Pin it for the clinician whom it names, or not at all.",
            )
        return
    if not is_member_id(member_id) or not load_register(ws, member_id).member(member_id):
        raise InputFault("No member with that id is on record.", todo="Check the twelve digits.")
    if named.npis:
        raise InputFault(
            f"The certificate in {name} names a clinician's NPI.",
            todo="Ask whose it is before it is pinned for a member.",
        )
