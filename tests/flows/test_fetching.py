"""Asking outside authorities what they revoked, over HTTP: a server and an OCSP responder on the loopback, the real
commands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509 import ocsp

from cpdocs.returns.watcher import Watcher
from cpdocs.signing.keyfiles import KeyPair, certificate_pem
from cpdocs.wiring import open_workspace
from tests.conftest import NOW
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes
from tests.flows.test_authorities import RECEIVED, signed_by
from tests.signing.outsiders import Outsider

LATER = "2026-11-04T17:00:00Z"


class Site:
    """What an authority publishes: ``lists`` by path, ``answer`` for OCSP questions; ``asked`` tells who came for
    what."""

    def __init__(self) -> None:
        self.lists: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        self.answer: Callable[[int], bytes] | None = None
        self.asked: list[str] = []
        self.when_asked: Callable[[], None] = lambda: None
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.when_asked()
                if self.path in site.moved:
                    self.send_response(302)
                    self.send_header("Location", site.moved[self.path])
                    self.end_headers()
                    return
                self.send_response(200 if self.path in site.lists else 404)
                self.end_headers()
                self.wfile.write(site.lists.get(self.path, b""))

            def do_POST(self) -> None:
                site.asked.append(self.path)
                question = ocsp.load_der_ocsp_request(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.headers["Content-Type"] == "application/ocsp-request"
                assert site.answer is not None
                self.send_response(200)
                self.end_headers()
                self.wfile.write(site.answer(question.serial_number))

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def hospital() -> Outsider:
    return Outsider.open(datetime.fromisoformat(NOW))


def allow(office: Office, *hosts: str) -> None:
    settings = office.cli.root / "cpdocs.toml"
    named = ", ".join(f'"{host}"' for host in hosts)
    settings.write_text(settings.read_text().replace("# fetch_revocation = []", f"fetch_revocation = [{named}]"))


def believe(office: Office, hospital: Outsider, *addresses: str) -> None:
    file = office.cli.root.parent / "ca.crt"
    file.write_bytes(certificate_pem(hospital.pair.certificate))
    how = ("--vouches-for", "npi-in-serial-number", "--by", "Sam Sample")
    office.cli("keys", "import-ca", file, *how, *addresses)


def held(office: Office, pair: KeyPair, tmp_path: Path) -> Desk:
    """A desk with a return that waits for the word of the authority which certified ``pair``."""
    desk = Desk(office)
    assert codes(desk.take(signed_by(desk, pair, tmp_path))) == ["revocation_unknown"]
    return desk


def test_nothing_is_fetched_unless_the_settings_name_the_host(issued: Office, hospital: Outsider, site: Site) -> None:
    site.lists["/ca.crl"] = hospital.crl()
    believe(issued, hospital, "--crl-url", site.url("/ca.crl"))
    assert "Fetching is off" in issued.cli("keys", "fetch", status=4).err
    allow(issued, "crl.example.org", "127.0.0.1:1")
    (row,) = issued.cli("keys", "fetch", "--json", status=1).json["fetched"]
    assert "is not among the hosts" in row["problem"]
    assert site.asked == []


def test_a_fetched_list_decides_what_waited_for_it_and_the_same_again_is_nothing_new(
    issued: Office, hospital: Outsider, site: Site, tmp_path: Path
) -> None:
    believe(issued, hospital, "--crl-url", site.url("/ca.crl"))
    allow(issued, site.host)
    desk = held(issued, hospital.certify(issued.sample.npis["pcp1"]), tmp_path)
    assert "answers 404" in issued.cli("keys", "fetch", now=LATER, status=1).err
    site.lists["/ca.crl"] = hospital.crl(made=RECEIVED)
    done = issued.cli("keys", "fetch", "--json", now=LATER).json
    assert [(each["kind"], each["new"]) for each in done["fetched"]] == [("crl", True)]
    assert [each["verdict"] for each in done["rechecked"]] == ["accepted"]
    assert issued.status(desk.office.documents["bh"], now=LATER)["slots"]["pcp"]["state"] == "filled"
    again = issued.cli("keys", "fetch", "--json", now=LATER).json
    assert (again["fetched"][0]["new"], again["rechecked"]) == (False, [])
    (event,) = desk.events("revocations.imported")
    assert event.data["kind"] == "crl"


@pytest.mark.parametrize(("status", "verdict"), [("good", "accepted"), ("revoked", "rejected")])
def test_a_responder_is_asked_about_the_certificates_that_wait(
    issued: Office, hospital: Outsider, site: Site, tmp_path: Path, status: str, verdict: str
) -> None:
    pair = hospital.certify(issued.sample.npis["pcp1"])
    believe(issued, hospital, "--ocsp-url", site.url("/ocsp"))
    allow(issued, site.host)
    assert issued.cli("keys", "fetch", "--json").json["fetched"] == [], "nothing waits: nobody is asked"

    def answer(serial: int) -> bytes:
        assert serial == pair.certificate.serial_number
        gone = (
            {"status": ocsp.OCSPCertStatus.REVOKED, "at": RECEIVED - timedelta(days=1)} if status == "revoked" else {}
        )
        return hospital.answer(pair, made=RECEIVED, **gone)  # type: ignore[arg-type]

    site.answer = answer
    held(issued, pair, tmp_path)
    done = issued.cli("keys", "fetch", "--json", now=LATER).json
    assert [(each["kind"], each["new"], each["problem"]) for each in done["fetched"]] == [("ocsp", True, None)]
    assert [each["verdict"] for each in done["rechecked"]] == [verdict]


def test_what_is_not_the_authoritys_or_leads_elsewhere_or_never_ends_is_not_taken(
    issued: Office, hospital: Outsider, site: Site
) -> None:
    paths = ("/moved.crl", "/other.crl", "/junk.crl", "/large.crl", "/future.crl")
    believe(issued, hospital, *(part for path in paths for part in ("--crl-url", site.url(path))))
    allow(issued, site.host)
    site.moved["/moved.crl"] = site.url("/hidden.crl")
    site.lists |= {
        "/hidden.crl": hospital.crl(),
        "/other.crl": Outsider.open(datetime.fromisoformat(NOW)).crl(),
        "/junk.crl": b"<html>busy</html>",
        "/large.crl": b"\0" * (17 * 1024 * 1024),
        "/future.crl": hospital.crl(made=datetime.fromisoformat(NOW) + timedelta(days=400)),
    }
    rows = issued.cli("keys", "fetch", "--json", now=RETURN, status=1).json["fetched"]
    words = ("leads elsewhere", "was not signed by it", "neither a list", "more than", "hasn't come yet")
    assert [word in row["problem"] for row, word in zip(rows, words, strict=True)] == [True] * 5, rows
    assert "/hidden.crl" not in site.asked
    assert Desk(issued).events("revocations.imported") == []


def test_a_strangers_certificate_never_says_whom_to_ask(
    issued: Office, hospital: Outsider, site: Site, tmp_path: Path
) -> None:
    believe(issued, hospital, "--crl-url", site.url("/ca.crl"))
    allow(issued, site.host)
    stranger = Outsider.open(datetime.fromisoformat(NOW), name="Somebody's CA")
    desk = Desk(issued)
    for number, by in enumerate((stranger, hospital)):
        signed = signed_by(desk, by.certify(issued.sample.npis["pcp1"], list_at=site.url("/theirs.crl")), tmp_path)
        issued.cli("verify", signed, now=RETURN, status=1)
        desk.take(signed, name=f"{number}.pdf")
        signed.unlink()
    assert site.asked == []
    issued.cli("keys", "fetch", now=LATER, status=1)
    assert site.asked == ["/ca.crl"]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://crl.example.org/a",
        "http://me:secret@crl.example.org/",
        "http:///a",
        "http://a b/",
        "crl.example.org",
    ],
)
def test_only_plain_addresses_are_recorded(issued: Office, hospital: Outsider, url: str) -> None:
    file = issued.cli.root.parent / "ca.crt"
    file.write_bytes(certificate_pem(hospital.pair.certificate))
    how = ("--vouches-for", "npi-in-serial-number", "--by", "Sam Sample")
    assert "no http(s) address" in issued.cli("keys", "import-ca", file, *how, "--crl-url", url, status=3).err
    assert issued.cli("keys", "cas", "--json").json == []


def test_the_watcher_asks_by_itself_and_says_what_it_decided(
    issued: Office, hospital: Outsider, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    believe(issued, hospital, "--crl-url", site.url("/ca.crl"))
    allow(issued, site.host)
    held(issued, hospital.certify(issued.sample.npis["pcp1"]), tmp_path)
    site.lists["/ca.crl"] = hospital.crl(made=RECEIVED)
    monkeypatch.setenv("CPDOCS_NOW", LATER)
    said: list[str] = []
    watcher = Watcher(open_workspace(issued.cli.root), report=lambda _: None, say=said.append)
    site.when_asked = watcher.stop
    watcher.run()
    assert any("decided again" in each for each in said)
    assert issued.status(issued.documents["bh"], now=LATER)["slots"]["pcp"]["state"] == "filled"


def test_an_old_list_raises_the_alarm(issued: Office, hospital: Outsider, site: Site) -> None:
    def alarm(now: str) -> tuple[bool, list[str]]:
        checks: list[dict[str, Any]] = issued.cli("doctor", "--json", now=now, status=None).json["checks"]
        pulse = issued.cli("health", "--json", now=now, status=None).json["checks"]["revocation"]
        return pulse["ok"], [each["message"] for each in checks if each["check"] == "outside authority"]

    assert alarm(RETURN) == (True, [])
    believe(issued, hospital, "--crl-url", site.url("/ca.crl"))
    allow(issued, site.host)
    assert alarm(RETURN)[0] is False
    site.lists["/ca.crl"] = hospital.crl(made=RECEIVED - timedelta(hours=1))
    issued.cli("keys", "fetch", now=RETURN)
    assert alarm(RETURN) == (True, [])
    ok, (said,) = alarm("2026-11-20T15:00:00Z")
    assert (ok, "Returns are held" in said) == (False, True)
