"""The manifest: every file of a package with its SHA-256, signed by the organization, written last.

The signature is Ed25519 over ``cpdocs.package/1`` LF and the RFC 8785 text of the manifest without its ``signature``.
The first line keeps it apart from a ledger checkpoint, which the same key signs: a checkpoint's second line is a
number.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cpdocs.core.events import JSON

NAME = "manifest.json"
FORMAT = "cpdocs.package/1"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a package: its name in the package (POSIX), its bytes, and what it is in a word."""

    name: str
    data: bytes
    what: str

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


def build_manifest(facts: Mapping[str, JSON], files: Sequence[PackageFile], sign: Callable[[bytes], bytes]) -> bytes:
    """The manifest of ``files`` with ``facts`` about the document; ``sign`` gives the raw 64-byte Ed25519 signature."""
    body: dict[str, Any] = {
        "format": FORMAT,
        **facts,
        "files": [
            {"name": file.name, "sha256": file.sha256, "bytes": len(file.data), "what": file.what}
            for file in sorted(files, key=lambda file: file.name)
        ],
    }
    value = base64.b64encode(sign(_signed_text(body))).decode()
    document = {**body, "signature": {"algorithm": "Ed25519", "value": value}}
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def read_manifest(data: bytes) -> dict[str, Any]:
    """The manifest as it stands, unchecked. Raises ValueError where it isn't one of ours."""
    try:
        document = json.loads(data.decode())
    except RecursionError:
        raise ValueError("not a package manifest") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError("not a package manifest")
    files = document.get("files")
    if not isinstance(files, list) or not all(isinstance(entry, dict) and _entry_ok(entry) for entry in files):
        raise ValueError("a package manifest with a damaged list of files")
    return document


def signature_holds(document: Mapping[str, Any], public_key: bytes) -> bool:
    """Whether the organization's key (32 raw bytes) signed exactly this manifest."""
    signature = document.get("signature")
    if not isinstance(signature, Mapping) or signature.get("algorithm") != "Ed25519":
        return False
    body = {key: value for key, value in document.items() if key != "signature"}
    try:
        raw = base64.b64decode(str(signature.get("value", "")), validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(raw, _signed_text(body))
    except (InvalidSignature, ValueError, TypeError, RecursionError, binascii.Error):
        return False
    return True


def _signed_text(body: Mapping[str, Any]) -> bytes:
    return FORMAT.encode() + b"\n" + rfc8785.dumps(dict(body))


def _entry_ok(entry: Mapping[str, Any]) -> bool:
    digest = entry.get("sha256")
    return (
        isinstance(entry.get("name"), str)
        and isinstance(entry.get("bytes"), int)
        and isinstance(digest, str)
        and len(digest) == 64
        and all(char in "0123456789abcdef" for char in digest)
    )
