"""FHIR R4: the DocumentReference of a plan with its PDF inline, and its Provenance, as plain JSON.

US Core's must-haves are there: identifier, status, type, category, subject, date, a contained author, content with type
and format. The patient's and the document's own ids are the server's: they stand as ``{patient}`` and ``{document}``
and are filled in when they are known.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, time
from hashlib import sha1, sha256
from typing import Any
from zoneinfo import ZoneInfo

from cpdocs.delivery.document import LOINC, LOINC_NAME, Document

IDENTIFIER_SYSTEM = "urn:ietf:rfc:3986"
_NPI = "http://hl7.org/fhir/sid/us-npi"
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_BOSTON = ZoneInfo("America/New_York")


def identifier_of(document_id: str) -> str:
    """The document's identifier at the receiver: a URN that holds its id, the same for every attempt."""
    return f"urn:cpdocs:document:{document_id}"


def document_reference(document: Document) -> bytes:
    """The DocumentReference, with ``{patient}`` for the patient's id and, for a replacement, ``{replaced}``."""
    labels: list[dict[str, str]] = [{"system": _CONFIDENTIALITY, "code": "R", "display": "restricted"}]
    if document.part2:
        labels.append({"system": _ACT, "code": "42CFRPart2", "display": "42 CFR Part2"})
    authors: list[dict[str, str]] = [{"reference": "#organization"}]
    contained: list[dict[str, Any]] = [
        {"resourceType": "Organization", "id": "organization", "active": True, "name": document.organization}
    ]
    if document.signer_npi:
        given, _, family = document.signer.rpartition(" ")
        name = {"family": family or "unknown", **({"given": [given]} if given else {})}
        npi = [{"system": _NPI, "value": document.signer_npi}]
        contained.append({"resourceType": "Practitioner", "id": "signer", "identifier": npi, "name": [name]})
    identifier = {"system": IDENTIFIER_SYSTEM, "value": identifier_of(document.document_id)}
    resource: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "contained": contained,
        "masterIdentifier": identifier,
        "identifier": [identifier],
        "status": "current",
        "docStatus": "final",
        "type": {
            "coding": [{"system": "http://loinc.org", "code": LOINC, "display": LOINC_NAME}],
            "text": document.document_type,
        },
        "category": [
            {
                "coding": [
                    {
                        "system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
                        "code": "clinical-note",
                        "display": "Clinical Note",
                    }
                ]
            }
        ],
        "subject": {"reference": "Patient/{patient}"},
        "date": _moment(document.queued_at),
        "author": authors,
        "description": document.description,
        "securityLabel": [{"coding": [label]} for label in labels],
        "content": [
            {
                "attachment": {
                    "contentType": "application/pdf",
                    "language": "en-US",
                    "data": b64encode(document.pdf).decode("ascii"),
                    "size": len(document.pdf),
                    "hash": b64encode(sha1(document.pdf, usedforsecurity=False).digest()).decode("ascii"),
                    "title": document.title,
                    "creation": _moment(datetime.combine(document.signed_on, time(12), _BOSTON)),
                },
                "format": {
                    "system": "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode",
                    "code": "urn:ihe:iti:xds:2017:mimeTypeSufficient",
                    "display": "mimeType Sufficient",
                },
            }
        ],
    }
    if document.signer_npi:
        resource["authenticator"] = {"reference": "#signer"}
    if document.supersedes:
        replaced = {"reference": "DocumentReference/{replaced}"}
        resource["relatesTo"] = [{"code": "replaces", "target": replaced}]
    return _json(resource)


def provenance(document: Document) -> bytes:
    """Who wrote and verified it, with ``{document}`` for the DocumentReference's id."""
    organization = {"display": document.organization}
    agents: list[dict[str, Any]] = [{"type": _role("author"), "who": organization}]
    if document.signer_npi:
        who = {"identifier": {"system": _NPI, "value": document.signer_npi}, "display": document.signer}
        agents.append({"type": _role("verifier"), "who": who})
    agents.append({"type": _role("assembler"), "who": organization})
    return _json(
        {
            "resourceType": "Provenance",
            "target": [{"reference": "DocumentReference/{document}"}],
            "recorded": _moment(document.queued_at),
            "agent": agents,
        }
    )


def episode_identifier(document: Document) -> str:
    """The enrollment's identifier at the receiver: one for a member's assignment to a program, opaque."""
    key = f"{document.mrn}|{document.program}|{document.enrolled_since}|{document.organization}"
    return f"urn:cpdocs:enrollment:{sha256(key.encode()).hexdigest()[:32]}"


def episode_of_care(document: Document) -> bytes:
    """The enrollment in the Community Partner program, with ``{patient}`` for the patient's id: status, care manager,
    managing organization (ehr.md, "Codes")."""
    status = _EPISODES.get(document.enrollment, "finished")
    organization = {"resourceType": "Organization", "id": "organization", "active": True, "name": document.organization}
    resource: dict[str, Any] = {
        "resourceType": "EpisodeOfCare",
        "contained": [organization],
        "identifier": [{"system": IDENTIFIER_SYSTEM, "value": episode_identifier(document)}],
        "status": status,
        "type": [{"text": f"{document.program} Community Partner"}],
        "patient": {"reference": "Patient/{patient}"},
        "managingOrganization": {"reference": "#organization"},
        "period": {"start": document.enrolled_since},
    }
    if document.coordinator:
        resource["careManager"] = {"display": document.coordinator}
    return _json(resource)


_EPISODES = {"assigned": "planned", "engaged": "active"}
"""The roster's status in FHIR's words; whoever isn't enrolled any more has finished."""


def _role(code: str) -> dict[str, Any]:
    return {"coding": [{"system": _PARTICIPANT, "code": code}]}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _json(resource: dict[str, Any]) -> bytes:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":")).encode()
