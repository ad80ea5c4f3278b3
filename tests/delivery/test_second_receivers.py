"""Mail and SFTP against a second receiver that nobody here wrote: npm smtp-server, and OpenSSH's own server."""

from __future__ import annotations

import contextlib
import email
import os
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cpdocs.core.deliveries import Outcome
from cpdocs.core.places import Place
from cpdocs.delivery import sftp, smtp
from cpdocs.delivery.parcel import Content, Parcel
from tests.delivery.node_receivers import node
from tests.delivery.receivers import certificates, free_port, listens, until

PDF = b"%PDF-1.7\r\n.a line that begins with a dot\r\n..and another\n" + bytes(range(256)) * 40


@pytest.mark.parametrize("encryption", ["starttls"])
def test_a_message_comes_to_another_mail_server_byte_for_byte(tmp_path: Path, encryption: str) -> None:
    tls = certificates(tmp_path)
    mail = smtp.message(
        delivery_id="0123456789ABCDEF0123",
        document_id="7K3M-9QXW-2RC",
        sender="plans@cp.example.org",
        to="6175550100@fax.example.org",
        at=datetime(2026, 11, 3, tzinfo=UTC),
        files=(Content("7K3M-9QXW-2RC.pdf", PDF),),
        text="A document is attached.\r\n.and a line that begins with a dot\r\n",
    )
    parcel = Parcel(
        "0123456789ABCDEF0123", "7K3M-9QXW-2RC", (Content("message.eml", mail),), to="6175550100@fax.example.org"
    )
    with node("smtp", tmp_path, tls) as server:
        place = Place(
            host="127.0.0.1", port=server.port, tls=encryption, ca_file=str(tls.ca), sender="plans@cp.example.org"
        )
        assert smtp.send(parcel, place).outcome is Outcome.ACCEPTED
        (got,) = server.got()
    assert got["to"] == "6175550100@fax.example.org"
    received = b64decode(got["mail"])
    assert received.rstrip(b"\r\n") == mail.rstrip(b"\r\n")
    (attached,) = email.message_from_bytes(received, policy=email.policy.default).iter_attachments()
    assert attached.get_content() == PDF


@contextlib.contextmanager
def openssh(folder: Path) -> Iterator[tuple[int, str, Path]]:
    """OpenSSH's server for one user, this one: its port, its public key, and the client's private key."""
    program = shutil.which("sshd", path=f"/usr/sbin:{os.environ['PATH']}")
    if program is None:
        if os.environ.get("CPDOCS_PEERS") == "required":
            pytest.fail("openssh-server isn't installed")
        pytest.skip("openssh-server isn't installed")
    for name in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port = free_port()
    config = folder / "sshd_config"
    lines = (
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {folder / 'host'}",
        f"AuthorizedKeysFile {folder / 'client.pub'}",
        f"PidFile {folder / 'pid'}",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "PermitRootLogin prohibit-password",
        "Subsystem sftp internal-sftp",
    )
    config.write_text("\n".join(lines) + "\n", "utf-8")
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stdout=log, stderr=log)
        try:
            until(lambda: process.poll() is not None or listens(port))
            assert process.poll() is None, (folder / "sshd.log").read_text("utf-8")
            yield port, (folder / "host.pub").read_text("utf-8").strip(), folder / "client"
        finally:
            process.terminate()
            process.wait(10)


def test_a_file_comes_to_openssh_whole_under_its_name_and_takes_no_others_place(tmp_path: Path) -> None:
    import getpass

    drop = tmp_path / "drop"
    drop.mkdir()
    keys = tmp_path / "keys"
    keys.mkdir()
    with openssh(keys) as (port, host_key, key):
        place = Place(
            host="127.0.0.1",
            port=port,
            user=getpass.getuser(),
            host_key=host_key,
            key_file=str(key),
            folder=str(drop),
            deadline_seconds=20,
        )

        def attempt(name: str, *, again: bool = False) -> Outcome:
            parcel = Parcel("0123456789ABCDEF0123", "X", (Content(name, PDF),), look_first=again)
            return sftp.send(parcel, place).outcome

        assert attempt("a.pdf") is Outcome.ACCEPTED
        assert (drop / "a.pdf").read_bytes() == PDF
        assert attempt("a.pdf", again=True) is Outcome.ACCEPTED, "it is there, and the same"
        (drop / "b.pdf").write_bytes(b"somebody else's")
        assert attempt("b.pdf") is Outcome.REFUSED
        assert (drop / "b.pdf").read_bytes() == b"somebody else's"
        assert attempt("c.pdf", again=True) is Outcome.HANDED_OVER, "it may have been taken away"
        assert sorted(each.name for each in drop.iterdir()) == ["a.pdf", "b.pdf"]
