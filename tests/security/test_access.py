"""Who may do what, who saw what, and who can read what is left behind."""

from __future__ import annotations

import getpass
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from cpdocs import cli as command_line
from cpdocs.core.clock import eastern_date
from tests.conftest import CommandLine
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk
from tests.reference import commands
from tests.scans import fax
from tests.security.conftest import events, real_now

pytestmark = pytest.mark.ledger_file

USER = getpass.getuser()
SAID = ("--on", eastern_date(real_now()).isoformat(), "--by", "Sam Sample")

GUARDED: dict[str, tuple[str, tuple[str, ...]]] = {
    # command: (the role it asks for, arguments that get as far as asking; {} is filled in below)
    "held accept": (
        "reviewer",
        ("{item}", "--reason", "read", "--slot", "member", "--signed-on", SAID[1], "--by", "Sam Sample"),
    ),
    "held reject": ("reviewer", ("{item}", "--reason", "unreadable")),
    "held close": ("reviewer", ("{item}", "--reason", "sent twice")),
    "held split": ("reviewer", ("{item}", "--pages", "1", "--document", "{plan}", "--reason", "seen by eye")),
    "held return": ("reviewer", ("{item}", "--reason", "asks for another pharmacy")),
    "plan unapprove": ("reviewer", ("{plan}", "--slot", "member", "--reason", "read from the wrong page")),
    "plan approve pcp": ("reviewer", ("{plan}", "--slot", "pcp", "--chart-note", "Agreed", "--npi", "{npi}", *SAID)),
    "plan approve": ("witness", ("{plan}", "--slot", "member", "--how", "telephone", *SAID)),
    "sign": ("witness", ("{file}", "--slot", "member", "--in-person", "--witness", "Wim Witness")),
    "keys issue": (
        "issuer",
        ("--npi", "{npi}", "--identity", "seen", "--by", "Sam Sample", "--out", "{out}", "--passphrase-file", "{pin}"),
    ),
    "keys revoke": ("issuer", ("{serial}", "--reason", "superseded")),
    "keys crl": ("issuer", ()),
    "keys pin": ("issuer", ("{certificate}", "--npi", "{npi}", "--identity", "fingerprint read back")),
    "keys rotate": ("issuer", ("seal", "--reason", "ends soon", "--by", "Sam Sample")),
    "keys renew": ("issuer", ("{serial}", "--by", "Sam Sample", "--out", "{out}", "--passphrase-file", "{pin}")),
    "keys protect": ("issuer", ()),
    "keys import-ca": ("issuer", ("{authority}", "--vouches-for", "npi-in-serial-number", "--by", "Sam Sample")),
    "letters hold release": ("reviewer", ("{plan}", "--reason", "another person")),
    "keys drop-ca": ("issuer", ("5e11a1", "--reason", "contract ended", "--by", "Sam Sample")),
}
ADMINISTRATORS = {"user add", "user remove", "user reset"}
"""Commands that only an administrator's PIN lets through (tests/people tries each)."""
KEEPERS = {"import clinicians", "import designations"}
"""Commands that a registrar or an administrator may use."""
ABOUT_PINS = {"user pin", "init", "setup", *ADMINISTRATORS, *KEEPERS}
"""Commands that take a PIN file since they set the PIN itself, and those that have tests of their own."""


def stray_fax() -> bytes:
    """A page whose codes can't be read: it belongs to no plan that we could tell."""
    return fax.tiff([fax.faxed(fax.printed_page(None))])


@pytest.mark.parametrize("command", GUARDED)
def test_what_approves_overrides_or_issues_keys_asks_for_its_role_and_pin(
    real: CommandLine, ready: dict[str, Any], command: str
) -> None:
    role, arguments = GUARDED[command]
    words = [*command.removesuffix(" pcp").split(), *(word.format(**ready) for word in arguments)]
    before = len(events(real.root))
    assert f"not enrolled as {role}" in real(*words, "--pin-file", ready["pin"], status=4).err
    real("user", "add", USER, "--role", role, "--full-name", "Wim Witness", "--pin-file", ready["pin"])
    assert "no terminal to ask at" in real(*words, status=2).err
    assert "not the PIN" in real(*words, "--pin-file", ready["wrong"], status=4).err
    assert [event.type.value for event in events(real.root)[before:]] == ["user.enrolled", "pin.refused"]
    outcome = real(*words, "--pin-file", ready["pin"], status=None)
    assert "enrolled as" not in outcome.err
    assert "PIN" not in outcome.err or outcome.status == 0, outcome.err


