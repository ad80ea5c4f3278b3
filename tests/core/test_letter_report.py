"""The month in figures, from what the ledger says of runs and assignments."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cpdocs.core.letter_report import ExpectationRow, OutcomeRow, expectation, months, outcomes, without_letter
from cpdocs.core.letters import RunRecord, RunState
from cpdocs.core.members import Program
from cpdocs.core.senders import Payer
from cpdocs.documents.letter_lint import SAMPLE
from cpdocs.settings import default_text, load

NOVEMBER = RunRecord(
    "2026-11-02-01",
    "assignment",
    date(2026, 11, 2),
    "",
    RunState.MAILED,
    tally=(("BH", "English", "mailed", 3), ("BH", "Spanish", "held", 1), ("", "", "rejected", 2)),
)
SENDERS = replace(
    load(default_text()).senders, payers={"Sample Health Plan": Payer("Sample Health Plan", enrollees=1000)}
)


def test_a_month_s_lines_are_counted_by_program_language_and_outcome() -> None:
    again = replace(NOVEMBER, run_id="2026-11-09-01", on=date(2026, 11, 9))
    rows = outcomes([NOVEMBER, again], "2026-11")
    assert OutcomeRow("2026-11", "assignment", "BH", "English", "mailed", 6) in rows
    assert sum(row.lines for row in rows) == 12
    assert outcomes([NOVEMBER], "2026-12") == []


def test_cancelled_and_unfinished_runs_do_not_count() -> None:
    for state in (RunState.CANCELLED, RunState.BEGUN):
        assert outcomes([replace(NOVEMBER, state=state)]) == []
        assert months([replace(NOVEMBER, state=state)]) == []
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
