"""Plan files in: what the schema makes of plain text, every fault by field, and YAML meant to do harm."""

from __future__ import annotations

import contextlib
import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cpdocs.core.plans import Plan, TransitionKind
from cpdocs.errors import InputFault
from cpdocs.intake.plan_file import read_plan
from tests.intake.plan_texts import SOUND, changed


def read(data: bytes, name: str = "plan.yaml") -> Plan:
    return read_plan(data, name)


def faults(data: bytes, name: str = "plan.yaml") -> list[tuple[str, str]]:
    with pytest.raises(InputFault) as caught:
        read(data, name)
    assert all(one.code == "schema_invalid" for one in caught.value.problems)
    return [
        (one.where, f"{one.message.rstrip('.')} (line {one.line})." if one.line else one.message)
        for one in caught.value.problems
    ]


def test_a_plan_reads_by_its_schema_whatever_yaml_would_make_of_its_values() -> None:
    plan = read(SOUND.encode())
    assert plan.member_id == "900000000001"
    assert plan.plan.effective_from == date(2026, 10, 28)
    assert plan.coordinator.phone == "(617) 555-0100"
    assert plan.part2.applies is False
    assert plan.about_me.culture == ""
    assert plan.about_me.what_matters == "Being asked.\nAlways."
    assert plan.services[0].quantity is not None
    assert plan.services[0].quantity.amount == Decimal("14.5")
    assert plan.transitions[0].kind is TransitionKind.DISCHARGE
    assert plan.transitions[0].discharged == datetime(2026, 10, 12, 15, 30, tzinfo=timezone(timedelta(hours=-4)))


@pytest.mark.parametrize("value", ["no", "012345", "12:30", "1e3", "yes", "=", "0x1F", "NaN"])
def test_plain_text_stays_the_text_that_was_written(value: str) -> None:
    assert read(changed("practice_id: S01", f"practice_id: {value}")).practice_id == value


def test_json_reads_as_the_same_plan() -> None:
    stated = yaml.safe_load(SOUND)
    data = json.dumps(stated, default=lambda moment: moment.isoformat(), ensure_ascii=True).encode()
    assert read(data, "plan.json") == read(SOUND.encode())
    assert read(data, "plan.yaml") == read(SOUND.encode())


@pytest.mark.parametrize(
    ("data", "where", "message"),
    [
        (changed("program: LTSS", "program: XYZ"), "plan.program", "must be one of: BH, LTSS (line 3)."),
        (changed("version: 2", "version: two"), "plan.version", "must be a whole number (line 4)."),
        (changed("version: 2", "version: 0"), "plan.version", "must be from 1 to 9999."),
        (changed("version: 2", "version: 1.0"), "plan.version", "must be a whole number (line 4)."),
        (changed("'2026-10-20'", "10/20/26"), "plan.assessment_date", "is no date (line 6)."),
        (changed("member_id: 900000000001", "member_id: 1234"), "member_id", "must have twelve digits."),
        (changed("  name: Hedgerow Specimen\n", "  name: ''\n"), "coordinator.name", "is empty (line 14)."),
        (changed("  name: Hedgerow Specimen\n", "  name:\n"), "coordinator.name", "is empty (line 14)."),
        (changed("  name: Hedgerow Specimen\n", ""), "coordinator.name", "is missing (line 14)."),
        (changed("applies: no", "applies: perhaps"), "part2.applies", "must be true or false (line 18)."),
        (
            changed("amount: 14.5", "amount: lots"),
            "services[0].quantity.amount",
            "must be a number such as 14 or 1.5 (line 34).",
        ),
        (
            changed("amount: 14.5", "amount: -3"),
            "services[0].quantity.amount",
            "must be a number such as 14 or 1.5 (line 34).",
        ),
        (
            changed("amount: 14.5", "amount: 0"),
            "services[0].quantity.amount",
            "must be more than nothing; leave the quantity out where there is none.",
        ),
        (changed("-04:00", ""), "transitions[0].discharged", "has no offset from UTC (line 40)."),
        (
            changed("2026-10-12T15:30:00-04:00", "0001-01-01T00:00:00+14:00"),
            "transitions[0].discharged",
            "is no date with time (line 40).",
        ),
        (changed("'2026-10-20'", "9999-12-31"), "plan.assessment_date", "is no date (line 6)."),
        (changed("T15:30:00-04:00", ""), "transitions[0].discharged", "is no date with time (line 40)."),
        (
            changed('  strengths: [Keeps in touch, "Says: yes"]', "  strengths: Keeps in touch"),
            "about_me.strengths",
            "must be a list (begin each entry with a hyphen) (line 20).",
        ),
        (
            changed("monitor: {name: Hedgerow Specimen}", "monitor: Hedgerow"),
            "monitor",
            "must have keys of its own (line 17).",
        ),
        (
            changed("    who: Member\n", "    who: [Member]\n"),
            "goals[0].steps[0].who",
            "must be one value, not a list or mapping (line 29).",
        ),
        (changed("  culture: ~", "  cultur: ~"), "about_me", "has an unknown key, 'cultur' (line 21)."),
        (
            changed("  culture: ~", '  culture: "\\u202Eabc"'),
            "about_me.culture",
            "has control characters, or marks that turn the direction of the text (line 21).",
        ),
        (
            changed("  culture: ~", '  culture: "a' + "\u0336" * 3000 + 'b"'),
            "about_me.culture",
            "has a letter with more marks over or under it than any script has (line 21).",
        ),
        (
            changed("  culture: ~", '  culture: "a\\0b"'),
            "about_me.culture",
            "has control characters, or marks that turn the direction of the text (line 21).",
        ),
        (
            changed("  culture: ~", f"  culture: {'x' * 8001}"),
            "about_me.culture",
            "has more than 8000 characters (line 21).",
        ),
        (changed("cpdocs.plan/1", "cpdocs.plan/9"), "schema", "must be cpdocs.plan/1 (line 1)."),
        (
            changed("  next_review: '2027-10-27'", "  next_review: '2027-10-27'\n  effective_to: 2026-01-01"),
            "plan.effective_to",
            "is before effective_from.",
        ),
        (
            changed("- name: Personal care attendant", "- name: PCA\n  start: 2026-11-02\n  end: 2026-11-01"),
            "services[0].end",
            "is before the service's start.",
        ),
    ],
)
def test_each_fault_names_its_field_and_line(data: bytes, where: str, message: str) -> None:
    assert faults(data) == [(where, message)]


