"""What a script may rely on: exit statuses, one JSON document on standard output, workspaces found, files that are no
plan."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpdocs.ledger.events import EventStore
from tests.conftest import CommandLine
from tests.flows.conftest import Office
from tests.flows.returning import SIGN, Desk
from tests.reference import commands

ASKS_OR_RUNS = {
    "cpdocs watch",
    "cpdocs keys protect",
    "cpdocs user pin",
    "cpdocs user remove",
    "cpdocs completion",
    "cpdocs plan draft",
    "cpdocs plan print",
    "cpdocs desk",
}
"""Commands that report nothing but that they are done, or write a script or a plan file."""
STATUS = {
    "document_id",
    "member_id",
    "program",
    "version",
    "state",
    "slots",
    "sent_at",
    "received_at",
    "due_on",
    "overdue",
    "filed_at",
}


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def test_every_command_that_reports_takes_json() -> None:
    without = {
        name
        for name, command in commands()
        if not hasattr(command, "commands") and not any("--json" in each.opts for each in command.params)
    }
    assert without <= ASKS_OR_RUNS


@pytest.mark.parametrize(
    "command",
    [
        ("status",), ("due",), ("plan", "list"), ("letters", "list"), ("held", "list"), ("keys", "list"), ("user",
        "list"),
        ("audit", "verify"), ("file",), ("intake",), ("doctor",),
    ],
)  # fmt: skip
def test_a_report_on_nothing_is_still_one_json_document(cli: CommandLine, command: tuple[str, ...]) -> None:
    assert json.loads(cli(*command, "--json").out) is not None


def test_status_and_audit_have_the_keys_that_tests_read(issued: Office) -> None:
    for row in issued.cli("status", "--json").json:
        assert set(row) >= STATUS
    report = issued.cli("audit", "verify", "--json").json
    assert (report["ok"], report["problems"], report["sandbox"]) == (True, [], True)
    assert {"events", "root", "checkpoints"} <= set(report)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("verify", "nowhere.pdf"), 3),
        (("plan", "check", "nowhere.yaml"), 3),
        (("plan", "issue", "nowhere.yaml"), 3),
        (("import", "roster", "nowhere.csv"), 3),
        (("letters", "run", "--roster", "nowhere.csv"), 3),
        (("plan", "show", "7K3M-9QXW-2RR"), 3),
        (("letters", "show", "2026-11-02-01"), 3),
        (("intake", "nowhere.pdf"), 3),
        (("sign", "nowhere.pdf", "--slot", "pcp", "--key", "nowhere.p12"), 3),
        (("sign", "nowhere.pdf", "--slot", "member"), 2),
        (("plan", "sent"), 2),
        (("due", "--on", "tomorrow"), 2),
        (("frobnicate",), 2),
    ],
)
def test_the_status_tells_usage_from_input(cli: CommandLine, arguments: tuple[str, ...], status: int) -> None:
    done = cli(*arguments, status=status)
    assert done.err
    assert done.out == ""


@pytest.mark.ledger_file
def test_a_misspelt_setting_is_named_with_its_line(cli: CommandLine) -> None:
    settings = cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace("[intake]", "[intake]\nsetle_seconds = 1", 1), "utf-8")
    done = cli("status", status=4)
    assert "setle_seconds" in done.err
    assert "settle_seconds" in done.err


@contextlib.contextmanager
def ledger_in_use(root: Path) -> Iterator[None]:
    connection = sqlite3.connect(root / "state" / "ledger.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.mark.ledger_file
def test_a_ledger_that_another_process_holds_is_busy_and_can_still_be_read(
    issued: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EventStore.open.__kwdefaults__, "busy_seconds", 0.2)
    with ledger_in_use(issued.cli.root):
        done = issued.cli("plan", "withdraw", issued.documents["bh"], "--reason", "test", status=5)
        assert done.out == ""
        assert issued.status(issued.documents["bh"])["state"] == "issued"


def test_a_workspace_is_named_by_option_or_environment_or_found_upwards(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deeper = cli.root / "inbox" / "S01"
    deeper.mkdir()
    monkeypatch.chdir(deeper)
    monkeypatch.delenv("CPDOCS_WORKSPACE", raising=False)
    assert cli("status", "--json", workspace=False).json == []
    monkeypatch.chdir(tmp_path)
    assert "no cpdocs.toml" in cli("status", workspace=False, status=4).err
    monkeypatch.setenv("CPDOCS_WORKSPACE", str(cli.root))
    assert cli("status", "--json", workspace=False).json == []
    monkeypatch.setenv("CPDOCS_WORKSPACE", str(tmp_path))
    assert cli("status", workspace=False, status=4).out == ""
    assert cli("status", "--json").json == [], "--workspace goes before the environment"


def test_the_clock_is_fixed_in_a_sandbox_alone(bare_cli: CommandLine) -> None:
    assert "CPDOCS_NOW" in bare_cli("init", bare_cli.root, workspace=False, status=2).err
    assert not (bare_cli.root / "state").exists()


@pytest.mark.parametrize(
    ("data", "verdict", "code"),
    [(b"", "rejected", "empty_file"), (b"Dear colleague", "held", "not_a_pdf"), (b"%PDF-1.7\n%%EOF\n", "held", None)],
)
def test_verify_gives_any_file_a_verdict(
    issued: Office, tmp_path: Path, data: bytes, verdict: str, code: str | None
) -> None:
    file = tmp_path / "file.pdf"
    file.write_bytes(data)
    row = issued.cli("verify", file, "--json", status=1).json
    assert (row["verdict"], row["document_id"], row["slots_filled"]) == (verdict, None, [])
    assert code is None or code in [each["code"] for each in row["findings"]]


def test_a_plan_comes_back_unsigned_and_nothing_is_filled(desk: Desk) -> None:
    row = desk.take(desk.issued_file())
    assert (row["verdict"], [each["code"] for each in row["findings"]]) == ("held", ["no_signature"])
    shown = desk.office.cli("held", "list", "--json").json
    assert [each["document_id"] for each in shown] == [desk.office.documents["bh"]]


def test_outbox_names_hold_document_ids_and_no_member(desk: Desk) -> None:
    desk.take(desk.sign_member(desk.sign_pcp(desk.issued_file())))
    members = set(desk.office.sample.member_ids.values())
    names = [str(path.relative_to(desk.root)) for path in (desk.root / "outbox").rglob("*")]
    assert any("ehr" in name for name in names)
    assert not any(member in name for name in names for member in members)


def test_filing_leaves_no_stored_file_that_no_event_mentions(desk: Desk) -> None:
    desk.take(desk.sign_member(desk.sign_pcp(desk.issued_file())))
    report = desk.office.cli("audit", "verify", "--json", now="2026-11-05T15:00:00Z").json
    assert (report["ok"], report["unreferenced"]) == (True, 0)


def test_a_representative_who_signs_at_a_visit_stands_in_the_record_and_on_the_certificate(office: Office) -> None:
    rows = office.cli("plan", "issue", office.sample.plans["minor"], "--json").json
    desk = Desk(Office(office.cli, office.sample, {"minor": rows[0]["document_id"]}))
    row = desk.take(desk.sign_member(desk.issued_file("minor")), plan="minor")
    fill = office.status(row["document_id"])["slots"]["member"]
    assert (fill["evidence"], fill["role"]) == ("witnessed_signature", "representative")
    assert fill["signer"] == "Marrow Placeholder"
    assert "of the member" in fill["on_behalf_of"]
    assert fill["how"] == "Sam Sample", "the witness"


@pytest.mark.parametrize("clock", [SIGN, "no time at all"])
def test_an_office_signs_anywhere_whatever_cpdocs_now_says(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: str
) -> None:
    plan = tmp_path / "plan.pdf"
    plan.write_bytes(desk.issued_file().read_bytes())
    key = ("--key", desk.key("pcp1"), "--passphrase-file", desk.passphrase)
    office = tmp_path / "elsewhere"
    office.mkdir()
    monkeypatch.chdir(office)
    monkeypatch.delenv("CPDOCS_WORKSPACE", raising=False)
    done = desk.office.cli(
        "sign", plan, "--slot", "pcp", *key, "-o", office / "signed.pdf", "--json", now=clock, workspace=False
    )
    assert done.json["slot"] == "pcp"
    assert desk.take(office / "signed.pdf")["slots_filled"] == ["pcp"]


def test_member_ids_come_on_standard_input_and_leave_as_four_digits(issued: Office) -> None:
    member = issued.sample.member_ids["bh"]
    note = issued.cli("note", "-", stdin=member + "\n")
    assert "COORDINATION NOTE" in note.out
    done = issued.cli(
        "member", "decline", "--on", "2026-11-02", "--how", "telephone", "--by", "Sam Sample", stdin=member
    )
    assert member not in done.out + done.err
    assert member[-4:] in done.err
    assert issued.status(issued.documents["bh"])["state"] == "withdrawn"
    assert list((issued.cli.root / "outbox" / "notices" / "_health-plans").rglob("*.pdf"))
