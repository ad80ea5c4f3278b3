"""Is this package whole, ours, and plain? Told from the package and the organization's public key alone (ehr.md)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Protocol

from cpdocs.errors import Problem
from cpdocs.filing.manifest import NAME, read_manifest, signature_holds
from cpdocs.filing.rendition import what_acts
from cpdocs.system.durable import read_plain

UPLOAD = "upload"
"""What the manifest calls the upload PDF."""


class Packed(Protocol):
    """Where a package's files are: a folder, or what a ZIP held."""

    def names(self) -> set[str]:
        """Every file's name in the package (POSIX), links too."""
        ...

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises FileNotFoundError, OSError."""
        ...


class Folder:
    """A package in a folder; nothing is read through a link. ``names`` raises OSError where it can't be listed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> set[str]:
        found = set()
        for top, folders, names in os.walk(self._folder):
            links = [name for name in folders if (Path(top) / name).is_symlink()]
            found |= {(Path(top) / name).relative_to(self._folder).as_posix() for name in (*names, *links)}
        return found

    def read(self, name: str) -> bytes:
        file = self._folder / PurePosixPath(name)
        if file.is_symlink():
            raise OSError("a link")
        return read_plain(file)


class InMemory:
    """A package whose files are at hand, by name."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def names(self) -> set[str]:
        return set(self._files)

    def read(self, name: str) -> bytes:
        try:
            return self._files[name]
        except KeyError:
            raise FileNotFoundError(name) from None


def check_package(package: Packed, public_key: bytes) -> list[Problem]:
    """Every fault of a package; empty where it is as it was built.

    ``public_key`` is the organization's Ed25519 key, 32 raw bytes, which the checker has from elsewhere: a package
    can't vouch for itself. Raises OSError only where the package itself can't be listed.
    """
    try:
        data = package.read(NAME)
    except OSError:
        return [
            Problem(
                "manifest_missing", "there is no manifest: the package was never finished.", NAME, "Ask for it again."
            )
        ]
    try:
        document = read_manifest(data)
    except ValueError:
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
        problems.extend(_check_file(package, name, entry))
    problems.extend(
        Problem("file_unlisted", "this file isn't in the manifest.", _shown(name), "It is no part of the package.")
        for name in sorted(package.names() - listed.keys() - {NAME})
    )
    return problems


def _check_file(package: Packed, name: str, entry: dict[str, object]) -> list[Problem]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts or not name.isprintable():
        return [Problem("name_leaves_package", "the manifest names a file outside the package.", _shown(name))]
    try:
        data = package.read(name)
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


def _shown(name: str) -> str:
    """A stranger's name as it can be printed anywhere."""
    return name if name.isprintable() else ascii(name)[1:-1]
