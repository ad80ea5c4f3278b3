"""The sample's plans, as the mappings that a plan file holds."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from cpdocs.core.clock import EASTERN
from cpdocs.core.plans import SCHEMA
from cpdocs.demo.people import CP_ORGS, member_id, phone

_HOME = {
    "English": "I want to stay in my own apartment and feel safe there.",
    "Spanish": "Quiero quedarme en mi propia casa y ver a mis nietos.",
    "Khmer": "ខ្ញុំចង់រស់នៅផ្ទះរបស់ខ្ញុំ។",
    "Arabic": "أريد أن أعيش في بيتي.",
    "Chinese": "我想住在自己的家裡。",
    "Russian": "Я хочу жить у себя дома.",
    "Vietnamese": "Tôi muốn sống ở nhà mình.",
}
"""One wish, as members say it."""


def sample_plans(npis: dict[str, str], as_of: date) -> dict[str, dict[str, Any]]:
    """The plans by what each of them shows."""
    return {
        "bh": _bh(1, npis["pcp1"], "S01", as_of),
        "ltss": _ltss(2, npis["pcp1"], "S01", as_of)
        | {
            "goals": [
                _goal(_HOME["Spanish"], as_of, translation="I want to stay in my own home and see my grandchildren.")
            ]
        },
        "minor": _minor(npis["pcp3"], as_of),
        "part2": _part2(npis["pcp2"], as_of),
        "scripts": _bh(5, npis["pcp4"], "S04", as_of)
        | {
            "goals": [
                _goal(_HOME[language], as_of, translation=_HOME["English"])
                for language in ("Khmer", "Chinese", "Russian", "Vietnamese")
            ]
        },
        "affiliated": _affiliated(npis["pcp2"], as_of),
    }


def _goal(words: str, as_of: date, **more: Any) -> dict[str, Any]:
    return {
        "goal": words,
        "steps": [
            {
                "step": "Ask the housing office for the repair list",
                "who": "Member and coordinator",
                "by": _day(as_of, 20),
            },
            {"step": "Choose a weekly time for a walk with the neighbor", "who": "Member", "by": _day(as_of, 30)},
        ],
        "target_date": _day(as_of, 150),
        "status": "new",
        "in_member_words": True,
        **more,
    }


def _day(as_of: date, days: int) -> str:
    return (as_of + timedelta(days=days)).isoformat()


def _moment(as_of: date, days: int, hour: int) -> str:
    return datetime.combine(as_of + timedelta(days=days), time(hour), EASTERN).isoformat()


def _base(index: int, program: str, pcp_npi: str, practice_id: str, as_of: date) -> dict[str, Any]:
    organization = CP_ORGS[program]
    coordinator = {"name": "Hedgerow Specimen", "organization": organization, "phone": phone(f"coordinator {program}")}
    return {
        "schema": SCHEMA,
        "plan": {
            "program": program,
            "version": 1,
            "reason": "initial",
            "assessment_date": _day(as_of, -14),
            "plan_date": _day(as_of, -5),
            "effective_from": _day(as_of, -5),
            "next_review": _day(as_of, 355),
        },
        "member_id": member_id(index),
        "pcp_npi": pcp_npi,
        "practice_id": practice_id,
        "coordinator": {**coordinator, "email": "hedgerow.specimen@cp.example.org"},
        "care_team": [
            {**coordinator, "role": "Care coordinator", "chosen_by_member": True},
            {
                "name": "Larkspur Modelski",
                "role": "Plan care manager",
                "organization": "Pretend Health Alliance ACO",
                "phone": phone("aco"),
            },
            {"name": "A neighbor", "role": "Natural support", "chosen_by_member": True},
        ],
        "about_me": {
            "strengths": ["Knows everybody in the building", "Keeps a tidy calendar"],
            "preferences": ["Calls after ten in the morning", "One visitor at a time"],
            "culture": "",
            "what_matters": "Being asked before something is decided.",
            "what_works": "One change at a time, written down.",
        },
        "needs": [
            {"domain": "physical_health", "need": "High blood pressure, checked at each visit", "self_reported": True},
            {"domain": "social", "need": "No ride to appointments", "self_reported": True},
        ],
        "goals": [_goal(_HOME["English"], as_of)],
        "medications": [
            {
                "name": "Lisinopril 10 mg tablet",
                "directions": "One each morning",
                "source": "Member, at home",
                "as_of": _day(as_of, -14),
            }
        ],
        "medications_reconciled_by": None,
        "risks": [{"risk": "Doses missed at the end of the month", "measure": "Pharmacy delivery and a monthly call"}],
        "crisis_plan": "Call the coordinator; after hours the Behavioral Health Help Line; in danger, 911.",
        "backup_plan": "If a helper doesn't come: the agency first, then the neighbor, then the coordinator.",
        "emergency_contacts": [{"name": "A sister", "phone": phone(f"contact {index}"), "relation": "sister"}],
        "coordination": [
            {
                "kind": "payer",
                "who": "Plan care manager",
                "their_part": "Keeps the whole care plan and decides on covered services.",
                "our_part": "Writes this part and follows it up with the member.",
            }
        ],
        "health_and_wellness": [
            {"name": "Walking group", "purpose": "Company and exercise", "contact": "Community center"}
        ],
        "community_resources": [
            {"name": "Food pantry", "purpose": "Groceries on Thursdays", "contact": phone("pantry")}
        ],
        "flexible_services_screen": {"done": True, "date": _day(as_of, -14), "outcome": "not eligible"},
        "monitor": {"name": coordinator["name"], "role": "Care coordinator", "phone": coordinator["phone"]},
        "pcp_actions": ["Review the medication list", "Refer to specialty care where medically necessary"],
        "part2": {"applies": False, "consent": None},
        "copy_given": None,
        "representative": None,
    }


def _bh(index: int, pcp_npi: str, practice_id: str, as_of: date) -> dict[str, Any]:
    plan = _base(index, "BH", pcp_npi, practice_id, as_of)
    plan["needs"].append({"domain": "mental_health", "need": "Feels low in winter", "self_reported": True})
    plan["services"] = [
        {
            "name": "Outpatient counseling",
            "provider": "Quietwater Counseling (invented)",
            "contact": phone("counseling"),
            "funding_source": "ACO/MCO covered service",
            "start": _day(as_of, 7),
        }
    ]
    plan["transitions"] = [
        {
            "kind": "discharge",
            "facility": "Mockup General Hospital",
            "discharged": _moment(as_of, -16, 14),
            "home_visit_scheduled": _moment(as_of, -14, 10),
            "follow_up_on": _day(as_of, -9),
        }
    ]
    return plan


def _ltss(index: int, pcp_npi: str, practice_id: str, as_of: date) -> dict[str, Any]:
    plan = _base(index, "LTSS", pcp_npi, practice_id, as_of)
    plan["needs"].append({"domain": "ltss", "need": "Help with bathing and with the stairs"})
    plan["services"] = [
        {
            "name": "Personal care attendant",
            "provider": "Evenhand Home Care (invented)",
            "contact": phone("home care"),
            "funding_source": "MassHealth State Plan LTSS",
            "start": _day(as_of, 7),
            "affiliated": False,
            "choice_offered": True,
            "self_directed": True,
            "quantity": {
                "amount": 10,
                "unit": "hours",
                "interval": "week",
                "authorized_by": "MassHealth LTSS Third Party Administrator",
                "source": "Prior authorization notice",
            },
        },
        {"name": "Shopping", "provider": "A neighbor", "paid": False, "relationship": "neighbor"},
    ]
    plan["choice"] = {
        "service_options_given": True,
        "took_part_in_selection": True,
        "agrees_with_plan": True,
        "provider_options_given": True,
        "informed_provider_choice": True,
        "setting_chosen": "Own apartment",
        "alternatives_considered": "Living with family; a rest home",
    }
    return plan


def _minor(pcp_npi: str, as_of: date) -> dict[str, Any]:
    plan = _ltss(3, pcp_npi, "S03", as_of)
    plan["representative"] = {"name": "Marrow Placeholder", "relation": "parent", "authority": "Parent of a minor"}
    plan["goals"] = [_goal("I want to play outside with my friends after school.", as_of)]
    plan["coordination"].append(
        {
            "kind": "school",
            "who": "Special education coordinator",
            "organization": "Blueprint Elementary School",
            "phone": phone("school"),
            "their_part": "Runs the IEP and the aide during school hours.",
            "our_part": "Supports at home and on weekends.",
            "reference": "IEP kept by the school",
        }
    )
    return plan


def _part2(pcp_npi: str, as_of: date) -> dict[str, Any]:
    plan = _bh(4, pcp_npi, "S02", as_of)
    plan["needs"].append({"domain": "substance_use", "need": "Stay in recovery from alcohol use", "part2": True})
    plan["part2"] = {
        "applies": True,
        "consent": {
            "discloser": CP_ORGS["BH"],
            "scope": "My care plan, with its substance use items",
            "recipients": "My treating providers, my health plan and my Community Partner",
            "purpose": "Treatment, payment and health care operations",
            "signed_on": _day(as_of, -14),
            "expires_on": _day(as_of, 350),
            "revocation": "In writing or by telephone to the Community Partner, at any time",
            "redisclosure": "Who receives the records may pass them on where the law allows it",
            "refusal": "Care goes on; the plan is then written without these items",
        },
    }
    return plan


def _affiliated(pcp_npi: str, as_of: date) -> dict[str, Any]:
    plan = _ltss(6, pcp_npi, "S02", as_of)
    plan["goals"] = [_goal(_HOME["Arabic"], as_of, translation=_HOME["English"])]
    plan["services"].append(
        {
            "name": "Day program",
            "provider": CP_ORGS["LTSS"],
            "contact": phone("day program"),
            "funding_source": "MassHealth State Plan LTSS",
            "start": _day(as_of, 14),
            "affiliated": True,
            "affiliation_disclosed_on": _day(as_of, -14),
            "choice_offered": True,
        }
    )
    plan["coordination"].append(
        {
            "kind": "waiver",
            "who": "Waiver case manager",
            "their_part": "Keeps the waiver plan of care.",
            "reference": "Waiver plan held by the waiver program",
        }
    )
    return plan
