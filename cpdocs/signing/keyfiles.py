"""Private keys at rest: PKCS#12 in, PKCS#12 out, and what is wrong with one that can't be used.

Bytes in, values out: reading the file, and the passphrase that opens it, is the caller's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from cpdocs.errors import InputFault

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

STRONG_ROUNDS = 400_000
"""For a passphrase that a person chose or typed: about a quarter of a second a try."""
RANDOM_ROUNDS = 2_048
"""For a passphrase of 256 random bits, which no number of rounds makes harder to guess."""
_LEAST_RSA_BITS = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


class PassphraseNeeded(InputFault):
    """A PKCS#12 file that opens only with a passphrase, and none was given."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key with its certificate and the certificates above it (issuer first, without any order promised)."""

    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()


def fingerprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of the certificate's DER, lower-case hexadecimal: how a certificate is named in the ledger."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def serial_text(certificate: x509.Certificate) -> str:
    """The serial number in lower-case hexadecimal without leading zeros: how ``keys list`` names it."""
    return f"{certificate.serial_number:x}"


def write_pkcs12(pair: KeyPair, passphrase: bytes, *, friendly_name: str, rounds: int | None = None) -> bytes:
    """``pair`` as PKCS#12: AES-256 under PBKDF2 with ``rounds`` rounds (``STRONG_ROUNDS`` where none are given), which
    Acrobat, Windows and macOS of today open."""
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(STRONG_ROUNDS if rounds is None else rounds)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase)
    )
    return pkcs12.serialize_key_and_certificates(
        friendly_name.encode(), pair.key, pair.certificate, pair.chain, encryption
    )


def read_pkcs12(data: bytes, passphrase: bytes | None, *, name: str) -> KeyPair:
    """The key in a PKCS#12 file called ``name`` (for messages).

    Raises:
        PassphraseNeeded: it has a passphrase and ``passphrase`` is None.
        InputFault: not PKCS#12, a wrong passphrase, no key or no certificate in it, or a kind of key that
            PDF readers don't accept (P-256, P-384, P-521 and RSA of 2048 bits and more are).
    """
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, passphrase)
    except (ValueError, TypeError) as error:
        raise _unreadable(name, data, passphrase, error) from None
    if key is None or certificate is None:
        raise InputFault(
            f"{name} holds no {'private key' if key is None else 'certificate'}.",
            todo="Export the digital ID again, with its private key and its certificate.",
        )
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < _LEAST_RSA_BITS:
            raise InputFault(
                f"The key in {name} is RSA with {key.key_size} bits, too weak to sign with.",
                todo="Get a new digital ID.",
            )
    elif not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in _CURVES:
        raise InputFault(
            f"{name} holds a kind of key that PDF signatures can't use here.",
            todo="Use a digital ID with a P-256 or RSA key of 2048 bits.",
        )
    if _public_bytes(key.public_key()) != _public_bytes(certificate.public_key()):
        raise InputFault(
            f"The private key and the certificate in {name} don't belong together.", todo="Export the digital ID again."
        )
    return KeyPair(key, certificate, tuple(others))


def check_dates(pair: KeyPair, now: datetime, *, name: str) -> None:
    """Refuses a certificate outside its dates at ``now`` (aware).

    Raises:
        InputFault: expired, or not valid yet.
    """
    certificate = pair.certificate
    if now > certificate.not_valid_after_utc:
        raise InputFault(
            f"The certificate in {name} expired on {certificate.not_valid_after_utc:%Y-%m-%d}.",
            todo="Ask who gave out the digital ID for a new one.",
        )
    if now < certificate.not_valid_before_utc:
        raise InputFault(
            f"The certificate in {name} is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on.",
            todo="Check this machine's clock.",
        )


def read_certificate(data: bytes, *, name: str) -> x509.Certificate:
    """The one certificate in ``data``, PEM or DER.

    Raises:
        InputFault: neither, or more than one certificate.
    """
    try:
        if b"-----BEGIN" in data:
            found = x509.load_pem_x509_certificates(data)
            if len(found) != 1:
                raise InputFault(
                    f"{name} holds {len(found)} certificates.",
                    todo="Give a file with the signer's own certificate alone.",
                )
            return found[0]
        return x509.load_der_x509_certificate(data)
    except ValueError:
        raise InputFault(
            f"{name} is not a certificate.",
            todo="Give an X.509 certificate as PEM or DER (.cer, .crt, .pem), without its private key.",
        ) from None


def read_certificates(data: bytes, *, name: str) -> list[x509.Certificate]:
    """The certificates in PEM text, one at least. Raises InputFault where there is none, or one that can't be read."""
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError:
        raise InputFault(f"{name} holds no certificate.", todo="Restore it from the backup.") from None


def certificate_pem(certificate: x509.Certificate) -> bytes:
    """``certificate`` as PEM text."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def certificate_der(certificate: x509.Certificate) -> bytes:
    """``certificate`` as DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def read_passphrase(data: bytes, *, name: str) -> bytes:
    """The passphrase in a passphrase file: its first line, without the line end.

    Raises:
        InputFault: an empty first line, or text that isn't UTF-8.
    """
    line = data.splitlines()[0] if data.splitlines() else b""
    line = line.removeprefix(b"\xef\xbb\xbf")
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        raise InputFault(
            f"{name} is not UTF-8 text.", todo="Write the passphrase on its first line, as UTF-8."
        ) from None
    if not line:
        raise InputFault(f"{name} holds no passphrase.", todo="Write the passphrase on its first line.")
    return line


def _public_bytes(key: object) -> bytes:
    assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _unreadable(name: str, data: bytes, passphrase: bytes | None, error: Exception) -> InputFault:
    if not data:
        return InputFault(f"{name} is empty.", todo="Export the digital ID again.")
    if "password" in str(error).lower() or "mac" in str(error).lower() or isinstance(error, TypeError):
        if passphrase is None:
            return PassphraseNeeded(
                f"{name} is protected by a passphrase.", todo="Give a file that holds it with --passphrase-file."
            )
        return InputFault(
            f"The passphrase does not open {name}.", todo="Check the passphrase; a space at its end counts."
        )
    return InputFault(
        f"{name} is not a PKCS#12 file (.p12, .pfx).", todo="Export the digital ID as PKCS#12, with its private key."
    )
