"""The spreadsheet form of a plan: its sheets and fields, from the plan's own schema (contract §11, documents.md §§1–3).

A sheet is a section. A sheet of answers has one field a line: what it asks, the answer, what helps, and the field's
key. A sheet of rows has one item a line under its columns, whose keys stand in the third line. Steps have a sheet of
their own and name their goal by its number. The keys are the plan file's, so that both read back as the same plan.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from cpdocs.core.plans import Plan

KEY_LINE = 3
"""The line of a sheet that holds the columns' keys; what is filled in stands below."""
ANSWER_COLUMNS = ("asked", "answer", "help", "key")
NUMBER = "#"
"""The key of the column that numbers goals."""
GOAL = "goal"
"""The key of the column by which a step names its goal."""
HOW_TO, LISTS = "How to", "Lists"
"""Sheets that hold nothing of the plan."""


class FieldKind(StrEnum):
    """What a cell takes. ``lines``: several texts, one a line of the cell."""

    TEXT = "text"
    LINES = "lines"
    WHOLE = "whole number"
    NUMBER = "number"
    DAY = "date"
    MOMENT = "date and time"
    YES_NO = "yes or no"
    CHOICE = "one of a list"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field: ``key`` is its path in the plan, or within an item of the sheet's rows."""

    key: str
    label: str
    kind: FieldKind
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class FormSheet:
    """A section. ``items`` is the path of the list whose items its lines are; empty for a sheet of answers."""

    title: str
    fields: tuple[FormField, ...]
    items: str = ""


@dataclass(frozen=True, slots=True)
class FormCell:
    """A cell that holds something: its sheet, its line and column (from 1), its text, and whether that is a formula."""

    sheet: str
    line: int
    column: int
    text: str
    formula: bool = False


@dataclass(frozen=True, slots=True)
class FormRead:
    """What a filled-in form says: its sheets in order and their cells; or why it can't be read, and what to do."""

    sheets: tuple[str, ...] = ()
    cells: tuple[FormCell, ...] = ()
    fault: str = ""
    todo: str = ""


@dataclass(frozen=True, slots=True)
class FormValues:
    """What is written into a new form: answers and questions by the field's key, and the items of each list by its
    path, each by its fields' keys. A step names its goal by number, under ``GOAL``."""

    answers: Mapping[str, str]
    rows: Mapping[str, Sequence[Mapping[str, str]]]
    questions: Mapping[str, str]


_SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Plan", ("plan", "member_id", "pcp_npi", "practice_id")),
    ("Member", ("member", "representative")),
    ("CP", ("coordinator", "supervisor", "monitor", "grievance")),
    ("Care team", ("care_team",)),
    ("About me", ("about_me",)),
    ("Needs", ("needs",)),
    ("Goals", ("goals",)),
    ("Steps", ("goals.steps",)),
    ("Services", ("services",)),
    ("Medicines", ("medications",)),
    ("Risks", ("risks",)),
    ("Crisis and backup", ("crisis_plan", "backup_plan")),
    ("Emergency contacts", ("emergency_contacts",)),
    ("Transitions", ("transitions",)),
    ("Others who coordinate", ("coordination",)),
    ("Health and wellness", ("health_and_wellness",)),
    ("Community resources", ("community_resources",)),
    ("Choice", ("choice",)),
    ("For the PCP", ("pcp_actions", "medications_reconciled_by")),
    ("Screen and copy", ("flexible_services_screen", "copy_given")),
    ("Part 2", ("part2",)),
)
_WORDS = {
    "pcp_npi": "PCP (NPI)",
    "member_id": "Member id",
    "mrn": "MRN",
    "part2": "From Part 2 records",
    "part2.applies": "Are Part 2 records in this plan",
    "npi": "NPI",
}
FIXED = frozenset({"plan.program", "plan.version", "member_id"})
"""What the form states and nobody fills in."""
_LISTED = {"member.format_need": ("standard", "large_print", "braille", "audio")}
_KINDS: dict[Any, FieldKind] = {
    str: FieldKind.TEXT,
    bool: FieldKind.YES_NO,
    int: FieldKind.WHOLE,
    Decimal: FieldKind.NUMBER,
    date: FieldKind.DAY,
    datetime: FieldKind.MOMENT,
}


