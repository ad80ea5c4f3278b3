"""A plan without what comes from a Part 2 program's records, for recipients outside the consent (documents.md §5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from cpdocs.core.part2_rules import SUBSTANCE_USE
from cpdocs.core.plans import Goal, Medication, Need, NeedDomain, Part2, Plan, Risk, Service, Transition
from cpdocs.errors import Problem

_Item = TypeVar("_Item", Need, Goal, Service, Medication, Risk, Transition)


def without_part2(plan: Plan) -> tuple[Plan, int]:
    """The plan without its marked items and without the consent, and how many items that left out."""
    kept = replace(
        plan,
        needs=_unmarked(plan.needs),
        goals=_unmarked(plan.goals),
        services=_unmarked(plan.services),
        medications=_unmarked(plan.medications),
        risks=_unmarked(plan.risks),
        transitions=_unmarked(plan.transitions),
        part2=Part2(applies=False),
    )
    names = ("needs", "goals", "services", "medications", "risks", "transitions")
    return kept, sum(len(getattr(plan, name)) - len(getattr(kept, name)) for name in names)


def _unmarked(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    return tuple(item for item in items if not item.part2)


def still_speaking(plan: Plan) -> Iterator[Problem]:
    """Every text of the plan, whoever wrote it, that speaks of substance use: it isn't marked, and a person has to say
    whether it may be read outside the consent."""
    for place, need in enumerate(plan.needs):
        if need.domain is NeedDomain.SUBSTANCE_USE:
            yield _found(f"needs[{place}].domain")
    for path, text in _texts(plan, ""):
        if SUBSTANCE_USE.search(text):
            yield _found(path)


def _found(path: str) -> Problem:
    return Problem("part2_item_unflagged", "this speaks of substance use and isn't marked part2.", path)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from _texts(item, f"{path}[{place}]")
    elif is_dataclass(value):
        for each in fields(value):
            yield from _texts(getattr(value, each.name), f"{path}.{each.name}" if path else each.name)
