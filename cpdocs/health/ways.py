"""Whether what the settings name for targets and channels is on this machine: files, folders, groups. Nobody is asked
over a network."""

from __future__ import annotations

import grp
import os
from collections.abc import Iterator
from pathlib import Path

from cpdocs.core.places import Place
from cpdocs.health.answers import Checked, Level
from cpdocs.workspace import Workspace

_OURS = {"key_file": True, "password_file": True, "cert_file": False, "ca_file": False}
"""Keys that name a file of ours, and whether it is for us alone."""
_LOCAL = ("folder", "handoff", "onbase_dip", "xdm")
"""Kinds whose folder is on this machine."""


def ways(ws: Workspace) -> Iterator[Checked]:
    """Every fault of a target or channel that shows before anything is sent."""
    named = [(each.name, each.kind, each.place) for each in ws.options.targets]
    named += [(each.name, each.kind, each.place) for each in ws.options.channels]
    faults = [
        Checked("deliveries", Level.FAULT, f"{name}: {fault}", todo)
        for name, kind, place in named
        for fault, todo in _faults(kind, place)
    ]
    if faults:
        yield from faults
    else:
        yield Checked("deliveries", Level.OK, "What targets and channels name is on this machine.")


def _faults(kind: str, place: Place) -> Iterator[tuple[str, str]]:
    for key, private in _OURS.items():
        name = str(getattr(place, key))
        if not name:
            continue
        file = Path(name)
        if not file.is_file() or not os.access(file, os.R_OK):
            yield f"{key} {name} isn't there or can't be read by this account.", "Put it there, or mend the path."
        elif private and file.stat().st_mode & 0o077:
            yield f"{key} {name} can be read by others.", f"chmod 600 {name}"
    if place.group:
        try:
            grp.getgrnam(place.group)
        except KeyError:
            yield f"there is no group {place.group!r} on this machine.", "Add it, or mend `group`."
    if kind in _LOCAL:
        for key in ("folder", "acknowledgement_folder"):
            folder = Path(str(getattr(place, key)))
            if str(folder) != "." and not _can_be_written(folder):
                yield f"{key} {folder} isn't there and can't be made, or can't be written to.", "Make it, or mend it."


def _can_be_written(folder: Path) -> bool:
    """Whether the folder is there and ours to write to, or its nearest parent is."""
    while not folder.exists() and folder.parent != folder:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
