"""Reading a roster line (contract §3, rule 2): the assignment that it states, or the code for which it is rejected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Protocol

from cpdocs.core.addresses import state_code
from cpdocs.core.cells import (
    Converted,
    as_code,
    has_hidden,
    is_forbidden_name,
    is_open_end,
    needless,
    parse_date,
    parse_flag,
    split_list,
    tidy,
    unwrapped,
)
from cpdocs.core.damage import MARK, is_damaged_name, is_damaged_text
from cpdocs.core.ids import is_damaged_by_spreadsheet, is_member_id
from cpdocs.core.members import Assignment, Program, shared
from cpdocs.core.person_facts import safe_contact_of, status_of
from cpdocs.core.zips import repad_zip

COLUMNS = (
    *(
        "member_id",
        "last_name",
        "first_name",
        "middle_name",
        "suffix",
        "dob",
        "sex",
        "language_spoken",
        "language_written",
    ),
    *(
        "format_need",
        "address1",
        "address2",
        "city",
        "state",
        "zip",
        "county",
        "phone",
        "safe_contact",
        "guardian_name",
    ),
    *("guardian_relation", "plan_name", "plan_type", "program", "cp_org", "assigned_on", "end_on", "status"),
    *("assignment_source", "exclusion_flags", "dmh_accs", "pcp_npi", "practice_id", "coordinator", "mrn"),
)
"""A roster's columns; every one must be there (contract §3)."""

LONGEST_CELL = 400
"""Characters that any cell of a roster may have: nothing longer fits a letter, or is meant."""
NAMES = ("last_name", "first_name", "middle_name", "suffix", "guardian_name")
_DIGITS = ("phone", "pcp_npi", "mrn")
"""What a spreadsheet may have kept as text by a sign in front, besides the member id and the ZIP."""
PRINTED = ("address1", "address2", "city", "state", "plan_name", "cp_org", "coordinator")
"""What a letter prints besides names."""


class Line(Protocol):
    """One record of a roster file: where it begins, its cells by column, and whether they can be trusted to be in
    place."""

    @property
    def line(self) -> int: ...
    @property
    def cells(self) -> Mapping[str, str]: ...
    @property
    def misaligned(self) -> bool: ...
    @property
    def blank(self) -> bool: ...
    @property
    def hidden(self) -> bool: ...


def read_line(line: Line, today: date) -> tuple[Assignment, tuple[str, ...]] | str:
    """Rule 2: the assignment that a line states with warnings from reading it, or the code for which it is rejected."""
    cells = line.cells
    member_id = unwrapped(cells["member_id"])
    if not member_id:
        return "member_id_missing"
    if not is_member_id(member_id):
        return "member_id_damaged_by_spreadsheet" if is_damaged_by_spreadsheet(member_id) else "member_id_invalid"
    if not cells["last_name"].strip() or not cells["first_name"].strip():
        return "name_missing"
    if any(is_forbidden_name(cells[name]) for name in NAMES):
        return "name_has_forbidden_characters"
    program = cells["program"].strip().upper()
    if program not in Program.__members__:
        return "program_unknown"
    dob, assigned_on, end_on = (parse_date(cells[name]) for name in ("dob", "assigned_on", "end_on"))
    unread_end = end_on is None and cells["end_on"].strip() and not is_open_end(cells["end_on"])
    if dob is None or assigned_on is None or unread_end:
        return "date_invalid"
    if dob > today:
        return "date_in_future"
    if end_on is not None and end_on < assigned_on:
        return "dates_out_of_order"
    if line.misaligned:
        return "cells_misaligned"
    if any(len(cell) > LONGEST_CELL for cell in cells.values()):
        return "cell_too_long"
    text = {name: shared(name, _text(name, cell)) for name, cell in cells.items() if name in _TEXT}
    text |= {name: unwrapped(text[name]) for name in _DIGITS}
    text["state"] = shared("state", state_code(text["state"]))
    text["zip"], repadded = repad_zip(text["zip"], text["state"])
    assignment = Assignment(
        **text,
        member_id=member_id,
        dob=dob,
        program=Program(program),
        assigned_on=assigned_on,
        end_on=end_on,
        format_need=as_code(cells["format_need"]) or "standard",
        safe_contact=safe_contact_of(cells["safe_contact"]),
        plan_type=shared("plan_type", tidy(cells["plan_type"]).upper()),
        status=status_of(cells["status"]),
        assignment_source=as_code(cells["assignment_source"]),
        exclusion_flags=tuple(flag.upper() for flag in split_list(cells["exclusion_flags"])),
        dmh_accs=parse_flag(cells["dmh_accs"]) is True,
    )
    warnings = ("zip_repadded",) if repadded else ()
    if any(not cells[name].isascii() and needless(cells[name]) != cells[name].strip() for name in NAMES):
        warnings = (*warnings, "invisible_characters_dropped")
    return assignment, warnings


def _text(name: str, cell: str) -> str:
    """A text cell as it is kept. What a spreadsheet holds as something else, what is hidden in a printed cell, and
    damage that tidying would cover up, stay visible as a replacement character: such a cell is never printed."""
    if type(cell) is str and cell.isascii() and cell.isprintable():
        return tidy(cell)
    text = tidy(needless(cell))
    if name in NAMES:
        spoiled = isinstance(cell, Converted) or (is_damaged_name(needless(cell)) and not is_damaged_name(text))
    elif name in PRINTED:
        spoiled = (isinstance(cell, Converted) and cell.kind != "number") or has_hidden(needless(cell))
        spoiled = spoiled or (is_damaged_text(needless(_unbroken(cell))) and not is_damaged_text(text))
    else:
        return text
    return f"{text}{MARK}" if spoiled else text


def _unbroken(cell: str) -> str:
    """``cell`` without its line breaks and tabs: a street may stand on two lines of one cell."""
    return " ".join(re.split(r"[\r\n\t]+", cell))


_TEXT = frozenset(COLUMNS) - {
    *("member_id", "dob", "program", "assigned_on", "end_on", "format_need", "safe_contact", "plan_type", "status"),
    *("assignment_source", "exclusion_flags", "dmh_accs"),
}


def is_damaged(item: Assignment) -> bool:
    """Whether a name or another printed cell was damaged on its way here (rule 2, second edition)."""
    return any(is_damaged_name(getattr(item, name)) for name in NAMES) or any(
        is_damaged_text(getattr(item, name)) for name in PRINTED
    )
