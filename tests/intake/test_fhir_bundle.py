"""Another system's care plan: what maps is taken in its own words, the rest is listed, and nothing is made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.found_plan import FoundPlan, Patient, Said, mismatches
from cpdocs.intake.fhir_bundle import read_bundle
from tests.core.rosters_made import assignment
from tests.intake.fhir_made import bundle, coded, resources


def read(every: dict[str, dict[str, Any]] | None = None) -> FoundPlan:
    found = read_bundle(bundle(every), "b.json")
    assert found.fault == ""
    return found


def flat(item: tuple[Said, ...]) -> dict[str, Any]:
    """An item's values that are said, blocks within."""
    said: dict[str, Any] = {}
    for each in item:
        inner: Any = flat(each.block) or [flat(one) for one in each.items] or each.texts or each.value
        if inner:
            said[each.key] = inner
    return said


def asked(item: tuple[Said, ...]) -> set[str]:
    return {each.key for each in item if each.ask} | {
        key for each in item for inner in (each.block, *each.items) for key in asked(inner)
    }


def test_what_maps_is_taken_in_the_sources_own_words() -> None:
    found = read()
    assert [flat(each) for each in found.items("goals")] == [
        {
            "goal": "See my sister every week",
            "target_date": "2027-03-01",
            "status": "in_progress",
            "steps": [
                {"step": "Call about the ride", "who": "Hedgerow Specimen"},
                {"step": "Walk to the library", "who": "The member"},
            ],
        }
    ]
    ride, diet = found.items("services")
    assert flat(ride) == {
        "name": "Transportation",
        "provider": "Sample Rides",
        "contact": "(617) 555-0111",
        "funding_source": "Pretend Health",
        "start": "2026-10-05",
        "quantity": {"amount": "2", "unit": "trips", "interval": "per month", "source": "FHIR bundle"},
        "comment": "Calls the day before.",
    }
    assert flat(diet) == {"name": "Low salt diet"}
    assert [flat(each) for each in found.items("needs")] == [
        {"domain": "social", "need": "Needs a ride to appointments"}
    ]
    assert [flat(each) for each in found.items("medications")] == [
        {
            "name": "Naproxen 250 mg",
            "directions": "One in the morning",
            "source": "FHIR bundle, MedicationRequest",
            "as_of": "2026-10-01",
            "prescriber": "Hedgerow Specimen",
        }
    ]
    assert [flat(each) for each in found.items("risks")] == [{"risk": "Falls", "measure": "Grab bars in the bath."}]
    assert [flat(each) for each in found.items("emergency_contacts")] == [
        {"name": "Bramble Testwell", "phone": "(617) 555-0190", "relation": "Sister"}
    ]
    assert [(flat(each)["name"], flat(each)["role"]) for each in found.items("care_team")] == [
        ("Hedgerow Specimen", "Author of the plan in the bundle"),
        ("Ana Fictitia", "Nurse"),
    ]
    assert flat(found.block("about_me")) == {"strengths": ("Manages her bills.",)}
    assert found.text("backup_plan") == "A neighbour brings meals when it snows."
    assert (found.begins, found.ends) == (date(2026, 10, 1), date(2027, 9, 30))


def test_what_the_source_leaves_open_is_asked_and_not_made_up() -> None:
    every = resources()
    del every["need"]["category"]
    del every["task"]["owner"]
    found = read(every)
    (need,), (goal,) = found.items("needs"), found.items("goals")
    ride, _ = found.items("services")
    assert "domain" in asked(need)
    assert "domain" not in flat(need)
    assert "who" in asked(goal)
    assert {"paid", "authorized_by"} <= asked(ride)
    assert "authorized_by" not in flat(ride)["quantity"]


def test_what_does_not_map_is_listed_by_its_path_and_never_by_its_value() -> None:
    told = read().untaken
    for path in (
        "CarePlan.note: entry[1]",
        "Patient.address: entry[0]",
        "ServiceRequest.priority: entry[9]",
        "Practitioner.identifier: entry[4]",
        "Claim: entry[18]",
        "CarePlan: entry[3]",
        "Condition: entry[6] (it is over, refuted or entered in error)",
        "MedicationRequest: entry[13] (it isn't active)",
        "QuestionnaireResponse: entry[17] (choices are asked anew)",
    ):
        assert path in told
    text = "\n".join(told)
    assert not any(value in text for value in ("Boston", "Printed", "600", "Sprained", "Testwell", "routine"))
    assert "ServiceRequest: " not in text, "what was read isn't listed whole"


def _leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_leaves, value.values()))
    return sum(map(_leaves, value)) if isinstance(value, list) else 1


@given(st.sampled_from(sorted(resources())), st.text("abcxyz", min_size=4, max_size=8))
def test_whatever_is_added_to_any_resource_is_listed(key: str, name: str) -> None:
    every = resources()
    every[key]["extra" + name] = {"deep": [{"valueString": "VALUE"}]}
    told = "\n".join(read(every).untaken)
    kind = every[key]["resourceType"]
    assert f"{kind}.extra{name}: " in told or f"{kind}: entry[{list(every).index(key)}]" in told
    assert "VALUE" not in told


