"""Receivers that nobody here wrote, started on loopback for a session: PyPI's hl7, hl7apy, aiosmtpd and asyncssh."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

DEADLINE = 20.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def until(ready: Callable[[], bool]) -> None:
    """Waits for another thread or process; a receiver that never comes up is a failure."""
    end = time.monotonic() + DEADLINE
    while not ready():
        assert time.monotonic() < end, "a receiver didn't come up"
        threading.Event().wait(0.02)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def loop_running() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own, ended with all that runs in it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:

        async def end() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), loop).result(DEADLINE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(DEADLINE)
        loop.close()


@dataclass
class Mllp:
    """The MLLP server of PyPI hl7; ``code`` is what it answers. ``got`` has each message as it understood it."""

    port: int = 0
    code: str = "AA"
    got: list[dict[str, Any]] = field(default_factory=list)

    def take(self, message: Any) -> None:
        def cell(segment: str, *place: int) -> str:
            if not any(str(each[0]) == segment for each in message):
                return ""
            return str(message.extract_field(segment, 1, *place))

        pdf = base64.b64decode(cell("OBX", 5, 1, 5) or "")
        self.got.append(
            {
                "control_id": cell("MSH", 10),
                "trigger": cell("MSH", 9, 1, 2),
                "document": cell("TXA", 12, 1, 1),
                "parent": cell("TXA", 13, 1, 1),
                "mrn": cell("PID", 3, 1, 1),
                "sha256": sha256(pdf).hexdigest(),
                "text": str(message),
            }
        )


@contextlib.contextmanager
def mllp(tls: ssl.SSLContext | None = None) -> Iterator[Mllp]:
    pytest.importorskip("hl7")
    from hl7.mllp import start_hl7_server

    receiver = Mllp(free_port())

    async def serve(reader: Any, writer: Any) -> None:
        try:
            while not writer.is_closing():
                message = await reader.readmessage()
                receiver.take(message)
                writer.writemessage(message.create_ack(receiver.code))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await start_hl7_server(
            serve, host="127.0.0.1", port=receiver.port, encoding="utf-8", limit=64 << 20, ssl=tls
        )
        async with server:
            await server.serve_forever()

    with loop_running() as loop:
        asyncio.run_coroutine_threadsafe(run(), loop)
        until(lambda: listens(receiver.port))
        yield receiver


@contextlib.contextmanager
def mllp_hl7apy() -> Iterator[Mllp]:
    """The MLLP server of PyPI hl7apy, which reads three bytes a call."""
    pytest.importorskip("hl7apy")
    from hl7apy.mllp import AbstractHandler, MLLPServer

    receiver = Mllp(free_port())

    class Handler(AbstractHandler):
        def reply(self) -> str:
            fields = self.incoming_message.split("\r")[0].split("|")
            receiver.got.append({"control_id": fields[9], "text": self.incoming_message})
            return f"\x0bMSH|^~\\&|B|B|A|A|20261102||ACK|1|P|2.5\rMSA|{receiver.code}|{fields[9]}\r\x1c\r"

    server = MLLPServer("127.0.0.1", receiver.port, {"MDM^T02^MDM_T02": (Handler,)}, timeout=60)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Certificates:
    """A server's certificate for 127.0.0.1 and who vouches for it, as PEM files; a client's too."""

    ca: Path
    cert: Path
    key: Path

    def server(self, *, asks_for_client: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        if asks_for_client:
            context.load_verify_locations(self.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def certificates(folder: Path) -> Certificates:
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test receiver")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "tls.pem", folder / "tls.key"
    cert_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Certificates(cert_file, cert_file, key_file)


@dataclass
class Mail:
    """aiosmtpd; ``got`` has each envelope's sender, recipients and content. ``answer`` is its word after DATA."""

    port: int
    answer: str = "250 OK"
    got: list[tuple[str, list[str], bytes]] = field(default_factory=list)


@contextlib.contextmanager
def smtp(tls: ssl.SSLContext | None, *, offers_starttls: bool = True) -> Iterator[Mail]:
    pytest.importorskip("aiosmtpd")
    from aiosmtpd.controller import Controller

    receiver = Mail(free_port())

    class Handler:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 aiosmtpd's name
            receiver.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
            return receiver.answer

    context = tls if offers_starttls else None
    controller = Controller(
        Handler(),
        hostname="127.0.0.1",
        port=receiver.port,
        tls_context=context,
        require_starttls=offers_starttls,
        data_size_limit=64 << 20,
    )
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()


@dataclass
class Sftp:
    """asyncssh: its port, what it serves, its public key and the file with the client's private key."""

    port: int
    root: Path
    host_key: str
    key_file: Path


@contextlib.contextmanager
def sftp(folder: Path) -> Iterator[Sftp]:
    asyncssh = pytest.importorskip("asyncssh")
    pytest.importorskip("paramiko")
    host, client = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    (folder / "root" / "in").mkdir(parents=True)
    (folder / "root" / "acks").mkdir()
    key_file, known = folder / "client.key", folder / "authorized"
    client.write_private_key(str(key_file))
    client.write_public_key(str(known))
    receiver = Sftp(free_port(), folder / "root", host.export_public_key().decode().strip(), key_file)

    async def run() -> None:
        await asyncssh.listen(
            "127.0.0.1",
            receiver.port,
            server_host_keys=[host],
            authorized_client_keys=str(known),
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(receiver.root).encode()),
        )

    with loop_running() as loop:
        asyncio.run_coroutine_threadsafe(run(), loop).result(DEADLINE)
        yield receiver
