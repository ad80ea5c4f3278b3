"""A time-stamping authority (RFC 3161) asked over HTTP: what proves when a plan was closed."""

from __future__ import annotations

import asyncio
import urllib.request
from http.client import HTTPException
from urllib.parse import urlsplit

from asn1crypto import tsp
from pyhanko.sign.timestamps import TimeStamper

from cpdocs.errors import WorkspaceFault

_SECONDS = 15.0
_MOST_BYTES = 256 * 1024


class TimestampUnavailable(WorkspaceFault):
    """The time-stamping authority didn't answer, or not with a time stamp. Nothing was changed."""


class UrlTimeStamper(TimeStamper):
    """Asks the authority at ``url`` (http or https: its answer is signed either way), with a limit on time and size."""

    def __init__(self, url: str) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise TimestampUnavailable("tsa_url in cpdocs.toml is no http(s) address.", todo="Correct it, or leave it empty.")
        TimeStamper.__init__(self)
        self._url = url

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        answer = await asyncio.to_thread(self._ask, req.dump())
        try:
            response = tsp.TimeStampResp.load(answer)
            response["status"]["status"].native  # noqa: B018 parsed when looked at
        except (ValueError, TypeError):
            raise TimestampUnavailable(
                "The time-stamping authority's answer is no time stamp.", todo="Check tsa_url in cpdocs.toml, then try again."
            ) from None
        return response

    def _ask(self, question: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310 the scheme is checked above
            self._url, data=question, headers={"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 as above
                return bytes(answer.read(_MOST_BYTES))
        except (OSError, HTTPException, ValueError) as error:
            raise TimestampUnavailable(
                f"The time-stamping authority can't be reached ({type(error).__name__}).",
                todo="Check the network and tsa_url in cpdocs.toml, then try again.",
            ) from None
