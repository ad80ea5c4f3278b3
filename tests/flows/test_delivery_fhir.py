"""FHIR servers get one document, its patient compared and its bytes read back, or the delivery is held."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.delivery import proxy, receivers
from tests.delivery.fhir_servers import MRN_SYSTEM, FhirServer, medplum, sekmet, sekmet_smart
from tests.flows.conftest import Office
from tests.flows.sent_office import SIGNED_AT, chart_is, file_bh, the_row

LATER = "2026-11-03T16:00:00Z"


@pytest.fixture(scope="module")
def _filed(tmp_path_factory: pytest.TempPathFactory, _issued: tuple[Path, dict[str, str]], sample: Any) -> Path:
    root, documents = _issued
    folder = tmp_path_factory.mktemp("filed-fhir") / "ws"
    shutil.copytree(root, folder)
    file_bh(Office(CommandLine(folder), sample, documents))
    return folder


@pytest.fixture
def filed(tmp_path: Path, sample: Any, _issued: tuple[Path, dict[str, str]], _filed: Path) -> Office:
    shutil.copytree(_filed, tmp_path / "ws")
    return Office(CommandLine(tmp_path / "ws", SIGNED_AT), sample, _issued[1])


@pytest.fixture(params=["medplum", "sekmet"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FhirServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    with (medplum if request.param == "medplum" else sekmet)(folder) as running:
        yield running


def person(office: Office) -> tuple[str, str, str]:
    """MRN, last name and date of birth of the bh plan's member, as the package and the roster have them."""
    package = office.cli.root / "outbox/ehr/chart" / office.documents["bh"]
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    import csv

    with office.sample.roster.open(encoding="utf-8-sig", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["member_id"] == manifest["member_id"])
    return manifest["mrn"], row["last_name"], row["dob"]


def fhir(office: Office, port: int, *keys: str, scheme: str = "http") -> None:
    url = f"{scheme}://127.0.0.1:{port}/fhir"
    chart_is(office, "\n".join(('kind = "fhir"', f'url = "{url}"', f'mrn_system = "{MRN_SYSTEM}"', *keys)) + "\n")


def upload_digest(office: Office) -> str:
    name = office.documents["bh"]
    return sha256((office.cli.root / "outbox/ehr/chart" / name / f"{name}.pdf").read_bytes()).hexdigest()


def test_a_plan_is_there_once_with_its_bytes_its_provenance_and_its_patient(filed: Office, server: FhirServer) -> None:
    server.patient(*person(filed))
    fhir(filed, server.port)
    filed.cli("deliver")
    row = the_row(filed)
    assert (row["state"], row["last_answer"]) == ("delivered", "The server has it once, read back and the same.")
    (document,) = server.documents()
    data = b64decode(document["content"][0]["attachment"]["data"])
    assert sha256(data).hexdigest() == upload_digest(filed)
    assert document["type"]["coding"][0]["code"] == "18776-5"
    assert document["category"]
    assert document["author"][0]["reference"] == "#organization"
    assert document["subject"]["reference"].startswith("Patient/")
    (provenance,) = (each["resource"] for each in server.request("GET", "Provenance")["entry"])
    assert provenance["target"][0]["reference"].endswith(document["id"])
    (episode,) = (each["resource"] for each in server.request("GET", "EpisodeOfCare")["entry"])
    assert episode["status"] in ("planned", "active")
    assert episode["careManager"]["display"]
    assert episode["patient"] == document["subject"]
    assert filed.status(filed.documents["bh"])["state"] == "uploaded"


def posts(request: bytes) -> bool:
    return request.startswith(b"POST /fhir/DocumentReference")


@pytest.mark.parametrize(
    "spoil",
    [lambda _: None, lambda answer: answer[: len(answer) // 2], lambda _: b"HTTP/1.1 502 Bad Gateway\r\n\r\n"],
    ids=["lost", "half", "bad gateway"],
)
def test_a_lost_or_half_answer_leaves_one_document_after_the_next_attempt(
    filed: Office, server: FhirServer, spoil: proxy.Spoil
) -> None:
    server.patient(*person(filed))
    with proxy.between(server.port) as middle:
        middle.matches, middle.spoil, middle.faults = posts, spoil, 1
        fhir(filed, middle.port)
        filed.cli("deliver")
        # Where a status line came through, reading back settles it: that is the server's own word.
        assert the_row(filed)["state"] in ("unsure", "delivered")
        filed.cli("deliver", now=LATER)
    assert the_row(filed)["state"] == "delivered"
    assert len(server.documents()) == 1


@pytest.mark.parametrize("which", ["nobody", "another birthday", "another name", "two of them"])
def test_a_patient_who_isnt_for_certain_ours_holds_it(filed: Office, server: FhirServer, which: str) -> None:
    mrn, family, born = person(filed)
    if which == "another birthday":
        server.patient(mrn, family, "1901-01-01")
    elif which == "another name":
        server.patient(mrn, "Somebodyelse", born)
    elif which == "two of them":
        server.patient(mrn, family, born)
        server.patient(mrn, family, born)
    fhir(filed, server.port)
    filed.cli("deliver")
    row = the_row(filed)
    assert row["state"] == "held"
    assert family not in row["last_answer"]
    assert server.documents() == []


def test_a_recall_marks_it_entered_in_error(filed: Office, server: FhirServer) -> None:
    server.patient(*person(filed))
    fhir(filed, server.port)
    filed.cli("deliver")
    filed.cli("recall", filed.documents["bh"], "--target", "chart", "--reason", "Filed under the wrong patient")
    assert [each["status"] for each in server.documents()] == ["entered-in-error"]
    assert the_row(filed)["state"] == "withdrawn"


def test_over_tls_the_server_gives_a_token_for_our_key_alone(filed: Office, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    tls = receivers.certificates(tmp_path)
    files = {}
    for name in ("ours", "another"):
        key = ec.generate_private_key(ec.SECP384R1())
        files[name] = tmp_path / f"{name}.pem"
        files[name].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{name}.pub").write_bytes(public)
    folder = tmp_path / "smart"
    folder.mkdir()
    with sekmet_smart(folder, tls, tmp_path / "ours.pub") as server:
        for name, words in (("another", "gives no token"), ("ours", "no patients")):
            fhir(
                filed,
                server.port,
                f'token_url = "https://127.0.0.1:{server.port}/auth/token"',
                'client_id = "cpdocs-test"',
                f'key_file = "{files[name]}"',
                f'ca_file = "{tls.ca}"',
                scheme="https",
            )
            filed.cli("deliver", now=LATER)
            if name == "ours":
                filed.cli("deliver", "retry", filed.documents["bh"], "--target", "chart", now=LATER)
            assert words in the_row(filed)["last_answer"]
