"""An XDM zip for Direct: the PDF with the metadata that IHE asks for, so that a receiving EHR can file it by itself.

    README.TXT  INDEX.HTM  IHE_XDM/SUBSET01/METADATA.XML  IHE_XDM/SUBSET01/DOC00001.PDF

Names have the 8.3 form (IHE ITI TF-2 3.32). The zip of the same document is the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from hashlib import sha1
from html import escape
from xml.sax.saxutils import escape as xml
from xml.sax.saxutils import quoteattr

from cpdocs.delivery.document import LOINC, LOINC_NAME, Document

_README = "This media holds one document for a patient's chart. Open INDEX.HTM in a browser.\r\n"
_SUBSET = "IHE_XDM/SUBSET01"
_MOMENT = (1980, 1, 1, 0, 0, 0)


def xdm_zip(document: Document) -> bytes:
    """The whole media as a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (
            ("README.TXT", _README.encode()),
            ("INDEX.HTM", _index(document).encode()),
            (f"{_SUBSET}/METADATA.XML", metadata(document)),
            (f"{_SUBSET}/DOC00001.PDF", document.pdf),
        ):
            info = zipfile.ZipInfo(name, _MOMENT)
            info.external_attr = 0o600 << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _index(document: Document) -> str:
    name = escape(f"{document.last_name}, {document.first_name}")
    return (
        '<!DOCTYPE html>\r\n<html lang="en"><head><meta charset="utf-8"><title>Document</title></head><body>\r\n'
        f"<p>{escape(document.organization)}</p>\r\n"
        f"<p>{name}, born {document.dob.isoformat()}, MRN {escape(document.mrn)}</p>\r\n"
        f'<p><a href="{_SUBSET}/DOC00001.PDF">{escape(document.description)}</a> ({document.document_id})</p>\r\n'
        "</body></html>\r\n"
    )


def metadata(document: Document) -> bytes:
    """The ebRIM metadata (IHE ITI TF-3 4.2): one submission set and one document entry."""
    when = _time(document.queued_at)
    patient = f"{document.mrn}^^^CPDOCS"
    source = [f"PID-3|{document.mrn}^^^CPDOCS", f"PID-5|{document.last_name}^{document.first_name}^^^"]
    source += [f"PID-7|{document.dob.strftime('%Y%m%d')}", f"PID-8|{document.sex[:1].upper() or 'U'}"]
    entry = "".join(
        (
            _slot("creationTime", when),
            _slot("hash", sha1(document.pdf, usedforsecurity=False).hexdigest()),
            _slot("languageCode", "en-US"),
            _slot("size", str(len(document.pdf))),
            _slot("sourcePatientId", f"{document.mrn}^^^CPDOCS"),
            _slot("sourcePatientInfo", *source),
            _slot("URI", "DOC00001.PDF"),
            _name(document.description),
            _code(_CLASS, LOINC, LOINC_NAME, "2.16.840.1.113883.6.1"),
            _code(_TYPE, LOINC, LOINC_NAME, "2.16.840.1.113883.6.1"),
            _code(_CONFIDENTIALITY, "R", "restricted", "2.16.840.1.113883.5.25"),
            _code(_FORMAT, "urn:ihe:iti:xds:2017:mimeTypeSufficient", "mimeType Sufficient", "1.3.6.1.4.1.19376.1.2.3"),
            _external("urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427", "XDSDocumentEntry.patientId", patient),
            _external(
                "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab", "XDSDocumentEntry.uniqueId", document.document_id
            ),
        )
    )
    submission = "".join(
        (
            _slot("submissionTime", when),
            _name(document.title),
            _external(
                "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8", "XDSSubmissionSet.uniqueId", document.delivery_id
            ),
            _external("urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446", "XDSSubmissionSet.patientId", patient),
        )
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" '
        f'xmlns="{_RIM}"><RegistryObjectList>'
        f'<ExtrinsicObject id="Document01" mimeType="application/pdf" objectType="{_STABLE}" '
        f'status="urn:oasis:names:tc:ebxml-regrep:StatusType:Approved">{entry}</ExtrinsicObject>'
        f'<RegistryPackage id="Submission01">{submission}</RegistryPackage>'
        f'<Classification id="cl00" classifiedObject="Submission01" classificationNode="{_SUBMISSION}"/>'
        f'<Association id="as01" associationType="{_HAS_MEMBER}" sourceObject="Submission01" '
        f'targetObject="Document01">{_slot("SubmissionSetStatus", "Original")}</Association>'
        "</RegistryObjectList></lcm:SubmitObjectsRequest>\n"
    ).encode()


_RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
_STABLE = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
_SUBMISSION = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
_HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
_CLASS = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
_TYPE = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
_CONFIDENTIALITY = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
_FORMAT = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"


def _slot(name: str, *values: str) -> str:
    inner = "".join(f"<Value>{xml(value)}</Value>" for value in values)
    return f"<Slot name={quoteattr(name)}><ValueList>{inner}</ValueList></Slot>"


def _name(text: str) -> str:
    return f"<Name><LocalizedString value={quoteattr(text)}/></Name>"


def _code(scheme: str, code: str, display: str, system: str) -> str:
    return (
        f'<Classification classificationScheme="{scheme}" classifiedObject="Document01" '
        f"nodeRepresentation={quoteattr(code)}>"
        f"{_slot('codingScheme', system)}{_name(display)}</Classification>"
    )


def _external(scheme: str, name: str, value: str) -> str:
    identifier = f'<ExternalIdentifier identificationScheme="{scheme}" value={quoteattr(value)}>'
    return f"{identifier}{_name(name)}</ExternalIdentifier>"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")
