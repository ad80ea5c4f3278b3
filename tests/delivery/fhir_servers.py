"""FHIR servers that nobody here wrote, as processes on loopback: Medplum's router (npm) and sekmet-fhir (PyPI).

They are installed by ``.ci/peers``.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import peers
from tests.delivery.receivers import Certificates, free_port, listens, until

MRN_SYSTEM = "urn:oid:1.2.3.4"


@dataclass
class FhirServer:
    port: int

    def request(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Content-Type": "application/fhir+json"}
        connection.request(method, f"/fhir/{path}", json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        data = answer.read()
        assert answer.status < 300, data[:400]
        return json.loads(data) if data else None

    def documents(self) -> list[Any]:
        return [each["resource"] for each in self.request("GET", "DocumentReference").get("entry", [])]

    def patient(self, mrn: str, family: str, born: str) -> None:
        identifier = [{"system": MRN_SYSTEM, "value": mrn}]
        name = [{"family": family}]
        self.request(
            "POST",
            "Patient",
            {"resourceType": "Patient", "identifier": identifier, "name": name, "birthDate": born},
        )


@contextlib.contextmanager
def medplum(folder: Path) -> Iterator[FhirServer]:
    node = peers.program("node")
    modules = peers.package("@medplum/fhir-router").parent.parent
    port = free_port()
    command = [node, str(Path(__file__).with_name("fhir_server.mjs")), str(modules), str(port)]
    with _running(command, folder, port):
        yield FhirServer(port)


@contextlib.contextmanager
def sekmet(folder: Path) -> Iterator[FhirServer]:
    with _running([peers.program("sekmet"), "serve", "-c", str(_settings(folder, port := free_port()))], folder, port):
        yield FhirServer(port)


@contextlib.contextmanager
def sekmet_smart(folder: Path, tls: Certificates, public_key: Path) -> Iterator[FhirServer]:
    """The same over TLS, which gives nothing without a token of its own authority."""
    port = free_port()
    more = (
        f"tls_certfile: {tls.cert}\ntls_keyfile: {tls.key}\n"
        "server_auth:\n  types: [smart]\n  token_lifetime: 60\n  smart_clients:\n"
        f"    - client_id: cpdocs-test\n      public_key_path: {public_key}\n"
        "      scopes: system/DocumentReference.crus system/Provenance.crs system/Patient.crs\n"
    )
    with _running([peers.program("sekmet"), "serve", "-c", str(_settings(folder, port, more, "https"))], folder, port):
        yield FhirServer(port)


def _settings(folder: Path, port: int, more: str = "", scheme: str = "http") -> Path:
    file = folder / "sekmet.yaml"
    file.write_text(
        f"base_url: {scheme}://127.0.0.1:{port}/fhir\nhost: 127.0.0.1\nport: {port}\ndata_dir: {folder / 'data'}\n"
        f"simulator: {{enabled: false}}\nvalidation: {{inbound: strict}}\n{more}",
        "utf-8",
    )
    return file


@contextlib.contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            until(lambda: process.poll() is not None or listens(port))
            assert process.poll() is None, (folder / "server.log").read_text("utf-8")
            yield
        finally:
            process.kill()  # asked to end, one of them waits seconds for connections that nobody uses any more
            process.wait(10)
