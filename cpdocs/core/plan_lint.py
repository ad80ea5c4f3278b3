"""What a plan's words must not say, and what they must be compared with (requirements B3, D9–D12, X1, X10).

Words are held against the record: whose name an authorizer bears, whose guardian signs, whose consent was asked. What
a word alone can't settle is a warning. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from cpdocs.core.members import ADULT, Assignment, age_on
from cpdocs.core.names import name_words
from cpdocs.core.organizations import compared_name
from cpdocs.core.plans import Plan, Reason, Service, TransitionKind
from cpdocs.errors import Problem

_NUMBER = r"(?:\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_UNIT = r"(?:hours?|hrs?|minutes?|mins?|visits?|sessions?|units?|times?|days?|nights?|weeks?|months?|trips?|miles?)"
_AMOUNT = re.compile(
    rf"\b{_NUMBER}\s*(?:-\s*)?{_UNIT}\b(?!\s*(?:ago|old|of age))|\b(?:once|twice)\s+(?:a|per|each|every)\s+\w+"
    rf"|\b{_NUMBER}\s*(?:x|×)\s*/?\s*(?:a |per )?(?:day|week|month)\b",
    re.IGNORECASE,
)
"""An amount, frequency or duration of a service, in figures or words."""

_GRANT = re.compile(
    r"(?<!not )(?<!never )\b(?:granted|entitled)\b|(?<!not )(?<!never )\bcovered (?:for|up to|until|through)\b",
    re.IGNORECASE,
)
"""Wording by which the CP would seem to decide on a service (D11). "A covered service" says what kind it is."""

PERSON_FIRST = {
    "addict": "a person with a substance use disorder",
    "addicts": "people with a substance use disorder",
    "alcoholic": "a person with alcohol use disorder",
    "substance abuse": "substance use",
    "drug abuse": "drug use",
    "drug abuser": "a person who uses drugs",
    "abuser": "a person who uses …",
    "misuses": "uses",
    "clean": "in recovery, or not using",
    "dirty": "positive, of a test",
    "non-compliant": "what keeps the member from it, in their words",
    "noncompliant": "what keeps the member from it, in their words",
    "refuses to": "chooses not to",
    "schizophrenic": "a person with schizophrenia",
    "the mentally ill": "people with a mental health condition",
    "suffers from": "has, or lives with",
    "wheelchair-bound": "uses a wheelchair",
    "wheelchair bound": "uses a wheelchair",
    "handicapped": "disabled, or with a disability",
    "frequent flyer": "comes often",
    "abusers": "people who use …",
    "drug abusers": "people who use drugs",
    "misuse": "use",
    "misused": "used",
    "misusing": "using",
    "abuses": "uses",
    "substance abuser": "a person with a substance use disorder",
    "alcoholics": "people with alcohol use disorder",
    "addicted": "with a substance use disorder",
    "junkie": "a person who uses drugs",
    "non compliant": "what keeps the member from it, in their words",
    "non-compliance": "what keeps the member from it, in their words",
    "noncompliance": "what keeps the member from it, in their words",
    "schizophrenics": "people with schizophrenia",
    "mentally ill": "with a mental health condition",
    "manipulative": "what the member does, not what they are",
}
"""Words that a member shouldn't be asked to sign, and what says it instead. A site adds its own."""

_MEMBER_SPEAKS = re.compile(
    r"\b(?:i|i'm|i'd|i'll|i've|my|me|mine|myself|we|our|us"
    r"|yo|mi|mis|me|quiero|necesito|nosotros|nuestr[oa]s?"
    r"|eu|meus?|minhas?|quero|preciso|nós"
    r"|je|j'|mon|ma|mes|moi|nous"
    r"|mwen|m'|m ta|nou"
    r"|tôi|chúng tôi|tui"
    r"|n ta|nha|m ta|ami|di meu)(?:\b|(?<='))",
    re.IGNORECASE,
)
"""First person in English, Spanish, Portuguese, French, Haitian Creole, Vietnamese, Cape Verdean Creole."""


_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"), None)


def as_read(text: str) -> str:
    """A text as a reader sees it: full-width and other forms of a letter as the letter, every dash a hyphen, line
    breaks and spaces of any kind one space, nothing that isn't seen."""
    plain = unicodedata.normalize("NFKC", text.translate(_UNSEEN)).translate(_DASHES)
    return " ".join(plain.split())


