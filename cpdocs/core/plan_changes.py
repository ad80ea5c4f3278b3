"""What changed from one version of a plan to the next, in words: medicines first, since they can hurt (requirement D9).

Items of a list are matched by what they are about (a medicine by its name, a goal by its wording): one that is in both
and differs is changed, the rest are added or taken out. Nothing is matched by its place: an item that moved is no
change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any

from cpdocs.core.clock import EASTERN
from cpdocs.core.moments import clock_text, short_day_text
from cpdocs.core.plans import Plan

_LISTS: tuple[tuple[str, str, str], ...] = (
    ("medications", "Medicine", "name"),
    ("goals", "Goal", "goal"),
    ("services", "Service", "name"),
    ("needs", "Need", "need"),
    ("risks", "Risk", "risk"),
    ("care_team", "Care team", "name"),
    ("emergency_contacts", "Emergency contact", "name"),
    ("transitions", "Move between settings", "facility"),
    ("coordination", "Others who coordinate", "who"),
    ("health_and_wellness", "Health and wellness", "name"),
    ("community_resources", "Community resource", "name"),
)
"""(field of the plan, what one of its items is called, the field that says which item it is)."""
_BLOCKS: tuple[tuple[str, str], ...] = (
    ("member", "Member"),
    ("representative", "Representative"),
    ("coordinator", "Care coordinator"),
    ("supervisor", "Supervisor"),
    ("monitor", "Who watches over the plan"),
    ("about_me", "About the member"),
    ("medications_reconciled_by", "Reconciled by"),
    ("flexible_services_screen", "Flexible Services screen"),
    ("choice", "Choice of services"),
    ("part2", "Substance use records"),
    ("grievance", "Complaints"),
)
_TEXTS: tuple[tuple[str, str], ...] = (
    ("crisis_plan", "Crisis plan"),
    ("backup_plan", "Backup plan"),
    ("pcp_npi", "PCP (NPI)"),
    ("practice_id", "Practice"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what it is about, and the sentence that says it."""

    section: str
    text: str


def changes(old: Plan, new: Plan, names: Mapping[str, str] = MappingProxyType({})) -> tuple[Change, ...]:
    """Everything that a reader of ``old`` must know of ``new``, medicines first. Dates of the version itself and the
    copy that was given aren't changes of the plan. ``names`` says whose an NPI or a practice's id is."""
    found: list[Change] = []
    for name, label, key in _LISTS:
        found += _list_changes(label, getattr(old, name), getattr(new, name), key)
    for name, label in _TEXTS:
        found += _text_change(label, *(_named(getattr(plan, name), names) for plan in (old, new)))
    for name, label in _BLOCKS:
        before, after = getattr(old, name), getattr(new, name)
        found += [Change(label, f"{label}: {words}") for words in _differences(before, after)]
    found += [
        Change("What we ask of the PCP", f"What we ask of the PCP: {word} “{text}”")
        for word, texts in (
            ("added", [each for each in new.pcp_actions if each not in old.pcp_actions]),
            ("taken out", [each for each in old.pcp_actions if each not in new.pcp_actions]),
        )
        for text in texts
    ]
    return tuple(found)


def _list_changes(label: str, old: Sequence[Any], new: Sequence[Any], key: str) -> Iterator[Change]:
    before, after = _keyed(old, key), _keyed(new, key)
    for which, item in after.items():
        if which not in before:
            yield Change(label, f"{label} added: {_told(item, key)}")
        else:
            yield from (
                Change(label, f"{label} changed: {getattr(item, key)}: {words}")
                for words in _differences(before[which], item)
            )
    for which, item in before.items():
        if which not in after:
            yield Change(label, f"{label} taken out: {_told(item, key)}")


def _keyed(items: Sequence[Any], key: str) -> dict[tuple[str, int], Any]:
    """Items by what they are about; the second of the same name is another one."""
    seen: dict[str, int] = {}
    keyed = {}
    for item in items:
        name = " ".join(str(getattr(item, key)).casefold().split())
        seen[name] = seen.get(name, 0) + 1
        keyed[name, seen[name]] = item
    return keyed


def _named(text: str, names: Mapping[str, str]) -> str:
    return f"{names[text]}, {text}" if text in names else text


def _text_change(label: str, old: str, new: str) -> Iterator[Change]:
    if old != new:
        yield Change(label, f"{label}: {_from_to(old, new)}")


def _differences(old: Any, new: Any) -> Iterator[str]:
    """Field by field, in words."""
    if old == new:
        return
    if old is None or new is None or not is_dataclass(new):
        yield _from_to(old, new)
        return
    for each in fields(new):
        before, after = getattr(old, each.name), getattr(new, each.name)
        if before != after:
            yield f"{each.name.replace('_', ' ')} {_from_to(before, after)}"


def _from_to(old: Any, new: Any) -> str:
    before, after = _plain(old), _plain(new)
    if not before:
        return f"now “{after}”"
    if not after:
        return f"was “{before}”, now empty"
    return f"was “{before}”, now “{after}”"


def _told(item: Any, key: str) -> str:
    rest = [
        _plain(getattr(item, each.name))
        for each in fields(item)
        if each.name in ("directions", "provider", "measure", "role", "phone", "prescriber", "as_of")
    ]
    return ", ".join([str(getattr(item, key)), *(text for text in rest if text)])


def _plain(value: Any) -> str:
    if value is None or value == "" or value == ():
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value).replace("_", " ")
    if isinstance(value, datetime):
        return f"{short_day_text(value.astimezone(EASTERN).date())}, {clock_text(value)}"
    if isinstance(value, date):
        return short_day_text(value)
    if isinstance(value, tuple):
        return "; ".join(filter(None, map(_plain, value)))
    if is_dataclass(value):
        return ", ".join(filter(None, (_plain(getattr(value, each.name)) for each in fields(value))))
    return str(value)
