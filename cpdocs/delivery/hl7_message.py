r"""HL7 v2.5.1 MDM messages as plain text: T02 (original), T10 (replacement), T11 (cancel), built of fields by hand.

A message library takes a hundred times as long for the same text; in the tests one validates what is built here.
Segments end in CR. What comes from outside is escaped (v2.5.1 §2.7), so that no name ends a field.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime

from cpdocs.core.places import Place
from cpdocs.delivery.document import LOINC, LOINC_NAME, Document

_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
_SPECIAL = re.compile(r"[\\|^&~]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_NPI_AUTHORITY = "NPI&2.16.840.1.113883.4.6&ISO"


def escaped(text: str) -> str:
    """``text`` as it may stand in a field: separators escaped, control characters become a space."""
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], _CONTROL.sub(" ", text))


def original(document: Document, place: Place) -> bytes:
    """MDM^T02, or MDM^T10 where the document takes the place of one that lies at the target (parent in TXA-13)."""
    event = "T10" if document.supersedes else "T02"
    obx = _segment(
        "OBX", "1", "ED", f"{LOINC}^{LOINC_NAME}^LN^{escaped(document.document_type)}^{escaped(document.title)}^L",
        "", f"^AP^PDF^Base64^{b64encode(document.pdf).decode('ascii')}", "", "", "", "", "", "F", "", "",
        _time(document.queued_at),
    )  # fmt: skip
    head = _head(document, place, event, "MDM_T02")
    return "".join([*head, _txa(document, place, "AV"), obx]).encode()


def cancel(document: Document, place: Place, control_id: str) -> bytes:
    """MDM^T11, which takes the document with this TXA-12 back; its bytes don't go along."""
    head = _head(document, place, "T11", "MDM_T01", control_id)
    return "".join([*head, _txa(document, place, "CA")]).encode()


def _head(document: Document, place: Place, event: str, structure: str, control_id: str = "") -> list[str]:
    now = _time(document.queued_at)
    name = f"{escaped(document.last_name)}^{escaped(document.first_name)}^{escaped(document.middle_name)}".rstrip("^")
    return [
        _segment(
            r"MSH|^~\&",
            *map(escaped, (place.sending_application, place.sending_facility)),
            *map(escaped, (place.receiving_application, place.receiving_facility)),
            now, "", f"MDM^{event}^{structure}", control_id or document.delivery_id,
            "T" if document.sandbox else "P", "2.5.1", "", "", "AL", "NE", "", "UNICODE UTF-8",
        ),
        _segment("EVN", event, now),
        _segment(
            "PID", "1", "", f"{escaped(document.mrn)}^^^{escaped(place.mrn_authority)}^MR", "", name, "",
            document.dob.strftime("%Y%m%d"), _SEX.get(document.sex.strip().upper()[:1], "U"),
        ),
        _segment("PV1", "1", "N"),
    ]  # fmt: skip


def _txa(document: Document, place: Place, availability: str) -> str:
    """The transcription document header. Confidentiality is table 0272's; a title in TXA-2 is invalid, it is in
    OBX-3."""
    given, _, family = document.signer.rpartition(" ")
    person = f"{escaped(document.signer_npi)}^{escaped(family)}^{escaped(given)}"
    author = f"{person}^^^^^^{_NPI_AUTHORITY}^L^^^NPI" if document.signer_npi else ""
    parent = f"{document.supersedes}^CPDOCS" if document.supersedes else ""
    return _segment(
        "TXA", "1", place.txa2, "AP", document.signed_on.strftime("%Y%m%d"), author,
        document.plan_date.strftime("%Y%m%d"), _time(document.queued_at), "", "", "", "",
        f"{document.document_id}^CPDOCS", parent, "", "", escaped(document.file_name), place.txa17, "R",
        availability,
    )  # fmt: skip


def _segment(*fields: str) -> str:
    return "|".join(fields).rstrip("|") + "\r"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


_SEX = {"M": "M", "F": "F", "O": "O", "A": "A"}
