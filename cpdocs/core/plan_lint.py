"""What a plan's words must not say, and what they must be compared with (requirements B3, D9–D12, X1, X10).

Words are held against the record: whose name an authorizer bears, whose guardian signs, whose consent was asked. What
a word alone can't settle is a warning. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cpdocs.core.members import ADULT, Assignment, age_on
from cpdocs.core.names import may_be, name_words
from cpdocs.core.organizations import compared_name
from cpdocs.core.plan_amounts import amount, amount_of_service, as_read, rate
from cpdocs.core.plan_claims import claims_authority
from cpdocs.core.plan_wording import labels
from cpdocs.core.plans import Goal, Plan, Reason, Service, TransitionKind
from cpdocs.errors import Problem

_MEMBER_SPEAKS = re.compile(
    r"\b(?:i|i'm|i'd|i'll|i've|my|me|mine|myself|we|our|us"
    r"|yo|mi|mis|me|quiero|necesito|nosotros|nuestr[oa]s?"
    r"|eu|meus?|minhas?|quero|preciso|nós"
    r"|je|j'|mon|ma|mes|moi|nous"
    r"|mwen|m'|m ta|nou"
    r"|tôi|chúng tôi|tui"
    r"|n ta|nha|m ta|ami|di meu"
    r"|io|mio|mia|voglio|vorrei|chcę|mój|moja|moje|ich|mein\w*|unë|doua|waxaan|nataka|gusto ko|aking)(?:\b|(?<='))",
    re.IGNORECASE,
)
"""First person in English, Spanish, Portuguese, French, Haitian Creole, Vietnamese, Cape Verdean Creole; then Italian,
Polish, German, Albanian, Somali, Swahili, Tagalog."""

_IN_ENGLISH = re.compile(
    r"\b(?:the|to|of|and|will|with|for|in|by|at|from|patient|client|member|reduce|improve|increase)\b", re.IGNORECASE
)
"""Words that only English has."""
_FIRST_PLAN = re.compile(
    r"\b(?:first|initial|new) (?:care |treatment |service )?plan\b(?! (?:was|ended|is))", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def word_errors(plan: Plan, stated: Assignment | None, own_names: Iterable[str] = ()) -> Iterator[Problem]:
    """What keeps a plan from being issued: amounts that nobody authorized, and an authorizer or provider who is the CP
    itself. ``own_names`` are the organization's and its letterheads'."""
    own = _own_names(plan, stated, own_names)
    yield from _claim_errors(plan)
    for place, service in enumerate(plan.services):
        path = f"services[{place}]"
        yield from _authorizer_errors(service, path, own)
        for name, finds in _OF_A_SERVICE:
            if service.quantity is None and (found := finds(getattr(service, name))):
                yield _unauthorized(found, f"{path}.{name}")
        if service.affiliated is not True and is_own(service.provider, own):
            yield Problem(
                "affiliation_undisclosed",
                "the provider bears the Community Partner's name, and the plan doesn't say that they are affiliated.",
                f"{path}.affiliated",
                "Tell the member, then state affiliated: true and the date.",
            )
    if not any(service.quantity for service in plan.services):
        for path, text in _other_texts(plan):
            if found := amount_of_service(text):
                yield _unauthorized(found, path)


_OF_A_SERVICE = (("name", amount), ("comment", amount), ("provider", rate), ("funding_source", rate))
"""Fields of a service in which an amount may stand, and what finds it there."""


def _unauthorized(found: str, path: str) -> Problem:
    return Problem(
        "quantity_without_authorizer",
        f"this names an amount ({found}), and nobody who authorized it.",
        path,
        "Put it under the service's quantity with who authorized it and the source, or leave the amount out.",
    )


def _claim_errors(plan: Plan) -> Iterator[Problem]:
    """Fields in which the CP could seem to decide on a service: not the member's words, nor what others authorized."""
    for path, text in _claiming_texts(plan):
        if claims_authority(text):
            yield Problem(
                "authorization_wording",
                "this reads as if a service were authorized, approved, granted or covered; the Community Partner "
                "decides on none.",
                path,
                "Say who authorized it, under quantity, or reword it.",
            )


def _claiming_texts(plan: Plan) -> Iterator[tuple[str, str]]:
    yield from own_texts(plan)
    for place, service in enumerate(plan.services):
        for name in ("name", "provider", "contact", "funding_source", "delivery_address"):
            yield f"services[{place}].{name}", getattr(service, name)
    yield from _around(plan)


def _around(plan: Plan) -> Iterator[tuple[str, str]]:
    """What the CP writes of its part beside others', of the community's help, and of the screening."""
    for place, other in enumerate(plan.coordination):
        yield f"coordination[{place}].our_part", other.our_part
    for name, resources in (
        ("health_and_wellness", plan.health_and_wellness),
        ("community_resources", plan.community_resources),
    ):
        for place, resource in enumerate(resources):
            yield f"{name}[{place}].purpose", resource.purpose
    if plan.flexible_services_screen is not None:
        yield "flexible_services_screen.outcome", plan.flexible_services_screen.outcome


def _other_texts(plan: Plan) -> Iterator[tuple[str, str]]:
    """The CP's own texts outside the services."""
    yield from ((path, text) for path, text in own_texts(plan) if not path.startswith("services["))
    yield from _around(plan)


