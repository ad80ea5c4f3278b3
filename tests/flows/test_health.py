"""What a monitor is told."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cpdocs.health.health import Heartbeat, last_beat
from tests.conftest import CommandLine
from tests.flows.test_backup import vault_for
from tests.flows.test_watch import Desk, desk, watching

__all__ = ["desk"]


class SetClock:
    """A clock that a test sets."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def true_now(self) -> datetime:
        return self.at


def beat(cli: CommandLine, age: timedelta = timedelta(0)) -> None:
    from cpdocs.workspace import Paths

    Heartbeat(Paths(cli.root), SetClock(datetime.now(UTC) - age), time.monotonic).beat()


def told(cli: CommandLine) -> dict[str, Any]:
    done = cli("health", "--json", status=None)
    found: dict[str, Any] = done.json
    assert done.status == (0 if found["ok"] else 1)
    return found


@pytest.fixture
def healthy(cli: CommandLine, tmp_path: Path) -> CommandLine:
    vault_for(cli, tmp_path).create()
    beat(cli)
    return cli


def test_where_all_is_at_work_the_answer_is_yes(healthy: CommandLine) -> None:
    assert told(healthy)["ok"]
    assert healthy("health").status == 0


def test_a_new_workspace_has_no_watcher_and_no_backup(cli: CommandLine) -> None:
    found = told(cli)
    assert {name for name, value in found["checks"].items() if not value["ok"]} == {"watch", "backup"}


@pytest.mark.parametrize(
    ("age", "well"), [(timedelta(minutes=9), True), (timedelta(minutes=11), False), (timedelta(hours=-2), False)]
)
def test_a_watcher_that_no_longer_looks_or_a_clock_that_jumped_is_told(
    healthy: CommandLine, age: timedelta, well: bool
) -> None:
    beat(healthy, age)
    assert told(healthy)["checks"]["watch"]["ok"] is well


def test_a_check_that_settings_leave_out_says_yes(cli: CommandLine) -> None:
    settings = cli.root / "cpdocs.toml"
    text = (
        settings.read_text("utf-8")
        .replace("# watch_minutes = 10", "watch_minutes = 0")
        .replace("# max_age_hours = 26", "max_age_hours = 0")
    )
    settings.write_text(text, "utf-8")
    assert told(cli)["ok"]


def test_a_full_disk_is_told(healthy: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1000, 900, 100))  # type: ignore[attr-defined]
    assert not told(healthy)["checks"]["disk"]["ok"]


@pytest.mark.ledger_file
def test_a_lost_ledger_is_told_as_what_it_is(healthy: CommandLine) -> None:
    (healthy.root / "state" / "ledger.db").unlink()
    assert healthy("health", "--json", status=4).out == ""


def test_a_file_held_for_too_long_is_told_without_its_name(healthy: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "Testina Samplewick.txt"
    file.write_bytes(b"nothing of ours")
    healthy("intake", file)
    assert told(healthy)["checks"]["held"]["ok"]
    later = healthy("health", "--json", now="2026-11-12T15:00:00Z", status=1)
    assert not later.json["checks"]["held"]["ok"]
    assert "Samplewick" not in later.out


def test_a_heartbeat_is_written_every_few_seconds_at_most(cli: CommandLine) -> None:
    from cpdocs.workspace import Paths

    clock, ticks = SetClock(datetime(2026, 11, 2, 15, tzinfo=UTC)), iter([0.0, 4.0, 5.0])
    heart = Heartbeat(Paths(cli.root), clock, lambda: next(ticks))
    seen = []
    for minute in range(3):
        clock.at = datetime(2026, 11, 2, 15, minute, tzinfo=UTC)
        heart.beat()
        seen.append(last_beat(Paths(cli.root)))
    assert [at.minute for at in seen if at] == [0, 0, 2]


def test_a_watcher_at_work_beats(desk: Desk) -> None:
    from cpdocs.workspace import Paths

    with watching(desk.root) as it:
        desk.drop(b"something", name="a.txt")
        it.next_taken()
    at = last_beat(Paths(desk.root))
    assert at is not None
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    assert set(json.loads((desk.root / "state" / "heartbeat.json").read_text())) == {"at", "process"}
    assert (desk.root / "state" / "heartbeat.json").stat().st_mode & 0o077 == 0
