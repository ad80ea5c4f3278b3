"""Checks plan files against the schema, the rules and what is on record; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.part2_rules import from_form, on_form
from cpdocs.core.plan_rules import check_plan
from cpdocs.core.transitions import may_issue
from cpdocs.errors import InputFault, Problem
from cpdocs.plans.records import last_version
from cpdocs.register.load import load_register
from cpdocs.system.input_files import read_input

if TYPE_CHECKING:
    from cpdocs.core.members import Assignment
    from cpdocs.core.plans import Plan
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What was found in one plan file. ``plan`` is None where it doesn't follow the schema.

    ``data`` are the file's bytes as they were read, so that what is issued is what was checked. ``assignment`` is the
    live assignment that the plan stands on, None where there is none.
    """

    name: str
    path: Path
    data: bytes
    plan: Plan | None
    assignment: Assignment | None
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    clauses: Mapping[str, str] = field(default_factory=dict)
    """What the plan's consent says by the organization's consent form, not by the file."""

    def as_json(self) -> dict[str, Any]:
        """The report for ``--json``."""
        return {
            "file": str(self.path.resolve()),
            "ok": not self.errors,
            "member_id": self.plan.member_id if self.plan else None,
            "program": self.plan.program.value if self.plan else None,
            "version": self.plan.version if self.plan else None,
            "errors": [_problem_json(one) for one in self.errors],
            "warnings": [_problem_json(one) for one in self.warnings],
        }


def _problem_json(one: Problem) -> dict[str, str | int | None]:
    return {
        "code": one.code,
        "field": one.where,
        "line": one.line or None,
        "message": one.message,
        "todo": one.todo,
    }


def check_files(ws: Workspace, paths: Iterable[Path], *, versions: bool = True) -> tuple[PlanReport, ...]:
    """A report for each file, in the order given. Raises InputFault only where a file can't be read from disk.

    ``versions``: whether the version must be the next one to issue. Issuing decides that itself, one plan after the
    other.
    """
    from cpdocs.intake.trees import MAX_BYTES

    return check_data(ws, [(path, read_input(path, MAX_BYTES)) for path in paths], versions=versions)


def check_data(ws: Workspace, files: Iterable[tuple[Path, bytes]], *, versions: bool = True) -> tuple[PlanReport, ...]:
    """As :func:`check_files`, of bytes that were read already; the paths are their names."""
    from cpdocs.intake.plan_file import read_plan

    read: list[tuple[Path, bytes, Plan | InputFault]] = []
    for path, data in files:
        try:
            read.append((path, data, read_plan(data, path.name)))
        except InputFault as fault:
            read.append((path, data, fault))
    return _judged(ws, read, versions)


def _judged(
    ws: Workspace, read: Sequence[tuple[Path, bytes, Plan | InputFault]], versions: bool
) -> tuple[PlanReport, ...]:
    from cpdocs.intake.plan_file import lines_of

    members = [plan.member_id for _, _, plan in read if not isinstance(plan, InputFault)]
    if not members:
        return tuple(_unreadable(path, data, fault) for path, data, fault in read if isinstance(fault, InputFault))
    register = load_register(ws, *members)
    own_names = [ws.senders.organization.name, *(name for name in ws.senders.cp_orgs)]
    own_names += [sender.name for sender in ws.senders.cp_orgs.values()]
    on = eastern_date(ws.clock.now())
    reports = []
    for path, data, plan in read:
        if isinstance(plan, InputFault):
            reports.append(_unreadable(path, data, plan))
        else:
            clauses = from_form(plan, ws.consent_form)
            plan = on_form(plan, clauses)
            checked = check_plan(plan, register, on, avoided=ws.options.avoided_words, own_names=own_names)
            errors = (
                (*checked.errors, *_version_faults(ws, plan)) if versions and checked.assignment else checked.errors
            )
            lines = lines_of(data, path.name)
            reports.append(
                PlanReport(
                    path.name,
                    path,
                    data,
                    plan,
                    checked.assignment,
                    tuple(one.at_line(lines) for one in errors),
                    tuple(one.at_line(lines) for one in checked.warnings),
                    clauses,
                )
            )
    return tuple(reports)


def _version_faults(ws: Workspace, plan: Plan) -> Iterator[Problem]:
    try:
        may_issue(plan.version, last_version(ws.ledger, plan.member_id, plan.program.value))
    except InputFault as fault:
        yield Problem("version_not_next", fault.message, "plan.version", fault.todo)


def _unreadable(path: Path, data: bytes, fault: InputFault) -> PlanReport:
    errors = fault.problems or (Problem("schema_invalid", fault.message, "", fault.todo),)
    return PlanReport(path.name, path, data, None, None, errors, ())
