"""Accounts of this machine: whose a user id is, and from which account sudo says that a command came.

Names come from the system's own account list by number; the environment is nobody's word.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

_SUDO = frozenset({"sudo", "sudo-rs"})


def account_name(uid: int) -> str:
    """The account's name; ``uid 1234`` where the system knows none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def said_by_sudo(environment: Mapping[str, str], parent: Path | None = None) -> str:
    """The account that sudo says it was called from; empty where this process isn't sudo's own child.

    ``SUDO_USER`` alone is anybody's to set. It counts where the parent process is called sudo, has root's power, and
    was started by that very account, or by root: the kernel tells both (``parent`` is that process's folder in /proc).
    Where sudo doesn't wait for its command (a policy without a PAM session) there is no such parent, and nothing is
    recorded. Whoever may run a program through sudo as root that sets variables can make it say anything: the sudoers
    line of docs/operations.md allows cpdocs alone.
    """
    uid, name = environment.get("SUDO_UID", ""), environment.get("SUDO_USER", "")
    if not (uid.isascii() and uid.isdigit() and name and account_name(int(uid)) == name):
        return ""
    real, effective = _run_by_sudo(parent or Path(f"/proc/{os.getppid()}"))
    return name if effective == "0" and real in ("0", str(int(uid))) else ""


def _run_by_sudo(parent: Path) -> tuple[str, str]:
    """The real and the effective user id of the parent, where it is called sudo."""
    try:
        if (parent / "comm").read_text().strip() not in _SUDO:
            return "", ""
        lines = (parent / "status").read_text().splitlines()
    except OSError:
        return "", ""
    found = [line.split() for line in lines if line.startswith("Uid:")]
    return (found[0][1], found[0][2]) if found else ("", "")
