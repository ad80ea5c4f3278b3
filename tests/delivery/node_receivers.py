"""Receivers of npm, as processes on loopback; installed by ``.ci/peers``."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import peers
from tests.delivery.receivers import Certificates, free_port, listens, until

PACKAGES = {"simple": "simple-hl7", "medplum": "@medplum/hl7", "smtp": "smtp-server"}


@dataclass
class NodeReceiver:
    """One running: its port, and the files that it writes to and reads its answer from."""

    port: int
    store: Path
    code_file: Path

    @property
    def code(self) -> str:
        return self.code_file.read_text("utf-8")

    @code.setter
    def code(self, value: str) -> None:
        self.code_file.write_text(value, "utf-8")

    def got(self) -> list[dict[str, Any]]:
        """What came, as the receiver understood it."""
        return [json.loads(line) for line in self.store.read_text("utf-8").splitlines()] if self.store.exists() else []


@contextlib.contextmanager
def node(kind: str, folder: Path, tls: Certificates | None = None) -> Iterator[NodeReceiver]:
    program, package = peers.program("node"), peers.package(PACKAGES[kind])
    modules = package.parent.parent if "@" in PACKAGES[kind] else package.parent
    running = NodeReceiver(free_port(), folder / "got.jsonl", folder / "code")
    running.code = "AA"
    script = str(Path(__file__).with_name("node_server.cjs"))
    command = [program, script, str(modules), kind, str(running.port), str(running.store), str(running.code_file)]
    if tls:
        command += [str(tls.cert), str(tls.key)]
    with (folder / "node.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            until(lambda: process.poll() is not None or listens(running.port))
            assert process.poll() is None, (folder / "node.log").read_text("utf-8")
            yield running
        finally:
            process.terminate()
            process.wait(10)
