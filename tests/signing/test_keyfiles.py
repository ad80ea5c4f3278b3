"""Keys at rest: what opens, and what is said of each file that can't be used."""

from __future__ import annotations

from datetime import timedelta

import pytest
from asn1crypto import core
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import pkcs12

from cpdocs.errors import InputFault
from cpdocs.signing import authority, keyfiles
from cpdocs.signing.keyfiles import (
    RANDOM_ROUNDS,
    STRONG_ROUNDS,
    KeyPair,
    PassphraseNeeded,
    certificate_der,
    certificate_pem,
    check_dates,
    fingerprint,
    read_certificate,
    read_passphrase,
    read_pkcs12,
    write_pkcs12,
)
from tests.signing import builder as b

SECRET = b"correct horse"


def stored(pair: KeyPair) -> bytes:
    return write_pkcs12(pair, SECRET, friendly_name="Olga Examplesen, MD", rounds=RANDOM_ROUNDS)


def test_a_key_comes_back_with_its_certificate_and_those_above_it() -> None:
    pair = b.office().clinician()
    read = read_pkcs12(stored(pair), SECRET, name="me.p12")
    assert read.certificate == pair.certificate
    assert set(read.chain) == set(pair.chain)
    assert read.key.private_numbers() == pair.key.private_numbers()


def test_what_a_person_chose_is_stretched_by_many_rounds_for_key_and_certificates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keyfiles, "STRONG_ROUNDS", STRONG_ROUNDS)
    data = write_pkcs12(b.office().clinician(), SECRET, friendly_name="me")
    assert data.count(core.Integer(400_000).dump()) >= 2


def test_a_wrong_passphrase_is_told_apart_from_a_missing_one_and_from_another_file() -> None:
    data = stored(b.office().clinician())
    with pytest.raises(InputFault, match="does not open me"):
        read_pkcs12(data, b"wrong horse", name="me.p12")
    with pytest.raises(PassphraseNeeded):
        read_pkcs12(data, None, name="me.p12")
    with pytest.raises(InputFault, match="not a PKCS#12"):
        read_pkcs12(b"%PDF-1.7 nothing of the kind", SECRET, name="me.p12")
    with pytest.raises(InputFault, match="is empty"):
        read_pkcs12(b"", SECRET, name="me.p12")


def test_a_file_without_a_private_key_is_refused() -> None:
    certificate = b.office().clinician().certificate
    data = pkcs12.serialize_key_and_certificates(
        b"x", None, certificate, None, serialization.BestAvailableEncryption(SECRET)
    )
    with pytest.raises(InputFault, match="no private key"):
        read_pkcs12(data, SECRET, name="me.p12")


def test_a_key_that_is_not_the_certificates_is_refused() -> None:
    certificate, other = b.office().clinician().certificate, b.rsa_key()
    with pytest.raises((InputFault, ValueError)):
        read_pkcs12(stored(KeyPair(other, certificate)), SECRET, name="me.p12")


def test_kinds_of_key_that_pdf_readers_refuse_are_refused_here() -> None:
    short = b.self_signed(key=b.short_key())
    with pytest.raises(InputFault, match="1024 bits"):
        read_pkcs12(stored(short), SECRET, name="me.p12")
    key = ed25519.Ed25519PrivateKey.generate()
    data = pkcs12.serialize_key_and_certificates(b"x", key, None, None, serialization.BestAvailableEncryption(SECRET))
    with pytest.raises(InputFault):
        read_pkcs12(data, SECRET, name="me.p12")


def test_an_expired_certificate_and_one_not_valid_yet_are_refused_by_date() -> None:
    pair = b.office().clinician()
    with pytest.raises(InputFault, match="expired on"):
        check_dates(pair, pair.certificate.not_valid_after_utc + timedelta(seconds=1), name="me.p12")
    with pytest.raises(InputFault, match="valid only from"):
        check_dates(pair, pair.certificate.not_valid_before_utc - timedelta(seconds=1), name="me.p12")
    check_dates(pair, b.office().now, name="me.p12")


def test_a_certificate_is_read_as_pem_and_as_der_and_alone() -> None:
    first, second = b.office().clinician().certificate, b.office().root.certificate
    assert (
        read_certificate(certificate_pem(first), name="a.cer")
        == read_certificate(certificate_der(first), name="a.cer")
        == first
    )
    with pytest.raises(InputFault, match="holds 2 certificates"):
        read_certificate(certificate_pem(first) + certificate_pem(second), name="a.cer")
    with pytest.raises(InputFault, match="not a certificate"):
        read_certificate(b"\x30\x03abc", name="a.cer")


def test_a_fingerprint_is_the_sha256_of_the_der() -> None:
    certificate = b.office().root.certificate
    from hashlib import sha256

    assert fingerprint(certificate) == sha256(certificate_der(certificate)).hexdigest()


@pytest.mark.parametrize(
    ("data", "secret"),
    [(b"pass word\n", b"pass word"), (b"\xef\xbb\xbfpass\r\nmore", b"pass"), ("ñandú".encode(), "ñandú".encode())],
)
def test_a_passphrase_is_the_first_line_of_its_file(data: bytes, secret: bytes) -> None:
    assert read_passphrase(data, name="pass.txt") == secret


@pytest.mark.parametrize("data", [b"", b"\nsecond", b"\xff\xfe\n"])
def test_a_passphrase_file_without_one_is_refused_and_its_content_not_shown(data: bytes) -> None:
    with pytest.raises(InputFault) as caught:
        read_passphrase(data, name="pass.txt")
    assert "second" not in str(caught.value)


def test_a_one_time_key_is_p256() -> None:
    assert authority.new_key().curve.name == "secp256r1"
