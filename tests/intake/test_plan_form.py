"""The spreadsheet form: it reads back as the plan that it was made of, and every fault is told with its cell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from cpdocs.core.plan_draft import asked_count, plan_text
from cpdocs.core.plan_form import HOW_TO, LISTS, FormSheet, form_sheets
from cpdocs.core.plans import Choice, Plan
from cpdocs.demo.files import write_sample
from cpdocs.documents.plan_form import write_form
from cpdocs.errors import InputFault, Problem
from cpdocs.intake.form_cells import read_form
from cpdocs.intake.form_values import form_values
from cpdocs.intake.plan_file import read_plan
from cpdocs.intake.plan_form import plan_of_form

MADE = datetime(2026, 11, 2, 15, tzinfo=UTC)
SHEETS = {sheet.title: sheet for sheet in form_sheets()}


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    sample = write_sample(tmp_path_factory.mktemp("sample"), date(2026, 11, 2))
    return {name: read_plan(file.read_bytes(), file.name) for name, file in sample.plans.items()}


@pytest.fixture(scope="module")
def form(plans: dict[str, Plan]) -> bytes:
    """The form of a whole plan."""
    return write_form(form_values(plan_text(plans["ltss"])), on=MADE)


def _read(data: bytes) -> Plan:
    return plan_of_form(read_form(data, "form.xlsx"), "form.xlsx")[0]


def _changed(data: bytes, change: Callable[[Any], object]) -> bytes:
    book = load_workbook(io.BytesIO(data))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: FormSheet, key: str, line: int = 0) -> str:
    """Where a field stands: its answer, or its column in the line (from 0) of the items."""
    place = [field.key for field in sheet.fields].index(key)
    return f"{chr(65 + place)}{4 + line}" if sheet.items else f"B{4 + place}"


def _faults(data: bytes) -> dict[str, Problem]:
    with pytest.raises(InputFault) as caught:
        _read(data)
    return {problem.where.partition(" (")[0]: problem for problem in caught.value.problems}


def test_every_key_of_a_plan_stands_on_one_sheet() -> None:
    asked = [
        field.key.partition(".")[0] if not sheet.items else sheet.items.partition(".")[0]
        for sheet in form_sheets()
        for field in sheet.fields
    ]
    assert set(asked) == {field.name for field in fields(Plan)} - {"schema"}
    keys = [(sheet.items, field.key) for sheet in form_sheets() for field in sheet.fields]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", ["scripts", "part2"])
def test_a_form_reads_back_as_the_plan_that_it_was_made_of(name: str, plans: dict[str, Plan]) -> None:
    assert _read(write_form(form_values(plan_text(plans[name])), on=MADE)) == plans[name]


def test_all_faults_are_told_at_once_each_with_sheet_cell_field_and_mend(form: bytes) -> None:
    def spoil(book: Any) -> None:
        book["Plan"][_cell(SHEETS["Plan"], "plan.assessment_date")] = None
        book["Plan"][_cell(SHEETS["Plan"], "plan.reason")] = "because"
        book["Services"][_cell(SHEETS["Services"], "quantity.amount")] = "a lot"
        book["Services"][_cell(SHEETS["Services"], "quantity.unit")] = "hours"
        book["Services"][_cell(SHEETS["Services"], "start")] = "next week"
        book["Steps"][_cell(SHEETS["Steps"], "goal")] = "77"
        book["Choice"][_cell(SHEETS["Choice"], "choice.agrees_with_plan")] = "=1=1"
        book["Needs"]["Z9"] = "a remark"

    found = _faults(_changed(form, spoil))
    assert set(found) == {
        f"Plan!{_cell(SHEETS['Plan'], 'plan.assessment_date')}",
        f"Plan!{_cell(SHEETS['Plan'], 'plan.reason')}",
        f"Services!{_cell(SHEETS['Services'], 'quantity.amount')}",
        f"Services!{_cell(SHEETS['Services'], 'start')}",
        f"Steps!{_cell(SHEETS['Steps'], 'goal')}",
        f"Choice!{_cell(SHEETS['Choice'], 'choice.agrees_with_plan')}",
        "Needs!Z9",
    }
    start = found[f"Services!{_cell(SHEETS['Services'], 'start')}"]
    assert start.where.endswith("(services[0].start)")
    assert str(start).endswith("is no date. Write it like 2026-11-02.")
    assert "because" not in "".join(map(str, found.values()))


def test_a_question_on_choice_that_was_not_answered_stays_a_question_in_the_plan_file(form: bytes) -> None:
    def leave(book: Any) -> None:
        sheet = SHEETS["Choice"]
        book["Choice"][_cell(sheet, "choice.took_part_in_selection")] = None
        book["Choice"][_cell(sheet, "choice.agrees_with_plan")] = "no"

    def leave_all(book: Any) -> None:
        for field in SHEETS["Choice"].fields:
            book["Choice"][_cell(SHEETS["Choice"], field.key)] = None

    text = plan_text(*plan_of_form(read_form(_changed(form, leave), "form.xlsx"), "form.xlsx"))
    assert "  took_part_in_selection:   # ASK: nobody has answered it\n" in text
    assert "  agrees_with_plan: false\n" in text
    assert asked_count(text) == 1
    none = plan_text(*plan_of_form(read_form(_changed(form, leave_all), "form.xlsx"), "form.xlsx"))
    assert asked_count(none) == 5
    assert read_plan(none.encode(), "plan.yaml").choice == Choice()


def test_what_an_office_types_becomes_the_plans_own_values(form: bytes) -> None:
    def fill(book: Any) -> None:
        plan, needs = book["Plan"], book["Needs"]
        plan[_cell(SHEETS["Plan"], "plan.plan_date")] = datetime(2026, 11, 9)  # a spreadsheet's own date
        for line in range(4, needs.max_row + 1):
            for column in range(1, len(SHEETS["Needs"].fields) + 1):
                needs.cell(line, column).value = None
        needs[_cell(SHEETS["Needs"], "domain", 7)] = "Mental Health"  # an empty line before it is no item
        needs[_cell(SHEETS["Needs"], "need", 7)] = "Somebody to talk to"
        book["About me"][_cell(SHEETS["About me"], "about_me.strengths")] = "Cooks\n\nKnows the town"
        moves = book["Transitions"]
        for key, value in {
            "kind": "discharge",
            "facility": "Sample Hospital",
            "discharged": "2026-10-30 14:00",
            "home_visit_done": datetime(2026, 11, 1, 10, 0),
        }.items():
            moves[_cell(SHEETS["Transitions"], key)] = value

    plan = _read(_changed(form, fill))
    assert plan.plan.plan_date == date(2026, 11, 9)
    assert [(each.domain.value, each.need) for each in plan.needs] == [("mental_health", "Somebody to talk to")]
    assert plan.about_me.strengths == ("Cooks", "Knows the town")
    (move,) = plan.transitions[:1]
    assert move.discharged == datetime(2026, 10, 30, 18, tzinfo=UTC)  # Massachusetts summer time
    assert move.home_visit_done == datetime(2026, 11, 1, 15, tzinfo=UTC)  # and winter time


def test_no_sheet_passes_through_a_temporary_file(plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise AssertionError("a temporary file")

    monkeypatch.setattr("openpyxl.worksheet._writer.create_temporary_file", refuse)
    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    assert _read(write_form(form_values(plan_text(plans["bh"])), on=MADE)) == plans["bh"]


def test_words_that_look_like_formulas_are_written_as_words(plans: dict[str, Plan]) -> None:
    text = plan_text(plans["bh"]).replace('what_matters: "', 'what_matters: "=cmd()+', 1)
    data = write_form(form_values(text), on=MADE)
    cell = load_workbook(io.BytesIO(data))["About me"][_cell(SHEETS["About me"], "about_me.what_matters")]
    assert (cell.data_type, str(cell.value)[:7]) == ("s", "=cmd()+")
    assert _read(data).about_me.what_matters.startswith("=cmd()+")


def test_lists_are_drop_downs_and_what_is_asked_is_locked(form: bytes) -> None:
    book = load_workbook(io.BytesIO(form))
    assert (book.sheetnames[0], book.sheetnames[-1], book[LISTS].sheet_state) == (HOW_TO, LISTS, "hidden")
    needs = book["Needs"]
    (rule,) = [each for each in needs.data_validations.dataValidation if "A4" in each.sqref]
    where = str(rule.formula1).replace("$", "").removeprefix(f"{LISTS}!")
    assert [cell.value for (cell,) in book[LISTS][where]] == [
        *("physical health", "mental health", "substance use", "ltss", "social"),
    ]
    assert needs.protection.sheet
    assert needs["A3"].protection.locked
    assert not needs["A4"].protection.locked
    fixed = _cell(SHEETS["Plan"], "member_id")
    assert book["Plan"][fixed].protection.locked


def test_a_form_that_lost_a_sheet_a_line_or_got_one_more_says_so(form: bytes) -> None:
    def tear(book: Any) -> None:
        del book["Risks"]
        book["Plan"].delete_rows(4)
        book.create_sheet("Mine")["A1"] = "a note"

    found = _faults(_changed(form, tear))
    assert found["Risks"].message == "is missing."
    assert "has no line for plan.program." in found["Plan"].message
    assert "isn't a sheet of the form" in found["Mine"].message


def _with(data: bytes, name: str, text: bytes) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda data: _with(data, "xl/vbaProject.bin", b"x"), "macros"),
        (lambda data: _with(data, "xl/externalLinks/externalLink1.xml", b"<x/>"), "links to other files"),
        (lambda data: _with(data, "xl/embeddings/oleObject1.bin", b"x"), "other documents"),
        (lambda data: _with(data, "xl/bomb.xml", b" " * 80_000_000), "unpack to far more"),
        (lambda data: _with(data, "xl/dtd.xml", b"<!DOCTYPE x>"), "XML that no spreadsheet writes"),
        (lambda data: data[:-900], "damaged"),
        (lambda _: b"member_id,name\n", "damaged"),
        (lambda _: b"", "damaged"),
    ],
)
def test_a_workbook_made_to_do_harm_is_not_opened(form: bytes, harm: Callable[[bytes], bytes], told: str) -> None:
    read = read_form(harm(form), "form.xlsx")
    assert told in read.fault
    assert read.cells == ()
    assert "plan draft --form" in read.todo
