"""A plan file to a Plan, or every fault in it by field (``schema: cpdocs.plan/1``, contract §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cpdocs.core.ids import is_member_id
from cpdocs.core.plans import SCHEMA, Plan
from cpdocs.core.plurals import counted
from cpdocs.errors import InputFault, Problem
from cpdocs.intake.binding import bind, bind_around, certain
from cpdocs.intake.trees import Entries, Node, Scalar, lines, read_tree


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What a plan file states. ``plan`` is None where ``problems`` stand in its way; then ``around`` are plans in which
    what is at fault is filled in, in each with something else: what is found in all of them is so whatever is put
    there."""

    plan: Plan | None
    problems: tuple[Problem, ...]
    around: tuple[Plan, ...]
    lines: Mapping[str, int]


def read_whole(data: bytes, name: str) -> ReadPlan:
    """What the file states, with every fault of its form. Raises InputFault where it is no YAML or JSON, or is of
    another schema."""
    tree = _known(read_tree(data, name), name)
    plan, problems = plan_from(tree)
    around = bind_around(tree, Plan) if problems else ()
    if around and plan is None:
        problems += certain([_faults(each) for each in around], problems)
    places = dict(lines(tree))
    return ReadPlan(None if problems else plan, tuple(each.at_line(places) for each in problems), around, places)


def read_plan(data: bytes, name: str) -> Plan:
    """The plan in YAML or JSON ``data``; ``name`` is the file's name, for messages.

    Raises InputFault with every fault (code schema_invalid), each with the field's path, and its line where known.
    """
    plan, problems = plan_from(_known(read_tree(data, name), name))
    if plan is None or problems:
        raise InputFault(
            f"{name}: {counted(len(problems), 'fault')} in the plan.",
            todo="Mend them and check it again.",
            problems=problems,
        )
    return plan


def _known(tree: Node, name: str) -> Node:
    """The tree of a file whose schema is known here, or isn't stated: then its keys are read by ours."""
    stated = tree.entries.get("schema") if isinstance(tree, Entries) else None
    if stated is not None and (not isinstance(stated, Scalar) or stated.text.strip() != SCHEMA):
        raise InputFault(
            f"{name} is not a plan of a schema that is known here.",
            problems=[
                Problem(
                    "schema_invalid",
                    f"must be {SCHEMA}.",
                    "schema",
                    "It says how the keys below are meant.",
                    getattr(stated, "line", 0),
                )
            ],
        )
    return tree


def plan_from(tree: Node) -> tuple[Plan | None, list[Problem]]:
    """The plan that a tree states, and every fault in it; the plan is None where a fault lets none be made."""
    plan, problems = bind(tree, Plan)
    return plan, [*problems, *(_faults(plan) if plan else ())]


def _faults(plan: Plan) -> list[Problem]:
    """What a type can't say."""
    faults = []
    if not is_member_id(plan.member_id):
        faults.append(Problem("schema_invalid", "must have twelve digits.", "member_id"))
    if not 1 <= plan.version <= 9_999:
        faults.append(Problem("schema_invalid", "must be from 1 to 9999.", "plan.version"))
    if plan.plan.effective_to and plan.plan.effective_to < plan.plan.effective_from:
        faults.append(Problem("schema_invalid", "is before effective_from.", "plan.effective_to"))
    faults += [
        Problem("schema_invalid", "is before the service's start.", f"services[{place}].end")
        for place, service in enumerate(plan.services)
        if service.start and service.end and service.end < service.start
    ]
    faults += [
        Problem(
            "schema_invalid",
            "must be more than nothing; leave the quantity out where there is none.",
            f"services[{place}].quantity.amount",
        )
        for place, service in enumerate(plan.services)
        if service.quantity and service.quantity.amount <= 0
    ]
    return faults
