"""What a document security store may hold: certificates, lists of revoked ones, answers and time stamps, each parsed as
what it claims to be (ETSI EN 319 142-1, 5.4; ISO 32000-2, 12.8.4.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from asn1crypto import cms, crl, ocsp
from asn1crypto import x509 as asn1_x509

from cpdocs.signing.drawn_rules import Follow
from cpdocs.signing.syntax import Name, Ref, Stream, Unclear, Value
from cpdocs.signing.tables import decoded

_MOST = 512
_SIGNATURE = re.compile(r"[0-9A-Fa-f]{40}\Z")
_DATE = re.compile(rb"D:[0-9]{4,14}(?:Z|[+-][0-9]{2}(?:'[0-9]{2}'?)?)?(?:Z?00'00'?)?\Z")
_NOT_PROOF = "what it adds as proof for signatures is none"


def check_store(value: Value, follow: Follow) -> None:
    """Whether ``value`` is a security store that holds something, and all of its parts are what they claim to be.
    Raises Unclear."""
    store = _dictionary(value, follow, ("Type", "Certs", "CRLs", "OCSPs", "VRI"))
    _check_type(store, "DSS")
    found = sum(_check_all(store.get(key), parse, follow) for key, parse in _PARTS)
    if not found:
        raise Unclear(_NOT_PROOF)  # what holds nothing proves nothing: it is a revision for its own sake
    if "VRI" not in store:
        return
    related = _dictionary(store["VRI"], follow, None)
    for name, item in related.items():
        if _SIGNATURE.match(name) is None:
            if name == "Type":
                continue
            raise Unclear(_NOT_PROOF)
        part = _dictionary(item, follow, ("Type", "Cert", "CRL", "OCSP", "TU", "TS"))
        _check_type(part, "VRI")
        for key, parse in (("Cert", _certificate), ("CRL", _list), ("OCSP", _answer)):
            _check_all(part.get(key), parse, follow)
        if "TS" in part:
            _check_all([part["TS"]], _token, follow)
        if "TU" in part and not is_date(part["TU"]):
            raise Unclear(_NOT_PROOF)


def is_date(value: Value) -> bool:
    """Whether ``value`` is a date as PDF writes it (ISO 32000-1, 7.9.4)."""
    return isinstance(value, bytes) and _DATE.match(value) is not None


def _dictionary(value: Value, follow: Follow, keys: Iterable[str] | None) -> dict[str, Value]:
    found = follow(value) if isinstance(value, Ref) else value
    if not isinstance(found, dict) or (keys is not None and not found.keys() <= set(keys)):
        raise Unclear(_NOT_PROOF)
    return found


def _check_type(found: dict[str, Value], kind: str) -> None:
    if found.get("Type", Name(kind)) != Name(kind):
        raise Unclear(_NOT_PROOF)


def _check_all(value: Value, parse: Callable[[bytes], None], follow: Follow) -> int:
    """How many there are, each of which is what it claims to be."""
    listed = follow(value) if isinstance(value, Ref) else value
    if listed is None:
        return 0
    if not isinstance(listed, list) or len(listed) > _MOST:
        raise Unclear(_NOT_PROOF)
    for each in listed:
        stream = follow(each) if isinstance(each, Ref) else each
        if not isinstance(stream, Stream) or not stream.entries.keys() <= {"Length", "Filter", "DecodeParms", "Type"}:
            raise Unclear(_NOT_PROOF)
        try:
            parse(decoded(stream))
        except Unclear:
            raise
        except Exception:  # noqa: BLE001 whatever a parser throws at a stranger's bytes: it isn't what it claims to be
            raise Unclear(_NOT_PROOF) from None
    return len(listed)


def _certificate(der: bytes) -> None:
    found = asn1_x509.Certificate.load(der, strict=True)
    _whole(found, der)


def _list(der: bytes) -> None:
    found = crl.CertificateList.load(der, strict=True)
    _whole(found, der)


def _answer(der: bytes) -> None:
    found = ocsp.OCSPResponse.load(der, strict=True)
    _whole(found, der)
    _whole(found["response_bytes"]["response"].parsed, None)


def _token(der: bytes) -> None:
    found = cms.ContentInfo.load(der, strict=True)
    if found["content_type"].native != "signed_data":
        raise ValueError
    _whole(found, der)


def _whole(found: object, der: bytes | None) -> None:
    """Parses every part of an ASN.1 value; ``native`` looks into each. Raises whatever the parser does."""
    native = found.native  # type: ignore[attr-defined]
    if not native or (der is not None and len(found.dump()) != len(der)):  # type: ignore[attr-defined]
        raise ValueError


_PARTS: tuple[tuple[str, Callable[[bytes], None]], ...] = (
    ("Certs", _certificate),
    ("CRLs", _list),
    ("OCSPs", _answer),
)
