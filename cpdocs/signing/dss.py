"""What a file carries for those who check it when nobody can be asked any more: its document security store (PAdES,
"LT")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from asn1crypto import cms, crl, ocsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError, ValidationInfoReadingError

_MOST = 256
"""Certificates, lists and answers beyond which a store isn't looked into: one signature needs a handful."""
_LONGEST_CHAIN = 8
_NO_REVOCATION = "2.5.29.56"


def complete(reader: PdfFileReader, anchors: Iterable[bytes]) -> frozenset[str]:
    """The fields whose signature needs nobody's word any more: of each certificate from the signer's up to one of
    ``anchors`` (DER) the store says, by a list or an answer, whether it was revoked; one that lives too short to be
    revoked says so itself (RFC 9608).

    Whether what it says is good is for the check of the signature; whether something is there is told here. A store
    that can't be read says nothing.
    """
    try:
        store = DocumentSecurityStore.read_dss(reader)
        if len(store.certs) + len(store.crls) + len(store.ocsps) > _MOST:
            return frozenset()
        certificates = list(store.load_certs())
        issuers, answered = _spoken_for(store)
    except (NoDSSFoundError, ValidationInfoReadingError):
        return frozenset()
    except Exception:  # noqa: BLE001 a stranger's store: whatever a parser throws, it says nothing
        return frozenset()
    ends = frozenset(anchors)
    found = set()
    for signature in reader.embedded_signatures:
        pool = [*certificates, *inside(signature.signed_data)]
        if _chain_complete(signature.signer_cert, pool, ends, issuers, answered):
            found.add(str(signature.field_name))
    return frozenset(found)


def inside(signed_data: cms.SignedData) -> Iterator[asn1_x509.Certificate]:
    """The certificates in a signature, and those in the time stamps that it carries."""
    yield from (each.chosen for each in signed_data["certificates"] if each.name == "certificate")
    for signer in signed_data["signer_infos"]:
        for attribute in signer["unsigned_attrs"] or ():
            if attribute["type"].native == "signature_time_stamp_token":
                for token in attribute["values"]:
                    yield from (each.chosen for each in token["content"]["certificates"] if each.name == "certificate")


def _spoken_for(store: Any) -> tuple[frozenset[bytes], frozenset[tuple[bytes, int]]]:
    """Who issued the store's lists (names, DER), and for which certificates it has answers (digest of the issuer's key,
    serial number)."""
    lists = frozenset(
        crl.CertificateList.load(each.get_object().data)["tbs_cert_list"]["issuer"].dump() for each in store.crls
    )
    answers = set()
    for each in store.ocsps:
        response = ocsp.OCSPResponse.load(each.get_object().data)
        for single in response["response_bytes"]["response"].parsed["tbs_response_data"]["responses"]:
            answers.add((single["cert_id"]["issuer_key_hash"].native, single["cert_id"]["serial_number"].native))
    return lists, frozenset(answers)


def _chain_complete(
    certificate: asn1_x509.Certificate,
    pool: list[asn1_x509.Certificate],
    anchors: frozenset[bytes],
    issuers: frozenset[bytes],
    answered: frozenset[tuple[bytes, int]],
) -> bool:
    for _ in range(_LONGEST_CHAIN):
        if certificate.dump() in anchors:
            return True
        above = next(
            (each for each in pool if each.subject == certificate.issuer and each.dump() != certificate.dump()), None
        )
        if above is None:
            return False
        said = certificate.issuer.dump() in issuers or (above.public_key.sha1, certificate.serial_number) in answered
        if not (said or _never_revoked(certificate)):
            return False
        certificate = above
    return False


def _never_revoked(certificate: asn1_x509.Certificate) -> bool:
    return any(each["extn_id"].dotted == _NO_REVOCATION for each in certificate["tbs_certificate"]["extensions"])
