"""A member turns 18, a guardianship begins or ends: who signs changes that day, and what is open waits for a person."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk
from tests.flows.test_held import SEEN, faxed
from tests.flows.test_todo import kinds_of, waits

APPROVE = ("--slot", "member", "--how", "visit", "--by", "Test Coordinator")
BEGIN = ("--name", "Pat Sample", "--relation", "sister", "--authority", "Decree of 2026-11-03")
KNOWN = ("--how", "decree seen", "--by", "Test Coordinator")
EVE, BIRTHDAY = "2026-11-18T04:59:00Z", "2026-11-18T05:00:00Z"
"""In Massachusetts the last minute of 17 November and the first of the 18th."""


def turning_18(office: Office, tmp_path: Path) -> str:
    """The minor of the sample, born on 18 November 2008, with a plan issued on 2 November 2026: its document id."""
    member_id = office.sample.member_ids["minor"]
    with office.sample.roster.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["member_id"] == member_id]
    changed = tmp_path / "roster.csv"
    with changed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "dob": "2008-11-18"} for row in rows)
    office.cli("import", "roster", changed)
    return str(office.cli("plan", "issue", office.sample.plans["minor"], "--json").json[0]["document_id"])


def next_version(office: Office, tmp_path: Path, name: str, now: str, **changes: Any) -> dict[str, Any]:
    plan = yaml.safe_load(office.sample.plans[name].read_text("utf-8"))
    plan["plan"] |= {"version": 2, "reason": "change", "reason_text": "Who signs has changed."}
    plan |= changes
    file = tmp_path / "next.yaml"
    file.write_text(yaml.safe_dump({key: value for key, value in plan.items() if value is not None}), "utf-8")
    made: dict[str, Any] = office.cli("plan", "issue", file, "--json", now=now).json[0]
    return made


def test_who_turns_18_signs_from_that_day_and_an_open_plan_waits_for_a_new_version(
    office: Office, tmp_path: Path
) -> None:
    document = turning_18(office, tmp_path)
    assert "signer_changed" in kinds_of(office.cli, document), "thirty days ahead"
    assert "signer_changed" not in kinds_of(office.cli, document, now="2026-10-01T12:00:00Z")
    (item,) = waits(office.cli, "--kind", "signer_changed")
    assert (item["due_on"], item["document_id"]) == ("2026-11-18", document)
    named = ("--representative", "Marrow Placeholder", "--relation", "parent")
    late = office.cli("plan", "approve", document, *APPROVE, "--on", "2026-11-18", *named, now=BIRTHDAY, status=1)
    assert "18 since 2026-11-18" in late.err
    office.cli("plan", "approve", document, *APPROVE, "--on", "2026-11-17", *named, now=BIRTHDAY)
    assert "signer_changed" in kinds_of(office.cli, document, now=BIRTHDAY), "what a parent signed goes on waiting"
    draft = office.cli("plan", "draft", "--program", "LTSS", stdin=office.sample.member_ids["minor"], now=BIRTHDAY).out
    assert "# ASK who acts: the member is 18" in draft
    assert "Marrow Placeholder" not in draft.split("care_team:")[0]
    made = next_version(office, tmp_path, "minor", BIRTHDAY, representative=None)
    told = office.cli("plan", "diff", document, made["document_id"], "--json", now=BIRTHDAY).json
    assert told[0]["text"] == "Who signs: the member signs for themselves, 18 since November 18, 2026"
    assert kinds_of(office.cli, made["document_id"], now=BIRTHDAY).isdisjoint({"signer_changed"})
    office.cli("plan", "approve", made["document_id"], *APPROVE, "--on", "2026-11-18", now=BIRTHDAY)


def test_the_last_minute_of_a_minor_is_one_of_massachusetts(office: Office, tmp_path: Path) -> None:
    document = turning_18(office, tmp_path)
    desk = Desk(Office(office.cli, office.sample, {"minor": document}))
    sign = ("sign", desk.issued_file("minor"), "--slot", "member", "--in-person", "--witness", "Sam Sample")
    refused = office.cli(*sign, "--representative", "-o", tmp_path / "late.pdf", now=BIRTHDAY, status=1)
    assert "signs for themselves" in refused.err
    office.cli(*sign, "-o", tmp_path / "eve.pdf", now=EVE)
    (event,) = desk.events("signing.witnessed")
    assert (event.data["role"], event.data["signer"]) == ("representative", "Marrow Placeholder")


def test_a_guardianship_of_one_day_leaves_nothing_on_the_work_list(issued: Office) -> None:
    document, member = issued.documents["bh"], issued.sample.member_ids["bh"]
    day = ("--on", "2026-11-03")
    issued.cli("member", "guardian-begins", *BEGIN, *KNOWN, *day, stdin=member, now=RETURN)
    assert "signer_changed" in kinds_of(issued.cli, document, now=RETURN)
    issued.cli("member", "guardian-ends", *KNOWN, *day, stdin=member, now=RETURN)
    assert "signer_changed" not in kinds_of(issued.cli, document, now=RETURN)


def test_a_guardian_signs_from_the_first_day_and_nobody_else(issued: Office, tmp_path: Path) -> None:
    document, member = issued.documents["bh"], issued.sample.member_ids["bh"]
    begun = ("member", "guardian-begins", *BEGIN, *KNOWN, "--on", "2026-11-03")
    made = issued.cli(*begun, "--json", stdin=member, now=RETURN)
    assert made.json["open_versions"] == [document]
    assert "Pat Sample" not in made.out + made.err
    assert "already" in issued.cli(*begun, stdin=member, now=RETURN, status=3).err
    assert "signer_changed" in kinds_of(issued.cli, document, now=RETURN)
    on = ("--on", "2026-11-04")
    assert "names no representative" not in issued.cli("note", document, now=RETURN).out
    assert "guardian since 2026-11-03" in issued.cli("note", document, now=RETURN).out
    refused = issued.cli("plan", "approve", document, *APPROVE, *on, now=RETURN, status=3)
    assert "somebody signs for the member" in refused.err
    other = ("--representative", "Somebody Else", "--relation", "friend")
    assert (
        "somebody else is the guardian"
        in issued.cli("plan", "approve", document, *APPROVE, *on, *other, now=RETURN, status=1).err
    )
    plan = yaml.safe_load(issued.sample.plans["bh"].read_text("utf-8"))
    file = tmp_path / "same.yaml"
    plan["plan"]["version"] = 2
    file.write_text(yaml.safe_dump(plan), "utf-8")
    errors = issued.cli("plan", "check", file, "--json", now=RETURN, status=1).json[0]["errors"]
    assert ("guardian_must_sign", "representative") in {(each["code"], each["field"]) for each in errors}
    acts = {"name": "Pat Sample", "relation": "sister", "authority": "Decree of 2026-11-03"}
    made = next_version(issued, tmp_path, "bh", RETURN, representative=acts)
    told = issued.cli("plan", "diff", document, made["document_id"], "--json", now=RETURN).json
    assert told[0]["text"].startswith("Who signs: Pat Sample (sister) signs for the member")
    issued.cli("plan", "approve", made["document_id"], *APPROVE, *on, now=RETURN)
    fill = issued.status(made["document_id"])["slots"]["member"]
    assert (fill["signer"], fill["role"]) == ("Pat Sample", "representative")


def test_where_a_guardianship_ended_the_member_signs_again(issued: Office) -> None:
    document, member = issued.documents["bh"], issued.sample.member_ids["bh"]
    issued.cli("member", "guardian-begins", *BEGIN, *KNOWN, "--on", "2026-11-02", stdin=member)
    end = ("member", "guardian-ends", *KNOWN, "--on", "2026-11-04")
    issued.cli(*end, stdin=member, now=RETURN)
    assert "No such guardianship" in issued.cli(*end, stdin=member, now=RETURN, status=3).err
    issued.cli("plan", "approve", document, *APPROVE, "--on", "2026-11-03", now=RETURN, status=3)
    issued.cli("plan", "approve", document, *APPROVE, "--on", "2026-11-04", now=RETURN)
    assert issued.status(document)["slots"]["member"]["role"] == "member"


@pytest.mark.parametrize(
    ("more", "told"),
    [(("--on", "2027-01-01"), "in the future"), (("--on", "2026-11-02", "--authority", " "), "rests on a paper")],
)
def test_a_guardianship_that_cant_be_is_not_recorded(office: Office, more: tuple[str, ...], told: str) -> None:
    member = office.sample.member_ids["bh"]
    assert told in office.cli("member", "guardian-begins", *BEGIN, *KNOWN, *more, stdin=member, status=None).err
    stranger = office.cli("member", "guardian-ends", *KNOWN, "--on", "2026-11-02", stdin="9" * 12, status=3)
    assert "No member" in stranger.err


def test_nobody_attests_ink_of_who_could_not_sign_on_the_day_that_is_written(office: Office, tmp_path: Path) -> None:
    document = turning_18(office, tmp_path)
    desk = Desk(Office(office.cli, office.sample, {"minor": document}))
    late = "2026-11-19T15:00:00Z"
    desk.take(faxed(desk.issued_file("minor"), standard=True), name="fax.tif", plan="minor", now=late)
    (item,) = office.cli("held", "list", "--json", now=late).json
    shown = office.cli("held", "show", item["id"], "--json", now=late).json["proposed"]
    assert shown["representative"] is None, "the member is 18 when it came"
    accept = ("held", "accept", item["id"], "--slot", "member", *SEEN)
    named = ("--representative", "Marrow Placeholder", "--relation", "parent")
    for words, told in (
        (("--signed-on", "2026-11-17"), "the member is a minor on that day"),
        (("--signed-on", "2026-11-18", *named), "18 since 2026-11-18"),
        (("--signed-on", "none", *named), "18 since 2026-11-18"),
    ):
        assert told in office.cli(*accept, *words, now=late, status=1).err
    office.cli(*accept, "--signed-on", "2026-11-17", *named, now=late)
    assert office.status(document)["slots"]["member"]["role"] == "representative"
