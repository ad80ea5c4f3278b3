"""What a backup may hold, and the signature that says what one does hold.

Whoever can write where backups lie can encrypt one of their own making: the recipients' keys are public. So the last
file of an archive is a note (C2SP, as checkpoints are) signed by the key that signs the ledger's checkpoints, which the
ledger's first event names:

    cpdocs.backup/2                          what this is
    cpdocs-1f3a…tar.age                      the archive's name
    9b0c…                                    the SHA-256 of its manifest.jsonl, which lists every file and the archives
                                             that it builds on
    5d2e… 4711 "cpdocs.toml"                 every file outside the store: SHA-256, size, name (JSON)

The list stands in the note itself, so that a file which was changed can be named even where the manifest was rewritten
to fit it. Files of the store are named by their own SHA-256, and the ledger says which there must be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from cpdocs.errors import Problem
from cpdocs.ledger.checkpoint import CheckpointInvalid, sign_note, verify_note

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = "cpdocs.backup/2"
UNSIGNED_FORMAT = "cpdocs.backup/1"
"""Of the archives that were made before they were signed."""
SIGNATURE = "manifest.note"
STORE = "state/store/"

Files: TypeAlias = "Mapping[str, tuple[str, int]]"
"""Name → (SHA-256, size)."""

_NAME = r"[^/.\x00-\x1f][^/\x00-\x1f]*"
_OPEN = re.compile(
    r"cpdocs\.toml"
    r"|state/ledger\.(db|pages)"
    rf"|templates(/{_NAME})+"
    r"|state/checkpoints/[0-9]+(-[0-9]+)?\.(txt|tsr)"
    r"|state/claims/[^/.][^/]*/(?!\.\.?\Z)[^/]+"
    r"|state/keys/[a-z][a-z0-9-]*\.(crt|crl|der|pem|pub)"
)
_PRIVATE = re.compile(rf"state/keys/[a-z][a-z0-9-]*\.(key|p12|pass|token)|state/users/{_NAME}\.(json|tries)")
_STORED = re.compile(r"state/store/([0-9a-f]{2})/\1[0-9a-f]{62}")


def is_private(name: str) -> bool:
    """Whether this is a key, a passphrase, or a PIN's verifier: only in archives made with keys."""
    return _PRIVATE.fullmatch(name) is not None


def is_stored(name: str) -> bool:
    """Whether this is a file of the store, under its own SHA-256."""
    return _STORED.fullmatch(name) is not None


def may_hold(name: str, *, with_keys: bool) -> bool:
    """Whether an archive of that kind may hold a file of this name (POSIX, relative to the workspace)."""
    return _OPEN.fullmatch(name) is not None or is_stored(name) or (with_keys and is_private(name))


@dataclass(frozen=True, slots=True)
class Signed:
    """What the organization signed: the archive's name, the SHA-256 of its manifest, its files outside the store."""

    name: str
    manifest_sha256: str
    files: Files


def sign_archive(name: str, manifest_sha256: str, files: Files, origin: str, key: Ed25519PrivateKey) -> str:
    """The signed note for an archive."""
    lines = [FORMAT, name, manifest_sha256]
    lines += [f"{sha} {size} {json.dumps(file)}" for file, (sha, size) in files.items()]
    return sign_note("".join(f"{line}\n" for line in lines), origin, key)


def read_signed(note: str, public: bytes) -> Signed:
    """What ``note`` says, once ``public`` (32 raw bytes) is shown to have signed it. Raises CheckpointInvalid."""
    lines = verify_note(note, [public]).split("\n")
    try:
        mark, name, manifest = lines[:3]
        files = dict(_listed(line) for line in lines[3:-1])
    except (ValueError, TypeError):
        mark, name, manifest, files = "", "", "", {}
    if mark != FORMAT:
        raise CheckpointInvalid("A signed note isn't a backup's.")
    return Signed(name, manifest, files)


def _listed(line: str) -> tuple[str, tuple[str, int]]:
    sha, size, name = line.split(" ", 2)
    return str(json.loads(name)), (sha, int(size))


def differences(signed: Files, found: Files) -> Iterator[Problem]:
    """Each file outside the store that isn't as it was signed. Names of what came in may be people's: left out."""
    for name in sorted(signed.keys() | found.keys()):
        if name not in found:
            yield Problem("file_missing", "It was signed, and isn't in the archive.", _shown(name))
        elif name not in signed:
            yield Problem("file_added", "It is in the archive, and was never signed.", _shown(name))
        elif signed[name] != found[name]:
            yield Problem("file_changed", "Its bytes are not those that were signed.", _shown(name))


def not_allowed(name: str) -> Problem:
    """A file that no archive of its kind holds."""
    return Problem("file_not_allowed", "No backup of this kind holds such a file.", _shown(name))


def _shown(name: str) -> str:
    return "state/claims/…" if name.startswith("state/claims/") else name