def word_errors(plan: Plan, stated: Assignment | None) -> Iterator[Problem]:
    """What keeps a plan from being issued: amounts that nobody authorized, and an authorizer who is the CP itself."""
    own = _own_names(plan, stated)
    yield from _grant_errors(plan)
    for place, service in enumerate(plan.services):
        path = f"services[{place}]"
        yield from _authorizer_errors(service, path, own)
        for name in ("name", "comment"):
            text = as_read(getattr(service, name))
            if service.quantity is None and (found := _AMOUNT.search(text)):
                yield Problem(
                    "quantity_without_authorizer",
                    f"this names an amount ({found[0]}), and nobody who authorized it.",
                    f"{path}.{name}",
                    "Put it under quantity with who authorized it and the source, or leave the amount out.",
                )
        if service.affiliated is not True and is_own(service.provider, own):
            yield Problem(
                "affiliation_undisclosed",
                "the provider bears the Community Partner's name, and the plan doesn't say that they are affiliated.",
                f"{path}.affiliated",
                "Tell the member, then state affiliated: true and the date.",
            )


def _grant_errors(plan: Plan) -> Iterator[Problem]:
    names = ((f"services[{place}].name", service.name) for place, service in enumerate(plan.services))
    for path, text in (*own_texts(plan), *names):
        if _GRANT.search(as_read(text)):
            yield Problem(
                "authorization_wording",
                "this reads as if the Community Partner granted the service; it authorizes none.",
                path,
                "Say who decided, under quantity, or reword it.",
            )


def _authorizer_errors(service: Service, path: str, own: frozenset[str]) -> Iterator[Problem]:
    if service.quantity is not None and service.quantity.authorized_by and is_own(service.quantity.authorized_by, own):
        yield Problem(
            "quantity_without_authorizer",
            "the authorizer named is the Community Partner; it never authorizes an amount.",
            f"{path}.quantity.authorized_by",
            "Name who authorized it and the source, or leave the quantity out.",
        )


def word_warnings(plan: Plan, stated: Assignment | None, avoided: Iterable[tuple[str, str]] = ()) -> Iterator[Problem]:
    """What a person should look at before the member is asked to sign. ``avoided`` are a site's own words, each with
    what says it instead."""
    yield from _update_warnings(plan)
    yield from _representative_warnings(plan, stated)
    yield from _consent_warnings(plan, stated)
    yield from _source_warnings(plan)
    words = {**PERSON_FIRST, **dict(avoided)}
    alternatives = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = re.compile(rf"\b({alternatives})\b", re.IGNORECASE)
    for path, text in _signed_texts(plan):
        for found in dict.fromkeys(match.casefold() for match in pattern.findall(as_read(text))):
            better = next(value for word, value in words.items() if word.casefold() == found)
            yield Problem("person_first_language", f"“{found}” labels the member.", path, f"Say: {better}.")


def _update_warnings(plan: Plan) -> Iterator[Problem]:
    header = plan.plan
    if header.version > 1 and header.reason is not Reason.INITIAL and not header.reason_text.strip():
        yield Problem(
            "update_reason_missing",
            "the plan doesn't say in words why it was updated.",
            "plan.reason_text",
            "One sentence that the member and the PCP understand.",
        )


def _representative_warnings(plan: Plan, stated: Assignment | None) -> Iterator[Problem]:
    acts = plan.representative
    if stated is not None and stated.guardian_name:
        if acts is None:
            if age_on(stated.dob, plan.plan.plan_date) >= ADULT:
                yield Problem(
                    "representative_differs",
                    "the roster names a guardian, and the plan nobody who acts for the member.",
                    "representative",
                    "Find out whether the guardianship still stands.",
                )
        elif name_words(acts.name) != name_words(stated.guardian_name):
            yield Problem(
                "representative_differs",
                "the roster names another guardian.",
                "representative.name",
                "Find out who may sign: a plan signed by the wrong person counts for nothing.",
            )
    if acts is not None and not acts.authority.strip():
        yield Problem(
            "representative_authority_missing",
            "the plan doesn't say by what authority the representative acts, and since when.",
            "representative.authority",
            "Name the paper and its date: parent, guardianship decree, health care proxy …",
        )


