"""The product's own synthetic data: the same each time, of nobody, and showing what it says it shows."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from cpdocs.core.cells import is_forbidden_name
from cpdocs.core.ids import is_member_id, is_npi
from cpdocs.core.members import age_on
from cpdocs.core.roster import Known, dispose
from cpdocs.core.roster_lines import COLUMNS
from cpdocs.demo.files import write_roster, write_sample
from cpdocs.demo.people import FIRST, LAST, member_id, npi, person
from cpdocs.intake.plan_file import read_plan
from cpdocs.intake.tables import read_table

AS_OF = date(2026, 11, 2)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_day_gives_the_same_bytes(tmp_path: Path) -> None:
    write_sample(tmp_path / "a", AS_OF)
    write_sample(tmp_path / "b", AS_OF)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")


@pytest.mark.parametrize("as_of", [AS_OF, date(2028, 2, 29), date(2027, 1, 1)])
def test_the_roster_shows_each_disposition_whatever_the_day(tmp_path: Path, as_of: date) -> None:
    sample = write_sample(tmp_path, as_of)
    told = list(dispose(read_table(sample.roster.read_bytes(), "r", COLUMNS).rows, Known(), as_of))
    assert Counter(one.disposition.value for one in told) == {
        "mailed": 12,
        "held": 6,
        "suppressed": 3,
        "duplicate": 1,
        "rejected": 5,
        "ignored": 1,
    }
    assert {warning for one in told for warning in one.warnings} == {
        "language_fallback",
        "zip_repadded",
        "pcp_npi_invalid",
    }


def test_the_plans_show_both_programs_a_minor_part2_and_several_scripts(tmp_path: Path) -> None:
    sample = write_sample(tmp_path, AS_OF)
    plans = {name: read_plan(path.read_bytes(), path.name) for name, path in sample.plans.items()}
    assert {plan.program.value for plan in plans.values()} == {"BH", "LTSS"}
    assert plans["minor"].representative is not None
    assert plans["part2"].carries_part2
    assert any("\u1780" <= char <= "\u17ff" for goal in plans["scripts"].goals for char in goal.goal)
    assert any(service.affiliated for service in plans["affiliated"].services)


def test_nothing_in_it_could_reach_or_name_anybody(tmp_path: Path) -> None:
    write_sample(tmp_path, AS_OF)
    for data in _bytes(tmp_path).values():
        text = data.decode()
        assert all(
            re.fullmatch(r"555-01\d\d", phone)
            for phone in re.findall(r"\d{3}-\d{4}", re.sub(r"\d{4}-\d{2}-\d{2}|\d{5}-\d{4}", "", text))
        )
        assert all(address.endswith("example.org") for address in re.findall(r"[\w.]+@[\w.]+", text))


def test_people_are_adults_and_no_two_are_alike() -> None:
    people = [person(index, AS_OF) for index in range(20_000)]
    assert len(set(people)) == len(people)
    assert all(21 <= age_on(born, AS_OF) <= 64 for _, _, born in people)
    assert not any(is_forbidden_name(name) for name in (*FIRST, *LAST))


def test_ids_and_npis_are_well_formed() -> None:
    ids = {member_id(index) for index in range(5_000)}
    assert len(ids) == 5_000
    assert all(map(is_member_id, ids))
    assert all(is_npi(npi(f"anybody {number}")) for number in range(200))


def test_a_large_roster_is_mailed_whole(tmp_path: Path) -> None:
    write_roster(tmp_path / "r.csv", 2_000, AS_OF)
    told = list(dispose(read_table((tmp_path / "r.csv").read_bytes(), "r", COLUMNS).rows, Known(), AS_OF))
    assert Counter(one.disposition.value for one in told) == {"mailed": 2_000}
