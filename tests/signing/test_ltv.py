"""Closing: what is appended to a file with both signatures, and that what came back stays its beginning."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO

import pytest
from asn1crypto import crl, keys, tsp, x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from cpdocs.core.verdicts import Verdict
from cpdocs.signing import authority
from cpdocs.signing.ltv import TIMESTAMP_FIELD, close
from cpdocs.signing.timestamps import TimestampUnavailable, UrlTimeStamper
from tests.signing import builder as b
from tests.signing.test_sign import as_member, as_pcp, judged_by_pyhanko


def der(certificate: pyca.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def time_authority() -> DummyTimeStamper:
    """A time-stamping authority in this process."""
    key = b.rsa_key()
    name = pyca.Name([pyca.NameAttribute(NameOID.COMMON_NAME, "Example Time Authority")])
    span = authority.Validity(b.office().now, b.office().now).start
    from datetime import timedelta

    certificate = (
        pyca.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(77)
        .not_valid_before(span - timedelta(days=1))
        .not_valid_after(span + timedelta(days=900))
        .add_extension(pyca.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return DummyTimeStamper(
        x509.Certificate.load(der(certificate)), keys.PrivateKeyInfo.load(private), fixed_dt=b.office().now
    )


@pytest.fixture(scope="module")
def both() -> bytes:
    """A file in which member and PCP have signed."""
    return as_pcp(as_member(b.issued().data))


def material() -> dict[str, tuple[bytes, ...]]:
    house = b.office()
    certificates = tuple(der(pair.certificate) for pair in (house.root, house.issuing, house.in_person, house.seal))
    lists = tuple(authority.make_crl(pair, (), number=1, now=house.now) for pair in (house.root, house.issuing))
    return {"certificates": certificates, "crls": lists}


def test_what_came_back_stays_the_beginning_of_what_is_kept(both: bytes) -> None:
    closed = close(both, **material(), timestamper=time_authority())
    assert closed.startswith(both)
    assert len(closed) > len(both)


def test_every_certificate_and_list_is_kept_in_the_file(both: bytes) -> None:
    reader = PdfFileReader(BytesIO(close(both, **material())))
    store = DocumentSecurityStore.read_dss(reader)
    kept = {ref.get_object().data for ref in store.certs.values()}
    signers = {signature.signer_cert.dump() for signature in reader.embedded_signatures}
    assert kept >= {*material()["certificates"], *signers}
    lists = [crl.CertificateList.load(item.get_object().data).issuer.native["common_name"] for item in store.crls]
    assert len(lists) == 2


def test_the_signatures_stay_sound_and_our_verdict_still_accepts(both: bytes) -> None:
    closed = close(both, **material(), timestamper=time_authority())
    sound = judged_by_pyhanko(closed)
    assert {name for name, ok in sound.items() if ok} >= {"MemberSig", "PCPSig", "OrganizationSeal"}
    pair = b.office().one_time(b.issued().data)
    again = close(as_pcp(as_member(b.issued().data, pair)), **material(), timestamper=time_authority())
    examination = b.verdict(again, trust=b.trust(witnessed=b.witnessed(pair, b.issued().data)))
    assert examination.verdict is Verdict.ACCEPTED, examination.findings


def test_the_time_stamp_covers_the_whole_file(both: bytes) -> None:
    closed = close(both, **material(), timestamper=time_authority())
    (stamp,) = PdfFileReader(BytesIO(closed)).embedded_timestamp_signatures
    assert stamp.field_name == TIMESTAMP_FIELD
    start, length = int(stamp.byte_range[2]), int(stamp.byte_range[3])
    assert start + length == len(closed)
    assert stamp.signer_cert.subject.native["common_name"] == "Example Time Authority"


def test_without_an_authority_the_same_file_gives_the_same_bytes(both: bytes) -> None:
    same = material()
    assert close(both, **same) == close(both, **same)


# The authority over HTTP


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    """An RFC 3161 server on the loopback; ``server.answer`` makes its answers."""
    stamper = time_authority()
    stamper.fixed_dt = None  # the time of the question: a ledger's events bear the true clock

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            answer = self.server.answer(question)  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    made = HTTPServer(("127.0.0.1", 0), Handler)
    made.answer = lambda question: stamper.request_tsa_response(tsp.TimeStampReq.load(question)).dump()  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def address(server: HTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/"


def test_an_authority_is_asked_over_http(both: bytes, server: HTTPServer) -> None:
    closed = close(both, **material(), timestamper=UrlTimeStamper(address(server)))
    assert len(PdfFileReader(BytesIO(closed)).embedded_timestamp_signatures) == 1


@pytest.mark.parametrize("answer", [b"", b"<html>busy</html>", b"\x30\x05\x30\x03\x02\x01\x02"])
def test_an_answer_that_is_no_time_stamp_is_named_and_nothing_is_made(
    both: bytes, server: HTTPServer, answer: bytes
) -> None:
    server.answer = lambda _: answer  # type: ignore[attr-defined]
    with pytest.raises(TimestampUnavailable):
        close(both, timestamper=UrlTimeStamper(address(server)))


def test_an_authority_that_is_not_there_is_named(both: bytes, server: HTTPServer) -> None:
    url = address(server)
    server.shutdown()
    server.server_close()
    with pytest.raises(TimestampUnavailable, match="can't be reached"):
        close(both, timestamper=UrlTimeStamper(url))


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(TimestampUnavailable):
        UrlTimeStamper("file:///etc/hostname")