def test_all_faults_are_told_at_once() -> None:
    data = changed("program: LTSS", "program: XYZ").replace(b"version: 2", b"version: two").replace(b"goals:", b"goal:")
    assert [where for where, _ in faults(data)] == ["the file", "plan.program", "plan.version"]


def test_a_key_in_the_wrong_place_is_told_where_it_belongs() -> None:
    with pytest.raises(InputFault) as caught:
        read(SOUND.encode() + b"language: Spanish\nversion: 2\n")
    assert [one.todo for one in caught.value.problems] == ["It belongs under member.", "It belongs under plan."]


def test_an_unknown_key_gets_a_suggestion_and_a_strange_one_is_not_repeated() -> None:
    with pytest.raises(InputFault) as caught:
        read(changed("  culture: ~", "  cultur: ~\n  Testwell, Acorn: ~"))
    told = [f"{one.message} {one.todo}" for one in caught.value.problems]
    assert any("Did you mean culture?" in one for one in told)
    assert not any("Testwell" in one for one in told)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: &x [1]\nb: *x\n", "anchors and aliases"),
        (b"<<: *x\n", "anchors and aliases"),
        (b"a: !!python/object/apply:os.system ['true']\n", "tags"),
        (b"a: !local 1\n", "tags"),
        (b"a: 1\na: 2\n", "the key 'a' stands here a second time"),
        (b"a: 1\n---\nb: 2\n", "a second document"),
        (b"? [a]\n: 1\n", "a key must be one word"),
        (b"a: [1, 2\n", "this is not YAML"),
        (b"\tb: 1\n", "this is not YAML"),
        (b"a: \x07\n", "this is not YAML"),
        (b"a: [" * 200 + b"]" * 200, "nested too deeply"),
        (b"- 1\n" * 60_000, "more than 50000 values"),
        ("a: ä".encode("latin-1"), "this is not UTF-8"),
        (b'{"a": 1, "a": 2}', "the key 'a' stands here a second time"),
        (b'{"a": ', "this is not JSON"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"a": [' + b"[" * 50 + b"]" * 50 + b"]}", "nested too deeply"),
    ],
)
def test_what_no_plan_needs_is_refused_with_its_line(data: bytes, message: str) -> None:
    told = faults(data)
    assert len(told) == 1
    assert message in told[0][1]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n# only a remark\n", "is empty"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04", "a zip file"),
        ("a: 1".encode("utf-16"), "UTF-16"),
        (b"a: 1\n" * 500_000, "MB"),
    ],
)
def test_what_is_no_plan_file_is_told_what_it_is(data: bytes, message: str) -> None:
    with pytest.raises(InputFault, match=message):
        read(data)


def test_a_list_at_the_top_is_no_plan() -> None:
    assert faults(b"- a\n- b\n") == [("the file", "must have keys of its own (line 1).")]


def test_member_words_keep_the_joiners_that_their_scripts_need() -> None:
    words = "ខ្ញុំ\u200bចង់ می\u200cخواهم \u200fא"
    assert read(changed('"I want to stay home"', f'"{words}"')).goals[0].goal == words


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_at_all_are_a_plan_or_a_fault(data: bytes) -> None:
    for prefix in (b"", SOUND.encode(), b'{"schema": "cpdocs.plan/1", '):
        with contextlib.suppress(InputFault):
            assert read(prefix + data).schema == "cpdocs.plan/1"


WORDS = st.text(st.characters(categories=["L", "N", "P", "Zs", "M"]), min_size=1, max_size=40).filter(
    lambda text: text.strip()
)


@settings(max_examples=60, deadline=None)
@given(WORDS)
def test_any_words_come_through_yaml_and_json_alike(words: str) -> None:
    stated = yaml.safe_load(SOUND)
    stated["goals"][0]["goal"] = words
    as_json = json.dumps(stated, default=lambda moment: moment.isoformat()).encode()
    as_yaml = yaml.safe_dump(stated, allow_unicode=True).encode()
    assert read(as_json, "a.json").goals[0].goal == read(as_yaml).goals[0].goal


def test_every_shared_plan_reads(shared_data: Path) -> None:
    plans = [read(path.read_bytes(), path.name) for path in sorted((shared_data / "plans").glob("*.yaml"))]
    assert len(plans) == 30
    assert {plan.carries_part2 for plan in plans} == {True, False}


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        (b"plan:\n\tversion: 1\n", "begins with a tab"),
        (b"about_me:\n  what_matters: Remember: the cat\n", "quotation marks"),
        (b"schema: 'cpdocs.plan/1\nmember_id: '1'\n", "isn't closed"),
    ],
)
def test_what_is_not_yaml_comes_with_advice_in_words(data: bytes, advice: str) -> None:
    with pytest.raises(InputFault) as caught:
        read_plan(data, "plan.yaml")
    assert advice in caught.value.problems[0].todo
