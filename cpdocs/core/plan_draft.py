"""A plan file begun from what is known: the roster, the directory, the last version (contract §11, documents.md §§1–2).

What is known is filled in; what must be asked stands as a question in a comment beside an empty value, so that a draft
never passes ``plan check`` by having said nothing. Nothing is carried over that must be asked anew: dates of
assessment, choices, consents, who reconciled the medicines, whether a copy was given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from cpdocs.core.clock import EASTERN, eastern_date
from cpdocs.core.discharges import Discharge
from cpdocs.core.found_plan import FoundPlan, Said
from cpdocs.core.guardianship import Guardians, signing_fault
from cpdocs.core.members import ADULT, Assignment, Program, age_on
from cpdocs.core.plans import SCHEMA, Plan


@dataclass(frozen=True, slots=True)
class Known:
    """What the record says for a draft. ``last`` is the last issued version as its file said it, None for the first;
    ``coordinator_phone`` and ``cp_name`` are the settings'; ``on`` is today, a Massachusetts date. ``found`` is what
    another system's plan says: its sections take the place of the last version's. ``discharge`` is the last one that is
    on record."""

    member: Assignment
    on: date
    cp_name: str
    coordinator_phone: str
    pcp_name: str = ""
    practice_name: str = ""
    last: Plan | None = None
    last_issued_on: date | None = None
    guardians: Guardians = field(default_factory=Guardians)
    discharge: Discharge | None = None
    found: FoundPlan = field(default_factory=FoundPlan)


_CARRIED = (
    "about_me",
    "needs",
    "goals",
    "services",
    "medications",
    "risks",
    "crisis_plan",
    "backup_plan",
    "emergency_contacts",
    "coordination",
    "health_and_wellness",
    "community_resources",
    "supervisor",
    "grievance",
)
_QUESTIONS = {
    "about_me": "What are the member's strengths, preferences, what matters to them, what works? In their words.",
    "needs": "Which needs were found? domain: physical_health, mental_health, substance_use, ltss, social.",
    "goals": "What does the member want, in their own words? Steps: what, who, by when.",
    "services": "Which services and supports, paid and unpaid? A quantity only with who authorized it.",
    "medications": "Which medicines does the member report? Source, and the day as of which.",
    "risks": "What could go wrong, and what is done about it?",
    "crisis_plan": "What happens in a crisis, and who is called?",
    "backup_plan": "What happens when a helper doesn't come?",
    "emergency_contacts": "Who is called in an emergency?",
    "coordination": "Who else coordinates, and where is the line between them and us?",
}
_ASKING = re.compile(r"(?m)# (?:[a-z ]+: )?ASK\b")
_CHOICE = (
    ("service_options_given", "whether the member was given options of services"),
    ("took_part_in_selection", "whether the member took part in the selection"),
    ("agrees_with_plan", "whether the member agrees with the plan"),
    ("provider_options_given", "whether the member was given options of providers"),
    ("informed_provider_choice", "whether the member chose providers knowing the options"),
)


def draft_plan(known: Known) -> str:
    """The commented YAML file of the next version for this member and program."""
    return "\n".join(_lines(known)) + "\n"


def plan_text(plan: Plan, unanswered: frozenset[str] = frozenset()) -> str:
    """``plan`` as a file that reads back as the same plan: what is absent stays out. ``unanswered`` are the paths of
    questions that nobody answered: each stays one, with no value."""
    return "\n".join(_mapping(plan, "", unanswered)) + "\n"


def asked_count(text: str) -> int:
    """In how many lines a plan file asks something."""
    return len(_ASKING.findall(text))


def _lines(known: Known) -> Iterator[str]:
    member, last, today = known.member, known.last, known.on.isoformat()
    yield "# A draft from what is on record. Lines marked ASK are for you: fill them in, then `cpdocs plan check`."
    yield f"# Made {today}" + (f" from version {last.version}." if last else "; the member's first plan here.")
    if known.found.lists or known.found.blocks:
        yield "# What the bundle says is in the source's words; check each line, and see what wasn't taken at the end."
    yield f"schema: {SCHEMA}"
    yield "plan:"
    yield f"  program: {member.program.value}"
    yield f"  version: {last.version + 1 if last else 1}"
    if last:
        review = f"review was due {last.plan.next_review}"
        yield f"  reason:   # ASK annual, change, transition or member_request; {review}"
        yield '  reason_text: ""   # ASK why this version was written, in a sentence that the member understands'
    else:
        yield "  reason: initial"
    yield "  assessment_date:   # ASK the day of the assessment (YYYY-MM-DD), not after plan_date"
    yield f"  plan_date: {_value(known.on)}"
    yield from _effective(known)
    yield "  next_review:   # ASK at most twelve months after plan_date"
    yield f"member_id: {_value(member.member_id)}"
    yield f"pcp_npi: {_value(member.pcp_npi)}" + (f"   # {_comment(known.pcp_name)}" if known.pcp_name else "   # ASK")
    practice = f"   # {_comment(known.practice_name)}" if known.practice_name else "   # ASK"
    yield f"practice_id: {_value(member.practice_id)}{practice}"
    yield "member:"
    yield f"  language: {_value(member.language_spoken)}"
    yield f"  format_need: {_value(member.format_need)}"
    yield f"  mrn: {_value(member.mrn)}"
    yield '  interpreter: ""   # ASK whether one is needed'
    yield "coordinator:"
    yield f"  name: {_value(member.coordinator)}"
    yield f"  organization: {_value(known.cp_name)}"
    yield f"  phone: {_value(known.coordinator_phone)}"
    yield from _representative(known)
    yield "care_team:" + (
        "   # carried over: ASK whether all of them still are on it" if last and last.care_team else ""
    )
    yield from _items(last.care_team) if last and last.care_team else _first_team(known)
    yield from _said_items(known.found.items("care_team"))
    yield "monitor:"
    yield f"  name: {_value(last.monitor.name if last else member.coordinator)}"
    yield f"  role: {_value(last.monitor.role if last else 'Care coordinator')}"
    for name in _CARRIED:
        yield from _found(name, known.found) or _carried(name, last)
    if known.discharge and _is_new(known.discharge, known):
        yield from _discharged(known.discharge)
    elif last and last.transitions:
        yield "transitions: []   # ASK about admissions and discharges since; the last version's are closed"
    yield "medications_reconciled_by:   # ASK only where a named clinician reconciled this very list"
    if member.program is Program.LTSS:
        yield "choice:   # each anew with the member, true or false; an absent answer is no answer"
        yield from (f"  {name}:   # ASK {question}" for name, question in _CHOICE)
    yield "pcp_actions: []   # ASK what the PCP is to do"
    yield "part2:"
    if last and last.carries_part2:
        yield "  applies: true   # ASK whether the consent is still in force, and fill it in again"
    elif last:
        yield "  applies: false   # carried over: ASK whether records of a Part 2 program are in this plan"
    else:
        yield "  applies:   # ASK whether records of a Part 2 program are in this plan (true or false)"
    yield "  consent:"
    if known.found.untaken:
        yield "# Not taken from the bundle, by path:"
        for path in known.found.untaken:
            yield f"#   {_comment(path)}"


def _is_new(discharge: Discharge, known: Known) -> bool:
    """Whether the last version doesn't tell of this discharge, and it is later or waits for its home visit."""
    stated = known.last.transitions if known.last else ()
    later = known.last_issued_on is None or eastern_date(discharge.at) >= known.last_issued_on
    return discharge.at not in [each.discharged for each in stated] and (later or discharge.visited is None)


