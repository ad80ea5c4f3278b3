"""A plan is checked, issued, and goes its road, by the command line alone."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from cpdocs.plans import issue as plan_issue
from cpdocs.system import outbox
from tests.flows.conftest import Office

LATER = "2026-11-06T15:00:00Z"


def version(office: Office, name: str, number: int, folder: Path, **changes: object) -> Path:
    """The sample's plan as another version, with other keys where ``changes`` says so."""
    plan = yaml.safe_load(office.sample.plans[name].read_text("utf-8"))
    plan["plan"]["version"] = number
    plan.update(changes)
    path = folder / f"{name}-{number}.yaml"
    path.write_text(yaml.safe_dump(plan), "utf-8")
    return path


def test_an_issued_plan_lies_sealed_in_its_practices_folder_with_a_cover(office: Office) -> None:
    row = office.cli("plan", "issue", office.sample.plans["bh"], "--json").json[0]
    assert {"document_id", "member_id", "program", "version", "file", "sha256", "practice_id"} <= row.keys()
    file = Path(row["file"])
    assert file == office.cli.root / "outbox" / "plans" / row["practice_id"] / f"{row['document_id']}.pdf"
    assert sha256(file.read_bytes()).hexdigest() == row["sha256"]
    assert file.with_name(f"{row['document_id']}-cover.pdf").is_file()
    for field in (b"/MemberSig", b"(MemberSig)"):
        if field in file.read_bytes():
            break
    else:
        pytest.fail("the issued plan has no field for the member's signature")
    assert row["member_id"] not in str(file)


def test_the_same_version_isnt_issued_twice(issued: Office) -> None:
    again = issued.cli("plan", "issue", issued.sample.plans["bh"], status=3)
    assert "plan.version" in again.err
    assert "Set plan.version to 2" in again.err
    checked = issued.cli("plan", "check", issued.sample.plans["bh"], "--json", status=1).json
    assert [error["code"] for error in checked[0]["errors"]] == ["version_not_next"]


def test_all_faults_of_a_file_are_told_at_once_whatever_kind_they_are_of(issued: Office, tmp_path: Path) -> None:
    file = version(issued, "bh", 1, tmp_path)
    plan = yaml.safe_load(file.read_text("utf-8"))
    plan["plan"] |= {"next_review": "2029-01-01", "assessment_date": "10/20/26"}
    plan["part2"] = {"applies": "perhaps"}
    plan["goals"].insert(0, "Walk more")
    plan["services"][0] |= {"name": "Counseling, 14 hours a week", "start": "2026-11-02", "end": "2026-11-01"}
    file.write_text(yaml.safe_dump(plan), "utf-8")
    (checked,) = issued.cli("plan", "check", file, "--json", status=1).json
    assert {(error["code"], error["field"]) for error in checked["errors"]} == {
        ("schema_invalid", "plan.assessment_date"),
        ("schema_invalid", "part2.applies"),
        ("schema_invalid", "goals[0]"),
        ("schema_invalid", "services[0].end"),
        ("review_over_12_months", "plan.next_review"),
        ("quantity_without_authorizer", "services[0].name"),
        ("version_not_next", "plan.version"),
    }
    assert all(error["line"] for error in checked["errors"])
    plan |= {"part2": {"applies": False}, "goals": plan["goals"][1:]}
    plan["plan"]["assessment_date"] = "2026-10-20"
    plan["services"][0] |= {"start": "2026-11-01"}
    file.write_text(yaml.safe_dump(plan), "utf-8")
    told = issued.cli("plan", "issue", file, status=3).err
    assert all(field in told for field in ("plan.next_review", "services[0].name", "Set plan.version to 2"))


def test_a_new_version_supersedes_the_last_and_takes_no_approval_along(issued: Office, tmp_path: Path) -> None:
    first = issued.documents["bh"]
    issued.cli(
        "plan",
        "approve",
        first,
        "--slot",
        "member",
        "--how",
        "telephone",
        "--on",
        "2026-11-02",
        "--by",
        "Test Coordinator",
    )
    row = issued.cli("plan", "issue", version(issued, "bh", 2, tmp_path), "--json").json[0]
    assert row["supersedes"] == first
    assert issued.status(first)["state"] == "superseded"
    second = issued.status(row["document_id"])
    assert (second["state"], second["slots"]["member"]["state"]) == ("issued", "open")
    refused = issued.cli("plan", "received", first, "--at", "2026-11-02T10:00", status=3)
    assert row["document_id"] in refused.err


