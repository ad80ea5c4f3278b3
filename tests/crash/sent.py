"""Deliveries that may be cut short: a way out of each kind, with a receiver that counts what it has."""

from __future__ import annotations

import contextlib
import csv
import json
import re
import shutil
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.delivery import receivers
from tests.delivery.fhir_servers import MRN_SYSTEM, FhirServer, sekmet
from tests.flows.conftest import Office
from tests.flows.sent_office import chart_is, more

KINDS = ("folder", "handoff", "sftp", "hl7v2", "hl7v2 that tells apart", "fhir")


@dataclass(frozen=True)
class Outside:
    """A receiver: ``set_up`` names it in the settings of an office, ``empty`` has it forget everything, ``has`` gives
    the SHA-256 of each document that it has. ``argv`` sends to it, for ``purpose``; ``always`` is whether each delivery
    ends there by itself, whatever broke off."""

    set_up: Callable[[Office], None]
    empty: Callable[[], object]
    has: Callable[[], list[str]]
    argv: tuple[str, ...] = ("deliver",)
    purpose: str = "package"
    always: bool = False


@contextlib.contextmanager
def outside(kind: str, folder: Path, office: Office) -> Iterator[Outside]:
    """The receiver of a kind, running while this lasts."""
    if kind == "folder":
        yield _folder(folder / "packets", office)
    elif kind == "handoff":
        yield _handoff(folder / "drop")
    elif kind == "sftp":
        with receivers.sftp(folder / "sftp") as server:
            yield _sftp(server)
    elif kind.startswith("hl7v2"):
        with receivers.mllp() as engine:
            yield _hl7(engine, tells_apart=kind != "hl7v2")
    else:
        served = sekmet(folder) if kind == "fhir of sekmet" else _fhir_server()
        with served as fhir:
            yield _fhir(fhir)


def _files(folder: Path, pattern: str) -> list[str]:
    return [sha256(path.read_bytes()).hexdigest() for path in folder.rglob(pattern) if path.is_file()]


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _folder(folder: Path, office: Office) -> Outside:
    """A practice's folder, into which its packet goes: what lies there tells itself apart by its name."""

    def set_up(where: Office) -> None:
        for name in ("fax", "sftp", "secure_email"):
            more(where, f'[channel.{name}]\nkind = "folder"\nfolder = "{folder}"\n')

    plan = office.documents["ltss"]
    has = partial(_files, folder, f"{plan}.pdf")
    return Outside(set_up, lambda: _empty(folder), has, ("plan", "send", plan), "packet")


def _handoff(drop: Path) -> Outside:
    def set_up(office: Office) -> None:
        chart_is(office, f'kind = "handoff"\nfolder = "{drop}"\n')

    def has() -> list[str]:
        listed = []
        for index in drop.rglob("index.csv"):
            with index.open(encoding="utf-8", newline="") as file:
                listed += [row["sha256"] for row in csv.DictReader(file)]
        found = _files(drop, "*.pdf")
        assert sorted(listed) in ([], sorted(found)), "the index names what isn't there, or names it twice"
        return found

    return Outside(set_up, lambda: _empty(drop), has)


def _sftp(server: receivers.Sftp) -> Outside:
    def set_up(office: Office) -> None:
        keys = (
            'kind = "sftp"',
            'host = "127.0.0.1"',
            f"port = {server.port}",
            'user = "cpdocs"',
            f'key_file = "{server.key_file}"',
            f'host_key = "{server.host_key}"',
            'folder = "/in"',
        )
        chart_is(office, "\n".join(keys) + "\n")

    def empty() -> None:
        for path in (server.root / "in").iterdir():
            path.unlink()

    return Outside(set_up, empty, lambda: _files(server.root / "in", "*.pdf"))


def _hl7(engine: receivers.Mllp, *, tells_apart: bool) -> Outside:
    def set_up(office: Office) -> None:
        keys = ('kind = "hl7v2"', 'host = "127.0.0.1"', f"port = {engine.port}", "tls = false")
        chart_is(office, "\n".join((*keys, *(("tells_apart = true",) if tells_apart else ()))) + "\n")

    def has() -> list[str]:
        # One that dedupes keeps a document by its control id; one that doesn't files each message.
        if tells_apart:
            return list({(each["control_id"], each["document"]): each["sha256"] for each in engine.got}.values())
        return [each["sha256"] for each in engine.got]

    return Outside(set_up, engine.got.clear, has, always=tells_apart)


