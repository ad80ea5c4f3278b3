"""The month in figures, from what the ledger says of runs and assignments."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cpdocs.core.letter_report import ExpectationRow, RunLine, expectation, months, outcomes, without_letter
from cpdocs.core.letters import NOTHING_TO_PRINT, RunRecord, RunState
from cpdocs.core.members import Program
from cpdocs.core.senders import Payer
from cpdocs.documents.letter_lint import SAMPLE
from cpdocs.settings import default_text, load

NOVEMBER = RunRecord("2026-11-02-01", "assignment", date(2026, 11, 2), "", RunState.MAILED)
MAILED = RunLine("1", "BH", "English", "mailed")
HELD = RunLine("2", "BH", "Spanish", "held")
REJECTED = RunLine("", "", "", "rejected")
IGNORED = RunLine("", "", "", "ignored")
SENDERS = replace(
    load(default_text()).senders, payers={"Sample Health Plan": Payer("Sample Health Plan", enrollees=1000)}
)


def test_a_month_counts_members_once_however_many_runs_there_were() -> None:
    again = replace(NOVEMBER, run_id="2026-11-09-01", on=date(2026, 11, 9))
    later = [replace(MAILED, outcome="duplicate"), replace(HELD, outcome="mailed"), REJECTED]
    rows = outcomes([(NOVEMBER, [MAILED, HELD, HELD, REJECTED, IGNORED]), (again, later)], "2026-11")
    assert {(row.language, row.outcome): (row.members, row.lines) for row in rows} == {
        ("English", "mailed"): (1, 1),
        ("English", "duplicate"): (0, 1),
        ("Spanish", "held"): (0, 2),
        ("Spanish", "mailed"): (1, 1),
        ("", "rejected"): (2, 2),
        ("", "ignored"): (0, 1),
    }
    assert outcomes([(NOVEMBER, [MAILED])], "2026-12") == []


def test_each_month_program_and_kind_counts_a_member_for_itself() -> None:
    december = replace(NOVEMBER, run_id="2026-12-01-01", on=date(2026, 12, 1))
    reminder = replace(NOVEMBER, kind="reminder")
    ltss = replace(MAILED, program="LTSS")
    rows = outcomes([(NOVEMBER, [MAILED, ltss]), (reminder, [MAILED]), (december, [replace(MAILED, outcome="held")])])
    assert [(row.month, row.kind, row.program, row.outcome, row.members) for row in rows] == [
        ("2026-11", "assignment", "BH", "mailed", 1),
        ("2026-11", "assignment", "LTSS", "mailed", 1),
        ("2026-11", "reminder", "BH", "mailed", 1),
        ("2026-12", "assignment", "BH", "held", 1),
    ]


def test_cancelled_and_unfinished_runs_do_not_count_but_those_that_mail_nobody_do() -> None:
    for state in (RunState.CANCELLED, RunState.BEGUN):
        assert outcomes([(replace(NOVEMBER, state=state), [MAILED])]) == []
        assert months([replace(NOVEMBER, state=state)]) == []
    empty = replace(NOVEMBER, state=RunState.CANCELLED, reason=NOTHING_TO_PRINT)
    assert [row.members for row in outcomes([(empty, [HELD])])] == [1]
    assert months([NOVEMBER, replace(NOVEMBER, on=date(2026, 10, 1))]) == ["2026-10", "2026-11"]


def test_live_assignments_without_a_letter_are_named_oldest_first() -> None:
    old = replace(SAMPLE, member_id="100000000001", assigned_on=date(2026, 1, 1))
    new = replace(SAMPLE, member_id="100000000002", assigned_on=date(2026, 9, 1))
    gone = replace(SAMPLE, member_id="100000000003", status="declined")
    rows = without_letter([new, old, gone], [new.key])
    assert [row.member_id for row in rows] == ["100000000001"]
    assert [row.member_id for row in without_letter([new, old], [])] == ["100000000001", "100000000002"]


def test_assignments_stand_against_the_share_that_payers_are_expected_to_enroll() -> None:
    in_year = [replace(SAMPLE, member_id=f"{n:012d}", assigned_on=date(2026, 6, 1)) for n in range(20)]
    before = replace(SAMPLE, member_id="9" * 12, assigned_on=date(2025, 1, 1))
    bh, ltss = expectation([*in_year, before], SENDERS, date(2026, 11, 2))
    assert bh == ExpectationRow("Sample Health Plan", "BH", 20, 1000, 26)
    assert bh.share == 0.02
    assert (ltss.program, ltss.assignments, ltss.expected) == ("LTSS", 0, 10)


def test_a_payer_whose_enrollees_nobody_stated_has_no_expectation() -> None:
    other = replace(SAMPLE, plan_name="Other Plan", program=Program.LTSS, assigned_on=date(2026, 6, 1))
    rows = {(row.payer, row.program): row for row in expectation([other], SENDERS, date(2026, 11, 2))}
    assert rows["Other Plan", "LTSS"].expected is None
    assert rows["Other Plan", "LTSS"].share is None
    assert rows["Other Plan", "LTSS"].assignments == 1
