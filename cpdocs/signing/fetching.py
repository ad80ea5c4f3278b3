"""Asking an authority over HTTP what it revoked: only addresses that a person recorded, only hosts that the settings
name.

Nothing in a stranger's file says where to ask. Redirects aren't followed, since where one leads the host that answers
would choose; an answer has a limit in bytes and in time. Plain http is enough: what comes counts only with the
authority's signature.
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Collection
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp

from cpdocs.errors import InputFault

MOST_SECONDS = 30.0
_SECONDS_OF_SILENCE = 10.0
_CHUNK = 64 * 1024


class NotFetched(InputFault):
    """What was asked for didn't come, or may not be asked for."""


def check_address(url: str) -> str:
    """``host`` or ``host:port`` of an address that could be asked, as the settings name it. Raises InputFault for
    another."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
        parts = urlsplit("")
    plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or not plain or len(url) > 500:
        raise InputFault(
            "That is no http(s) address of a list or responder.", todo="Give one like http://crl.example.org/ca.crl."
        )
    usual = {"http": 80, "https": 443}[parts.scheme]
    return host if port in (None, usual) else f"{host}:{port}"


def fetch(url: str, *, hosts: Collection[str], most_bytes: int, question: bytes | None = None) -> bytes:
    """What lies at ``url``, or the answer to ``question`` (OCSP, DER). ``hosts`` are those that may be asked.

    Raises NotFetched: another host, no answer, a redirect, an error, more than ``most_bytes``, or too slow.
    """
    host = check_address(url)
    if host not in hosts:
        raise NotFetched(
            f"{host} is not among the hosts that may be asked.",
            todo="Add it to fetch_revocation under [signing] in cpdocs.toml.",
        )
    headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"} if question else {}
    request = urllib.request.Request(url, data=question, headers=headers)  # noqa: S310 the scheme is checked above
    until = time.monotonic() + MOST_SECONDS
    parts, size = [], 0
    try:
        with urllib.request.build_opener(_Straight).open(request, timeout=_SECONDS_OF_SILENCE) as answer:
            while chunk := answer.read1(_CHUNK):
                size += len(chunk)
                if size > most_bytes:
                    raise NotFetched(
                        f"{host} gave more than {most_bytes // 1024} kB.",
                        todo="Ask the authority what it publishes there.",
                    )
                if time.monotonic() > until:
                    raise NotFetched(f"{host} took longer than {MOST_SECONDS:.0f} seconds.", todo="Try again later.")
                parts.append(chunk)
    except HTTPError as error:
        what = "leads elsewhere, which is not followed" if error.code in range(300, 400) else f"answers {error.code}"
        raise NotFetched(
            f"{host} {what}.", todo="Check the address with `cpdocs keys cas`, and record the right one."
        ) from None
    except (OSError, HTTPException, ValueError) as error:
        raise NotFetched(
            f"{host} can't be reached ({type(error).__name__}).", todo="Check the network; try again later."
        ) from None
    return b"".join(parts)


def question_about(authority: x509.Certificate, serial: int) -> bytes:
    """An OCSP request (DER) about the certificate with that number by ``authority``, whose SHA-1 digests name it (RFC
    6960 §4.1.1)."""
    name = hashes.Hash(hashes.SHA1())  # noqa: S303 which authority is meant, no proof of anything
    name.update(authority.subject.public_bytes())
    key = authority.public_key()
    assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    digest = x509.SubjectKeyIdentifier.from_public_key(key).digest
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name.finalize(), digest, serial, hashes.SHA1())  # noqa: S303 as above
    return builder.build().public_bytes(serialization.Encoding.DER)


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: urllib then raises what came."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None
