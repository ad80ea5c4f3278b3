"""Checks plan files against the schema, the rules and what is on record; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.part2_rules import from_form, on_form
from cpdocs.core.plan_rules import CheckedPlan, check_plan
from cpdocs.core.register import Register
from cpdocs.core.transitions import may_issue
from cpdocs.errors import InputFault, Problem
from cpdocs.plans.records import last_version
from cpdocs.register.load import load_register
from cpdocs.system.input_files import read_input

if TYPE_CHECKING:
    from cpdocs.core.members import Assignment
    from cpdocs.core.plans import Plan
    from cpdocs.intake.plan_file import ReadPlan
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
    from cpdocs.intake.plan_file import read_whole

    read: list[tuple[Path, bytes, ReadPlan | InputFault]] = []
    for path, data in files:
        try:
            read.append((path, data, read_whole(data, path.name)))
        except InputFault as fault:
            read.append((path, data, fault))
    stated = [plan for _, _, each in read if not isinstance(each, InputFault) for plan in _plans(each)]
    judge = _Judge(ws, [plan.member_id for plan in stated])
    return tuple(
        _unreadable(path, data, each)
        if isinstance(each, InputFault)
        else judge.report(path, data, each, versions=versions)
        for path, data, each in read
    )


def _plans(read: ReadPlan) -> tuple[Plan, ...]:
    return (read.plan,) if read.plan else read.around


class _Judge:
    """What is on record, loaded once for a batch of files."""

    def __init__(self, ws: Workspace, members: Sequence[str]) -> None:
        self._ws = ws
        self._register = load_register(ws, *members) if members else Register()
        self._own_names = [ws.senders.organization.name, *(name for name in ws.senders.cp_orgs)]
        self._own_names += [sender.name for sender in ws.senders.cp_orgs.values()]
        self._on = eastern_date(ws.clock.now())

    def report(self, path: Path, data: bytes, read: ReadPlan, *, versions: bool) -> PlanReport:
        """Every fault of one file: of its form, by the rules, and of its version. Where its form has faults only what
        is so whatever is put in their place."""
        from cpdocs.intake.binding import certain

        if read.plan is None:
            found = [self._checked(each, versions=versions) for each in read.around]
            errors = (*read.problems, *certain([each.errors for each in found], read.problems))
            warnings = tuple(certain([each.warnings for each in found], read.problems))
            return PlanReport(path.name, path, data, None, None, _placed(errors, read), _placed(warnings, read))
        clauses = from_form(read.plan, self._ws.consent_form)
        plan = on_form(read.plan, clauses)
        checked = self._checked(plan, versions=versions)
        errors, warnings = _placed(checked.errors, read), _placed(checked.warnings, read)
        return PlanReport(path.name, path, data, plan, checked.assignment, errors, warnings, clauses)

    def _checked(self, plan: Plan, *, versions: bool) -> CheckedPlan:
        plan = on_form(plan, from_form(plan, self._ws.consent_form))
        checked = check_plan(
            plan, self._register, self._on, avoided=self._ws.options.avoided_words, own_names=self._own_names
        )
        if versions and self._register.latest(plan.member_id, plan.program):
            return replace(checked, errors=(*checked.errors, *version_faults(self._ws, plan)))
        return checked


def version_faults(ws: Workspace, plan: Plan) -> Iterator[Problem]:
    """Whether the version is the next one to issue, as things stand."""
    try:
        may_issue(plan.version, last_version(ws.ledger, plan.member_id, plan.program.value))
    except InputFault as fault:
        yield Problem("version_not_next", fault.message, "plan.version", fault.todo)


def _placed(problems: Iterable[Problem], read: ReadPlan) -> tuple[Problem, ...]:
    return tuple(each if each.line else each.at_line(read.lines) for each in problems)


def _unreadable(path: Path, data: bytes, fault: InputFault) -> PlanReport:
    errors = fault.problems or (Problem("schema_invalid", fault.message, "", fault.todo),)
    return PlanReport(path.name, path, data, None, None, errors, ())
