"""Requests to a FHIR server: one at a time, each a connection of its own, an absolute deadline over all of them, and a
token from the server's own authority where it wants one (SMART Backend Services)."""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from cpdocs.core.places import Place
from cpdocs.delivery.parcel import Deadline, NothingSent, cut_socket
from cpdocs.delivery.tls import client_context, tls_fault
from cpdocs.system.durable import read_plain

_MOST = 64 << 20


class NotSent(Exception):
    """The request certainly didn't reach the server whole; ``str()`` is why, for people."""


class NoAnswer(Exception):
    """The request may have reached the server; no whole answer came."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: status, headers (lower case) and the resource, or None where the body is none."""

    status: int
    headers: Mapping[str, str]
    resource: dict[str, Any] | None

    @property
    def words(self) -> str:
        """The status and, of an OperationOutcome, the first issue's code: never the server's own sentences."""
        issues = (self.resource or {}).get("issue")
        code = issues[0].get("code") if isinstance(issues, list) and issues and isinstance(issues[0], dict) else None
        plain = isinstance(code, str) and code.replace("-", "").isalnum() and len(code) < 40
        return f"HTTP {self.status}" + (f", {code}" if plain else "")


@dataclass(slots=True)
class Server:
    """One server for one delivery. ``epoch`` (seconds since 1970) dates the assertion that asks for a token."""

    place: Place
    epoch: int
    deadline: Deadline
    _token: str = field(default="", repr=False)

    def get(self, path: str, **query: str) -> Reply:
        """Reads. Raises NotSent, NoAnswer."""
        return self._fhir("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, resource_type: str, body: bytes, **if_none_exist: str) -> Reply:
        """Creates, unless the server has a resource that the search ``if_none_exist`` finds. Raises NotSent,
        NoAnswer."""
        return self._fhir("POST", resource_type, body, {"If-None-Exist": urlencode(if_none_exist, quote_via=quote)})

    def put(self, path: str, resource: Mapping[str, Any]) -> Reply:
        """Changes the version that was read, and no other. Raises NotSent, NoAnswer."""
        version = str((resource.get("meta") or {}).get("versionId", ""))
        headers = {"If-Match": f'W/"{version}"'} if version else {}
        return self._fhir("PUT", path, json.dumps(resource, ensure_ascii=False).encode(), headers)

    def _fhir(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        sent = {"Accept": "application/fhir+json", **(headers or {})}
        if body is not None:
            sent |= {"Content-Type": "application/fhir+json", "Prefer": "return=minimal"}
        if self.place.token_url:
            sent["Authorization"] = f"Bearer {self._bearer()}"
        return self._request(method, f"{self.place.url.rstrip('/')}/{path}", body, sent)

    def _bearer(self) -> str:
        """A token of the server's authority. Raises NotSent where none is given."""
        if not self._token:
            form = {
                "grant_type": "client_credentials",
                "scope": self.place.scope,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": _assertion(self.place, self.epoch),
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
            try:
                reply = self._request("POST", self.place.token_url, urlencode(form).encode(), headers)
            except NoAnswer:
                raise NotSent("The authority gave no answer to our request for a token.") from None
            token = (reply.resource or {}).get("access_token")
            if reply.status != 200 or not isinstance(token, str):
                raise NotSent(f"The authority gives no token (HTTP {reply.status}).")
            self._token = token
        return self._token

    def _request(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        parts = urlsplit(url)
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            try:
                connection.connect()
            except ssl.SSLError as error:
                raise NotSent(f"No encrypted connection: {tls_fault(error)}") from None
            except OSError:
                raise NotSent(f"No connection to {parts.hostname}.") from None
            with self.deadline.cutting(lambda: cut_socket(connection.sock)):
                try:
                    connection.request(method, target, body, dict(headers))
                except OSError:
                    raise NotSent("The connection broke before the request was whole.") from None
                try:
                    answer = connection.getresponse()
                    data = answer.read(_MOST)
                    length = answer.getheader("Content-Length")
                    if length and length.isdigit() and len(data) < int(length):
                        raise NoAnswer
                except (OSError, http.client.HTTPException):
                    raise NoAnswer from None
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, _object(data))
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        try:
            left = self.deadline.left
        except TimeoutError:
            raise NotSent("There was no time left for the next request.") from None
        if scheme == "https":
            context = client_context(self.place.ca_file)
            return http.client.HTTPSConnection(host, port, timeout=left, context=context)
        return http.client.HTTPConnection(host, port, timeout=left)


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _assertion(place: Place, epoch: int) -> str:
    """A signed claim of who we are, for one use within four minutes (SMART App Launch 2, Backend Services: RS384 or
    ES384). Raises NothingSent where the key can't be used."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(read_plain(Path(place.key_file)), None)
    except (OSError, ValueError, TypeError) as error:
        raise NothingSent(
            "key_file of a FHIR target can't be read.", todo="It is a PEM private key (EC P-384 or RSA) for us alone."
        ) from error
    elliptic = isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1)
    claims = {
        "iss": place.client_id,
        "sub": place.client_id,
        "aud": place.token_url,
        "iat": epoch,
        "exp": epoch + 240,
        "jti": secrets.token_urlsafe(24),
    }
    head = {"alg": "ES384" if elliptic else "RS384", "typ": "JWT"}
    text = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    if elliptic and isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA384())))
        signature = r.to_bytes(48, "big") + s.to_bytes(48, "big")
    elif isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA384())
    else:
        raise NothingSent("key_file of a FHIR target is neither EC P-384 nor RSA.")
    return f"{text}.{_base64(signature)}"


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
