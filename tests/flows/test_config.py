"""`cpdocs config`: settings are checked before they are put in place, and explained where they are."""

from __future__ import annotations

import os
from pathlib import Path

from tests.conftest import CommandLine


def test_settings_in_order_say_so(cli: CommandLine) -> None:
    shown = cli("config", "check")
    assert "is in order" in shown.out
    assert cli("config", "check", "--json").json["set"]["organization.state"] == '"MA"'


def test_every_fault_of_a_new_file_is_told_with_its_line_and_the_old_one_stays(
    cli: CommandLine, tmp_path: Path
) -> None:
    text = (cli.root / "cpdocs.toml").read_text("utf-8")
    new = tmp_path / "new.toml"
    new.write_text(text.replace("[intake]", '[intake]\nmax_pages = "many"\nsettel_seconds = 3.0'), "utf-8")
    answer = cli("config", "check", new, status=4)
    assert "max_pages" in answer.err
    assert "settle_seconds" in answer.err
    assert answer.err.count("line ") == 2
    cli("config", "check")


def test_broken_settings_can_be_checked_and_explained_where_no_other_command_runs(cli: CommandLine) -> None:
    settings = cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8") + "\n[nonsense]\nkey = 1\n", "utf-8")
    assert "nonsense" in cli("config", "check", status=4).err
    assert "the file is complete" in cli("config", "explain", "intake.settle_seconds").out
    settings.write_text("not toml at all", "utf-8")
    assert cli("config", "check", status=4).err
    assert "Default: 2.0" in cli("config", "explain", "settle_seconds").out


def test_a_setting_is_explained_with_its_value_here(cli: CommandLine) -> None:
    settings = cli.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace("[health]", "[health]\nheld_days = 9"), "utf-8")
    shown = cli("config", "explain", "health.held_days").out
    assert "Default: 5" in shown
    assert "Here: health.held_days = 9" in shown
    assert cli("config", "explain", "no.such.key", status=2).err


def test_every_key_is_listed_with_what_holds(cli: CommandLine) -> None:
    lines = cli("config", "explain").out.splitlines()
    assert 'organization.city  "Boston"' in lines
    assert "intake.max_pages  400" in lines


def test_what_is_no_settings_file_is_named_and_never_waited_for(cli: CommandLine, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    assert "a pipe" in cli("config", "check", tmp_path / "pipe.toml", status=4).err
    (tmp_path / "huge.toml").write_bytes(b"#" * (1024**2 + 1))
    assert "more than 1 MB" in cli("config", "check", tmp_path / "huge.toml", status=4).err
    (tmp_path / "latin.toml").write_bytes(b'[organization]\nname = "Caf\xe9"\n')
    assert "UTF-8" in cli("config", "check", tmp_path / "latin.toml", status=4).err
    (tmp_path / "empty.toml").touch()
    assert "organization" in cli("config", "check", tmp_path / "empty.toml", status=4).err
