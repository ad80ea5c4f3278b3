"""A package that came as one ZIP, as names and bytes; for a child process with limits: whoever sends a ZIP may have
made it to fill a disk or to be read differently by two programs."""

from __future__ import annotations

import io
import zipfile

from cpdocs.filing.manifest import NAME

_MOST_FILES = 500
_MOST_BYTES = 60 << 20
"""What the child may answer with, all files together."""


def read_zip(data: bytes) -> dict[str, bytes] | str:
    """The files of a package by name, what lies in one common folder by its name within. Else a word: ``other`` (no
    package), ``limit`` or ``unreadable``. Never raises for bad bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir()]
            names = [each.filename for each in entries]
            top = next(
                (name.removesuffix(NAME) for name in names if name in (NAME, f"{name.split('/')[0]}/{NAME}")), None
            )
            if top is None:
                return "other"
            if len(entries) > _MOST_FILES or sum(each.file_size for each in entries) > _MOST_BYTES:
                return "limit"
            if len(set(names)) < len(names) or any(each.flag_bits & 1 for each in entries):
                return "unreadable"
            found = {}
            for each in entries:
                with archive.open(each) as stream:
                    content = stream.read(each.file_size + 1)
                if len(content) != each.file_size:
                    return "unreadable"
                found[each.filename.removeprefix(top)] = content
            return found
    except Exception:  # noqa: BLE001 parsers of strangers' archives throw anything; it all means the same
        return "unreadable"
