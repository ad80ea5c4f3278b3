"""Due days as a calendar file."""

from __future__ import annotations

from datetime import UTC, date, datetime

from cpdocs.core.calendar_file import Entry, calendar

MADE = datetime(2026, 11, 2, 15, tzinfo=UTC)


def test_lines_end_as_the_rfc_says_and_are_folded_within_75_octets() -> None:
    text = calendar([Entry("a@cpdocs", date(2026, 11, 12), "é" * 80, "one, two; three\\")], MADE)
    assert text.startswith(b"BEGIN:VCALENDAR\r\n")
    assert text.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    unfolded = text.replace(b"\r\n ", b"").decode()
    assert "SUMMARY:" + "é" * 80 in unfolded
    assert r"DESCRIPTION:one\, two\; three\\" in unfolded
    assert "DTSTART;VALUE=DATE:20261112" in unfolded


def test_a_line_end_in_a_value_begins_no_new_property() -> None:
    text = calendar([Entry("a", date(2026, 11, 12), "x\r\nATTENDEE:evil")], MADE).decode()
    assert "\r\nATTENDEE" not in text