def test_of_several_files_the_good_ones_are_issued_and_the_others_named(office: Office, tmp_path: Path) -> None:
    bad = version(office, "ltss", 1, tmp_path, member_id="999999999999")
    result = office.cli(
        "plan", "issue", office.sample.plans["bh"], bad, version(office, "ltss", 7, tmp_path), "--json", status=None
    )
    assert result.status in (1, 3)
    assert [row["source"] for row in result.json] == [office.sample.plans["bh"].name]
    assert "member_unknown" in result.err or bad.name in result.err
    assert "ltss-7.yaml" in result.err


def test_plan_check_says_no_with_exit_status_one_and_changes_nothing(office: Office, tmp_path: Path) -> None:
    bad = version(office, "bh", 1, tmp_path, member_id="999999999999")
    result = office.cli("plan", "check", bad, "--json", status=1)
    assert [problem["code"] for problem in result.json[0]["errors"]] == ["member_unknown"]
    assert office.cli("plan", "list", "--json").json == []


def test_a_member_who_declined_gets_no_plan_until_reinstated(office: Office) -> None:
    member = office.sample.member_ids["bh"]
    said = ("--on", "2026-11-02", "--how", "telephone", "--by", "Test Coordinator")
    office.cli("member", "decline", *said, stdin=member)
    refused = office.cli("plan", "issue", office.sample.plans["bh"], status=None)
    assert refused.status != 0
    assert not list((office.cli.root / "outbox" / "plans").rglob("*.pdf"))
    office.cli("member", "reinstate", *said, stdin=member)
    office.cli("plan", "issue", office.sample.plans["bh"])


def test_declining_withdraws_open_plans_and_tells_the_health_plan(issued: Office) -> None:
    member = issued.sample.member_ids["bh"]
    said = ("--on", "2026-11-02", "--how", "telephone", "--by", "Test Coordinator")
    result = issued.cli("member", "decline", *said, "--json", stdin=member)
    assert result.json["withdrawn"] == [issued.documents["bh"]]
    assert issued.status(issued.documents["bh"])["state"] == "withdrawn"
    notices = [Path(path) for path in result.json["notices"]]
    assert notices
    assert all(path.read_bytes().startswith(b"%PDF-") and member not in str(path) for path in notices)
    assert member not in result.err
    issued.cli("member", "decline", *said, stdin=member, status=3)
    assert "Disenrolled (member declined on 2026-11-02)" in issued.cli("note", "-", stdin=member).out


def test_a_member_id_is_read_from_standard_input_and_judged(office: Office) -> None:
    said = ("--on", "2026-11-02", "--how", "telephone", "--by", "Test Coordinator")
    for text in ("", "12345\n", "not a member\n"):
        office.cli("member", "decline", *said, stdin=text, status=3)
    office.cli("member", "decline", *said, stdin="999999999999", status=3)
    office.cli("member", "decline", "--on", "2026-11-09", *said[2:], stdin=office.sample.member_ids["bh"], status=3)


def test_the_road_is_logged_step_by_step(issued: Office) -> None:
    document_id = issued.documents["bh"]
    issued.cli("plan", "sent", document_id, "--to", "Test Contact", "--channel", "fax", "--at", "2026-11-02T10:05")
    issued.cli("plan", "received", document_id.lower().replace("-", " "), "--at", "2026-11-02T18:30", now=LATER)
    row = issued.status(document_id, LATER)
    assert row["sent_at"] == "2026-11-02T15:05:00+00:00"
    assert row["received_at"] == "2026-11-02T23:30:00+00:00"
    assert (row["receipt"], row["due_on"]) == ("logged", "2026-11-13")
    issued.cli("plan", "received", document_id, "--at", "2026-11-03T10:00", now=LATER, status=3)
    issued.cli("plan", "return", document_id, "--reason", "Wrong pharmacy", "--at", "2026-11-05", now=LATER)
    returned = issued.status(document_id, "2026-12-24T15:00:00Z")
    assert (returned["state"], returned["overdue"], returned["clock_stopped_by"]) == (
        "returned_with_comments",
        False,
        "returned",
    )


