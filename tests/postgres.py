"""A PostgreSQL server of the tests' own: Debian's package, an unprivileged user, a temporary folder, a socket and no
network.

Nothing in it outlives the session, so nothing is synced to the disk; that commits are durable by setting is a test's
business.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

OWNER = "cpdocs"
_START_SECONDS = 60
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
}


class Unavailable(Exception):
    """There can be no server here; says why."""


class Server:
    """One running server; every ledger gets a database of its own, cleared for the next."""

    def __init__(self, folder: Path, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.folder = folder
        self._start = start
        self._process = start()
        self._numbers = count(1)
        self._made: set[str] = set()
        self._free: list[str] = []

    def url(self, database: str, user: str = OWNER) -> str:
        return f"postgresql:///{database}?host={self.folder}&user={user}"

    def connect(self, url: str) -> Any:
        """A connection beside cpdocs, with all of the owner's rights; each statement by itself."""
        import psycopg

        return psycopg.connect(url, autocommit=True, options="-c search_path=cpdocs")

    def begin(self) -> None:
        """Waits until the server answers. Raises Unavailable where it doesn't start."""
        import psycopg

        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise Unavailable(f"PostgreSQL doesn't start here: {_last_line(self.folder / 'log')}") from None
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT ends it at once, as a crash would; SIGINT in order, its sessions thrown out."""
        self._process.send_signal(how)
        self._process.wait()

    def restart(self) -> None:
        """Stops the server in order, whoever is connected, and starts it again."""
        self.stop(signal.SIGINT)
        self._process = self._start()
        self.begin()

    @contextmanager
    def database(self, template: str = "") -> Iterator[str]:
        """The address of a database without a ledger, or of a copy of the one at the address ``template``."""
        name = self._free.pop() if self._free and not template else f"ledger{next(self._numbers)}"
        with self.connect(self.url("postgres")) as connection:
            if template or name not in self._made:
                source = f" TEMPLATE {template.partition('?')[0].rpartition('/')[2]}" if template else ""
                connection.execute(f"CREATE DATABASE {name}{source}")
                self._made.add(name)
        yield self.url(name)
        with self.connect(self.url("postgres")) as connection:
            connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            if template:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
                return
        with self.connect(self.url(name)) as connection:
            connection.execute("DROP SCHEMA IF EXISTS cpdocs CASCADE")
        self._free.append(name)


@contextmanager
def running() -> Iterator[Server]:
    """A server until the block ends. Raises Unavailable."""
    try:
        import psycopg  # noqa: F401  # whether it is there
    except ImportError:
        raise Unavailable("psycopg isn't installed") from None
    programs = _programs()
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="cpdocs-pg-"))
    try:
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        _initialize(programs, folder, user)

        def start() -> subprocess.Popen[bytes]:
            with (folder / "log").open("ab") as log:
                return subprocess.Popen(
                    _command(programs, folder), stdout=log, stderr=log, cwd=folder, env={}, **_as(user)
                )

        server = Server(folder, start)
        try:
            server.begin()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    other = shutil.which("initdb")
    if not found and not other:
        raise Unavailable("PostgreSQL's server (Debian's package postgresql) isn't installed")
    return found[-1].parent if found else Path(str(other)).resolve().parent


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom the server runs as where the tests run as root, which it refuses."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable("there is no unprivileged user for a server")


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def _initialize(programs: Path, folder: Path, user: pwd.struct_passwd | None) -> None:
    command = [
        programs / "initdb",
        "-D",
        folder / "data",
        "-U",
        OWNER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env={}, **_as(user))
    if done.returncode:
        raise Unavailable(f"initdb fails here: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")


def _command(programs: Path, folder: Path) -> list[str | Path]:
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    # The server goes with the tests, however they end.
    setpriv = shutil.which("setpriv")
    with_us: list[str | Path] = [setpriv, "--pdeathsig", "QUIT"] if setpriv else []
    return [*with_us, programs / "postgres", "-D", folder / "data", "-k", folder, *settings]


def _last_line(log: Path) -> str:
    return (log.read_text("utf-8", "replace").strip().splitlines() or ["no reason given"])[-1]
