"""Who is on record, folded from import events: what replaces what, and what is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cpdocs.core.events import Event, EventType, member_subject
from cpdocs.core.members import Assignment, Program
from cpdocs.core.providers import Clinician, Designation, Practice
from cpdocs.core.register import (
    assignment_from_json,
    assignment_to_json,
    designation_to_json,
    fold,
    row_to_json,
)
from tests.core.rosters_made import GOOD, TODAY, assignment

START = datetime(2026, 11, 2, 15, tzinfo=UTC)
MEMBER = GOOD["member_id"]


class History:
    """Events in order, an hour apart."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, kind: EventType, data: Mapping[str, Any], *subjects: str) -> datetime:
        at = START + timedelta(hours=len(self.events))
        self.events.append(Event(len(self.events) + 1, kind, subjects, at, at, "user", "host", data))
        return at

    def assigned(self, item: Assignment) -> None:
        self.add(
            EventType.ASSIGNMENT_RECORDED, {"assignment": assignment_to_json(item)}, member_subject(item.member_id)
        )

    def designated(self, *items: Designation) -> datetime:
        return self.add(
            EventType.DESIGNATIONS_IMPORTED, {"designations": [designation_to_json(item) for item in items]}
        )


def designation(**changed: Any) -> Designation:
    base = Designation(
        "1", "2", frozenset({"plan_approval"}), True, True, date(2026, 1, 1), None, "Alpha Testwell, MD", START
    )
    return replace(base, **changed)


def practice(practice_id: str, name: str) -> Practice:
    return Practice(practice_id, name, "", "1 Street", "Boston", "MA", "02118", "", "", "", "", "sftp", "", False)


def clinician(npi: str, practice_id: str, *, active: bool = True) -> Clinician:
    return Clinician(npi, "Testwell", "Alpha", "MD", practice_id, "pcp", active)


@pytest.mark.parametrize(
    "changed", [{}, {"end_on": "2026-12-01", "exclusion_flags": "CCM;CBHI", "dmh_accs": "Y", "suffix": "Jr."}]
)
def test_an_assignment_survives_its_event(changed: dict[str, str]) -> None:
    item = assignment(**changed)
    assert assignment_from_json(assignment_to_json(item)) == item


def test_a_later_roster_changes_an_assignment_and_keeps_its_place() -> None:
    history = History()
    history.assigned(assignment())
    history.assigned(assignment(member_id="900000000002"))
    history.assigned(assignment(address1="2 New Street"))
    register = fold(history.events)
    assert [item.member_id for item in register.assignments.values()] == [MEMBER, "900000000002"]
    assert register.member(MEMBER)[0].address1 == "2 New Street"


def test_the_live_assignment_is_the_latest_that_goes_on() -> None:
    history = History()
    history.assigned(assignment(assigned_on="2026-09-01"))
    history.assigned(assignment(assigned_on="2026-10-01", end_on="2026-11-01"))
    history.assigned(assignment(assigned_on="2026-08-01", program="LTSS", status="declined"))
    register = fold(history.events)
    live = register.enrolled(MEMBER, Program.BH, TODAY)
    assert live is not None
    assert live.assigned_on == date(2026, 9, 1)
    assert register.enrolled(MEMBER, Program.LTSS, TODAY) is None
    latest = register.latest(MEMBER, Program.BH)
    assert latest is not None
    assert latest.assigned_on == date(2026, 10, 1)


def test_a_member_who_declined_is_not_enrolled_until_reinstated() -> None:
    history = History()
    history.assigned(assignment())
    said = {"member_id": MEMBER, "program": None, "on": "2026-11-02", "how": "telephone", "by": "Larkspur Modelski"}
    history.add(EventType.MEMBER_DECLINED, said, member_subject(MEMBER))
    history.assigned(assignment(address1="2 New Street"))
    assert fold(history.events).enrolled(MEMBER, Program.BH, TODAY) is None
    history.add(EventType.MEMBER_REINSTATED, said, member_subject(MEMBER))
    assert fold(history.events).enrolled(MEMBER, Program.BH, TODAY) is not None


def test_practices_and_clinicians_are_added_and_replaced_and_never_dropped() -> None:
    history = History()
    history.add(
        EventType.PRACTICES_IMPORTED,
        {"practices": [row_to_json(practice("S1", "One")), row_to_json(practice("S2", "Two"))]},
    )
    history.add(EventType.PRACTICES_IMPORTED, {"practices": [row_to_json(practice("S2", "Two, renamed"))]})
    history.add(
        EventType.CLINICIANS_IMPORTED,
        {"clinicians": [row_to_json(clinician("7", "S1")), row_to_json(clinician("7", "S2"))]},
    )
    history.add(EventType.CLINICIANS_IMPORTED, {"clinicians": [row_to_json(clinician("7", "S2", active=False))]})
    directory = fold(history.events).directory
    assert {key: value.name for key, value in directory.practices.items()} == {"S1": "One", "S2": "Two, renamed"}
    assert [(row.practice_id, row.active) for row in directory.rows_of("7")] == [("S1", True), ("S2", False)]
    assert directory.rows_of("8") == ()


def test_a_file_replaces_all_designations_of_the_pairs_that_it_names_and_no_others() -> None:
    history = History()
    other = designation(designee_npi="3")
    history.designated(designation(), designation(tasks=frozenset({"care_team"})), other)
    history.designated(designation(valid_to=date(2026, 12, 31)))
    found = fold(history.events).directory.designations
    assert [(item.designee_npi, item.valid_to) for item in found] == [("1", date(2026, 12, 31)), ("3", None)]


def test_a_designation_keeps_the_moment_it_was_first_recorded_while_it_stands_unchanged() -> None:
    history = History()
    first = history.designated(designation())
    history.designated(designation())
    assert [item.recorded_at for item in fold(history.events).directory.designations] == [first]


def test_a_designation_that_was_changed_or_taken_away_in_between_counts_as_recorded_anew() -> None:
    history = History()
    history.designated(designation())
    history.designated(designation(on_care_team=False))
    again = history.designated(designation())
    assert [item.recorded_at for item in fold(history.events).directory.designations] == [again]
