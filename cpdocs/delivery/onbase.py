"""OnBase DIP: a tagged text file beside each PDF, for the document import processor (ehr.md, "Targets").

Tags have at most 20 characters and are case-sensitive; ``File Format`` comes before ``File Path``. Which keyword the
site uses for what is its setting.
"""

from __future__ import annotations

import re

from cpdocs.core.places import Place
from cpdocs.delivery.document import Document

TAGS = {
    "document_type": "Document Type",
    "mrn": "MRN",
    "name": "Patient Name",
    "dob": "Date of Birth",
    "date": "Document Date",
    "document_id": "Document ID",
    "description": "Description",
}
_PDF = "16"
"""OnBase's number for the file format PDF."""


def dip_text(document: Document, place: Place, file: str) -> bytes:
    """The index of one document: one tag a line, CRLF, the file last."""
    values = {
        "document_type": document.document_type,
        "mrn": document.mrn,
        "name": f"{document.last_name}, {document.first_name}",
        "dob": document.dob.strftime("%m/%d/%Y"),
        "date": document.signed_on.strftime("%m/%d/%Y"),
        "document_id": document.document_id,
        "description": document.description,
    }
    lines = ["BEGIN:"]
    for key, tag in TAGS.items():
        if value := _one_line(values[key]):
            lines.append(f"{place.tags.get(key, tag)}: {value}")
    lines += [f"File Format: {_PDF}", f"File Path: {file}", "END:"]
    return ("\r\n".join(lines) + "\r\n").encode()


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text).strip()
