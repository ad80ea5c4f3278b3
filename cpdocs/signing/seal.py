"""Sealing: the organization certifies the plan that it issues, before anybody else signs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cpdocs.signing.field_names import SEAL_FIELD
from cpdocs.signing.fields import Box, add_fields, add_seal_field
from cpdocs.signing.increment import Statement, append_signature
from cpdocs.signing.keyfiles import KeyPair

SEAL_REASON = "Issued as document {document_id}; only its signature fields may be filled in."


COPY_REASON = "Made as copy {document_id} for information; it approves nothing and may not be changed."


def seal_copy(pdf: bytes, seal: KeyPair, *, document_id: str, organization: str, now: datetime) -> bytes:
    """A rendered copy for information, certified by the organization so that nothing may change in it (DocMDP P=1).

    Nobody signs it: it has no other field. Raises InputFault where the rendering isn't what a plan must be.
    """
    statement = Statement(name=organization, reason=COPY_REASON.format(document_id=document_id), signed_at=now)
    return append_signature(add_seal_field(pdf), SEAL_FIELD, seal, statement, certify=True, final=True)


def seal_plan(
    pdf: bytes, boxes: Mapping[str, Box], seal: KeyPair, *, document_id: str, organization: str, now: datetime
) -> bytes:
    """The rendered plan with its signature fields, certified by the organization (DocMDP P=2, PAdES).

    ``boxes`` holds the rectangles ``MemberSig`` and ``PCPSig`` (pages from 0, PDF points, origin lower left). ``now``
    (aware) becomes the time of signing. The same input, P-256 key and time give the same bytes.

    Raises:
        InputFault: a box is missing, or the rendering isn't what a plan must be.
    """
    statement = Statement(name=organization, reason=SEAL_REASON.format(document_id=document_id), signed_at=now)
    return append_signature(add_fields(pdf, boxes), SEAL_FIELD, seal, statement, certify=True)
