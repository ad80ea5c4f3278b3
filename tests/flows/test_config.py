"""`cpdocs config`: settings are checked before they are put in place, and explained where they are."""

from __future__ import annotations

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
