"""Every piece's barcode has a serial that nothing mailed within 45 days has."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cpdocs.core.letters import RunRecord, RunState, serials_used
from cpdocs.core.mail_barcodes import Mailer, Serials, serials_for

SIX, NINE = Mailer("123456", "300"), Mailer("123456789", "300")
ON = date(2026, 11, 2)


def run(serials: Serials | None, mailed_on: date | None = None, state: RunState = RunState.MAILED) -> RunRecord:
    return RunRecord("2026-11-02-01", "assignment", ON, "", state, mailed_on=mailed_on, serials=serials)


def test_mailer_and_serial_fill_fifteen_digits() -> None:
    assert SIX.tracking(7) == "00300" + "123456" + "000000007"
    assert NINE.tracking(7) == "00300" + "123456789" + "000007"
    assert NINE.tracking(1_000_007) == NINE.tracking(7)


@pytest.mark.parametrize(
    ("mailer_id", "service"), [("12345", "300"), ("1234567", "300"), ("123456", "30"), ("12345x", "300"), ("", "")]
)
def test_other_numbers_are_refused(mailer_id: str, service: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        Mailer(mailer_id, service)


def test_a_run_begins_where_the_last_one_ended_also_a_cancelled_one() -> None:
    first = serials_for(serials_used([], ON), SIX, 10)
    assert first is not None
    assert [first.tracking(piece)[-9:] for piece in (1, 10)] == ["000000001", "000000010"]
    cancelled = run(first, state=RunState.CANCELLED)
    following = serials_for(serials_used([cancelled, run(None)], ON), SIX, 5)
    assert following == Serials(SIX, 11, 5)
    assert serials_for(serials_used([cancelled, run(following)], ON), NINE, 5) == Serials(NINE, 1, 5)


def test_serials_go_round_once_nothing_of_them_was_mailed_within_45_days() -> None:
    almost = Serials(NINE, 1, 999_990)
    assert serials_for(serials_used([run(almost, date(2026, 11, 1))], ON), NINE, 20) is None
    assert serials_for(serials_used([run(almost, None, RunState.STAGED)], ON), NINE, 20) is None
    again = serials_for(serials_used([run(almost, date(2026, 9, 17))], ON), NINE, 20)
    assert again == Serials(NINE, 999_991, 20)
    assert again.tracking(20)[-6:] == "000010"
    assert serials_for(serials_used([], ON), NINE, 1_000_001) is None


def test_what_lies_between_an_old_run_and_now_counts_too() -> None:
    old, between = (
        run(Serials(NINE, 1, 400_000), date(2026, 10, 1)),
        run(Serials(NINE, 400_001, 400_000), state=RunState.CANCELLED),
    )
    assert serials_for(serials_used([old, between], ON), NINE, 200_000) == Serials(NINE, 800_001, 200_000)
    assert serials_for(serials_used([old, between], ON), NINE, 200_001) is None
    assert serials_for(serials_used([replace(old, mailed_on=date(2026, 9, 1)), between], ON), NINE, 200_001) is not None
