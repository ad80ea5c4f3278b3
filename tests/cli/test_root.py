"""The command line as a whole: finds commands, turns errors into exit statuses, shows no data in a defect."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from cpdocs.cli.root import COMMANDS
from cpdocs.core.events import EventType, NewEvent
from cpdocs.demo.files import write_sample
from cpdocs.ledger.events import EventStore
from cpdocs.wiring import open_workspace
from cpdocs.workspace import Workspace
from tests.conftest import NOW, CommandLine
from tests.flows.conftest import AS_OF


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_listed_is_there_and_its_help_leads_with_an_example(name: str, bare_cli: CommandLine) -> None:
    module, attribute, _ = COMMANDS[name]
    assert isinstance(getattr(import_module(f"cpdocs.cli.{module}"), attribute), click.Command)
    shown = bare_cli(name, "--help", workspace=False)
    assert f"cpdocs {name}" in shown.out.replace("Usage: ", "", 1).split("\n", 1)[1]


def test_help_lists_commands_in_the_order_of_the_work(bare_cli: CommandLine) -> None:
    listed = bare_cli("--help", workspace=False).out.split("in the order of the work:")[1]
    positions = [listed.index(f"  {name} ") for name in COMMANDS]
    assert positions == sorted(positions)


def test_help_imports_nothing_that_a_command_needs() -> None:
    heavy = {"weasyprint", "pyhanko", "sqlalchemy", "pydantic", "pikepdf", "rich", "cryptography"}
    code = f"import sys; from cpdocs.cli import run; run(['--help']); print(sorted(set(sys.modules) & {heavy}))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip().endswith("[]")


@pytest.mark.parametrize("command", ["status", "due", "health"])
def test_a_command_that_only_looks_starts_by_the_driver_alone(command: str, cli: CommandLine) -> None:
    heavy = {"sqlalchemy", "pydantic", "pikepdf", "cryptography", "cpdocs.core.plans"}
    cli("status")  # the settings are read for the first time
    code = (
        f"import sys; from cpdocs.cli import run\nrun(['--workspace', {str(cli.root)!r}, {command!r}])\n"
        f"print(sorted(set(sys.modules) & {heavy}), file=sys.stderr)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stderr.strip().endswith("[]"), shown.stderr


@pytest.mark.ledger_file
def test_recording_that_a_plan_was_looked_at_needs_the_driver_alone(cli: CommandLine, tmp_path: Path) -> None:
    """``plan draft`` and ``plan diff`` record who looks before they show anything."""
    sample = write_sample(tmp_path, AS_OF)
    for table in ("practices", "clinicians", "designations", "roster"):
        cli("import", table, getattr(sample, table))
    document_id = cli("plan", "issue", sample.plans["bh"], "--json").json[0]["document_id"]
    member_id = yaml.safe_load(sample.plans["bh"].read_text("utf-8"))["member_id"]
    heavy = {"sqlalchemy", "pydantic", "pikepdf", "weasyprint"}
    for argv, answer in (
        (["draft", "--program", "BH"], f"{member_id}\n"),
        (["diff", document_id, document_id], ""),
    ):
        code = (
            f"import sys; from cpdocs.cli import run\nrun(['--workspace', {str(cli.root)!r}, 'plan', *{argv!r}])\n"
            f"print(sorted(set(sys.modules) & {heavy}), file=sys.stderr)"
        )
        env = {**os.environ, "CPDOCS_NOW": NOW}
        shown = subprocess.run(
            [sys.executable, "-c", code], input=answer, env=env, capture_output=True, text=True, check=True
        )
        assert shown.stdout, shown.stderr  # also of a version beside itself
        assert shown.stderr.strip().endswith("[]"), shown.stderr
    ws = open_workspace(cli.root)
    looked = [event.data["how"] for event in ws.ledger.events(types=(EventType.RECORD_ACCESSED,))]
    ws.close()
    assert looked[-2:] == ["plan draft", "plan diff"]


def test_a_look_at_an_empty_inbox_imports_nothing_that_decides(cli: CommandLine) -> None:
    """The day's first pass asks for what nobody answered, without the renderer where nothing is to be asked; the next
    also without whatever reads a plan, a key or a return."""
    watched = {"weasyprint", "pikepdf", "pyhanko", "sqlalchemy", "pydantic", "cryptography", "cpdocs.core.plans"}
    code = (
        f"import sys; from cpdocs.cli import run\nrun(['--workspace', {str(cli.root)!r}, 'intake'])\n"
        f"print(sorted(set(sys.modules) & {watched}))"
    )
    for imported in (watched - {"weasyprint"}, set()):
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert set(ast.literal_eval(shown.stdout)) <= imported, shown.stdout


def test_a_sandbox_opens_its_ledger_once(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[EventStore] = []

    def counting(place: Any, **options: Any) -> EventStore:
        opened.append(really(place, **options))
        return opened[-1]

    really = EventStore.open
    monkeypatch.setattr(EventStore, "open", counting)
    monkeypatch.setenv("CPDOCS_NOW", NOW)
    ws = open_workspace(cli.root)
    (event,) = ws.ledger.append(NewEvent(EventType.RECORD_ACCESSED, ("workspace:",), {"how": "test"}))
    ws.close()
    assert len(opened) == 1
    assert event.at == datetime.fromisoformat(NOW), "by the fixed clock"


@pytest.mark.parametrize("argv", [("status",), ("audit", "show", "unknown")])
def test_a_command_lets_go_of_the_ledger_at_its_end(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    """Not when the collector finds it: SQLite takes two files of one number for the same while the first is open."""
    opened: list[Workspace] = []

    def keeping(start: Path | None, *, person: str = "") -> Workspace:
        opened.append(open_workspace(start, person=person))
        return opened[-1]

    monkeypatch.setattr("cpdocs.wiring.open_workspace", keeping)
    cli(*argv, status=None)
    assert "ledger" in vars(opened[0])
    held = [
        path
        for path in (os.path.realpath(each) for each in Path("/proc/self/fd").iterdir())
        if path.startswith(str(cli.root))
    ]
    assert held == []


def test_without_a_workspace_a_command_says_how_to_make_one(
    bare_cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CPDOCS_WORKSPACE", raising=False)
    shown = bare_cli("status", workspace=False, status=4)
    assert "cpdocs init" in shown.err
    assert shown.out == ""


def test_a_fixed_clock_outside_a_sandbox_is_refused(bare_cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = bare_cli("init", bare_cli.root, workspace=False, status=2)
    assert "CPDOCS_NOW" in refused.err


def test_a_workspace_is_not_made_twice(cli: CommandLine) -> None:
    again = cli("init", cli.root, "--sandbox", workspace=False, status=3)
    assert "already a workspace" in again.err


def test_an_unknown_option_is_a_usage_error(bare_cli: CommandLine) -> None:
    bare_cli("status", "--nonsense", status=2)


def test_an_unknown_command_is_a_usage_error(bare_cli: CommandLine) -> None:
    bare_cli("letter", status=2)


def test_a_defect_shows_where_and_never_what(monkeypatch: pytest.MonkeyPatch, bare_cli: CommandLine) -> None:
    def broken(*_: object) -> None:
        raise ValueError("Canary McSecret, 100200300400")

    monkeypatch.setattr("cpdocs.wiring.find_workspace", broken)
    shown = bare_cli("status", status=70)
    assert "ValueError" in shown.err
    assert "wiring.py" in shown.err
    assert "Canary" not in shown.err
    assert "100200300400" not in shown.err


def test_settings_with_a_typo_stop_every_command_with_the_line(cli: CommandLine) -> None:
    settings = cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8") + "\n[intake]\n".replace("[intake]", "[intakes]"), "utf-8")
    shown = cli("status", status=4)
    assert "unknown key 'intakes'" in shown.err
    assert "line " in shown.err


def test_a_mistyped_command_gets_the_nearest(cli: CommandLine) -> None:
    assert "Did you mean 'letters'?" in cli("letter", "list", status=2).err
