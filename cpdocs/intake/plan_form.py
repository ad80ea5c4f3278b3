"""A filled-in form's cells to a Plan, or every fault in it by sheet and cell.

The form's keys are the plan file's, and what a value may be is decided where plan files are read (``binding``): a form
and a file with the same words are the same plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cpdocs.core.clock import EASTERN
from cpdocs.core.members import Program
from cpdocs.core.moments import parse_moment
from cpdocs.core.plan_form import (
    GOAL,
    HOW_TO,
    KEY_LINE,
    LISTS,
    NUMBER,
    FieldKind,
    FormCell,
    FormField,
    FormRead,
    FormSheet,
    blocks,
    form_sheets,
)
from cpdocs.core.plans import SCHEMA, Plan
from cpdocs.core.plurals import counted
from cpdocs.errors import InputFault, Problem
from cpdocs.intake.plan_file import plan_from
from cpdocs.intake.trees import Entries, Items, Node, Scalar

_ANSWER, _KEY = 2, 4
"""The columns of a sheet of answers that hold the answer and the field's key."""


def plan_of_form(read: FormRead, name: str) -> tuple[Plan, frozenset[str]]:
    """The plan that the form states, and the paths of the questions on choice that it leaves unanswered; ``name`` is
    the file's name, for messages.

    Raises InputFault with every fault, each with its sheet, cell and field.
    """
    if read.fault:
        raise InputFault(read.fault, todo=read.todo)
    form = _Form(read)
    tree = form.tree()
    plan, problems = plan_from(tree)
    spoiled = {problem.where for problem in form.problems}
    problems = [form.placed(each) for each in problems]
    faults = [*form.problems, *(each for each in problems if each.where.partition(" (")[0] not in spoiled)]
    if plan is None or faults:
        raise InputFault(
            f"{name}: {counted(len(faults), 'fault')} in the form; nothing was written.",
            todo="Mend them in the form, save it, and give it again.",
            problems=faults,
        )
    return plan, _unanswered(tree, plan)


def _unanswered(tree: Entries, plan: Plan) -> frozenset[str]:
    """An LTSS plan is asked for every answer on choice, any other only once it gives one."""
    if plan.program is not Program.LTSS and plan.choice is None:
        return frozenset()
    stated = tree.entries.get("choice")
    answered = stated.entries if isinstance(stated, Entries) else {}
    return frozenset(
        field.key
        for sheet in form_sheets()
        for field in sheet.fields
        if field.kind is FieldKind.YES_NO
        and field.key.startswith("choice.")
        and field.key.removeprefix("choice.") not in answered
    )