def test_a_wrongly_logged_receipt_is_corrected_and_both_stay_on_record(issued: Office) -> None:
    document_id, cli = issued.documents["bh"], issued.cli
    received = ("plan", "received", document_id)
    why = ("--corrects", "--reason", "The fax of another plan")
    cli(*received, "--at", "2026-11-02T10:30", *why, now=LATER, status=3)
    cli(*received, "--at", "2026-11-02T10:30", now=LATER)
    assert "--corrects" in cli(*received, "--at", "2026-11-03T10:00", now=LATER, status=3).err
    for wrong in (("--corrects",), ("--reason", "x"), ("--never",), ("--never", "--at", "2026-11-03T10:00", *why)):
        cli(*received, *wrong, now=LATER, status=2)
    cli(*received, "--at", "2026-11-01T10:00", *why, now=LATER, status=3)

    assert "(corrected), due 2026-11-13" in cli(*received, "--at", "2026-11-03T10:00", *why, now=LATER).err
    row = issued.status(document_id, LATER)
    assert (row["received_at"], row["due_on"], row["receipt"]) == ("2026-11-03T15:00:00+00:00", "2026-11-13", "logged")
    (correction,) = row["receipt_corrections"]
    assert (correction["was"], correction["reason"]) == ("2026-11-02T15:30:00+00:00", "The fax of another plan")
    assert "2026-11-03*" in cli("status", now=LATER).out
    shown = cli("plan", "show", document_id, now=LATER).out
    assert "The fax of another plan" not in shown, "a reason may name somebody; --json and `audit show` have it"
    assert "receipt was 2026-11-02 10:30 EST" in shown
    history = cli("audit", "show", document_id, now=LATER).out
    assert "Received by the practice, 2026-11-02T" in history
    assert "Receipt corrected: received by the practice, 2026-11-03T" in history

    cli(*received, "--never", *why, now=LATER)
    row = issued.status(document_id, LATER)
    assert (row["received_at"], row["receipt"], len(row["receipt_corrections"])) == (None, "assumed_from_issue", 2)
    cli(*received, "--at", "2026-11-03T11:00", now=LATER)
    issued.cli("plan", "return", document_id, "--reason", "Wrong pharmacy", "--at", "2026-11-03T15:00", now=LATER)
    assert "after it was returned" in cli(*received, "--at", "2026-11-04T10:00", *why, now=LATER, status=3).err
    cli("audit", "verify")


@pytest.mark.parametrize(
    ("received", "due"),
    [("2026-11-19T11:00", "2026-12-01"), ("2026-12-23T11:00", "2027-01-05"), ("2026-12-23T17:01", "2027-01-06")],
)
def test_the_clock_counts_massachusetts_business_days(issued: Office, received: str, due: str) -> None:
    issued.cli("plan", "received", issued.documents["bh"], "--at", received, now="2026-12-29T15:00:00Z")
    assert issued.status(issued.documents["bh"])["due_on"] == due


def test_a_withdrawn_plan_takes_nothing_more(issued: Office) -> None:
    document_id = issued.documents["bh"]
    issued.cli("plan", "withdraw", document_id, "--reason", "Issued for the wrong practice")
    assert issued.status(document_id)["state"] == "withdrawn"
    for command in (
        ("withdraw", document_id, "--reason", "again"),
        (
            "approve",
            document_id,
            "--slot",
            "member",
            "--how",
            "telephone",
            "--on",
            "2026-11-02",
            "--by",
            "Test Coordinator",
        ),
        ("sent", document_id, "--to", "Test Contact", "--channel", "fax", "--at", "2026-11-02T10:05"),
    ):
        issued.cli("plan", *command, status=3)


def test_a_refusal_is_recorded_and_a_later_approval_overrules_it(issued: Office) -> None:
    document_id = issued.documents["bh"]
    refusal = (
        "--offered",
        "read aloud",
        "--by",
        "Test Coordinator",
        "--language",
        "English",
        "--reason",
        "Wants to think",
    )
    issued.cli("plan", "refuse", document_id, "--slot", "member", *refusal, "--on", "2026-11-02")
    refused = issued.status(document_id)
    assert (refused["state"], refused["slots"]["member"]["state"]) == ("refused", "refused")
    issued.cli(
        "plan",
        "approve",
        document_id,
        "--slot",
        "member",
        "--how",
        "visit",
        "--on",
        "2026-11-02",
        "--by",
        "Test Coordinator",
    )
    member = issued.status(document_id)["slots"]["member"]
    assert (member["evidence"], member["on"], member["signed_at"]) == ("recorded_approval", "2026-11-02", None)


def test_a_minors_plan_is_approved_by_who_acts_for_them(office: Office) -> None:
    document_id = office.cli("plan", "issue", office.sample.plans["minor"], "--json").json[0]["document_id"]
    office.cli(
        "plan",
        "approve",
        document_id,
        "--slot",
        "member",
        "--how",
        "visit",
        "--on",
        "2026-11-02",
        "--by",
        "Test Coordinator",
    )
    stated = yaml.safe_load(office.sample.plans["minor"].read_text("utf-8"))["representative"]
    member = office.status(document_id)["slots"]["member"]
    assert (member["role"], member["signer"], member["on_behalf_of"]) == (
        "representative",
        stated["name"],
        stated["relation"],
    )