def _discharged(discharge: Discharge) -> Iterator[str]:
    yield "transitions:   # on record: ASK about admissions and discharges beside it, and what is arranged"
    yield "  - kind: discharge"
    yield f"    facility: {_value(discharge.facility)}"
    yield f"    discharged: {_value(discharge.at.astimezone(EASTERN))}"
    if discharge.visited:
        yield f"    home_visit_done: {_value(discharge.visited.astimezone(EASTERN))}"
    else:
        due = discharge.due.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M")
        yield f"    home_visit_done:   # ASK when the home visit was; it is due by {due}"


def _effective(known: Known) -> Iterator[str]:
    begins, ends = known.found.begins, known.found.ends
    if begins is None:
        yield f"  effective_from: {_value(known.on)}"
    else:
        yield f"  effective_from: {_value(begins)}   # ASK: the bundle's plan begins on this day"
    if ends is not None:
        yield f"  effective_to: {_value(ends)}   # ASK: the bundle's plan ends on this day"


def _found(name: str, found: FoundPlan) -> list[str]:
    """A section as the bundle has it; nothing where the bundle doesn't."""
    again = "   # from the bundle: ASK whether it holds"
    if items := found.items(name):
        return [f"{name}:{again}", *_said_items(items)]
    if block := found.block(name):
        return [f"{name}:{again}", *_said(block, "  ")]
    return [f"{name}: {_value(text)}{again}"] if (text := found.text(name)) else []


def _said_items(items: Sequence[tuple[Said, ...]], indent: str = "  ") -> Iterator[str]:
    for item in items:
        first = True
        for line in _said(item, f"{indent}  "):
            yield f"{indent}- {line[len(indent) + 2 :]}" if first else line
            first = False


