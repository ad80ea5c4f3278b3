"""Real accounts of this machine, made for a test and removed after it: who isn't root skips."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import cpdocs

SOURCES = Path(cpdocs.__file__).parent.parent
LIBRARIES = os.pathsep.join([str(SOURCES), *(each for each in sys.path if each.endswith("site-packages"))])


@dataclass(frozen=True)
class Machine:
    """Accounts by role in the test, a folder that all can reach, and a ``cpdocs`` that all can run."""

    accounts: Mapping[str, str]
    folder: Path
    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self, who: str, *words: str | Path, cwd: Path | None = None, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command as one of the accounts, or as root."""
        account = self.accounts.get(who)
        become = ["setpriv", f"--reuid={account}", f"--regid={account}", "--clear-groups", "--"] if account else []
        clean = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **environment}
        return subprocess.run(
            [*become, *map(str, words)],
            cwd=cwd or self.folder,
            env=clean,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def give(self, who: str, path: Path) -> Path:
        """Makes ``path`` and all in it belong to that account."""
        for each in (path, *path.rglob("*")):
            shutil.chown(each, self.accounts.get(who, "root"), self.accounts.get(who, "root"))
        return path

    def secret(self, who: str, name: str, text: str) -> Path:
        """A file with a PIN that only that account can read."""
        path = self.folder / name
        path.write_text(text + "\n", "utf-8")
        path.chmod(0o600)
        return self.give(who, path)


@contextmanager
def machine(*names: str) -> Iterator[Machine]:
    """Makes the accounts; skips where this can't be done."""
    if os.geteuid() != 0:
        pytest.skip("accounts can be made by root alone")
    missing = [tool for tool in ("useradd", "userdel", "setpriv") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"this machine has no {', '.join(missing)}")
    mark = secrets.token_hex(3)
    accounts = {name: f"cpd{mark}{name[:8]}" for name in names}
    folder = Path(tempfile.mkdtemp(prefix="cpdocs-accounts-"))
    folder.chmod(0o755)
    try:
        for account in accounts.values():
            subprocess.run(["useradd", "--system", "--user-group", account], check=True, capture_output=True)
        program = folder / "cpdocs"
        made = Machine(accounts, folder, program)
        for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
            program.write_text(f'#!/bin/sh\nPYTHONPATH={LIBRARIES} exec {python} -m cpdocs "$@"\n', "utf-8")
            program.chmod(0o755)
            if made.run(names[0], program, "--version").returncode == 0:
                break
        else:
            pytest.skip("other accounts can run no Python that has what cpdocs needs")
        yield made
    finally:
        for account in accounts.values():
            subprocess.run(["userdel", account], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
