"""Whether a plan's substance use records may be disclosed: the consent's elements and its life (42 CFR 2.31,
requirements X9, X10).

Tested when a plan is checked, when it is issued and again when it is filed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cpdocs.core.plans import NeedDomain, Plan
from cpdocs.errors import Problem

_ELEMENTS = (
    ("discloser", "who discloses"),
    ("scope", "what may be disclosed"),
    ("recipients", "to whom"),
    ("purpose", "for what purpose"),
)
SUBSTANCE_USE = re.compile(
    r"\b(?:substance (?:use|abuse|misuse)|sud|addict\w*|alcohol\w*|drinking "
    r"problem|overdos\w*|sobriety|sober|detox\w*|intoxicat\w*"
    r"|(?:drug|opioid|opiate|heroin|cocaine|fentanyl|cannabis|marijuana|methamphetamine|stimulant) "
    r"(?:use|abuse|misuse|dependence|disorder)"
    r"|methadone|buprenorphine|suboxone|naltrexone|vivitrol|disulfiram|acamprosate|narcotics anonymous)\b",
    re.IGNORECASE,
)
"""Words that speak of substance use; whether they come from a Part 2 program only a person can say."""


def part2_problems(plan: Plan, on: date) -> tuple[Problem, ...]:
    """Why the plan's Part 2 records may not be disclosed on that day; empty where there are none or the consent holds.

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
    return tuple(_faults(plan, on))


def _faults(plan: Plan, on: date) -> Iterator[Problem]:
    consent = plan.part2.consent
    assert consent is not None
    for name, meaning in _ELEMENTS:
        if not getattr(consent, name):
            yield _incomplete(name, f"the consent doesn't say {meaning}.")
    if consent.signed_on is None:
        yield _incomplete("signed_on", "the consent doesn't say when it was signed.")
    elif consent.signed_on > on:
        yield _incomplete("signed_on", "the consent isn't signed yet: its date lies ahead.")
    if consent.expires_on is None and not consent.expires_when:
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
