"""A time-stamping authority (RFC 3161) asked over HTTP: what proves when a plan was closed, or a checkpoint signed."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import new as new_hash
from hashlib import sha256
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from asn1crypto import cms, tsp
from pyhanko.sign.general import SigningError
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data

from cpdocs.errors import InputFault, WorkspaceFault

_SECONDS = 15.0
_MOST_BYTES = 256 * 1024


class TimestampUnavailable(WorkspaceFault):
    """The time-stamping authority didn't answer, or not with a time stamp. Nothing was changed."""


class UrlTimeStamper(TimeStamper):
    """Asks the authority at ``url`` (http or https: its answer is signed either way), with a limit on time and size."""

    def __init__(self, url: str) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise TimestampUnavailable(
                "The time-stamping authority's address is no http(s) address.", todo="Correct it, or leave it out."
            )
        TimeStamper.__init__(self)
        self._url = url

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        answer = await asyncio.to_thread(self._ask, req.dump())
        try:
            response = tsp.TimeStampResp.load(answer)
            response["status"]["status"].native  # noqa: B018 parsed when looked at
        except (ValueError, TypeError):
            raise TimestampUnavailable(
                "The time-stamping authority's answer is no time stamp.", todo="Check its address, then try again."
            ) from None
        return response

    def _ask(self, question: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310 the scheme is checked above
            self._url,
            data=question,
            headers={"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 as above
                return bytes(answer.read(_MOST_BYTES))
        except (OSError, HTTPException, ValueError) as error:
            raise TimestampUnavailable(
                f"The time-stamping authority can't be reached ({type(error).__name__}).",
                todo="Check the network and its address (tsa_url in cpdocs.toml), then try again.",
            ) from None


_SPARE = 1024
_DIGEST = "sha256"


def size_of_answer(stamper: TimeStamper) -> int:
    """Bytes to keep free for a time stamp: the authority is asked once for nothing. Raises TimestampUnavailable."""
    return len(stamp_over(stamper, bytes(32)).dump()) + _SPARE


def stamp_over(stamper: TimeStamper, digest: bytes) -> cms.ContentInfo:
    """A time stamp over a SHA-256 digest. Raises TimestampUnavailable."""
    with asking():
        return asyncio.run(stamper.async_timestamp(digest, _DIGEST))


@contextmanager
def asking() -> Iterator[None]:
    """Says in words that the authority asked inside the block gave no time stamp: raises TimestampUnavailable."""
    try:
        yield
    except (TimestampRequestError, SigningError, OSError, ValueError) as error:
        raise TimestampUnavailable(
            f"The time-stamping authority gave no time stamp ({type(error).__name__}).",
            todo="Check its address (tsa_url in cpdocs.toml), then try again.",
        ) from None


class TokenInvalid(InputFault):
    """A time-stamp token that isn't one, or not over these bytes, or whose signature doesn't hold."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a token says: when, and by what name the authority calls itself. Whether it is trusted, the caller must
    know."""

    at: datetime
    authority: str


def token_over(data: bytes, stamper: TimeStamper) -> bytes:
    """A token (DER, RFC 3161) over the SHA-256 of ``data``. Raises TimestampUnavailable."""
    token: bytes = stamp_over(stamper, sha256(data).digest()).dump()
    try:
        read_token(token, data)
    except TokenInvalid:
        raise TimestampUnavailable(
            "The time-stamping authority's answer doesn't hold.", todo="Check tsa_url in cpdocs.toml, then try again."
        ) from None
    return token


def read_token(token: bytes, data: bytes) -> Stamped:
    """What ``token`` says, once it is shown to be over ``data`` and signed by the certificate in it. Raises
    TokenInvalid."""

    def imprint(algorithm: str) -> bytes:
        return new_hash(algorithm, data).digest()

    try:
        signed = cms.ContentInfo.load(token)["content"]
        status: dict[str, Any] = asyncio.run(validate_tst_signed_data(signed, None, imprint))
        sound = status["intact"] and status["valid"]
        stamped = Stamped(status["timestamp"], status["signing_cert"].subject.human_friendly)
    except (SignatureValidationError, ValueError, TypeError, KeyError, AttributeError):
        sound = False
    if not sound:
        raise TokenInvalid("A time-stamp token doesn't belong to its checkpoint, or was altered.")
    return stamped