class _Form:
    """The cells of a form by sheet, the tree that they make, and where each field of it stands."""

    def __init__(self, read: FormRead) -> None:
        self.problems: list[Problem] = []
        self._cells: dict[str, dict[tuple[int, int], FormCell]] = {}
        for cell in read.cells:
            self._cells.setdefault(cell.sheet, {})[cell.line, cell.column] = cell
        self._places: dict[str, str] = {}
        known = {sheet.title for sheet in form_sheets()} | {HOW_TO, LISTS}
        for title in read.sheets:
            if title not in known and self._cells.get(title):
                self._fault(title, "isn't a sheet of the form, and holds something.", "Delete it.")
        self._present = set(read.sheets)

    def tree(self) -> Entries:
        """The plan as a tree, as a plan file's reader makes it."""
        answers: dict[str, Node] = {"schema": Scalar(SCHEMA, plain=False)}
        lists: dict[str, list[tuple[str, dict[str, Node]]]] = {}
        for sheet in form_sheets():
            if sheet.title not in self._present:
                self._fault(sheet.title, "is missing.", "Fill in a form that `cpdocs plan draft --form` wrote.")
            elif sheet.items:
                lists[sheet.items] = list(self._rows(sheet))
            else:
                answers |= self._answers(sheet)
        goals = lists.get("goals", [])
        self._steps(goals, lists.pop("goals.steps", []))
        for path, rows in lists.items():
            if rows:
                answers[path] = Items(tuple(_nested(fields) for _, fields in rows))
        return _nested(answers, blocks())

    def placed(self, problem: Problem) -> Problem:
        """The problem with its cell before the field's path."""
        path = problem.where
        at = path
        while at not in self._places and at:
            at = at.rpartition(".")[0]
        place = self._places.get(path) or self._places.get(at, "")
        return replace(problem, where=f"{place} ({path})" if place else path)

    def _fault(self, where: str, message: str, todo: str) -> None:
        self.problems.append(Problem("form_invalid", message, where, todo))

    def _answers(self, sheet: FormSheet) -> dict[str, Node]:
        cells = self._cells.get(sheet.title, {})
        wanted = {each.key: each for each in sheet.fields}
        lines = {cell.text.strip(): line for (line, column), cell in cells.items() if column == _KEY}
        found: dict[str, Node] = {}
        for key, field in wanted.items():
            if key not in lines:
                self._fault(sheet.title, f"has no line for {key}.", "Fill in a form as it was written; keep its lines.")
                continue
            self._places[key] = f"{sheet.title}!B{lines[key]}"
            cell = cells.get((lines[key], _ANSWER))
            if cell is not None and (node := self._node(field, cell)) is not None:
                found[key] = node
        asked = set(lines.values())
        for (line, column), cell in cells.items():
            if (column == _ANSWER and line > KEY_LINE and line not in asked) or column > _KEY:
                self._outside(cell)
        return found

    def _rows(self, sheet: FormSheet) -> Iterator[tuple[str, dict[str, Node]]]:
        """The lines that say something: the number of each (a goal's own, a step's goal's) and its fields."""
        cells = self._cells.get(sheet.title, {})
        columns = {cell.text.strip(): column for (line, column), cell in cells.items() if line == KEY_LINE}
        named = {columns[each.key]: each for each in sheet.fields if each.key in columns}
        for each in sheet.fields:
            if each.key not in columns:
                self._fault(sheet.title, f"has no column for {each.key}.", "Fill in a form as it was written.")
        lines: dict[int, dict[str, FormCell]] = {}
        for (line, column), cell in sorted(cells.items()):
            if line <= KEY_LINE:
                continue
            if column not in named:
                self._outside(cell)
            elif named[column].key != NUMBER:
                lines.setdefault(line, {})[named[column].key] = cell
        for place, (line, row) in enumerate(lines.items()):
            path = f"{sheet.items}[{place}]"
            fields: dict[str, Node] = {}
            for column, field in named.items():
                self._places[f"{path}.{field.key}"] = f"{sheet.title}!{_letters(column)}{line}"
                if field.key in row and (node := self._node(field, row[field.key])) is not None:
                    fields[field.key] = node
            self._places[path] = f"{sheet.title}!A{line}"
            number = cells.get((line, columns.get(NUMBER, 0)))
            yield number.text.strip() if number else "", fields

    def _steps(self, goals: list[tuple[str, dict[str, Node]]], steps: list[tuple[str, dict[str, Node]]]) -> None:
        """Puts each step under the goal whose number it names."""
        places = {number: place for place, (number, _) in enumerate(goals) if number}
        under: dict[int, list[Node]] = {}
        for at, (_, fields) in enumerate(steps):
            before = f"goals.steps[{at}]"
            named = fields.pop(GOAL, None)
            goal = places.get(named.text.strip()) if isinstance(named, Scalar) else None
            if goal is None:
                where = self._places[f"{before}.{GOAL}"]
                self._fault(where, "names no goal of the sheet Goals.", "Give the number that stands before the goal.")
                continue
            after = f"goals[{goal}].steps[{len(under.setdefault(goal, []))}]"
            self._places |= {
                after + path.removeprefix(before): cell
                for path, cell in self._places.items()
                if path == before or path.startswith(f"{before}.")
            }
            under[goal].append(_nested(fields))
        for goal, items in under.items():
            goals[goal][1]["steps"] = Items(tuple(items))

    def _node(self, field: FormField, cell: FormCell) -> Node | None:
        if cell.formula:
            self._fault(_address(cell), "holds a formula or an error value.", "Type the value itself.")
            return None
        text = cell.text.strip()
        if field.kind is FieldKind.LINES:
            return Items(tuple(Scalar(each.strip(), plain=False) for each in text.split("\n") if each.strip()))
        return Scalar(_moment(text) if field.kind is FieldKind.MOMENT else text, plain=False)

    def _outside(self, cell: FormCell) -> None:
        self._fault(
            _address(cell), "stands outside the form's fields.", "Move it into a field, or take it out: it isn't read."
        )


def _nested(flat: Mapping[str, Node], always: frozenset[str] = frozenset()) -> Entries:
    """Keys with dots as mappings in mappings; ``always`` are there, empty or not."""
    inner: dict[str, dict[str, Node]] = {name: {} for name in always}
    entries: dict[str, Node] = {}
    for key, node in flat.items():
        name, dot, rest = key.partition(".")
        if dot:
            inner.setdefault(name, {})[rest] = node
        else:
            entries[name] = node
    return Entries({**entries, **{name: _nested(held) for name, held in inner.items()}})


def _moment(text: str) -> str:
    """A date and time as a plan file has it, Massachusetts time where no offset is given; a day alone stays one."""
    if len(text) <= len("2026-11-02"):
        return text
    try:
        return parse_moment(text.replace(" ", "T", 1)).astimezone(EASTERN).isoformat()
    except ValueError:
        return text


def _address(cell: FormCell) -> str:
    return f"{cell.sheet}!{_letters(cell.column)}{cell.line}"


def _letters(column: int) -> str:
    """1 → ``A``, 27 → ``AA``."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