def chart_notes_allowed(office: Office) -> None:
    payer = office.cli("status", "--json").json[0]["payer"]
    settings = office.cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8") + f'\n[payer."{payer}"]\nchart_notes = true\n', "utf-8")


def test_a_chart_note_counts_only_where_the_payer_allows_it_and_from_who_may_approve(issued: Office) -> None:
    document_id = issued.documents["bh"]
    note = ("--slot", "pcp", "--chart-note", "Reviewed and agreed", "--on", "2026-11-02", "--by", "Test Coordinator")
    npis = issued.sample.npis
    issued.cli("plan", "approve", document_id, *note, "--npi", npis["pcp1"], status=3)
    chart_notes_allowed(issued)
    refused = issued.cli("plan", "approve", document_id, *note, "--npi", npis["lpn1"], status=1)
    assert issued.status(document_id)["state"] == "issued"
    assert refused.err
    issued.cli("plan", "approve", document_id, *note, "--npi", npis["rn1"])
    pcp = issued.status(document_id)["slots"]["pcp"]
    assert (pcp["evidence"], pcp["role"], pcp["on_behalf_of"]) == ("chart_note", "pcp_designee", npis["pcp1"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("approve", "ID", "--slot", "pcp", "--how", "telephone", "--on", "2026-11-02", "--by", "Test Coordinator"),
        ("approve", "ID", "--slot", "member", "--on", "2026-11-02", "--by", "Test Coordinator"),
        (
            "approve",
            "ID",
            "--slot",
            "pcp",
            "--chart-note",
            "x",
            "--npi",
            "123",
            "--on",
            "2026-11-02",
            "--by",
            "Test Coordinator",
        ),
        ("received", "ID", "--at", "yesterday"),
        ("received", "7K3M-9QXW-2RD", "--at", "2026-11-02"),
        ("refuse", "ID", "--slot", "pcp"),
    ],
)
def test_commands_that_make_no_sense_are_a_fault_of_usage(issued: Office, arguments: tuple[str, ...]) -> None:
    named = [issued.documents["bh"] if each == "ID" else each for each in arguments]
    issued.cli("plan", *named, status=2)


def test_a_kill_between_the_record_and_the_outbox_is_finished_by_the_next_command(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(plan_issue, "put_out", die)
        with pytest.raises(Killed):
            office.cli("plan", "issue", office.sample.plans["bh"])
    plans = office.cli.root / "outbox" / "plans"
    assert not list(plans.glob("*/*.pdf"))
    row = office.cli("status", "--json").json[0]
    shown = office.cli("plan", "show", row["document_id"], "--json").json
    assert sha256(Path(shown["file"]).read_bytes()).hexdigest() == shown["sha256"]
    assert Path(shown["cover"]).is_file()
    assert not (plans / outbox.STAGED).exists()


def test_a_kill_before_the_record_leaves_nothing_in_the_outbox(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(plan_issue._Desk, "_record", die)
        with pytest.raises(Killed):
            office.cli("plan", "issue", office.sample.plans["bh"])
    assert office.cli("plan", "list", "--json").json == []
    assert not list((office.cli.root / "outbox" / "plans").glob("*/*.pdf"))
    office.cli("plan", "issue", office.sample.plans["bh"])


def test_a_plan_whose_substance_use_consent_is_missing_isnt_issued(office: Office, tmp_path: Path) -> None:
    bare = version(office, "part2", 1, tmp_path, part2={"applies": True, "consent": None})
    refused = office.cli("plan", "issue", bare, status=1)
    assert "part2" in refused.err


def test_no_message_names_a_member(issued: Office) -> None:
    member = issued.sample.member_ids["bh"]
    document_id = issued.documents["bh"]
    for command in (
        ("plan", "show", document_id),
        ("plan", "list"),
        ("status",),
        ("due",),
        ("plan", "issue", issued.sample.plans["bh"]),
    ):
        result = issued.cli(*command, status=None)
        assert member not in result.out + result.err


def test_a_plan_of_more_pages_than_a_return_may_have_is_not_issued(office: Office) -> None:
    settings = office.cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace("# max_pages = 400", "max_pages = 3"), "utf-8")
    refused = office.cli("plan", "issue", office.sample.plans["bh"], status=3).err
    assert "a return of more than 3 isn't taken back" in refused
    assert "max_pages" in refused
    assert office.cli("plan", "list", "--json").json == []