def _said(item: Sequence[Said], indent: str) -> Iterator[str]:
    """The keys of a block that say or ask something."""
    for each in item:
        asks = f"   # ASK {each.ask}" if each.ask else ""
        if each.block:
            yield f"{indent}{each.key}:"
            yield from _said(each.block, f"{indent}  ")
        elif each.items:
            yield f"{indent}{each.key}:"
            yield from _said_items(each.items, f"{indent}  ")
        elif each.texts:
            yield f"{indent}{each.key}:"
            yield from (f"{indent}  - {_value(text)}" for text in each.texts)
        elif each.value:
            yield f"{indent}{each.key}: {_value(each.value)}{asks}"
        elif asks:
            yield f"{indent}{each.key}:{asks}"


def _representative(known: Known) -> Iterator[str]:
    member, last = known.member, known.last
    acting = known.guardians.acting(known.on)
    stated = last.representative if last else None
    named = stated.name if stated else member.guardian_name
    fault = signing_fault(
        member.dob, known.guardians, on=known.on, issued_on=known.last_issued_on or known.on, representative=named
    )
    if acting:
        yield "representative:"
        yield f"  name: {_value(acting[-1].name)}"
        yield f"  relation: {_value(acting[-1].relation)}"
        yield f"  authority: {_value(acting[-1].authority)}"
        yield f"  since: {_value(acting[-1].began_on)}"
    elif named and fault is not None:
        yield f"representative:   # ASK who acts: {_comment(fault.message)}"
    elif stated:
        yield "representative:   # ASK whether this person still acts"
        yield from _mapping(stated, "  ")
    elif member.guardian_name:
        yield "representative:"
        yield f"  name: {_value(member.guardian_name)}"
        yield f"  relation: {_value(member.guardian_relation)}"
        yield '  authority: ""   # ASK by which paper, and since when'
    elif known.found.block("representative"):
        yield "representative:   # from the bundle: ASK whether this person acts"
        yield from _said(known.found.block("representative"), "  ")
    elif age_on(member.dob, known.on) < ADULT:
        yield "representative:   # ASK: the member is under 18, and the roster names no guardian"


def _first_team(known: Known) -> Iterator[str]:
    yield f"  - name: {_value(known.member.coordinator)}"
    yield "    role: Care coordinator"
    yield f"    organization: {_value(known.cp_name)}"
    yield f"    phone: {_value(known.coordinator_phone)}"
    if known.pcp_name:
        yield f"  - name: {_value(known.pcp_name)}"
        yield "    role: PCP"
        yield f"    organization: {_value(known.practice_name)}"
    yield "  # ASK who else the member wants on the team"


def _carried(name: str, last: Plan | None) -> Iterator[str]:
    value = getattr(last, name) if last else None
    question = f"   # ASK {_QUESTIONS[name]}" if name in _QUESTIONS else ""
    again = "   # carried over: ASK whether it still holds" if value else question
    if not value:
        if question:
            yield f"{name}: {'[]' if _is_list(name) else _empty(name)}{question}"
        return
    if isinstance(value, str):
        yield f"{name}: {_value(value)}{again}"
    elif isinstance(value, Sequence):
        yield f"{name}:{again}"
        yield from _items(value)
    else:
        yield f"{name}:{again}"
        yield from _mapping(value, "  ")


def _is_list(name: str) -> bool:
    return Plan.__dataclass_fields__[name].default == ()


def _empty(name: str) -> str:
    return '""' if Plan.__dataclass_fields__[name].default == "" else "{}"


def _items(values: Sequence[Any], indent: str = "  ") -> Iterator[str]:
    for value in values:
        if not is_dataclass(value):
            yield f"{indent}- {_value(value)}"
            continue
        first = True
        for line in _mapping(value, f"{indent}  "):
            yield f"{indent}- {line[len(indent) + 2 :]}" if first else line
            first = False


def _mapping(value: Any, indent: str, unanswered: frozenset[str] = frozenset()) -> Iterator[str]:
    """A block's keys that say something, or that nobody answered; what is absent stays out."""
    for each in fields(value):
        held = getattr(value, each.name)
        asked = frozenset(path.partition(".")[2] for path in unanswered if path.startswith(f"{each.name}."))
        if each.name in unanswered:
            yield f"{indent}{each.name}:   # ASK: nobody has answered it"
        elif held is None and asked:
            yield f"{indent}{each.name}:"
            yield from (f"{indent}  {name}:   # ASK: nobody has answered it" for name in sorted(asked))
        elif held is None or held == "" or held == ():
            continue
        elif is_dataclass(held):
            yield f"{indent}{each.name}:"
            yield from _mapping(held, f"{indent}  ", asked)
        elif isinstance(held, tuple):
            yield f"{indent}{each.name}:"
            yield from _items(held, f"{indent}  ")
        else:
            yield f"{indent}{each.name}: {_value(held)}"


def _value(value: Any) -> str:
    """A scalar as YAML reads it back: text as a JSON string, which is YAML too."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, date | datetime):
        return json.dumps(value.isoformat())
    return json.dumps(str(value), ensure_ascii=False)


def _comment(text: str) -> str:
    return " ".join(text.split())