def _authorizer_errors(service: Service, path: str, own: frozenset[str]) -> Iterator[Problem]:
    if service.quantity is None:
        return
    named = service.quantity.authorized_by
    if not compared_name(named) or compared_name(named) in _NOBODY:
        message = "a quantity needs the name of who authorized it, and that is never the Community Partner."
    elif is_own(named, own) or compared_name(named) in _US:
        message = "the authorizer named is the Community Partner; it never authorizes an amount."
    else:
        return
    yield Problem(
        "quantity_without_authorizer",
        message,
        f"{path}.quantity.authorized_by",
        "Name who authorized it and the source, or leave the quantity out.",
    )


_NOBODY = frozenset({"na", "none", "tbd", "pending", "unknown", "notyet", "self", "member", "yes", "no", "ok"})
"""What stands where a name was wanted, as it is compared."""
_US = frozenset(
    f"{the}{name}"
    for the in ("", "the", "our")
    for name in ("cp", "bhcp", "ltsscp", "communitypartner", "carecoordinator", "coordinator", "team", "careteam", "us")
)
"""The CP without its name, as it is compared."""


def word_warnings(plan: Plan, stated: Assignment | None, avoided: Iterable[tuple[str, str]] = ()) -> Iterator[Problem]:
    """What a person should look at before the member is asked to sign. ``avoided`` are a site's own words, each with
    what says it instead."""
    yield from _update_warnings(plan)
    yield from _representative_warnings(plan, stated)
    yield from _consent_warnings(plan, stated)
    yield from _source_warnings(plan)
    for place, goal in enumerate(plan.goals):
        if found := amount_of_service(goal.goal) or amount_of_service(goal.translation):
            yield Problem(
                "quantity_in_goal",
                f"the goal names an amount of a service ({found}): the member may wish it, nobody has authorized it.",
                f"goals[{place}].goal",
                "Tell the member who decides on it.",
            )
    avoided = tuple(avoided)
    for path, text in _signed_texts(plan):
        for found, better in labels(text, avoided):
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
    if header.version > 1 and _FIRST_PLAN.search(header.reason_text):
        yield Problem(
            "reason_is_initial",
            "a later version can't be the first plan.",
            "plan.reason_text",
            "Say why it was updated.",
        )


_OF_A_MINOR = re.compile(r"\b(parents?|mother|father|step(mother|father|parent)|minor|foster)\b", re.IGNORECASE)
"""Words by which somebody acts for a child."""


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
    if acts is None:
        return
    of_age = stated is not None and age_on(stated.dob, plan.plan.plan_date) >= ADULT
    if of_age and _OF_A_MINOR.search(f"{acts.relation} {acts.authority}"):
        yield Problem(
            "representative_of_adult",
            "the member is 18 or older, and somebody acts for them as for a minor.",
            "representative",
            "A parent's right ended with the 18th birthday: name the guardianship or proxy, or nobody.",
        )
    if not acts.authority.strip():
        said = "the plan doesn't say by what authority the representative acts, and since when."
    elif of_age and acts.since is None and not _YEAR.search(acts.authority):
        said = "the plan doesn't say since when the representative acts."
    else:
        return
    yield Problem(
        "representative_authority_missing",
        said,
        "representative.authority",
        "Name the paper and its date: parent, guardianship decree, health care proxy …; or state since.",
    )


def _consent_warnings(plan: Plan, stated: Assignment | None) -> Iterator[Problem]:
    """A minor's own consent is asked where Part 2 applies (42 CFR 2.14)."""
    consent = plan.part2.consent
    if not plan.carries_part2 or consent is None or stated is None or age_on(stated.dob, plan.plan.plan_date) >= ADULT:
        return
    if consent.signed_by.strip() and not may_be(consent.signed_by, stated.first_name, stated.last_name):
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


def in_member_words(goal: Goal, language: str = "") -> bool:
    """Whether a goal is in the member's words: as the author says, else by its wording. First person in one of the
    languages met most; another script, or a translation beside it, which nobody but the member's words need; or no
    English where the member's ``language`` (by name) is another."""
    if goal.in_member_words is not None:
        return goal.in_member_words
    text = as_read(goal.goal)
    letters = [char for char in text if char.isalpha()]
    if _MEMBER_SPEAKS.search(text) or goal.translation.strip():
        return True
    if sum(char > "\u024f" for char in letters) * 2 > len(letters):
        return True
    return bool(letters) and language.casefold() not in ("", "english") and not _IN_ENGLISH.search(text)


def _own_names(plan: Plan, stated: Assignment | None, also: Iterable[str]) -> frozenset[str]:
    """The CP's names and its coordinator's, as they are compared."""
    coordinator = plan.coordinator
    names = {coordinator.organization, coordinator.name, stated.cp_org if stated else "", *also}
    return frozenset(name for name in names if compared_name(name))


def is_own(name: str, own: Iterable[str]) -> bool:
    """Whether ``name`` is one of these organizations' or people's, however it is written and whatever it adds ("…,
    care coordination")."""
    words, compared = name_words(name), compared_name(name)
    return bool(compared) and any(
        compared == (each := compared_name(own_name))
        or (len(each) >= _LONG and each in compared)
        or (len(own_words := name_words(own_name)) > 1 and own_words <= words)
        for own_name in own
    )


_LONG = 8
"""Letters from which a name within another is that name, and no accident."""


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
