"""Who signs for the member, by the day: birthdays, guardianships, and the edges of both."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import Event, EventType
from cpdocs.core.guardianship import (
    GuardianBook,
    Guardians,
    Guardianship,
    adult_on,
    change_in_words,
    fold_guardians,
    must_be_represented,
    signing_fault,
    signs_in_words,
)
from cpdocs.core.members import age_on
from tests.core.rosters_made import assignment

DOB = date(2008, 6, 3)
BIRTHDAY = date(2026, 6, 3)
MARROW, PAT = "Marrow Placeholder", "Pat Sample"
NOBODY = Guardians()


def guarded(began: str, ended: str = "", name: str = PAT) -> Guardians:
    until = date.fromisoformat(ended) if ended else None
    return Guardians((Guardianship(name, "sister", "Decree", date.fromisoformat(began), until),))


def code(
    on: date, representative: str, guardians: Guardians = NOBODY, issued_on: date = date(2026, 5, 1), dob: date = DOB
) -> str:
    fault = signing_fault(dob, guardians, on=on, issued_on=issued_on, representative=representative)
    return fault.code if fault else ""


@given(st.dates(date(1900, 1, 1), date(2080, 12, 31)))
def test_the_eighteenth_birthday_is_the_first_day_on_which_somebody_is_18(dob: date) -> None:
    assert age_on(dob, adult_on(dob)) == 18
    assert age_on(dob, adult_on(dob) - timedelta(days=1)) == 17


def test_who_is_born_on_29_february_is_18_on_1_march_where_the_year_has_no_such_day() -> None:
    leap = date(2008, 2, 29)
    assert adult_on(leap) == date(2026, 3, 1)
    issued = date(2026, 1, 2)
    assert code(date(2026, 2, 28), MARROW, issued_on=issued, dob=leap) == ""
    assert code(date(2026, 2, 28), "", issued_on=issued, dob=leap) == "minor_signs"
    assert code(date(2026, 3, 1), MARROW, issued_on=issued, dob=leap) == "member_is_adult"
    assert code(date(2026, 3, 1), "", issued_on=issued, dob=leap) == ""


def test_the_parent_signs_until_the_day_before_and_the_member_from_the_birthday_on() -> None:
    assert (code(BIRTHDAY - timedelta(days=1), MARROW), code(BIRTHDAY, MARROW)) == ("", "member_is_adult")
    assert (code(BIRTHDAY - timedelta(days=1), ""), code(BIRTHDAY, "")) == ("minor_signs", "")


def test_the_birthday_is_one_of_massachusetts() -> None:
    """At 03:59 UTC it is still the day before there in summer, at 04:00 the birthday begins."""
    before, after = datetime(2026, 6, 3, 3, 59, tzinfo=UTC), datetime(2026, 6, 3, 4, 0, tzinfo=UTC)
    assert code(eastern_date(before), MARROW) == ""
    assert code(eastern_date(after), MARROW) == "member_is_adult"


def test_a_version_issued_after_the_birthday_may_name_who_acts_by_another_right() -> None:
    assert code(date(2026, 7, 1), MARROW, issued_on=BIRTHDAY) == ""


def test_a_guardian_signs_from_the_first_day_until_the_day_before_it_ends() -> None:
    grown, there = date(1970, 1, 1), guarded("2026-03-10", "2026-09-01")
    for on, member, guardian, other in (
        (date(2026, 3, 9), "", "", ""),
        (date(2026, 3, 10), "guardian_must_sign", "", "guardian_differs"),
        (date(2026, 8, 31), "guardian_must_sign", "", "guardian_differs"),
        (date(2026, 9, 1), "", "guardianship_ended", ""),
    ):
        assert code(on, "", there, dob=grown) == member
        assert code(on, "PAT  sample", there, dob=grown) == guardian
        assert code(on, MARROW, there, dob=grown) == other


def test_a_guardianship_goes_on_over_the_birthday_and_a_parents_right_does_not() -> None:
    there = guarded("2025-01-01")
    assert code(BIRTHDAY, PAT, there) == ""
    assert code(BIRTHDAY, "", there) == "guardian_must_sign"
    assert must_be_represented(DOB, there, BIRTHDAY)
    assert not must_be_represented(DOB, NOBODY, BIRTHDAY)


def test_a_guardianship_that_ended_lets_another_parent_sign_for_a_minor() -> None:
    there = guarded("2025-01-01", "2026-02-01")
    day = date(2026, 3, 1)
    assert (code(day, PAT, there), code(day, MARROW, there), code(day, "", there)) == (
        *("guardianship_ended", "", "minor_signs"),
    )


def _event(seq: int, kind: EventType, **data: str) -> Event:
    at = datetime(2026, 5, seq, 15, tzinfo=UTC)
    return Event(seq, kind, ("member:900000000001",), at, at, "t", "h", {"member_id": "900000000001", **data})


def test_guardianships_are_a_fold_over_what_was_recorded() -> None:
    began = _event(1, EventType.GUARDIAN_BEGAN, name=PAT, relation="sister", authority="Decree", on="2026-03-10")
    other = _event(2, EventType.GUARDIAN_BEGAN, name=MARROW, relation="brother", authority="Decree", on="2026-04-01")
    ended = _event(3, EventType.GUARDIAN_ENDED, name=PAT.upper(), on="2026-05-02")
    record = fold_guardians([began, other, ended])["900000000001"]
    assert [(each.name, each.ended_on) for each in record.guardianships] == [(PAT, date(2026, 5, 2)), (MARROW, None)]
    assert (record.changed_on, record.changed_seq) == (date(2026, 5, 2), 3)
    assert [each.name for each in record.acting(date(2026, 5, 1))] == [PAT, MARROW]


def test_a_guardianship_that_was_never_in_force_changes_nothing_for_versions_of_before_it() -> None:
    began = _event(4, EventType.GUARDIAN_BEGAN, name=PAT, relation="sister", authority="Decree", on="2026-05-04")
    ended = _event(6, EventType.GUARDIAN_ENDED, name=PAT, on="2026-05-04")
    assert fold_guardians([began])["900000000001"].same == ((4, None),)
    assert fold_guardians([began, ended])["900000000001"].same == ((0, 3), (6, None)), "one between names a guardian"
    later = _event(6, EventType.GUARDIAN_ENDED, name=PAT, on="2026-05-05")
    assert fold_guardians([began, later])["900000000001"].same == ((6, None),)


def test_a_roster_that_names_again_whom_it_named_first_takes_its_news_back() -> None:
    book = GuardianBook()
    for seq, name in ((1, MARROW), (2, PAT), (3, MARROW)):
        event = _event(seq, EventType.ASSIGNMENT_RECORDED)
        book.add_line(event, assignment(member_id="900000000001", guardian_name=name))
    assert book.records["900000000001"].same == ((0, 1), (3, None))


def test_a_rosters_line_with_another_guardian_is_news_and_an_empty_cell_is_none() -> None:
    book = GuardianBook()
    for seq, name in ((1, MARROW), (2, ""), (3, MARROW.upper()), (4, PAT)):
        event = _event(seq, EventType.ASSIGNMENT_RECORDED)
        book.add_line(event, assignment(member_id="900000000001", guardian_name=name))
        changed = book.records.get("900000000001", NOBODY).changed_seq
        assert changed == (4 if name == PAT else 0)
    assert book.records["900000000001"].guardianships == (), "a roster gives nobody a right to sign"


@pytest.mark.parametrize(
    ("guardians", "before", "now", "told"),
    [
        (NOBODY, date(2026, 5, 1), date(2026, 7, 1), "the member signs for themselves, 18 since June 3, 2026"),
        (NOBODY, date(2026, 4, 1), date(2026, 5, 1), ""),
        (guarded("2026-06-01"), date(2026, 5, 1), date(2026, 7, 1), "Pat Sample (sister) signs for the member"),
        (
            guarded("2026-03-01", "2026-06-20"),
            date(2026, 5, 1),
            date(2026, 7, 1),
            "the guardianship of Pat Sample ended",
        ),
        (guarded("2026-03-01", "2026-04-20"), date(2026, 4, 1), date(2026, 5, 1), "a parent or guardian signs"),
    ],
)
def test_a_new_versions_cover_says_who_signs_now(guardians: Guardians, before: date, now: date, told: str) -> None:
    text = change_in_words(DOB, guardians, before, now)
    assert told in text
    assert bool(text) == bool(told)


def test_a_note_says_who_signs_where_it_isnt_the_member_as_a_matter_of_course() -> None:
    assert signs_in_words(date(1970, 1, 1), NOBODY, BIRTHDAY) == ""
    assert "turns 18 on 2026-06-03" in signs_in_words(DOB, NOBODY, date(2026, 6, 2))
    assert "guardian since 2026-03-01" in signs_in_words(DOB, guarded("2026-03-01"), BIRTHDAY)
    assert "ended on 2026-06-03" in signs_in_words(DOB, guarded("2026-03-01", "2026-06-03"), BIRTHDAY)