def _consent_warnings(plan: Plan, stated: Assignment | None) -> Iterator[Problem]:
    """Elements of 42 CFR 2.31 beside those without which a plan isn't issued at all, and a minor's own consent."""
    if not plan.carries_part2 or plan.part2.consent is None:
        return
    consent = plan.part2.consent
    for name, meaning in (
        ("revocation", "that and how it may be revoked"),
        ("redisclosure", "that a recipient may pass the records on"),
        ("refusal", "what follows from not signing it"),
    ):
        if not getattr(consent, name).strip():
            yield Problem(
                f"part2_consent_{name}",
                f"the consent doesn't say {meaning}.",
                f"part2.consent.{name}",
                "Take it from the signed form (42 CFR 2.31).",
            )
    minor = stated is not None and age_on(stated.dob, plan.plan.plan_date) < ADULT
    if minor and consent.signed_by.strip():
        yield Problem(
            "part2_minor_consent",
            "the member is under 18, and somebody else signed the consent: who may depends on who asked for the "
            "treatment.",
            "part2.consent.signed_by",
            "Ask the program whether the minor's own consent is needed (42 CFR 2.14).",
        )


def _source_warnings(plan: Plan) -> Iterator[Problem]:
    after_discharge = any(move.kind is TransitionKind.DISCHARGE for move in plan.transitions)
    for place, medicine in enumerate(plan.medications):
        if after_discharge and (not medicine.source.strip() or medicine.as_of is None):
            yield Problem(
                "medication_source_missing",
                "the medicine has no source or no day as of which it was reported.",
                f"medications[{place}]",
                "After a discharge it comes from the home visit (72 hours); say so.",
            )


def in_member_words(goal: str, *, said: bool | None) -> bool:
    """Whether a goal is in the member's words: as the author says, else by its wording: first person in one of the
    languages met most, or another script, which nobody but the member would choose."""
    if said is not None:
        return said
    letters = [char for char in goal if char.isalpha()]
    return bool(_MEMBER_SPEAKS.search(goal)) or sum(char > "\u024f" for char in letters) * 2 > len(letters)


def _own_names(plan: Plan, stated: Assignment | None) -> frozenset[str]:
    """The CP's names and its coordinator's, as they are compared."""
    names = {plan.coordinator.organization, plan.coordinator.name, stated.cp_org if stated else ""}
    return frozenset(compared for name in names if (compared := compared_name(name)))


def is_own(name: str, own: Iterable[str]) -> bool:
    """Whether ``name`` is one of these organizations' or people's, however it is written, or begins with it."""
    compared = compared_name(name)
    return bool(compared) and any(compared == each or (len(each) >= 8 and compared.startswith(each)) for each in own)


def own_texts(plan: Plan) -> Iterator[tuple[str, str]]:
    """The fields in which the CP speaks to the member in its own words, by path."""
    yield "plan.reason_text", plan.plan.reason_text
    for place, need in enumerate(plan.needs):
        yield f"needs[{place}].need", need.need
        yield f"needs[{place}].comment", need.comment
    for place, goal in enumerate(plan.goals):
        yield f"goals[{place}].progress", goal.progress
        for number, step in enumerate(goal.steps):
            yield f"goals[{place}].steps[{number}].step", step.step
    for place, service in enumerate(plan.services):
        yield f"services[{place}].comment", service.comment
    for place, risk in enumerate(plan.risks):
        yield f"risks[{place}].measure", risk.measure
    yield "crisis_plan", plan.crisis_plan
    yield "backup_plan", plan.backup_plan


def _signed_texts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Everything that the CP wrote and the member signs, by path: what others found or did, too."""
    yield from own_texts(plan)
    for place, service in enumerate(plan.services):
        yield f"services[{place}].name", service.name
    for place, other in enumerate(plan.coordination):
        yield f"coordination[{place}].our_part", other.our_part
        yield f"coordination[{place}].their_part", other.their_part
    for place, action in enumerate(plan.pcp_actions):
        yield f"pcp_actions[{place}]", action
    for place, risk in enumerate(plan.risks):
        yield f"risks[{place}].risk", risk.risk
    for place, each in enumerate(plan.transitions):
        yield f"transitions[{place}].comment", each.comment