def test_every_command_that_takes_a_pin_is_in_that_table() -> None:
    taking = {
        name.removeprefix("cpdocs ")
        for name, command in commands()
        if any("--pin-file" in each.opts for each in command.params)
    }
    assert taking - ABOUT_PINS - {"audit clock"} == {name.removesuffix(" pcp") for name in GUARDED}


@pytest.mark.parametrize("table", ["clinicians", "designations"])
def test_on_whom_approval_rests_is_imported_by_a_registrar_or_an_administrator(
    real: CommandLine, ready: dict[str, Any], table: str
) -> None:
    own, new = ("--pin-file", ready["pin"]), ("--new-pin-file", ready["pin"])
    for name, role in (("wim", "witness"), ("rea", "registrar")):
        real("user", "add", name, "--role", role, *own, *new)
    before = len(events(real.root))
    refused = real("import", table, ready[table], "--as", "wim", *own, status=4)
    assert "not enrolled as registrar or administrator" in refused.err
    assert "--role registrar" in refused.err
    assert "no terminal to ask at" in real("import", table, ready[table], status=2).err
    assert len(events(real.root)) == before
    real("import", table, ready[table], "--as", "rea", *own)
    assert events(real.root)[-1].person == "rea"
    real("import", table, ready[table], *own)


def test_in_an_emergency_somebody_enrolled_may_accept_and_it_is_told(real: CommandLine, ready: dict[str, Any]) -> None:
    accept = (
        "held",
        "accept",
        ready["item"],
        *GUARDED["held accept"][1][1:],
        *("--seen-by-eye", "a faint pen"),
        "--break-glass",
        "the reviewer is in hospital",
    )
    assert "not enrolled" in real(*accept, "--as", "nobody", "--pin-file", ready["pin"], status=4).err
    real("user", "add", USER, "--role", "witness", "--pin-file", ready["pin"])
    assert "not the PIN" in real(*accept, "--pin-file", ready["wrong"], status=4).err
    assert real(*accept, "--pin-file", ready["pin"], "--json").json["slots_filled"] == ["member"]
    (glass,) = [event for event in events(real.root) if event.type.value == "glass.broken"]
    assert glass.data == {"role": "reviewer", "how": "held accept", "reason": "the reviewer is in hospital"}
    assert f"document:{ready['plan']}" in glass.subjects
    assert "EMERGENCY" in real("audit", "show", ready["plan"]).out
    warned = [each for each in real("doctor", "--json", status=None).json["checks"] if each["check"] == "emergency"]
    assert len(warned) == 1
    assert USER in warned[0]["message"]


def test_an_emergency_makes_no_reviewer_of_an_issuer(real: CommandLine, ready: dict[str, Any]) -> None:
    real("user", "add", USER, "--role", "issuer", "--pin-file", ready["pin"])
    accept = ("held", "accept", ready["item"], *GUARDED["held accept"][1][1:], "--break-glass", "nobody is here")
    assert "in an emergency too" in real(*accept, "--pin-file", ready["pin"], status=4).err
    assert "glass.broken" not in {event.type.value for event in events(real.root)}


def test_an_emergency_lets_nobody_sign_who_may_not(issued: Office) -> None:
    desk = Desk(issued)
    row = desk.take(stray_fax(), name="fax.tif", practice="")
    accept = (
        "held",
        "accept",
        row["sha256"][:12],
        "--document",
        issued.documents["bh"],
        "--break-glass",
        "urgent",
        "--reason",
        "urgent",
    )
    attested = ("--slot", "pcp", "--npi", issued.sample.npis["lpn1"], "--signed-on", "2026-11-03", "--by", "Sam Sample")
    assert "may not approve" in issued.cli(*accept, *attested, now=RETURN, status=1).err
    assert desk.events("glass.broken", "slot.filled") == []


@pytest.mark.parametrize(
    ("words", "how", "subject"),
    [
        (("plan", "show", "{plan}"), "plan show", "document:{plan}"),
        (("note", "{plan}"), "note", "member:{member}"),
        (("audit", "show", "{plan}"), "audit show", "document:{plan}"),
        (("audit", "export", "{folder}"), "audit export", "workspace:"),
        (("held", "show", "{item}"), "held show", "return:{sha256}"),
        (("held", "show", "{item}", "--save", "{copy}"), "held show --save", "return:{sha256}"),
    ],
)
def test_a_view_or_an_export_is_an_event(
    issued: Office, tmp_path: Path, words: tuple[str, ...], how: str, subject: str
) -> None:
    desk = Desk(issued)
    row = desk.take(stray_fax(), name="fax.tif", practice="")
    files = {"folder": tmp_path / "trail", "copy": tmp_path / "copy.tif"}
    ids = {
        "plan": issued.documents["bh"],
        "member": issued.sample.member_ids["bh"],
        "item": row["sha256"][:12],
        "sha256": row["sha256"],
    }
    names = {**files, **ids}
    issued.cli(*(word.format(**names) for word in words), now=RETURN)
    (seen,) = desk.events("record.accessed")
    assert (seen.data, subject.format(**names) in seen.subjects) == ({"how": how}, True)
    assert (seen.user, seen.host) != ("", "")


