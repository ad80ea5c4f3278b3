"""A time-stamping authority (RFC 3161) as a process of its own on the loopback: ``python -m tests.tsa FOLDER``.

FOLDER gets ``ca.crt`` and ``ca.crl`` of the authority that certifies its units. The address says which unit stamps and
at what time:

    http://127.0.0.1:PORT/short/2026-11-03T15:00:00Z

Units are ``short`` (its certificate ends in June 2027), ``long`` (2045) and ``stranger`` (certified by nobody).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

BEGINS = datetime(2020, 1, 1, tzinfo=UTC)
ENDS = {
    "short": datetime(2027, 6, 1, tzinfo=UTC),
    "long": datetime(2045, 1, 1, tzinfo=UTC),
    "stranger": datetime(2045, 1, 1, tzinfo=UTC),
}


@dataclass(frozen=True)
class Authority:
    """The running authority: where it answers, and the folder with its certificate and list."""

    port: int
    folder: Path

    def url(self, at: str, unit: str = "long") -> str:
        return f"http://127.0.0.1:{self.port}/{unit}/{at}"

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def crl(self) -> Path:
        return self.folder / "ca.crl"


@contextmanager
def running(folder: Path) -> Iterator[Authority]:
    """The authority, in a process that ends with the block."""
    process = subprocess.Popen([sys.executable, "-m", "tests.tsa", str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Authority(int(process.stdout.readline()), folder)
    finally:
        process.terminate()
        process.wait()


def _certificate(
    name: str,
    key: rsa.RSAPrivateKey,
    ends: datetime,
    issuer: tuple[x509.Name, rsa.RSAPrivateKey] | None,
    *,
    ca: bool = False,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer_name, signer = issuer or (subject, key)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(signer_name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(BEGINS).not_valid_after(ends)
    made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    if not ca:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return made.sign(signer, hashes.SHA256())


class _Units:
    """The authority's keys, and what each unit answers."""

    def __init__(self, folder: Path) -> None:
        root = rsa.generate_private_key(65537, 2048)
        self._root = _certificate("Example Time CA", root, datetime(2060, 1, 1, tzinfo=UTC), None, ca=True)
        (folder / "ca.crt").write_bytes(self._root.public_bytes(serialization.Encoding.PEM))
        crl = x509.CertificateRevocationListBuilder().issuer_name(self._root.subject)
        crl = (
            crl.last_update(BEGINS)
            .next_update(BEGINS + timedelta(days=365 * 30))
            .add_extension(x509.CRLNumber(1), critical=False)
        )
        (folder / "ca.crl").write_bytes(crl.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
        self._units = {}
        for name, ends in ENDS.items():
            key = rsa.generate_private_key(65537, 2048)
            issuer = None if name == "stranger" else (self._root.subject, root)
            self._units[name] = (key, _certificate(f"Example Time Stamps {name}", key, ends, issuer))

    def answer(self, question: bytes, unit: str, at: datetime) -> bytes:
        key, certificate = self._units[unit]
        own, above = (
            asn1_x509.Certificate.load(each.public_bytes(serialization.Encoding.DER))
            for each in (certificate, self._root)
        )
        private = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        store = SimpleCertificateStore()
        store.register_multiple([own, above])
        stamper = DummyTimeStamper(own, keys.PrivateKeyInfo.load(private), certs_to_embed=store, fixed_dt=at)
        return bytes(stamper.request_tsa_response(tsp.TimeStampReq.load(question)).dump())


def _serve(folder: Path) -> None:
    units = _Units(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            _, unit, at = self.path.split("/")
            answer = units.answer(question, unit, datetime.fromisoformat(at))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
