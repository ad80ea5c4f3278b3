"""Whose a workspace is, and what an account may be led to use by somebody else's files.

A workspace is used by the account that owns it and by no other: root too would leave files there that its owner can't
read, and whoever made a folder could choose what is loaded from it. Exceptions are the account's own to make, in a file
that root or the account itself owns, found by the system's account list and not by the environment:

    /etc/cpdocs/machine.toml                 root's, for every account
    ~/.config/cpdocs/machine.toml            the account's own

    workspaces = ["/srv/cpdocs"]             of other owners, to be looked at (never written to)
    pkcs11_modules = ["/opt/vendor/lib.so"]  besides what root put among the system's libraries
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from cpdocs.errors import WorkspaceFault
from cpdocs.system.accounts import account_name
from cpdocs.system.durable import read_plain

_LIBRARIES = tuple(map(Path, ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/lib", "/lib64")))
_KEYS = frozenset({"workspaces", "pkcs11_modules"})
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def own_settings(uid: int) -> tuple[Path, ...]:
    """Where exceptions for the account may stand."""
    try:
        home = Path(pwd.getpwuid(uid).pw_dir)
    except KeyError:
        home = Path("/nonexistent")
    return (Path("/etc/cpdocs/machine.toml"), home / ".config" / "cpdocs" / "machine.toml")


def require_own(root: Path, uid: int) -> bool:
    """Whether the workspace in ``root`` (resolved) is the account's own; False where another's is allowed to be looked
    at.

    Raises WorkspaceFault where it, its settings or its state/ belong to somebody else, or where anybody could put
    another in its place, since a folder on the way is open to all.
    """
    for folder in (root, *root.parents):
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise WorkspaceFault(
                f"Anybody on this machine can change {folder}, and so what workspace is found at {root}.",
                todo=f"chmod o-w {folder}",
            )
    owners = {path.lstat().st_uid for path in (root, root / "cpdocs.toml", root / "state") if path.exists()}
    strangers = owners - {uid}
    if not strangers:
        return True
    if any(Path(each).resolve() == root for each in _listed("workspaces", uid)):
        return False
    owner = account_name(min(strangers))
    raise WorkspaceFault(
        f"The workspace {root} belongs to {owner}, and you are {account_name(uid)}.",
        todo=(
            f"Run cpdocs as its owner (`sudo -u {owner} cpdocs …`, docs/operations.md). To look at it without writing, "
            f"name it under `workspaces` in {own_settings(uid)[-1]}."
        ),
    )


def require_owner(root: Path, uid: int) -> None:
    """Raises WorkspaceFault where the account would leave files of its own in somebody else's workspace."""
    owner = (root / "state").stat().st_uid if (root / "state").exists() else root.stat().st_uid
    if owner != uid:
        name = account_name(owner)
        raise WorkspaceFault(
            f"The workspace {root} belongs to {name}: what {account_name(uid)} leaves couldn't be read by it.",
            todo=f"Run this as {name}: `sudo -u {name} cpdocs …` (docs/operations.md).",
        )


def may_load(module: str, uid: int) -> bool:
    """Whether a PKCS#11 module may be loaded into this process: root put it among the system's libraries, or a list of
    root's or the account's own names it. What a workspace's settings name is no such list."""
    path = Path(module)
    if any(Path(each) == path for each in _listed("pkcs11_modules", uid)):
        return True
    real = path.resolve()
    folder = next((each for each in _LIBRARIES if real.is_relative_to(each.resolve())), None)
    if folder is None or not real.exists():
        return False
    return all(
        found.stat().st_uid == 0 and not found.stat().st_mode & _OTHERS_WRITE
        for found in (real, *(each for each in real.parents if each.is_relative_to(folder.resolve())))
    )


def of_others(root: Path, most: int) -> list[Path]:
    """Files and folders in state/ and outbox/ that don't belong to the workspace's owner: ``most`` at most, relative to
    it."""
    owner = (root / "state").stat().st_uid
    found: list[Path] = []
    for folder in (root / "state", root / "outbox"):
        for where, folders, files in os.walk(folder):
            for name in (*folders, *files):
                path = Path(where, name)
                if path.lstat().st_uid != owner:
                    found.append(path.relative_to(root))
                    if len(found) == most:
                        return found
    return found


def _listed(key: str, uid: int) -> Iterator[str]:
    import tomllib  # for others' workspaces alone

    for file in own_settings(uid):
        try:
            info = file.lstat()
            data = read_plain(file)
        except OSError:
            continue
        if info.st_uid not in (0, uid) or info.st_mode & _OTHERS_WRITE:
            raise WorkspaceFault(
                f"{file} belongs to somebody else, or others can write to it: it says whom to trust.",
                todo=f"chown it to yourself and chmod go-w {file}.",
            )
        try:
            read = tomllib.loads(data.decode())
            fit = not read.keys() - _KEYS and all(
                isinstance(each, str) and each.startswith("/") for values in read.values() for each in values
            )
        except (ValueError, TypeError):
            fit = False
        if not fit:
            raise WorkspaceFault(
                f"{file} can't be read.", todo="It holds lists of absolute paths: `workspaces` and `pkcs11_modules`."
            )
        yield from read.get(key, [])
