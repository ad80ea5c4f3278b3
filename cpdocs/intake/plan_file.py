"""A plan file to a Plan, or every fault in it by field (``schema: cpdocs.plan/1``, contract §3)."""

from __future__ import annotations

from cpdocs.core.ids import is_member_id
from cpdocs.core.plans import SCHEMA, Plan
from cpdocs.errors import InputFault, Problem
from cpdocs.intake.binding import bind
from cpdocs.intake.trees import Entries, Node, Scalar, lines, read_tree


def read_plan(data: bytes, name: str) -> Plan:
    """The plan in YAML or JSON ``data``; ``name`` is the file's name, for messages.

    Raises InputFault with every fault (code schema_invalid), each with the field's path, and its line where known.
    """
    tree = read_tree(data, name)
    if isinstance(tree, Entries):
        stated = tree.entries.get("schema")
        if not isinstance(stated, Scalar) or stated.text.strip() != SCHEMA:
            raise InputFault(
                f"{name} is not a plan of a schema that is known here.",
                problems=[
                    Problem("schema_invalid", f"must be {SCHEMA}.", "schema", "It says how the keys below are meant.")
                ],
            )
    plan, problems = plan_from(tree)
    if plan is None or problems:
        raise InputFault(
            f"{name}: {len(problems)} fault(s) in the plan.", todo="Mend them and check it again.", problems=problems
        )
    return plan


def plan_from(tree: Node) -> tuple[Plan | None, list[Problem]]:
    """The plan that a tree states, and every fault in it; the plan is None where a fault lets none be made."""
    plan, problems = bind(tree, Plan)
    return plan, [*problems, *(_faults(plan) if plan else ())]


def lines_of(data: bytes, name: str) -> dict[str, int]:
    """The line of every field of a plan that :func:`read_plan` takes, by path; empty for JSON."""
    return dict(lines(read_tree(data, name)))


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