def test_records_that_the_source_labels_as_substance_use_are_marked() -> None:
    every = resources()
    every["service"]["meta"] = {"security": [{"code": "42CFRPart2"}]}
    ride, diet = read(every).items("services")
    assert flat(ride)["part2"] == "true"
    assert "part2" not in flat(diet)


def test_a_guardian_of_the_source_is_named_and_asked_about() -> None:
    every = resources()
    every["p1"]["contact"][0]["relationship"].append(coded("Guardian", "GUARD"))
    acts = read(every).block("representative")
    assert flat(acts)["name"] == "Bramble Testwell"
    assert "authority" in asked(acts)


def test_references_are_found_by_full_url_type_and_id_and_in_what_holds_them() -> None:
    every = resources()
    every["c1"]["subject"] = {"reference": "https://x.example/Patient/p1"}
    every["service"]["contained"] = [{"resourceType": "Organization", "id": "o", "name": "Sample Wheels"}]
    every["service"]["performer"] = [{"reference": "#o"}]
    ride, _ = read(every).items("services")
    assert flat(ride)["provider"] == "Sample Wheels"


def test_text_that_a_plan_file_refuses_is_left_and_listed() -> None:
    every = resources()
    every["goal"]["description"] = {"text": "See my \u202eretsis"}
    every["risk"]["mitigation"] = "x" * 5_000
    found = read(every)
    assert found.items("goals") == ()
    assert flat(found.items("risks")[0]) == {"risk": "Falls"}
    assert "RiskAssessment.mitigation: entry[15]" in found.untaken


def _without(*keys: str) -> bytes:
    every = resources()
    for key in keys:
        del every[key]
    return bundle(every)


def _deep() -> bytes:
    return b'{"resourceType":"Bundle","entry":' + b"[" * 5_000 + b"]" * 5_000 + b"}"


def _two_patients() -> bytes:
    every = resources()
    every["p2"] = {**every["p1"], "id": "p2"}
    every["c4"] = {**every["c1"], "id": "c4", "subject": {"reference": "Patient/p2"}}
    return bundle(every)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe{}", "no JSON"),
        (b"[]", "no FHIR bundle"),
        (b'{"resourceType":"Patient"}', "no FHIR bundle"),
        (b'{"resourceType":"Bundle"}', "empty bundle"),
        (b'{"resourceType":"Bundle","resourceType":"Bundle"}', "a key twice"),
        (b'{"resourceType":"Bundle","entry":[{"x":NaN}]}', "a number that JSON doesn't have"),
        (_deep(), "nested too deeply"),
        (b'{"resourceType":"Bundle","entry":[' + b"{}," * 60_000 + b"{}]}", "more than 50000 entries"),
        (_without("c1", "c2", "c3"), "no CarePlan"),
        (_without("c1", "c2"), "no CarePlan that is active"),
        (_without("p1"), "a CarePlan of nobody in the bundle"),
        (_two_patients(), "CarePlans of several patients"),
    ],
)
def test_what_is_no_bundle_of_one_members_plan_says_why(data: bytes, told: str) -> None:
    found = read_bundle(data, "b.json")
    assert told in found.fault
    assert found.todo


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(resources())), st.data())
def test_no_shape_of_an_element_stops_the_reading(key: str, data: st.DataObject) -> None:
    every = resources()
    element = data.draw(st.sampled_from(sorted(set(every[key]) - {"resourceType", "id"})))
    every[key][element] = data.draw(_JSON)
    found = read_bundle(bundle(every), "b.json")
    assert found.fault or isinstance(found.untaken, tuple)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda _: None, []),
        (lambda p: p["identifier"].pop(0), []),
        (lambda p: p["identifier"].pop(1), []),
        (lambda p: p["identifier"].clear(), ["neither the member's MassHealth id nor the MRN"]),
        (lambda p: p["identifier"][0].update(value="900000000009"), ["another Medicaid number"]),
        (lambda p: p.update(birthDate="1980-05-05"), ["another date of birth"]),
        (lambda p: p.pop("birthDate"), ["another date of birth"]),
        (lambda p: p["name"][0].update(family="Tesswell"), ["another name"]),
        (lambda p: p["name"][0].update(given=["Birch"]), ["another name"]),
        (lambda p: p["name"][0].update(given=["A."]), []),
        (lambda p: (p["identifier"].clear(), p.pop("birthDate"), p.pop("name")), ["neither", "another name", "birth"]),
    ],
)
def test_the_patient_must_be_the_member_and_every_difference_is_told(
    change: Callable[[dict[str, Any]], object], told: list[str]
) -> None:
    every = resources()
    change(every["p1"])
    member = assignment(member_id="900000000001", mrn="M-1")
    problems = list(mismatches(read(every).patient, member))
    assert len(problems) == len(told)
    assert all(words in str(problem) for words, problem in zip(told, problems, strict=True))


def test_an_empty_mrn_on_record_matches_no_empty_identifier() -> None:
    member = assignment(member_id="900000000001", mrn="")
    patient = Patient(("", "M-1"), (), (("Testwell", "Acorn"),), member.dob)
    assert [each.where for each in mismatches(patient, member)] == ["Patient.identifier"]


def test_numbers_keep_their_digits() -> None:
    data = bundle().replace(b'"value": 2', b'"value": 1.50')
    ride, _ = read_bundle(data, "b.json").items("services")
    assert flat(ride)["quantity"]["amount"] == "1.50"
    assert json.loads(data)
