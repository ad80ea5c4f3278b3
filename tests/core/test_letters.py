"""A piece's identity, a run's life, what counts as lettered, and what a sheet's code says."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from cpdocs.core.events import Event, EventType, run_subject
from cpdocs.core.letters import (
    ASSIGNMENT,
    RunState,
    SheetMark,
    fold_runs,
    is_run_id,
    letter_id,
    lettered,
    lettered_occasions,
    may_become,
    next_run_id,
    parse_sheet_mark,
    piece_of,
    sheets_for,
)
from cpdocs.core.members import AssignmentKey, assignment_key

KEY = assignment_key("100000000001", "BH", "Test CP", "2026-11-01")
OTHER = assignment_key("100000000001", "LTSS", "Test CP", "2026-11-01")
RUN = "2026-11-02-01"
AT = datetime(2026, 11, 2, 15, tzinfo=UTC)


def event(type_: EventType, **data: object) -> Event:
    return Event(1, type_, (run_subject(RUN),), AT, AT, "u", "h", {"run_id": RUN, **data})


def begun() -> Event:
    return event(EventType.RUN_BEGUN, kind=ASSIGNMENT, to="assigned", on="2026-11-02", roster="")


def letter(key: AssignmentKey = KEY, number: int = 1) -> Event:
    return event(
        EventType.LETTER_STAGED,
        piece=number,
        document_id="A",
        kind=ASSIGNMENT,
        assignment=list(key),
        language="en",
        format="standard",
        pages=4,
        sheets=2,
        first_page=3,
        digest="00",
    )


def staged() -> Event:
    counts = {"mailed": 1, "held": 2}
    return event(EventType.RUN_STAGED, records_in=3, counts=counts, pages=4, sheets=2, files={"print.pdf": "00"})


def test_the_same_assignment_has_the_same_letter_id_in_every_run() -> None:
    assert letter_id(b"k", ASSIGNMENT, KEY) == letter_id(b"k", ASSIGNMENT, KEY)
    assert (
        len({letter_id(b"k", ASSIGNMENT, KEY), letter_id(b"k", ASSIGNMENT, OTHER), letter_id(b"k", "reminder", KEY)})
        == 3
    )
    assert letter_id(b"k", ASSIGNMENT, KEY) != letter_id(b"other", ASSIGNMENT, KEY)


def test_a_run_goes_from_begun_to_mailed() -> None:
    history = [begun(), letter(), staged(), event(EventType.RUN_RELEASED), event(EventType.RUN_MAILED, on="2026-11-03")]
    states = [fold_runs(history[: n + 1])[RUN].state for n in range(len(history))]
    assert states == [RunState.BEGUN, RunState.BEGUN, RunState.STAGED, RunState.RELEASED, RunState.MAILED]
    run = fold_runs(history)[RUN]
    assert (run.records_in, run.pieces, run.pages, run.mailed_on) == (3, 1, 4, date(2026, 11, 3))


@pytest.mark.parametrize(
    ("state", "target", "allowed"),
    [
        (RunState.STAGED, RunState.RELEASED, True),
        (RunState.STAGED, RunState.CANCELLED, True),
        (RunState.BEGUN, RunState.CANCELLED, True),
        (RunState.RELEASED, RunState.MAILED, True),
        (RunState.RELEASED, RunState.CANCELLED, True),
        (RunState.STAGED, RunState.MAILED, False),
        (RunState.CANCELLED, RunState.RELEASED, False),
        (RunState.MAILED, RunState.RELEASED, False),
    ],
)
def test_only_a_staged_run_is_released_only_a_released_one_mailed_and_none_that_was_mailed_cancelled(
    state: RunState, target: RunState, allowed: bool
) -> None:
    assert may_become(state, target) is allowed


def test_a_staged_piece_counts_as_lettered_until_its_run_is_cancelled() -> None:
    history = [begun(), letter(), letter(OTHER, 2), staged()]
    assert lettered(history) == {(ASSIGNMENT, KEY): RUN, (ASSIGNMENT, OTHER): RUN}
    assert lettered([*history, event(EventType.RUN_CANCELLED, reason="wrong paper")]) == {}


def test_a_letter_for_an_occasion_is_a_letter_of_its_own() -> None:
    one, two = (letter_id(b"k", "plan-copy", KEY, occasion) for occasion in ("plan A", "plan B"))
    assert one != two
    staged_for = event(EventType.LETTER_STAGED, kind="plan-copy", assignment=list(KEY), occasion="plan A")
    assert lettered([begun(), staged_for]) == {}
    assert lettered_occasions([begun(), staged_for]) == {("plan-copy", KEY, "plan A"): RUN}


def test_a_staged_event_gives_its_piece_back() -> None:
    piece = piece_of(letter(number=7))
    assert (piece.number, piece.key, piece.first_page) == (7, KEY, 3)


def test_run_ids_count_up_within_a_day() -> None:
    on = date(2026, 11, 2)
    assert next_run_id([], on) == "2026-11-02-01"
    assert next_run_id(["2026-11-01-07", "2026-11-02-01", "2026-11-02-09"], on) == "2026-11-02-10"
    assert next_run_id(["2026-11-02-99"], on) == "2026-11-02-100"
    assert is_run_id("2026-11-02-01")
    assert not is_run_id("../2026-11-02-01")


@pytest.mark.parametrize(("pages", "sheets"), [(1, 1), (2, 1), (3, 2), (8, 4)])
def test_pages_take_half_as_many_sheets_rounded_up(pages: int, sheets: int) -> None:
    assert sheets_for(pages) == sheets


def test_a_sheet_code_reads_back_and_fits_the_smallest_symbol() -> None:
    mark = SheetMark(RUN, 59_000, 1, 2)
    assert mark.text == "L261102-01/59000/1/2"
    assert len(mark.text) == 20
    assert parse_sheet_mark(mark.text) == mark


@pytest.mark.parametrize(
    "text", ["", "CP/7K3M9QXW2RC/1/2", "L261102-01/0/1/2", "L261102-01/1/3/2", "L261102-01/1/1/2 "[:-4]]
)
def test_other_codes_are_no_sheet_code(text: str) -> None:
    assert parse_sheet_mark(text) is None
