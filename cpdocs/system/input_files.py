"""Reads the files that a person names on the command line."""

from __future__ import annotations

import stat
from pathlib import Path

from cpdocs.errors import InputFault


def read_input(path: Path, max_bytes: int) -> bytes:
    """The bytes of a regular file, or of what a link to one points to; at most ``max_bytes``.

    Raises InputFault: missing, not a file, not readable or too large.
    """
    try:
        if not stat.S_ISDIR(mode := path.stat().st_mode) and not stat.S_ISREG(mode):
            raise InputFault(f"{path.name} is a pipe or a device, not a file.", todo="Save it as a file first.")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise InputFault(f"{path.name} isn't there.", todo="Check the name and the folder.") from None
    except IsADirectoryError:
        raise InputFault(f"{path.name or path} is a folder.", todo="Give one file in it.") from None
    except OSError as error:
        raise InputFault(
            f"{path.name} can't be read ({error.strerror}).", todo="Check its permissions and the disk it lies on."
        ) from None
    if len(data) > max_bytes:
        raise InputFault(
            f"{path.name} has more than {max_bytes // 1024**2} MB.",
            todo="Split it, or check that it is the right file.",
        )
    return data
