"""Who a certificate names: the one place that knows where NPI, name and credential stand in it.

A certificate that cpdocs issues names one person, never an office:

- subject: ``CN`` first and last name and credential; ``givenName``, ``surname``; ``title`` the credential;
  ``serialNumber`` ``NPI:`` and the ten digits
- subject alternative name: the URI ``urn:oid:2.16.840.1.113883.4.6.<NPI>`` (the HL7 root under which NPIs are
  registered)

A certificate for a member's one-time key names no person: ``serialNumber`` is ``DOC:`` and the document id, and the URI
``ni:///sha-256;…`` (RFC 6920) ties it to the exact bytes that were put before the member.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

NPI_URN = "urn:oid:2.16.840.1.113883.4.6."
NPI_PREFIX = "NPI:"
DOCUMENT_PREFIX = "DOC:"
DIGEST_URI = "ni:///sha-256;"


@dataclass(frozen=True, slots=True)
class Person:
    """One clinician, as a certificate names them."""

    npi: str
    first_name: str
    last_name: str
    credential: str

    @property
    def display_name(self) -> str:
        return f"{self.first_name} {self.last_name}, {self.credential}"


@dataclass(frozen=True, slots=True)
class NamedIn:
    """What a certificate says of its holder; empty where it doesn't say.

    ``npis`` are all the NPIs that it names, in any of the places: more than one is a contradiction. ``document_id`` and
    ``digest`` (SHA-256, lower-case hexadecimal) are set for a member's one-time key only.
    """

    name: str
    credential: str
    npis: tuple[str, ...]
    document_id: str = ""
    digest: str = ""

    @property
    def npi(self) -> str:
        """The one NPI; empty where there is none or the certificate contradicts itself."""
        return self.npis[0] if len(self.npis) == 1 else ""


def subject_of(person: Person) -> x509.Name:
    """The subject of a certificate for ``person``."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.COMMON_NAME, person.display_name[:64]),
            x509.NameAttribute(NameOID.GIVEN_NAME, person.first_name[:64]),
            x509.NameAttribute(NameOID.SURNAME, person.last_name[:64]),
            x509.NameAttribute(NameOID.TITLE, person.credential[:64]),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, NPI_PREFIX + person.npi),
        ]
    )


def npi_uri(npi: str) -> str:
    """The URI that names ``npi`` in the subject alternative name."""
    return NPI_URN + npi


def digest_uri(sha256: str) -> str:
    """The URI (RFC 6920) that names the bytes whose SHA-256 is ``sha256`` (hexadecimal)."""
    return DIGEST_URI + base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")


def named_in(certificate: x509.Certificate) -> NamedIn:
    """What ``certificate`` says of its holder. Never raises: an extension that can't be read says nothing."""
    subject = certificate.subject

    def first(oid: x509.ObjectIdentifier) -> str:
        found = subject.get_attributes_for_oid(oid)
        return str(found[0].value) if found else ""

    serials = [str(item.value) for item in subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)]
    uris = uris_in(certificate)
    npis = [text[len(NPI_PREFIX) :].strip() for text in serials if text.upper().startswith(NPI_PREFIX)]
    npis += npis_in(uris)
    return NamedIn(
        name=first(NameOID.COMMON_NAME),
        credential=first(NameOID.TITLE),
        npis=tuple(dict.fromkeys(npis)),
        document_id=next(
            (text.removeprefix(DOCUMENT_PREFIX) for text in serials if text.startswith(DOCUMENT_PREFIX)), ""
        ),
        digest=next((_digest(uri) for uri in uris if uri.startswith(DIGEST_URI)), ""),
    )


def npis_in(uris: Iterable[str]) -> list[str]:
    """The NPIs that URIs name. However one is written: a URN's scheme and namespace are without case, and a character
    may be written as its percent code (RFC 8141, 3.1); what else stands in it goes along, and makes it no NPI."""
    plain = [unquote(uri).strip().lower() for uri in uris]
    return [uri.removeprefix(NPI_URN) for uri in plain if uri.startswith(NPI_URN)]


def uris_in(certificate: x509.Certificate) -> list[str]:
    """The URIs among the certificate's alternative names; none where they can't be read."""
    try:
        names = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return []
    assert isinstance(names, x509.SubjectAlternativeName)
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def _digest(uri: str) -> str:
    text = uri.removeprefix(DIGEST_URI)
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex()
    except ValueError:
        return ""
