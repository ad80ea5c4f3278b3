"""Whether a plan's substance use records may be disclosed: the consent's elements and its life (42 CFR 2.31,
requirements X9, X10).

Tested when a plan is checked, when it is issued and again when it is filed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from cpdocs.core.members import ADULT, Assignment, age_on
from cpdocs.core.names import may_be
from cpdocs.core.plans import Consent, NeedDomain, Plan
from cpdocs.core.worklist import CONSENT_AHEAD
from cpdocs.errors import Problem

FORM_CLAUSES = ("revocation", "redisclosure", "refusal")
"""What a consent form says in the same words to everybody: a site may state them once (``[consent_form]``)."""
PRACTICE_FORM = {
    "revocation": "Practice text: you may take this consent back at any time, in writing or by telephone.",
    "redisclosure": "Practice text: who receives the records may pass them on where the law allows it.",
    "refusal": "Practice text: if you do not sign, care goes on, and the plan is written without these items.",
}
"""What stands for a consent form in a sandbox whose settings have none."""

_ELEMENTS = (
    ("discloser", "who discloses"),
    ("scope", "what may be disclosed"),
    ("recipients", "to whom"),
    ("purpose", "for what purpose"),
    ("revocation", "that and how it may be revoked"),
    ("redisclosure", "that a recipient may pass the records on"),
    ("refusal", "what follows from not signing it"),
)
"""Elements of 42 CFR 2.31(a) that are texts: a consent without one is none."""
SUBSTANCE_USE = re.compile(
    r"\b(?:substance (?:use|abuse|misuse)|sud|addict\w*|alcohol\w*|drinking "
    r"problem|overdos\w*|sobriety|sober|detox\w*|intoxicat\w*"
    r"|(?:drug|opioid|opiate|heroin|cocaine|fentanyl|cannabis|marijuana|methamphetamine|stimulant) "
    r"(?:use|abuse|misuse|dependence|disorder)"
    r"|methadone|buprenorphine|suboxone|naltrexone|vivitrol|disulfiram|acamprosate|narcotics anonymous)\b",
    re.IGNORECASE,
)
"""Words that speak of substance use; whether they come from a Part 2 program only a person can say."""


def from_form(plan: Plan, form: Mapping[str, str]) -> dict[str, str]:
    """The clauses that the plan's consent doesn't state and the site's consent form does; empty where nothing is
    disclosed."""
    consent = plan.part2.consent
    if not plan.carries_part2 or consent is None:
        return {}
    return {
        name: text
        for name in FORM_CLAUSES
        if (text := form.get(name, "").strip()) and not getattr(consent, name).strip()
    }


def on_form(plan: Plan, clauses: Mapping[str, str]) -> Plan:
    """The plan, its consent with these clauses of the form that was signed."""
    if not clauses or plan.part2.consent is None:
        return plan
    return replace(plan, part2=replace(plan.part2, consent=_with(plan.part2.consent, clauses)))


def _with(consent: Consent, clauses: Mapping[str, str]) -> Consent:
    return replace(
        consent,
        revocation=clauses.get("revocation", consent.revocation),
        redisclosure=clauses.get("redisclosure", consent.redisclosure),
        refusal=clauses.get("refusal", consent.refusal),
    )


def consent_form_needed(part2: bool, ended: bool, until: date | None, on: date) -> bool:
    """Whether a visit on that day should bring a form for a new consent: the plan carries Part 2 records, and what they
    rest on has ended or ends within ``CONSENT_AHEAD``."""
    return part2 and (ended or (until is not None and until <= on + CONSENT_AHEAD))


def part2_problems(plan: Plan, on: date, stated: Assignment | None = None) -> tuple[Problem, ...]:
    """Why the plan's Part 2 records may not be disclosed on that day; empty where there are none or the consent holds.
    ``stated`` is the member as the roster has them, where the consent is to be held against that.

    Codes: part2_consent_missing, part2_consent_incomplete (one for each element), part2_consent_expired,
    part2_consent_revoked.
    """
    if not plan.carries_part2:
        return ()
    consent = plan.part2.consent
    if consent is None:
        return (
            Problem(
                "part2_consent_missing",
                "the plan carries Part 2 records, and no written consent to disclose them is stated.",
                "part2.consent",
                "State the consent, or take those items out.",
            ),
        )
    return (*_faults(consent, on), *_signers(plan, consent, stated))


def _signers(plan: Plan, consent: Consent, stated: Assignment | None) -> Iterator[Problem]:
    """Whose consent it is and who signed it: the patient, unless the plan says who else (42 CFR 2.31(a)(1), (8))."""
    if stated is None:
        return
    if consent.patient.strip() and not may_be(consent.patient, stated.first_name, stated.last_name):
        yield _incomplete("patient", "the consent names another patient than the plan's member.")
    minor = age_on(stated.dob, plan.plan.plan_date) < ADULT
    if (minor or plan.representative is not None) and not consent.signed_by.strip():
        why = "the member is under 18" if minor else "somebody acts for the member"
        yield _incomplete("signed_by", f"the consent doesn't say who signed it, and {why}.")


def _faults(consent: Consent, on: date) -> Iterator[Problem]:
    for name, meaning in _ELEMENTS:
        if not getattr(consent, name).strip():
            yield _incomplete(name, f"the consent doesn't say {meaning}.")
    if consent.signed_on is None:
        yield _incomplete("signed_on", "the consent doesn't say when it was signed.")
    elif consent.signed_on > on:
        yield _incomplete("signed_on", "the consent isn't signed yet: its date lies ahead.")
    if consent.expires_on is None and not consent.expires_when.strip():
        yield _incomplete(
            "expires_on", "the consent doesn't say when it expires (a date here, or an event in expires_when)."
        )
    elif consent.expires_on is not None and consent.expires_on < on:
        yield Problem(
            "part2_consent_expired", "the consent has expired.", "part2.consent.expires_on", "Obtain a new consent."
        )
    if consent.revoked_on is not None:
        yield Problem(
            "part2_consent_revoked",
            "the consent was revoked.",
            "part2.consent.revoked_on",
            "Take those items out, or obtain a new consent.",
        )


def _incomplete(name: str, message: str) -> Problem:
    return Problem(
        "part2_consent_incomplete", message, f"part2.consent.{name}", "Complete it from the signed form (42 CFR 2.31)."
    )


def unflagged_items(plan: Plan) -> Iterator[Problem]:
    """A warning for each item that speaks of substance use and isn't flagged part2.

    Whether it comes from a Part 2 program only a person can say: self-reported use does not.
    """
    for place, need in enumerate(plan.needs):
        if not need.part2 and (
            need.domain is NeedDomain.SUBSTANCE_USE or SUBSTANCE_USE.search(f"{need.need} {need.comment}")
        ):
            yield _unflagged(f"needs[{place}]")
    listed: tuple[tuple[str, list[tuple[bool, str]]], ...] = (
        (
            "goals",
            [
                (one.part2, f"{one.goal} {one.translation} {' '.join(step.step for step in one.steps)}")
                for one in plan.goals
            ],
        ),
        ("services", [(one.part2, f"{one.name} {one.provider} {one.comment}") for one in plan.services]),
        ("medications", [(one.part2, one.name) for one in plan.medications]),
        ("risks", [(one.part2, f"{one.risk} {one.measure}") for one in plan.risks]),
        ("transitions", [(one.part2, f"{one.facility} {one.comment}") for one in plan.transitions]),
    )
    for name, items in listed:
        for place, (flagged, text) in enumerate(items):
            if not flagged and SUBSTANCE_USE.search(text):
                yield _unflagged(f"{name}[{place}]")


def _unflagged(path: str) -> Problem:
    return Problem(
        "part2_item_unflagged",
        "this speaks of substance use and isn't flagged part2.",
        f"{path}.part2",
        "Set part2: true if it comes from a Part 2 program's records.",
    )
