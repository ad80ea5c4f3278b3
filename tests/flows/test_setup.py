"""The administrator's first day: from nothing to a clear `doctor` in one command."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from cpdocs import settings, settings_edit
from cpdocs.system.age import new_key
from tests.conftest import CommandLine
from tests.flows.accounts import machine

pytestmark = pytest.mark.ledger_file

ANSWERS = """
[organization]
name = "Sample Community Partners"
address1 = "12 Sample Street"
city = "Worcester"
state = "MA"
zip = "01608"
phone = "(508) 555-0142"
fax = ""
email = "plans@sample.example.org"
correction_email = "corrections@sample.example.org"
hours = "Monday to Friday, 8:30 a.m. to 5 p.m."
tty = "711"

[[person]]
name = "ada"
full_name = "Ada Sample"
roles = ["administrator", "registrar"]
pin_file = "ada.pin"

[[person]]
name = "ida"
roles = ["issuer"]
pin_file = "ida.pin"

[[person]]
name = "rea"
roles = ["reviewer", "witness"]
pin_file = "rea.pin"

[backup]
recipients = ["{recipient}"]
folder = "{folder}/backup"

[root_key]
carry_to = "{folder}/safe"
"""


def answers(folder: Path, more: str = "") -> Path:
    """The answers, with PIN files and media beside them."""
    for name in ("ada", "ida", "rea"):
        (folder / f"{name}.pin").write_text(f"{name} 482916\n")
        (folder / f"{name}.pin").chmod(0o600)
    (folder / "safe").mkdir(exist_ok=True)
    key = folder / "backup-key.txt"
    recipient = "".join(folder.glob("recipient")) if key.exists() else new_key(key)
    file = folder / "answers.toml"
    if not file.exists():
        file.write_text(ANSWERS.format(recipient=recipient, folder=folder) + more)
    return file


def steps(report: dict[str, Any]) -> dict[str, bool]:
    return {row["step"]: row["done"] for row in report["steps"]}


def test_from_nothing_to_a_clear_doctor_in_one_command(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "ws", now="")
    file = answers(tmp_path)
    report = line("setup", line.root, "--answers", file, "--json", workspace=False).json
    assert report["ok"], report
    said = line("doctor", "--json", status=None).json
    about_this_machine = {"libraries", "fonts", "confinement", "encryption", "disk"}
    bad = [each for each in said["checks"] if each["level"] != "ok" and each["check"] not in about_this_machine]
    assert bad == []
    assert {path.name for path in (tmp_path / "safe").iterdir()} == {"root.p12", "root.pass"}
    assert not list((line.root / "state" / "keys").glob("root*.p12"))
    assert list((tmp_path / "backup").glob("*.age"))
    rows = line("user", "list", "--json").json
    assert {row["user"]: row["roles"] for row in rows} == {
        "ada": ["administrator", "registrar"],
        "ida": ["issuer"],
        "rea": ["reviewer", "witness"],
    }
    line("keys", "crl", "--as", "ida", "--pin-file", tmp_path / "ida.pin")


def test_a_second_run_changes_nothing_and_a_new_answer_is_added(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "ws", now="")
    file = answers(tmp_path)
    line("setup", line.root, "--answers", file, workspace=False)
    before = (line.root / "cpdocs.toml").read_bytes(), len(list((tmp_path / "backup").iterdir()))
    again = line("setup", line.root, "--answers", file, "--json", workspace=False).json
    assert again["ok"]
    assert [row for row in again["steps"] if row["new"]] == []
    assert ((line.root / "cpdocs.toml").read_bytes(), len(list((tmp_path / "backup").iterdir()))) == before
    (tmp_path / "wim.pin").write_text("wim 482916\n")
    (tmp_path / "wim.pin").chmod(0o600)
    file.write_text(file.read_text() + '\n[[person]]\nname = "wim"\nroles = ["witness"]\npin_file = "wim.pin"\n')
    more = line("setup", line.root, "--answers", file, "--json", workspace=False).json
    assert [row["message"] for row in more["steps"] if row["new"]] == ["wim is witness, by ada."]


def test_what_is_left_to_do_is_named(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "ws", now="")
    (tmp_path / "empty.toml").write_text("")
    report = line("setup", line.root, "--answers", tmp_path / "empty.toml", "--json", workspace=False, status=1).json
    assert steps(report) == {
        "workspace": True,
        "organization": False,
        "people": False,
        "issuing key": False,
        "backup": False,
        "root key": False,
    }


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[[person]]\nname = "ada"\nroles = ["boss"]', "person.0.roles"),
        ('[organisation]\nname = "X"', "organisation"),
        ("[backup]\nrecipients = []\nfolder = '/mnt'", "backup.recipients"),
        ("[root_key]\ncarry_to = 'safe'", "root_key.carry_to"),
        ("[service]\nprogram = '/bin/sh -c x'", "service.program"),
    ],
)
def test_answers_that_cant_be_used_do_nothing(tmp_path: Path, text: str, where: str) -> None:
    line = CommandLine(tmp_path / "ws", now="")
    (tmp_path / "a.toml").write_text(text)
    assert where in line("setup", line.root, "--answers", tmp_path / "a.toml", workspace=False, status=3).err
    assert not line.root.exists()


def test_without_a_terminal_answers_are_asked_for(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "ws", now="")
    assert "--answers" in line("setup", line.root, workspace=False, status=2).err


@pytest.mark.parametrize("words", [("letters", "run"), ("letters", "release", "L1"), ("plan", "issue", "plan.yaml")])
def test_nothing_goes_out_under_the_shipped_examples_name(tmp_path: Path, words: tuple[str, ...]) -> None:
    line = CommandLine(tmp_path / "ws", now="")
    line("init", line.root, workspace=False)
    (tmp_path / "plan.yaml").write_text("schema: cpdocs.plan/1\n")
    refused = line(*[tmp_path / each if each.endswith(".yaml") else each for each in words], status=4)
    assert "nothing goes out under its name" in refused.err


def test_an_organizations_name_is_set_and_nothing_else_changed() -> None:
    text = settings.default_text()
    changed = settings_edit.with_organization(text, {"name": 'A "quoted" \\ name', "tty": "800-555-0100"})
    was, now = text.splitlines(), changed.splitlines()
    assert [number for number, (one, other) in enumerate(zip(was, now, strict=True)) if one != other] == [5, 13]
    assert settings.load(changed).senders.organization.name == 'A "quoted" \\ name'


def test_root_sets_up_a_service_account_and_leaves_nothing_of_its_own(tmp_path: Path) -> None:
    with machine("service") as pc:
        folder = pc.folder / "media"
        folder.mkdir()
        service = (
            f'\n[service]\naccount = "{pc.accounts["service"]}"\nstaff_group = "staff"\nprogram = "{pc.program}"\n'
            f'units = "{folder}/units"\nsudoers = "{folder}/sudoers.d"\ncheckpoints = "{folder}/checkpoints"\n'
        )
        file = answers(folder, service)
        root = pc.folder / "srv"
        done = pc.run("root", pc.program, "setup", root, "--answers", file, "--json")
        report = json.loads(done.stdout)
        assert [row["step"] for row in report["steps"] if not row["done"]] == ["service"], done.stderr
        assert {path.stat().st_uid for path in (root, *root.rglob("*"))} == {root.stat().st_uid}
        assert root.owner() == pc.accounts["service"]
        text = (folder / "units" / "cpdocs-watch.service").read_text()
        assert f"User={pc.accounts['service']}" in text
        assert f"ExecStart={pc.program} --workspace {root} watch" in text
        assert "/srv/cpdocs" not in text
        backup = (folder / "units" / "cpdocs-backup.service").read_text()
        assert f"--to {folder}/backup --recipients-file {root}/backup-recipients.txt" in backup
        sudoers = folder / "sudoers.d" / "cpdocs"
        assert sudoers.read_text() == f"%staff ALL=({pc.accounts['service']}) {pc.program}\n"
        assert stat.S_IMODE(sudoers.stat().st_mode) == 0o440
        checked = pc.run("service", pc.program, "--workspace", root, "doctor", "--json")
        assert json.loads(checked.stdout)["ok"], checked.stdout


def test_a_backup_folder_that_the_account_cant_write_is_left_to_do_and_all_else_goes_on(tmp_path: Path) -> None:
    with machine("service") as pc:
        folder = pc.folder / "media"
        folder.mkdir()
        (folder / "backup").mkdir()
        (folder / "backup" / "somebody-elses").touch()
        (folder / "checkpoints").mkdir()
        service = (
            f'\n[service]\naccount = "{pc.accounts["service"]}"\nprogram = "{pc.program}"\n'
            f'units = "{folder}/units"\nsudoers = "{folder}/sudoers.d"\ncheckpoints = "{folder}/checkpoints"\n'
        )
        root = pc.folder / "srv"
        done = pc.run("root", pc.program, "setup", root, "--answers", answers(folder, service), "--json")
        left = {row["step"]: row["message"] for row in json.loads(done.stdout)["steps"] if not row["done"]}
        assert done.returncode == 1
        assert set(left) == {"backup", "service"}
        assert f"{folder}/backup" in left["backup"]
        assert (folder / "units" / "cpdocs-watch.service").exists()
        assert (folder / "backup").owner() == "root"
        assert (folder / "checkpoints").owner() == pc.accounts["service"]
