"""Is this package whole, ours, and plain? Told from the package and the organization's public key alone (ehr.md)."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path, PurePosixPath

from cpdocs.errors import Problem
from cpdocs.filing.manifest import NAME, read_manifest, signature_holds
from cpdocs.filing.rendition import what_acts
from cpdocs.system.durable import read_plain

UPLOAD = "upload"
"""What the manifest calls the upload PDF."""


def check_package(folder: Path, public_key: bytes) -> list[Problem]:
    """Every fault of the package in ``folder``; empty where it is as it was built.

    ``public_key`` is the organization's Ed25519 key, 32 raw bytes, which the checker has from elsewhere: a package
    can't vouch for itself. Raises OSError only where the folder itself can't be listed.
    """
    manifest_file = folder / NAME
    if not manifest_file.is_file() or manifest_file.is_symlink():
        return [
            Problem(
                "manifest_missing", "there is no manifest: the package was never finished.", NAME, "Ask for it again."
            )
        ]
    try:
        document = read_manifest(read_plain(manifest_file))
    except (ValueError, OSError):
        return [Problem("manifest_damaged", "the manifest can't be read.", NAME, "Ask for the package again.")]
    problems = []
    if not signature_holds(document, public_key):
        problems.append(
            Problem(
                "manifest_not_signed", "the manifest isn't signed by this organization's key, or was changed.", NAME
            )
        )
    listed = {entry["name"]: entry for entry in document["files"]}
    for name, entry in sorted(listed.items()):
        problems.extend(_check_file(folder, name, entry))
    problems.extend(
        Problem("file_unlisted", "this file isn't in the manifest.", _shown(name), "It is no part of the package.")
        for name in sorted(_names(folder) - listed.keys() - {NAME})
    )
    return problems


def _check_file(folder: Path, name: str, entry: dict[str, object]) -> list[Problem]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts or not name.isprintable():
        return [Problem("name_leaves_package", "the manifest names a file outside the package.", _shown(name))]
    try:
        data = read_plain(folder / path)
    except FileNotFoundError:
        return [Problem("file_missing", "this file is missing.", name, "Ask for the package again.")]
    except OSError:
        return [
            Problem(
                "file_unreadable", "this file can't be read.", name, "Check the disk, or ask for the package again."
            )
        ]
    if len(data) != entry["bytes"] or sha256(data).hexdigest() != entry["sha256"]:
        return [Problem("file_changed", "this file isn't what was packed.", name, "Ask for the package again.")]
    acting = what_acts(data) if entry.get("what") == UPLOAD else []
    if acting:
        return [Problem("upload_not_plain", f"the upload PDF holds {', '.join(acting)}.", name)]
    return []


def _names(folder: Path) -> set[str]:
    """Every file below ``folder``, links too, as the manifest would name it."""
    found = set()
    for top, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(top) / name).is_symlink()]
        found |= {(Path(top) / name).relative_to(folder).as_posix() for name in (*names, *links)}
    return found


def _shown(name: str) -> str:
    """A stranger's name as it can be printed anywhere."""
    return name if name.isprintable() else ascii(name)[1:-1]
