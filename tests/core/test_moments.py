"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from babel.dates import format_date

from cpdocs.core.moments import day_text, eastern_text, moment_text, parse_day, parse_moment
from cpdocs.documents.html import short_date


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-02T15:04", datetime(2026, 11, 2, 20, 4, tzinfo=UTC)),
        ("2026-07-02 15:04:30", datetime(2026, 7, 2, 19, 4, 30, tzinfo=UTC)),
        ("2026-11-02T15:04:00Z", datetime(2026, 11, 2, 15, 4, tzinfo=UTC)),
        ("2026-11-02T15:04+02:00", datetime(2026, 11, 2, 13, 4, tzinfo=UTC)),
        ("2026-11-02", datetime(2026, 11, 2, 5, 0, tzinfo=UTC)),
        ("11/2/2026", datetime(2026, 11, 2, 5, 0, tzinfo=UTC)),
        ("2026-11-02 8:05", datetime(2026, 11, 2, 13, 5, tzinfo=UTC)),
        ("11/2/2026 3:04 PM", datetime(2026, 11, 2, 20, 4, tzinfo=UTC)),
        ("11/02/2026, 12:04 a.m.", datetime(2026, 11, 2, 5, 4, tzinfo=UTC)),
    ],
)
def test_a_time_without_an_offset_is_massachusetts_time(text: str, utc: datetime) -> None:
    assert parse_moment(text) == utc


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "11/2/26", "13/2/2026", "2026-13-01T10:00", "2026-11-02T25:00", "11/2/2026 15:04 PM", "9:30"],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text)


def test_a_day_is_a_day_and_nothing_more() -> None:
    assert {parse_day(text).isoformat() for text in (" 2026-11-02 ", "11/2/2026")} == {"2026-11-02"}
    with pytest.raises(ValueError):
        parse_day("2026-11-02T10:00")


def test_people_read_massachusetts_time_with_its_zone() -> None:
    assert eastern_text(datetime(2026, 11, 2, 20, 4, tzinfo=UTC)) == "2026-11-02 15:04 EST"
    assert moment_text(datetime(2026, 10, 21, 13, 0, tzinfo=UTC)) == "Oct 21, 2026, 9:00 AM EDT"
    assert moment_text(datetime(2026, 11, 3, 4, 59, tzinfo=UTC)) == "Nov 2, 2026, 11:59 PM EST"


def test_a_day_on_a_paper_is_what_the_letters_say() -> None:
    days = [date(2028, 1, 1) + timedelta(days=each) for each in range(366)]
    assert [day_text(each) for each in days] == [format_date(each, "long", locale="en_US") for each in days]
    assert [short_date(each) for each in days] == [format_date(each, "medium", locale="en_US") for each in days]