def test_what_cant_be_recorded_isnt_shown(issued: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from cpdocs.errors import WorkspaceFault
    from cpdocs.ledger.events import EventStore

    def full(*_: object) -> None:
        raise WorkspaceFault("The disk is full.")

    monkeypatch.setattr(EventStore, "append", full)
    shown = issued.cli("note", issued.documents["bh"], status=4)
    assert shown.out == ""


@pytest.mark.parametrize(
    "words",
    [("status",), ("due",), ("plan", "list"), ("held", "list"), ("audit", "verify"), ("keys", "list"), ("doctor",)],
)
def test_a_list_and_a_proof_write_nothing(issued: Office, words: tuple[str, ...]) -> None:
    desk = Desk(issued)
    before = len(desk.events())
    issued.cli(*words, status=None)
    assert len(desk.events()) == before


def test_verify_writes_nothing_even_under_changed_settings(issued: Office) -> None:
    desk = Desk(issued)  # which changes settings
    state = {
        path: (path.stat().st_mtime_ns, path.stat().st_size)
        for path in (desk.root / "state").rglob("*")
        if path.is_file() and path.parent.name != "derived"
    }
    issued.cli("verify", desk.issued_file(), status=None)
    after = {
        path: (path.stat().st_mtime_ns, path.stat().st_size)
        for path in (desk.root / "state").rglob("*")
        if path.is_file() and path.parent.name != "derived"
    }
    assert {path.name for path in after if after[path] != state.get(path)} <= {"ledger.db-shm", "ledger.db-wal"}


def test_changed_settings_are_recorded_once_by_the_next_command_that_writes(issued: Office) -> None:
    desk = Desk(issued)
    (first,) = desk.events("settings.seen")
    assert "organization" in first.data["changed"], "as init wrote them"
    issued.cli("status")
    assert len(desk.events("settings.seen")) == 1
    for _ in range(2):
        issued.cli("plan", "show", issued.documents["bh"])
        assert [event.data["changed"] for event in desk.events("settings.seen")][1:] == [["intake"]]


def test_everything_that_the_road_leaves_is_for_its_owner_alone(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(argv: list[str]) -> int:
        os.umask(0)  # as a careless shell has it
        return command_line.run(argv)

    monkeypatch.setattr("tests.conftest.run", careless)
    cli, outside = office.cli, tmp_path / "outside"
    shutil.rmtree(cli.root)
    cli("init", cli.root, "--sandbox", workspace=False)
    for table in ("practices", "clinicians", "designations"):
        cli("import", table, getattr(office.sample, table))
    run = cli("letters", "run", "--roster", office.sample.roster, "--json").json["run_id"]
    cli("letters", "release", run)
    cli("letters", "mailed", run, "--on", "2026-11-02")
    rows = cli("plan", "issue", office.sample.plans["bh"], "--json").json
    desk = Desk(Office(cli, office.sample, {"bh": rows[0]["document_id"]}))
    desk.drop(desk.sign_pcp(desk.sign_member(desk.issued_file())))
    desk.drop(stray_fax(), name="fax.tif")
    desk.intake()
    cli("keys", "crl")
    cli("plan", "withdraw", desk.office.documents["bh"], "--reason", "a test")
    cli("held", "show", cli("held", "list", "--json").json[0]["id"], "--save", outside / "copy.tif")
    cli("audit", "checkpoint")
    cli("audit", "export", outside / "trail")
    made = [
        cli.root,
        *cli.root.rglob("*"),
        outside,
        *outside.rglob("*"),
        *tmp_path.glob("*.p12"),
        *tmp_path.glob("*.pdf"),
    ]
    ours = [path for path in made if path not in (desk.inbox, *desk.inbox.rglob("*"))]
    assert {path.parent.name for path in ours} >= {"keys", "letters", "notices", "ehr", "checkpoints", "outside"}
    loose = {
        str(path): oct(mode)
        for path in ours
        if (mode := stat.S_IMODE(path.stat().st_mode)) != (0o700 if path.is_dir() else 0o600)
    }
    assert loose == {}