def form_sheets() -> tuple[FormSheet, ...]:
    """Every section of the form, in order."""
    return tuple(_sheet(title, keys) for title, keys in _SECTIONS)


def blocks() -> frozenset[str]:
    """The paths of the blocks that a plan must have, whether anything in them is filled in or not."""
    return frozenset(name for name, kind, field in _shape(Plan) if is_dataclass(_inner(kind)) and _required(field))


def in_words(code: str) -> str:
    """A code as it stands in a list."""
    return code.replace("_", " ")


def _sheet(title: str, keys: tuple[str, ...]) -> FormSheet:
    if len(keys) == 1 and (item := _item_at(keys[0])) is not None:
        first = []
        if keys[0] == "goals":
            first = [FormField(NUMBER, "No.", FieldKind.WHOLE)]
        elif keys[0] == "goals.steps":
            first = [FormField(GOAL, "Goal no.", FieldKind.WHOLE, required=True)]
        return FormSheet(title, (*first, *_fields(item, "", table=True)), keys[0])
    known = {name: (kind, field) for name, kind, field in _shape(Plan)}
    found: list[FormField] = []
    for key in keys:
        kind, field = known[key]
        found += _field(key, kind, required=_required(field))
    return FormSheet(title, tuple(found))


def _item_at(path: str) -> type | None:
    """The type of a list's items where they have fields of their own."""
    kind: Any = Plan
    for part in path.split("."):
        kind = _inner(next(each for name, each, _ in _shape(kind) if name == part))
        if get_origin(kind) is not tuple:
            return None
        kind = get_args(kind)[0]
    return kind if is_dataclass(kind) and isinstance(kind, type) else None


def _fields(kind: Any, prefix: str, *, table: bool = False, outer: bool = True) -> Iterator[FormField]:
    for name, inner, field in _shape(kind):
        is_list = get_origin(_inner(inner)) is tuple
        if table and is_list and is_dataclass(get_args(_inner(inner))[0]):
            continue  # has a sheet of its own
        yield from _field(f"{prefix}{name}", inner, required=outer and _required(field))


def _field(key: str, kind: Any, *, required: bool) -> Iterator[FormField]:
    inner = _inner(kind)
    if is_dataclass(inner):
        yield from _fields(inner, f"{key}.", outer=required)
    elif get_origin(inner) is tuple:
        yield FormField(key, _label(key), FieldKind.LINES)
    elif isinstance(inner, type) and issubclass(inner, StrEnum):
        codes = tuple(in_words(code.value) for code in inner)
        yield FormField(key, _label(key), FieldKind.CHOICE, codes, required)
    elif key in _LISTED:
        yield FormField(key, _label(key), FieldKind.CHOICE, tuple(map(in_words, _LISTED[key])), required)
    else:
        choices = ("yes", "no") if inner is bool else ()
        yield FormField(key, _label(key), _KINDS[inner], choices, required)


def _label(key: str) -> str:
    if key in _WORDS:
        return _WORDS[key]
    *around, name = key.split(".")
    words = _WORDS.get(name) or in_words(name).capitalize()
    block = in_words(around[-1]).capitalize() if around and around[0] not in ("plan", "about_me", "choice") else ""
    return f"{block}: {words[0].lower()}{words[1:]}" if block and words not in _WORDS.values() else words


def _inner(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        return next(part for part in get_args(kind) if part is not types.NoneType)
    return kind


def _shape(kind: Any) -> tuple[tuple[str, Any, Field[Any]], ...]:
    hints = get_type_hints(kind)
    return tuple((each.name, hints[each.name], each) for each in fields(kind))


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
