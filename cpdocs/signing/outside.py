"""Authorities outside the organization: for what each is believed, and what it says of its own certificates.

An authority vouches for one thing alone, the NPI at the place that was recorded for it, and only for certificates that
it signed itself: a chain is one step long. Nothing is believed of a certificate about which it doesn't say, freshly,
that it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from cpdocs.core.authority_records import AnswerRecord, Binding, ListRecord
from cpdocs.core.ids import is_npi
from cpdocs.signing.identity import NPI_PREFIX, named_in, npis_in, uris_in


@dataclass(frozen=True, slots=True)
class OutsideAuthority:
    """One that is believed: its certificate (DER), where its certificates name the NPI, and of which organizations."""

    certificate: bytes
    binding: Binding
    organizations: tuple[str, ...] = ()
    lists: tuple[ListRecord, ...] = ()
    answers: Mapping[str, AnswerRecord] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """What one list (``crl``) or answer (``ocsp``) says of one certificate; ``revoked_at`` None: it stands."""

    kind: str
    sha256: str
    this_update: datetime
    next_update: datetime
    revoked_at: datetime | None = None
    reason: str = ""

    def fresh_at(self, moment: datetime) -> bool:
        """Whether it tells of ``moment``: made before it and not superseded by then, or made later."""
        return self.next_update >= moment


@dataclass(frozen=True, slots=True)
class OutsideFacts:
    """A certificate that an outside authority signed. ``npi`` is the one that the authority vouches for; empty where
    the certificate doesn't carry it at its place, or carries another one elsewhere."""

    authority: str
    npi: str
    organization_covered: bool
    statuses: tuple[Status, ...]

    @property
    def revocation(self) -> Status | None:
        """The status that takes it back, None where none does. A hold is over once a newer one doesn't repeat it."""
        newest = max((each.this_update for each in self.statuses), default=None)
        found = [
            each
            for each in self.statuses
            if each.revoked_at is not None and (each.reason != "certificateHold" or each.this_update == newest)
        ]
        return min(found, key=lambda each: each.revoked_at or each.this_update) if found else None

    @property
    def latest(self) -> Status | None:
        """The newest word on it."""
        return max(self.statuses, key=lambda each: each.this_update, default=None)


def outside_facts(certificate: x509.Certificate, authority: OutsideAuthority, fingerprint: str) -> OutsideFacts:
    """The facts of ``certificate``, signed by ``authority`` (whose fingerprint is given)."""
    return OutsideFacts(
        authority=fingerprint,
        npi=_bound_npi(certificate, authority.binding),
        organization_covered=_covered(certificate, authority.organizations),
        statuses=(*_listed(certificate, authority.lists), *_answered(certificate, authority.answers)),
    )


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether ``certificate`` may sign others; one that can't be read in this may not sign documents either."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
    except (x509.DuplicateExtension, ValueError):
        return True


def _bound_npi(certificate: x509.Certificate, binding: Binding) -> str:
    """The NPI at ``binding``'s place, if it is one, the only one there, and the certificate names no other anywhere."""
    places = {
        Binding.SERIAL_NUMBER: lambda: _attributes(certificate, NameOID.SERIAL_NUMBER),
        Binding.USER_ID: lambda: _attributes(certificate, NameOID.USER_ID),
        Binding.SAN: lambda: npis_in(uris_in(certificate)),
    }
    stated = [text.removeprefix(NPI_PREFIX).strip() for text in places[binding]()]
    if len(stated) != 1 or not is_npi(stated[0]):
        return ""
    return stated[0] if set(named_in(certificate).npis) <= {stated[0]} else ""


def _attributes(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(each.value) for each in certificate.subject.get_attributes_for_oid(oid)]


def _covered(certificate: x509.Certificate, organizations: tuple[str, ...]) -> bool:
    """Whether every organization in the subject, and there is one, is among ``organizations``; case and spacing don't
    count."""
    stated = {_plain(each) for each in _attributes(certificate, NameOID.ORGANIZATION_NAME)}
    return not organizations or (bool(stated) and stated <= {_plain(each) for each in organizations})


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _listed(certificate: x509.Certificate, lists: tuple[ListRecord, ...]) -> list[Status]:
    found = []
    for each in lists:
        if each.scope and not set(each.scope) & _points(certificate):
            continue
        entry = _load(each.der).get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is not None:
            found.append(Status("crl", each.sha256, each.this_update, each.next_update, *_entry(entry)))
        elif each.this_update <= certificate.not_valid_after_utc:
            # RFC 5280 §3.3: a revoked certificate may leave the list once it has expired; then absence says nothing.
            found.append(Status("crl", each.sha256, each.this_update, each.next_update))
    return found


def _answered(certificate: x509.Certificate, answers: Mapping[str, AnswerRecord]) -> list[Status]:
    each = answers.get(f"{certificate.serial_number:x}")
    return (
        []
        if each is None
        else [Status("ocsp", each.sha256, each.this_update, each.next_update, each.revoked_at, each.reason)]
    )


def _entry(entry: x509.RevokedCertificate) -> tuple[datetime, str]:
    """Since when, and why. A date from which the key is known to have been unsafe comes before that of the listing."""
    since, reason = entry.revocation_date_utc, "unspecified"
    for extension in entry.extensions:
        if isinstance(extension.value, x509.CRLReason):
            reason = extension.value.reason.value
        elif isinstance(extension.value, x509.InvalidityDate):
            since = min(since, extension.value.invalidity_date_utc)
    return since, reason


def _points(certificate: x509.Certificate) -> set[str]:
    """The addresses of the lists in which the certificate says that it would stand."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return set()
    names = [name for point in points for name in point.full_name or ()]
    return {name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)}


@lru_cache(maxsize=16)
def _load(der: bytes) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(der)
