"""Is this file one that may be signed? Asked of a plan before ``sign`` touches it, with nothing but the file at hand.

It protects an office from putting a signature where it can't count: on another file than an issued plan, on one that
was changed on its way, in a field that is taken. Whether a signature counts is decided at intake, never here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

from cpdocs.core.verdicts import Slot
from cpdocs.errors import InputFault
from cpdocs.signing.field_names import FIELD_OF_SLOT, FIELDS, SEAL_FIELD

_FRESH = (
    "Sign the file as it came from the Community Partner; ask for it again if it was opened and saved in "
    "another program."
)
_IN_REASON = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Signable:
    """A sealed plan: its document id as the seal states it, the seal's certificate, and which slots are filled
    already."""

    document_id: str
    seal_fingerprint: str
    signed: Mapping[Slot, str]
    """Each filled slot with the SHA-256 fingerprint of the certificate in it."""


def look(pdf: bytes, *, name: str) -> Signable:
    """What the file called ``name`` is, if it may be signed at all.

    Raises:
        InputFault: not a PDF, not a plan that was issued and sealed, changed since, or damaged.
    """
    if not pdf.startswith(b"%PDF-"):
        raise InputFault(
            f"{name} is not a PDF." if pdf else f"{name} is empty.", todo="Give the plan as it was sent (a .pdf file)."
        )
    try:
        seen = _read(pdf)
    except Exception as error:  # noqa: BLE001 a damaged PDF raises anything at all (signing.md, check 11)
        raise InputFault(f"{name} is damaged or is no plan of ours ({type(error).__name__}).", todo=_FRESH) from None
    if seen is None:
        raise InputFault(f"{name} is not a plan that a Community Partner issued: it is not sealed.", todo=_FRESH)
    if not seen.unchanged:
        raise InputFault(f"{name} was changed since it was issued or signed.", todo=_FRESH)
    return seen.signable


@dataclass(frozen=True, slots=True)
class _Seen:
    signable: Signable
    unchanged: bool


def _read(pdf: bytes) -> _Seen | None:
    """The sealed plan in these bytes; None where it has other fields than ours or no seal. Raises anything for a
    damaged PDF."""
    reader = PdfFileReader(BytesIO(pdf))
    found = {field: value is not None for field, value, _ in enumerate_sig_fields(reader)}
    if set(found) != set(FIELDS) or not found[SEAL_FIELD]:
        return None
    signatures = {signature.field_name: signature for signature in reader.embedded_signatures}
    seal = signatures[SEAL_FIELD]
    written = _IN_REASON.search(str(seal.sig_object.get("/Reason", "")))
    signable = Signable(
        document_id=written.group() if written else "",
        seal_fingerprint=seal.signer_cert.sha256.hex(),
        signed={
            slot: signatures[field].signer_cert.sha256.hex() for slot, field in FIELD_OF_SLOT.items() if found[field]
        },
    )
    certified = seal.docmdp_level == MDPPerm.FILL_FORMS
    return _Seen(
        signable,
        certified and all(_intact(item) for item in signatures.values()) and _covers_end(pdf, signatures.values()),
    )


def _intact(signature: EmbeddedPdfSignature) -> bool:
    intact, valid = validate_sig_integrity(
        signature.signer_info,
        signature.signer_cert,
        expected_content_type="data",
        actual_digest=signature.compute_digest(),
    )
    return bool(intact and valid)


def _covers_end(pdf: bytes, signatures: Any) -> bool:
    """Whether one of the signatures reaches the end of the file, but for white space."""
    ends = [int(signature.byte_range[2]) + int(signature.byte_range[3]) for signature in signatures]
    return not pdf[max(ends) :].strip()
