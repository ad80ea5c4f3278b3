"""PDFs in which something acts, behind every protection that the format knows: made on the spot by qpdf and pyHanko."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import pikepdf
from pikepdf import Dictionary, Name
from pyhanko.pdf_utils.crypt import (
    STD_CF,
    CryptFilterConfiguration,
    StandardAESCryptFilter,
    StandardSecurityHandler,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer

OWNER = "owner words"


def acting(pages: int = 1) -> pikepdf.Pdf:
    """A file that runs a script on opening and carries a program."""
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page()
    pdf.Root.OpenAction = pdf.make_indirect(Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)")))
    pdf.attachments["a.exe"] = pikepdf.AttachedFileSpec(pdf, b"MZ", filename="a.exe")
    return pdf


def saved(pdf: pikepdf.Pdf, **how: Any) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # weak methods are what is wanted here
        pdf.save(out, **how)
    return out.getvalue()


def by_qpdf(method: Mapping[str, Any], user: str) -> bytes:
    return saved(acting(), encryption=pikepdf.Encryption(owner=OWNER, user=user, **method))


QPDF: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "RC4-40": {"R": 2, "aes": False, "metadata": False},
        "RC4-128": {"R": 3, "aes": False, "metadata": False},
        "AES-128": {"R": 4, "aes": True},
        "AES-128, metadata left plain": {"R": 4, "aes": True, "metadata": False},
        "AES-256, R5": {"R": 5, "aes": True},
        "AES-256, R6": {"R": 6, "aes": True},
    }
)


@cache
def for_a_recipient() -> bytes:
    """Encrypted to a certificate (the public-key handler, /Adobe.PubSec): no password opens it."""
    from asn1crypto.x509 import Certificate
    from cryptography.hazmat.primitives.serialization import Encoding

    from tests.signing import builder

    pair = builder.self_signed("Recipient", key=builder.rsa_key(), usage="encipherment")
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(saved(acting()))))
    writer.encrypt_pubkey([Certificate.load(pair.certificate.public_bytes(Encoding.DER))])
    return _written(writer)


@cache
def by_galois_counter_mode() -> bytes:
    """AES-256-GCM with a message authentication code (ISO/TS 32003 and 32004), which few readers know."""
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(saved(acting()))))
    writer.encrypt(OWNER, "", use_gcm=True)
    return _written(writer)


@cache
def attachments_alone() -> bytes:
    """Only what is attached is encrypted: pages and scripts lie open (crypt filters Identity)."""
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(saved(acting()))))
    filters = CryptFilterConfiguration(
        {STD_CF: StandardAESCryptFilter(keylen=32)},
        default_file_filter=STD_CF,
    )
    handler = StandardSecurityHandler.build_from_pw(OWNER, "", pdf_mac=False, crypt_filter_config=filters)
    writer._assign_security_handler(handler)
    return _written(writer)


def under_another_handler() -> bytes:
    """Protected by a handler that no reader of ours knows."""
    return by_qpdf(QPDF["RC4-128"], "").replace(b"/Filter /Standard", b"/Filter /Standart")


def under_an_escaped_name() -> bytes:
    """As above, its entry in the trailer written with an escape."""
    return under_another_handler().replace(b"/Encrypt ", b"/Encr#79pt ")


def _written(writer: Any) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


OTHERS: Mapping[str, Callable[[], bytes]] = MappingProxyType(
    {
        "to a recipient's certificate": for_a_recipient,
        "AES-256-GCM": by_galois_counter_mode,
        "attachments alone": attachments_alone,
        "an unknown handler": under_another_handler,
        "an unknown handler under an escaped name": under_an_escaped_name,
    }
)
