"""A death and the wish for no mail are the person's: whichever line, program, order or roster states them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cpdocs.core.person_facts import Fact, PersonFacts
from cpdocs.core.roster import Known
from tests.core.rosters_made import Roster, assignment

DEAD, PHONE = {"status": "deceased"}, {"safe_contact": "phone_only"}


def facts(*statements: tuple[str, dict[str, str]]) -> PersonFacts:
    """What these lines, each with the file that it stands in, add up to."""
    found = PersonFacts()
    for file, changed in statements:
        found.add(assignment(**changed), file)
    return found


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        *(({"status": said}, "deceased") for said in ("Dead", "DIED", "decd", " Deceased ")),
        *(
            ({"safe_contact": said}, "no_mail")
            for said in ("No mail", "Don't mail", "DO-NOT-MAIL", "Call only", "phone")
        ),
    ],
)
def test_a_payers_own_words_for_it_state_it_too(stated: dict[str, str], code: str) -> None:
    assert [one.code for one in Roster().add(program="LTSS", **stated).add().outcomes()] == [code, code]
    assert Roster().add(dob="??", program="LTSS", **stated).add().outcomes()[1].code == code


@pytest.mark.parametrize(("stated", "code"), [(DEAD, "deceased"), (PHONE, "no_mail")])
@pytest.mark.parametrize("first", [True, False])
def test_one_line_states_it_for_all_the_members_lines_in_any_order(
    stated: dict[str, str], code: str, first: bool
) -> None:
    lines = [{"program": "LTSS", **stated}, {}]
    roster = Roster()
    for changed in lines if first else reversed(lines):
        roster.add(**changed)
    assert [one.code for one in roster.outcomes()] == [code, code]


@pytest.mark.parametrize(("stated", "code"), [(DEAD, "deceased"), (PHONE, "no_mail")])
def test_an_earlier_roster_states_it_for_this_ones_lines(stated: dict[str, str], code: str) -> None:
    known = Known(facts=facts(("march", {"program": "LTSS", **stated})))
    assert Roster().add().outcomes(known)[0].code == code


@pytest.mark.parametrize(("stated", "code"), [(DEAD, "deceased"), (PHONE, "no_mail")])
def test_a_line_that_is_rejected_for_something_else_states_it_all_the_same(stated: dict[str, str], code: str) -> None:
    told = Roster().add(dob="??", program="LTSS", **stated).add().outcomes()
    assert [one.code for one in told] == ["date_invalid", code]
    assert told[0].facts == (Fact(code),)


def test_an_empty_cell_and_another_programs_line_take_nothing_back() -> None:
    stated = ("march", {**DEAD, **PHONE})
    for later in ({"status": "", "safe_contact": ""}, {"program": "LTSS"}, {"assigned_on": "2026-10-01"}):
        found = facts(stated, ("april", later))
        assert list(found.of("900000000001")) == [Fact.DECEASED, Fact.NO_MAIL]


def test_a_later_roster_takes_back_what_it_stated_of_the_same_assignment() -> None:
    assert not list(facts(("march", {**DEAD, **PHONE}), ("april", {})).of("900000000001"))
    one = facts(("march", DEAD), ("march", {"program": "LTSS", **DEAD}), ("april", {}))
    assert one.holds("900000000001", Fact.DECEASED)


def test_lines_of_one_file_never_take_each_others_words_back() -> None:
    assert facts(("march", DEAD), ("march", {})).holds("900000000001", Fact.DECEASED)
    assert facts(("march", {}), ("march", DEAD)).holds("900000000001", Fact.DECEASED)


def test_what_a_person_corrected_stays_so_while_the_same_line_repeats_it() -> None:
    found = facts(("march", DEAD))
    found.correct("900000000001", Fact.DECEASED)
    found.add(assignment(**DEAD), "april")
    assert not found.holds("900000000001", Fact.DECEASED)
    assert Roster().add(**DEAD).outcomes(Known(facts=found))[0].code == ""
    found.add(assignment(program="LTSS", **DEAD), "may")
    assert found.holds("900000000001", Fact.DECEASED)


def test_another_member_is_another_person() -> None:
    found = facts(("march", DEAD))
    assert not found.holds("900000000002", Fact.DECEASED)
    told = Roster().add(member_id="900000000002", first_name="Other").outcomes(replace(Known(), facts=found))
    assert told[0].code == ""
