"""Whom this workspace believes: its own certificates and everything the ledger says about digital IDs.

The certificates come from the ledger's first event and from key events, not from the files in state/keys/: who swaps a
file there changes nothing about whom we believe.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509

from cpdocs.core.authority_records import AUTHORITY_EVENTS, AuthorityRecord, Binding, fold_authorities
from cpdocs.core.events import EventType
from cpdocs.core.key_records import KEY_EVENTS, fold_keys
from cpdocs.errors import CpdocsError
from cpdocs.signing.keyfiles import certificate_der
from cpdocs.signing.outside import OutsideAuthority
from cpdocs.signing.trust import COMPROMISE, Pin, Revoked, Trust, Witnessed, key_sha256

if TYPE_CHECKING:
    from cpdocs.ledger.blobs import BlobStore
    from cpdocs.ledger.reads import Reads


def load_trust(source: Reads, store: BlobStore | None = None) -> Trust:
    """The trust that the ledger's events add up to. ``source`` is the ledger or a transaction on it.

    ``store`` keeps the outside authorities' lists of revoked certificates; without it nothing that they signed is
    accepted.
    """
    own = own_certificates(source)
    keys = fold_keys(source.events(types=KEY_EVENTS)).values()
    pinned = [key for key in keys if key.pinned]
    believed = [each for each in fold_authorities(source.events(types=AUTHORITY_EVENTS)).values() if each.trusted]
    return Trust(
        roots=tuple(own.get("root", ())),
        issuing=tuple(own.get("issuing", ())),
        in_person=tuple(own.get("in-person", ())),
        seals=tuple(own.get("seal", ())),
        pinned=tuple(_der(key.pem) for key in pinned),
        timestamp_roots=tuple(_der(each.pem) for each in believed if each.binding is Binding.TIME),
        outside=tuple(_outside(each, store) for each in believed if each.binding is not Binding.TIME),
        revoked={key.fingerprint: Revoked(key.revoked_at, key.reason) for key in keys if key.revoked_at},
        pins={key.fingerprint: Pin(key.recorded_at, npi=key.npi, member_id=key.member_id) for key in pinned},
        issued=frozenset(key.fingerprint for key in keys if not key.pinned),
        lost_keys=frozenset(_key(each.pem) for each in keys if each.revoked_at and each.reason in COMPROMISE),
        witnessed=_witnessed(source),
    )


def own_certificates(source: Reads) -> dict[str, list[bytes]]:
    """Every certificate (DER) that the organization had for each of its keys (root, issuing, in-person, seal), the
    current one last."""
    own: dict[str, list[bytes]] = {}
    for event in source.events(types=(EventType.WORKSPACE_CREATED,)):
        for role, certificate in event.data.get("certificates", {}).items():
            own.setdefault(role, []).append(_der(certificate["pem"]))
    for event in source.events(types=(EventType.ORGANIZATION_KEY_ROTATED,)):
        own.setdefault(event.data["name"], []).append(_der(event.data["pem"]))
    return own


def _outside(record: AuthorityRecord, store: BlobStore | None) -> OutsideAuthority:
    """The authority as a verdict asks it. A list whose bytes are damaged says nothing, which holds what it would have
    let pass."""
    lists = []
    for each in record.lists.values():
        if store is None:
            break
        try:
            der = store.get(each.sha256)
        except CpdocsError:
            continue
        lists.append(replace(each, der=der))
    return OutsideAuthority(_der(record.pem), record.binding, record.organizations, tuple(lists), dict(record.answers))


def _witnessed(source: Reads) -> dict[str, Witnessed]:
    return {
        event.data["certificate_sha256"]: Witnessed(
            document_id=event.data["document_id"],
            sha256=event.data["before_sha256"],
            at=datetime.fromisoformat(event.data["signed_at"]),
            witness=event.data["witness"],
            signer=event.data["signer"],
            relation=event.data["on_behalf_of"],
        )
        for event in source.events(types=(EventType.SIGNING_WITNESSED,))
    }


def _key(pem: str) -> str:
    return key_sha256(x509.load_pem_x509_certificate(pem.encode()))


def _der(pem: str) -> bytes:
    return certificate_der(x509.load_pem_x509_certificate(pem.encode()))
