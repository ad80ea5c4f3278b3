"""Authorities outside the organization: believed for one binding, dropped, and told of revocations (contract §4,
``keys``).

Whom the organization believes is a decision of the account that issues digital IDs; what a believed authority says of
its own certificates is proven by its signature, so anybody may record that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cpdocs.core.authority_records import AUTHORITY_EVENTS, AuthorityRecord, Binding, fold_authorities
from cpdocs.core.events import JSON, EventType, NewEvent, authority_subject
from cpdocs.core.people import Role
from cpdocs.errors import InputFault
from cpdocs.keys.issue import require_said
from cpdocs.people import people

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.signing.revocation_data import Material
    from cpdocs.workspace import Workspace

MOST_BYTES = 16 * 1024 * 1024
"""What a list may have at most: about 400,000 revoked certificates."""
CLOCK_SLACK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Imported:
    """What ``keys import-crl`` took in: the authority, as it stands now, and the list's or answer's own words."""

    authority: AuthorityRecord
    kind: str
    sha256: str
    this_update: str
    next_update: str
    revoked: int
    new: bool


def authority_records(source: Reads) -> Mapping[str, AuthorityRecord]:
    """Every outside authority on record, by fingerprint. ``source`` is the ledger or a transaction on it."""
    return fold_authorities(source.events(types=AUTHORITY_EVENTS))


def trust_authority(
    ws: Workspace,
    data: bytes,
    *,
    name: str,
    binding: Binding,
    organizations: Sequence[str],
    by: str,
    secret: people.Secret,
    crl_urls: Sequence[str] = (),
    ocsp_url: str = "",
) -> AuthorityRecord:
    """Records that certificates signed by the authority in ``data`` (PEM or DER, a file called ``name``) are believed.

    They are for the NPI at ``binding``'s place alone, or for the time in its time stamps, and where ``organizations``
    are given only with one of them as subject. ``crl_urls`` and ``ocsp_url`` are where it may be asked what it revoked.
    Recording the same again changes nothing; anything else replaces what was recorded before.

    Raises:
        InputFault: no authority's certificate, a weak one, one past its dates, or one of our own.
        WorkspaceFault: the acting account is no issuer, or its PIN is wrong.
    """
    from cpdocs.keys.trust import load_trust
    from cpdocs.signing.fetching import check_address
    from cpdocs.signing.keyfiles import certificate_der, certificate_pem, fingerprint, read_certificate, serial_text
    from cpdocs.signing.revocation_data import read_authority, read_time_authority

    require_said(by, "--by", "who decided that this authority is believed")
    for url in (*crl_urls, *((ocsp_url,) if ocsp_url else ())):
        check_address(url)
    people.require(ws, Role.ISSUER, secret)
    certificate = read_certificate(data, name=name)
    if binding is Binding.TIME:
        if organizations:
            raise InputFault("A time stamp names no organization.", todo="Leave --organization out.")
        read_time_authority(certificate, name=name)
    else:
        read_authority(certificate, name=name)
    ends = certificate.not_valid_after_utc
    if ws.clock.now() > ends:
        raise InputFault(
            f"The authority's certificate in {name} expired on {ends:%Y-%m-%d}.", todo="Ask it for the current one."
        )
    trust = load_trust(ws.ledger)
    if certificate_der(certificate) in (*trust.roots, *trust.issuing, *trust.in_person):
        raise InputFault(
            f"The certificate in {name} is this organization's own.", todo="What we issue is believed already."
        )
    named = tuple(sorted({each.strip() for each in organizations if each.strip()}))
    mark = fingerprint(certificate)
    event: dict[str, JSON] = {
        "fingerprint": mark,
        "serial": serial_text(certificate),
        "name": certificate.subject.rfc4514_string(),
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": ends.isoformat(),
        "pem": certificate_pem(certificate).decode(),
        "vouches_for": binding.value,
        "organizations": list(named),
        "crl_urls": list(dict.fromkeys(crl_urls)),
        "ocsp_url": ocsp_url,
        "by": by.strip(),
    }
    with ws.ledger.write() as tx:
        before = authority_records(tx).get(mark)
        said = (binding, named, tuple(dict.fromkeys(crl_urls)), ocsp_url)
        if (
            before is None
            or not before.trusted
            or (before.binding, before.organizations, before.crl_urls, before.ocsp_url) != said
        ):
            tx.append(NewEvent(EventType.AUTHORITY_TRUSTED, (authority_subject(mark),), event))
        return authority_records(tx)[mark]


def drop_authority(ws: Workspace, which: str, *, reason: str, by: str, secret: people.Secret) -> AuthorityRecord:
    """Believes the authority ``which`` (its fingerprint, or the first eight digits or more of it) no longer.

    What was accepted stays accepted; what comes from now on is held.

    Raises:
        InputFault: no such authority, several, or one that was dropped already.
        WorkspaceFault: the acting account is no issuer, or its PIN is wrong.
    """
    require_said(reason, "--reason", "why the authority is believed no longer")
    require_said(by, "--by", "who decided it")
    wanted = which.strip().lower().replace(":", "")
    people.require(ws, Role.ISSUER, secret)
    with ws.ledger.write() as tx:
        found = [
            each for each in authority_records(tx).values() if len(wanted) >= 8 and each.fingerprint.startswith(wanted)
        ]
        if len(found) != 1 or not found[0].trusted:
            why = "was dropped already" if len(found) == 1 else "is not one authority on record"
            raise InputFault(
                f"That {why}.", todo="See them with `cpdocs keys cas`; give the fingerprint or its first digits."
            )
        mark = found[0].fingerprint
        data: dict[str, JSON] = {"fingerprint": mark, "reason": reason.strip(), "by": by.strip()}
        tx.append(NewEvent(EventType.AUTHORITY_DROPPED, (authority_subject(mark),), data))
        return authority_records(tx)[mark]


def import_revocations(ws: Workspace, data: bytes, *, name: str, only: str = "") -> Imported:
    """Records a list of revoked certificates (CRL) or an answer (OCSP) by an authority that is believed (``only``: by
    this one, by its fingerprint).

    The bytes are kept: a verdict names them. The same again changes nothing.

    Raises:
        InputFault: too large, neither, by nobody on record, not genuine, from the future, or older than what is on
        record.
    """
    from cryptography import x509

    from cpdocs.signing.keyfiles import fingerprint
    from cpdocs.signing.revocation_data import read_material

    if len(data) > MOST_BYTES:
        raise InputFault(
            f"{name} is larger than {MOST_BYTES // 1024**2} MB.",
            todo="Give the authority's list in parts, or OCSP answers.",
        )
    believed = [
        each for each in authority_records(ws.ledger).values() if each.trusted and only in ("", each.fingerprint)
    ]
    material = read_material(data, [x509.load_pem_x509_certificate(each.pem.encode()) for each in believed], name=name)
    latest = max(ws.clock.now(), ws.clock.true_now()) if ws.sandbox else ws.clock.now()
    if material.this_update > latest + CLOCK_SLACK:
        raise InputFault(
            f"{name} was made on {material.this_update:%Y-%m-%d %H:%M} UTC, which hasn't come yet.",
            todo="Check this machine's clock.",
        )
    mark = fingerprint(material.authority)
    digest = ws.blobs.put(material.der)
    with ws.ledger.write() as tx:
        record = authority_records(tx)[mark]
        new = _is_new(record, material, digest, name)
        if new:
            tx.append(
                NewEvent(EventType.REVOCATIONS_IMPORTED, (authority_subject(mark),), _event(material, mark, digest))
            )
        after = authority_records(tx)[mark]
    count = material.revoked if material.kind == "crl" else int(material.revoked_at is not None)
    return Imported(
        after, material.kind, digest, material.this_update.isoformat(), material.next_update.isoformat(), count, new
    )


def _is_new(record: AuthorityRecord, material: Material, digest: str, name: str) -> bool:
    """Whether ``material`` adds anything. Raises InputFault where it is older than what is on record: it would give
    back what was taken since."""
    before = record.lists.get(material.scope) if material.kind == "crl" else record.answers.get(material.serial)
    if before is None:
        return True
    if before.this_update > material.this_update:
        raise InputFault(
            f"{name} is of {material.this_update:%Y-%m-%d %H:%M} UTC, older than the one on record.",
            todo="Nothing to do: the newer one counts.",
        )
    return before.sha256 != digest


def _event(material: Material, mark: str, digest: str) -> dict[str, JSON]:
    data: dict[str, JSON] = {
        "authority": mark,
        "kind": material.kind,
        "sha256": digest,
        "this_update": material.this_update.isoformat(),
        "next_update": material.next_update.isoformat(),
    }
    if material.kind == "crl":
        return data | {"number": material.number, "revoked": material.revoked, "scope": list(material.scope)}
    revoked_at = material.revoked_at.isoformat() if material.revoked_at else ""
    return data | {"serial": material.serial, "revoked_at": revoked_at, "reason": material.reason}
