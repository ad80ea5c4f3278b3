"""Packets go to practices by their own channels, encrypted, and what was sent is then on record by itself."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery import receivers
from tests.flows.conftest import Office
from tests.flows.sent_office import more

LATER = "2026-11-02T16:00:00Z"


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> receivers.Certificates:
    return receivers.certificates(tmp_path_factory.mktemp("mail-tls"))


def channels(office: Office, keys: str) -> None:
    for name in ("fax", "sftp", "secure_email"):
        more(office, f"[channel.{name}]\n{keys}")


def smtp(office: Office, port: int, tls: receivers.Certificates, to: str = "{fax}@fax.example.org") -> None:
    lines = ('kind = "smtp"', 'host = "127.0.0.1"', f"port = {port}", f'ca_file = "{tls.ca}"')
    channels(office, "\n".join((*lines, 'from = "plans@cp.example.org"', f'to = "{to}"')) + "\n")


def test_a_packet_goes_to_the_fax_gateway_and_is_logged_as_sent(issued: Office, tls: receivers.Certificates) -> None:
    document_id = issued.documents["bh"]
    with receivers.smtp(tls.server()) as server:
        smtp(issued, server.port, tls)
        (row,) = issued.cli("plan", "send", document_id, "--json").json
    assert row["state"] == "delivered"
    ((sender, to, content),) = server.got
    assert sender == "plans@cp.example.org"
    assert to[0].split("@")[0].isdigit()
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert row["control_id"] in mail["Message-ID"]
    assert mail["Subject"] == f"Document {document_id}"
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert set(files) == {f"{document_id}.pdf", f"{document_id}-cover.pdf"}
    plan = next((issued.cli.root / "outbox/plans").rglob(f"{document_id}.pdf")).read_bytes()
    assert files[f"{document_id}.pdf"] == plan
    head = content.partition(b"\r\n\r\n")[0].decode()
    with issued.sample.roster.open(encoding="utf-8-sig", newline="") as file:
        import csv

        names = {row["last_name"] for row in csv.DictReader(file)}
    assert not any(name and name in head for name in names), "a header names nobody"
    assert issued.status(document_id)["sent_at"]
    issued.cli("plan", "send", document_id)
    assert len(server.got) == 1, "once sent, it isn't sent again"


def test_what_was_never_sent_goes_all_at_once(issued: Office, tls: receivers.Certificates) -> None:
    with receivers.smtp(tls.server()) as server:
        smtp(issued, server.port, tls)
        rows = issued.cli("plan", "send", "--all-new", "--json").json
        assert {row["document_id"] for row in rows} == set(issued.documents.values())
        assert issued.cli("plan", "send", "--all-new", "--json").json == []
    assert len(server.got) == len(rows)


def test_a_server_without_encryption_gets_nothing(issued: Office, tls: receivers.Certificates) -> None:
    with receivers.smtp(None, offers_starttls=False) as server:
        smtp(issued, server.port, tls)
        (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "held"
    assert "nothing is sent in the clear" in row["last_answer"]
    assert server.got == []
    assert issued.status(issued.documents["bh"])["sent_at"] is None


def test_a_server_that_we_dont_trust_gets_nothing(issued: Office, tls: receivers.Certificates, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = receivers.certificates(tmp_path / "other")
    with receivers.smtp(tls.server()) as server:
        smtp(issued, server.port, other)
        (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "queued"
    assert "isn't to be trusted" in row["last_answer"]
    assert server.got == []


@pytest.mark.parametrize(("answer", "state"), [("451 later", "queued"), ("554 no", "held")])
def test_a_refusal_says_whether_to_come_again(
    issued: Office, tls: receivers.Certificates, answer: str, state: str
) -> None:
    with receivers.smtp(tls.server()) as server:
        server.answer = answer
        smtp(issued, server.port, tls)
        (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
        assert (row["state"], row["last_answer"][:3]) == (state, answer[:3])
        server.answer = "250 OK"
        issued.cli("deliver", now=LATER)
    assert bool(issued.status(issued.documents["bh"])["sent_at"]) is (state == "queued")


def test_a_practice_without_a_channel_is_said(issued: Office) -> None:
    assert "no [channel." in issued.cli("plan", "send", issued.documents["bh"], status=3).err
    issued.cli("plan", "send", status=2)


def test_a_folder_channel_puts_the_packet_where_it_is_picked_up(issued: Office, tmp_path: Path) -> None:
    drop = tmp_path / "out"
    channels(issued, f'kind = "folder"\nfolder = "{drop}"\n')
    (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "delivered"
    assert sorted(each.name for each in drop.rglob("*.pdf")) == [
        f"{issued.documents['bh']}-cover.pdf",
        f"{issued.documents['bh']}.pdf",
    ]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[receivers.Sftp]:
    with receivers.sftp(tmp_path / "sftp") as running:
        yield running


def sftp(office: Office, server: receivers.Sftp, *keys: str, host_key: str = "") -> None:
    lines = ('kind = "sftp"', 'host = "127.0.0.1"', f"port = {server.port}", 'user = "cpdocs"', 'folder = "/in"')
    key = (f'key_file = "{server.key_file}"', f'host_key = "{host_key or server.host_key}"')
    channels(office, "\n".join((*lines, *key, *keys)) + "\n")


def test_an_upload_has_its_name_only_when_it_is_whole_and_the_server_has_the_same_bytes(
    issued: Office, server: receivers.Sftp
) -> None:
    sftp(issued, server)
    (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "delivered", row
    name = f"{issued.documents['bh']}.pdf"
    there = server.root / "in"
    assert {each.name for each in there.iterdir()} == {name, name.replace(".pdf", "-cover.pdf")}
    plan = next((issued.cli.root / "outbox/plans").rglob(name)).read_bytes()
    assert (there / name).read_bytes() == plan


def test_another_file_of_that_name_on_the_server_is_left_alone(issued: Office, server: receivers.Sftp) -> None:
    theirs = server.root / "in" / f"{issued.documents['bh']}.pdf"
    theirs.write_bytes(b"somebody else's")
    sftp(issued, server)
    (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "held"
    assert theirs.read_bytes() == b"somebody else's"


def test_a_server_with_another_key_gets_nothing(issued: Office, server: receivers.Sftp) -> None:
    import asyncssh

    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    sftp(issued, server, host_key=other)
    (row,) = issued.cli("plan", "send", issued.documents["bh"], "--json").json
    assert row["state"] == "held"
    assert "another key" in row["last_answer"]
    assert list((server.root / "in").iterdir()) == []