def _fhir(server: FhirServer) -> Outside:
    def set_up(office: Office) -> None:
        package = office.cli.root / "outbox/ehr/chart" / office.documents["bh"]
        manifest = json.loads((package / "manifest.json").read_text("utf-8"))
        with office.sample.roster.open(encoding="utf-8-sig", newline="") as file:
            row = next(row for row in csv.DictReader(file) if row["member_id"] == manifest["member_id"])
        server.patient(manifest["mrn"], row["last_name"], row["dob"])
        url = f"http://127.0.0.1:{server.port}/fhir"
        chart_is(office, f'kind = "fhir"\nurl = "{url}"\nmrn_system = "{MRN_SYSTEM}"\n')

    def empty() -> None:
        for kind in ("Provenance", "DocumentReference", "EpisodeOfCare"):
            for each in server.request("GET", kind).get("entry", []):
                server.request("DELETE", f"{kind}/{each['resource']['id']}")

    def has() -> list[str]:
        attachments = [each["content"][0]["attachment"] for each in server.documents()]
        return [sha256(b64decode(each["data"])).hexdigest() for each in attachments]

    return Outside(set_up, empty, has, always=True)


@dataclass
class _Kept:
    """What a FHIR server in memory keeps: resources by type, and the next id."""

    by_type: dict[str, dict[str, Any]] = field(default_factory=dict)
    last: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextlib.contextmanager
def _fhir_server() -> Iterator[FhirServer]:
    """As much of FHIR R4 over HTTP as a delivery needs, at the speed that a sweep needs: search by identifier or
    target, read, create unless it exists, update, delete."""
    kept = _Kept()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            return None

        def do_GET(self) -> None:
            kind, name, query = self._asked()
            found = kept.by_type.get(kind, {})
            if name:
                self._answer(200, found[name]) if name in found else self._answer(404)
                return
            entries = [{"resource": each, "search": {"mode": "match"}} for each in _matching(found, query)]
            self._answer(200, {"resourceType": "Bundle", "type": "searchset", "entry": entries})

        def do_POST(self) -> None:
            kind, _, _ = self._asked()
            body = self._body()
            with kept.lock:
                known = kept.by_type.setdefault(kind, {})
                query = parse_qs(self.headers.get("If-None-Exist", ""))
                if query and (there := _matching(known, query)):
                    self._answer(200, there[0])
                    return
                kept.last += 1
                known[str(kept.last)] = {**body, "id": str(kept.last)}
                self._answer(201, known[str(kept.last)])

        def do_PUT(self) -> None:
            kind, name, _ = self._asked()
            kept.by_type[kind][name] = self._body()
            self._answer(200, kept.by_type[kind][name])

        def do_DELETE(self) -> None:
            kind, name, _ = self._asked()
            kept.by_type[kind].pop(name, None)
            self._answer(204)

        def _asked(self) -> tuple[str, str, dict[str, list[str]]]:
            parts = urlsplit(self.path)
            kind, _, name = parts.path.removeprefix("/fhir/").partition("/")
            return kind, name, parse_qs(parts.query)

        def _body(self) -> Any:
            return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, status: int, resource: Any = None) -> None:
            data = json.dumps(resource).encode() if resource is not None else b""
            with contextlib.suppress(OSError):  # whoever asked may have been killed
                self.send_response(status)
                self.send_header("Content-Type", "application/fhir+json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield FhirServer(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def _matching(found: dict[str, Any], query: dict[str, list[str]]) -> list[Any]:
    """The resources that a search by identifier or target finds; all where it asks for nothing."""
    wanted = query.get("identifier", query.get("target", [""]))[0]
    if not wanted:
        return list(found.values())
    system, _, value = wanted.rpartition("|")
    return [
        each
        for each in found.values()
        if any(
            (one.get("system", ""), one.get("value")) == (system, value)
            for one in _listed(each.get("identifier"), each.get("masterIdentifier"))
        )
        or any(
            re.search(rf"(?:^|/){re.escape(value)}$", one.get("reference", "")) for one in _listed(each.get("target"))
        )
    ]


def _listed(*values: Any) -> list[Any]:
    return [one for value in values if value for one in (value if isinstance(value, list) else [value])]
