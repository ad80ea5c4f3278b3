"""A care plan as another system's FHIR bundle says it, of invented people; each test changes a part of it."""

from __future__ import annotations

import copy
import json
from typing import Any

MEMBER = {"reference": "Patient/p1"}


def coded(text: str, code: str = "", **more: Any) -> dict[str, Any]:
    return {"text": text, **({"coding": [{"system": "urn:x", "code": code}]} if code else {}), **more}


def person(kind: str, key: str, given: str, family: str, **more: Any) -> dict[str, Any]:
    phone = {"system": "phone", "value": f"(617) 555-01{len(key):02}"}
    return {
        "resourceType": kind,
        "id": key,
        "name": [{"given": [given], "family": family}],
        "telecom": [phone],
        **more,
    }


RESOURCES: list[dict[str, Any]] = [
    person(
        "Patient",
        "p1",
        "Acorn",
        "Testwell",
        birthDate="1980-05-04",
        identifier=[
            {"type": coded("Medicaid", "MA"), "value": "900000000001"},
            {"type": coded("MRN", "MR"), "value": "M-1"},
        ],
        address=[{"city": "Boston"}],
        contact=[
            {
                "relationship": [coded("Sister", "SIS"), coded("Emergency Contact", "C")],
                "name": {"text": "Bramble Testwell"},
                "telecom": [{"system": "phone", "value": "(617) 555-0190"}],
            }
        ],
    ),
    {
        "resourceType": "CarePlan",
        "id": "c1",
        "status": "active",
        "intent": "plan",
        "subject": MEMBER,
        "period": {"start": "2026-10-01", "end": "2027-09-30"},
        "author": {"reference": "Practitioner/planner"},
        "addresses": [{"reference": "Condition/need"}],
        "goal": [{"reference": "Goal/goal"}],
        "supportingInfo": [{"reference": "Observation/strength"}],
        "activity": [
            {"reference": {"reference": "ServiceRequest/service"}},
            {"detail": {"status": "in-progress", "code": coded("Low salt diet")}},
            {
                "detail": {
                    "status": "not-started",
                    "goal": [{"reference": "Goal/goal"}],
                    "description": "Walk to the library",
                    "performer": [MEMBER],
                }
            },
        ],
        "note": [{"text": "Printed twice"}],
    },
    {
        "resourceType": "CarePlan",
        "id": "c2",
        "status": "active",
        "intent": "plan",
        "subject": MEMBER,
        "partOf": [{"reference": "CarePlan/c1"}],
        "description": "A neighbour brings meals when it snows.",
    },
    {"resourceType": "CarePlan", "id": "c3", "status": "completed", "intent": "plan", "subject": MEMBER},
    person("Practitioner", "planner", "Hedgerow", "Specimen", identifier=[{"value": "1234567893"}]),
    {
        "resourceType": "Condition",
        "id": "need",
        "subject": MEMBER,
        "clinicalStatus": coded("", "active"),
        "category": [coded("", "sdoh")],
        "code": coded("Needs a ride to appointments", "713458007"),
    },
    {
        "resourceType": "Condition",
        "id": "over",
        "subject": MEMBER,
        "clinicalStatus": coded("", "resolved"),
        "code": coded("Sprained ankle"),
    },
    {
        "resourceType": "Goal",
        "id": "goal",
        "subject": MEMBER,
        "lifecycleStatus": "active",
        "description": coded("See my sister every week"),
        "target": [{"dueDate": "2027-03-01"}],
    },
    {
        "resourceType": "Task",
        "id": "task",
        "status": "ready",
        "intent": "order",
        "for": MEMBER,
        "description": "Call about the ride",
        "owner": {"reference": "Practitioner/planner"},
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal",
                "valueReference": {"reference": "Goal/goal"},
            }
        ],
    },
    {
        "resourceType": "ServiceRequest",
        "id": "service",
        "status": "active",
        "intent": "plan",
        "subject": MEMBER,
        "code": coded("Transportation", "T2003"),
        "quantityRatio": {"numerator": {"value": 2, "unit": "trips"}, "denominator": {"value": 1, "unit": "month"}},
        "occurrencePeriod": {"start": "2026-10-05"},
        "performer": [{"reference": "Organization/rides"}],
        "insurance": [{"reference": "Coverage/cover"}],
        "note": [{"text": "Calls the day before."}],
        "priority": "routine",
    },
    {
        "resourceType": "Organization",
        "id": "rides",
        "name": "Sample Rides",
        "telecom": [{"system": "phone", "value": "(617) 555-0111"}],
    },
    {"resourceType": "Coverage", "id": "cover", "status": "active", "payor": [{"display": "Pretend Health"}]},
    {
        "resourceType": "MedicationRequest",
        "id": "med",
        "status": "active",
        "intent": "order",
        "subject": MEMBER,
        "medicationCodeableConcept": coded("Naproxen 250 mg"),
        "authoredOn": "2026-10-01T09:00:00-04:00",
        "dosageInstruction": [{"text": "One in the morning"}],
        "requester": {"reference": "Practitioner/planner"},
    },
    {
        "resourceType": "MedicationRequest",
        "id": "old",
        "status": "stopped",
        "subject": MEMBER,
        "medicationCodeableConcept": coded("Something else"),
    },
    {
        "resourceType": "Observation",
        "id": "strength",
        "status": "final",
        "code": coded("Strength"),
        "valueString": "Manages her bills.",
    },
    {
        "resourceType": "RiskAssessment",
        "id": "risk",
        "status": "final",
        "subject": MEMBER,
        "prediction": [{"outcome": coded("Falls")}],
        "mitigation": "Grab bars in the bath.",
    },
    {
        "resourceType": "CareTeam",
        "id": "team",
        "status": "active",
        "subject": MEMBER,
        "participant": [{"role": [coded("Nurse")], "member": {"display": "Ana Fictitia"}}],
    },
    {
        "resourceType": "QuestionnaireResponse",
        "id": "q",
        "status": "completed",
        "subject": MEMBER,
        "item": [{"linkId": "q1", "answer": [{"valueBoolean": True}]}],
    },
    {"resourceType": "Claim", "id": "money", "status": "active", "patient": MEMBER, "total": {"value": 600}},
]


def resources() -> dict[str, dict[str, Any]]:
    """The resources by their ids, to be changed."""
    return {each["id"]: each for each in copy.deepcopy(RESOURCES)}


def bundle(every: dict[str, dict[str, Any]] | None = None) -> bytes:
    """The bundle of these resources."""
    held = (resources() if every is None else every).values()
    entries = [{"fullUrl": f"https://x.example/{each['resourceType']}/{each['id']}", "resource": each} for each in held]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
