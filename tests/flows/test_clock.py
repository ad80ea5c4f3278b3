"""A machine's clock that was set back or forward: nothing is dated into the past unseen."""

from __future__ import annotations

import getpass
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cpdocs import wiring
from cpdocs.core.events import EventType, NewEvent
from cpdocs.ledger.events import EventStore
from cpdocs.trail.clock import disproven
from tests.conftest import CommandLine
from tests.tsa import Authority

pytestmark = pytest.mark.ledger_file

USER = getpass.getuser()
LOOKED = NewEvent(EventType.RECORD_ACCESSED, ("workspace:",), {"how": "test"})


@dataclass
class Offset:
    """How far the machine's clock is off; None of it is cpdocs' own doing."""

    by: timedelta = field(default_factory=timedelta)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Offset:
    offset = Offset()
    monkeypatch.setattr(wiring.SystemClock, "true_now", lambda _: datetime.now(UTC) + offset.by)
    return offset


@pytest.fixture
def real(tmp_path: Path, machine: Offset) -> CommandLine:
    line = CommandLine(tmp_path / "real", now="")
    line.init_administered(tmp_path / "pin")
    return line


def checks(cli: CommandLine, name: str) -> list[dict[str, Any]]:
    return [each for each in cli("doctor", "--json", status=None).json["checks"] if each["check"] == name]


def act(cli: CommandLine, pin: Path, *, name: str = "wim", status: int = 0) -> str:
    new = ("--pin-file", pin, "--new-pin-file", pin)
    return cli("user", "add", name, "--role", "witness", *new, status=status).err


def test_a_clock_set_back_records_nothing_and_doctor_and_health_say_why(
    real: CommandLine, machine: Offset, tmp_path: Path
) -> None:
    machine.by = -timedelta(days=31)
    refused = act(real, tmp_path / "pin", status=4)
    assert "30 days later" in refused
    assert "audit clock" in refused
    (said,) = checks(real, "clock")
    assert said["level"] == "fault"
    assert real("health", "--json", status=1).json["checks"]["clock"]["ok"] is False
    machine.by = timedelta()
    act(real, tmp_path / "pin")
    assert real("audit", "verify", "--json").json["clock_steps"] == []


def test_a_clock_that_was_ahead_is_put_right_by_an_administrator_and_stays_on_record(
    real: CommandLine, machine: Offset, tmp_path: Path
) -> None:
    machine.by = timedelta(days=400)
    act(real, tmp_path / "pin")
    machine.by = timedelta()
    act(real, tmp_path / "pin", name="rea", status=4)
    pin = ("--pin-file", tmp_path / "pin")
    assert "enrolled" in real("audit", "clock", "--reason", "flat battery", "--as", "wim", *pin, status=4).err
    real("audit", "clock", "--reason", "flat battery", *pin)
    act(real, tmp_path / "pin", name="rea")
    report = real("audit", "verify", "--json").json
    (step,) = report["clock_steps"]
    assert report["ok"]
    assert step["accepted_by_event"]
    assert step["behind_seconds"] > 399 * 86400
    assert "went back by" in real("audit", "verify").out
    assert [each["level"] for each in checks(real, "clock")] == ["ok", "warning"]


def test_what_was_recorded_by_a_clock_set_back_is_listed_with_what_was_decided(
    real: CommandLine, machine: Offset, tmp_path: Path
) -> None:
    machine.by = -timedelta(days=31)
    clock = wiring.SystemClock()
    store = EventStore.open(real.root / "state" / "ledger.db", clock=clock, user="x", host="x")
    issued = NewEvent(EventType.PLAN_SENT, ("document:AAA",), {"document_id": "AAA"})
    store.append(issued, LOOKED)
    store.close()
    machine.by = timedelta()
    report = real("audit", "verify", "--json", status=1).json
    assert (report["verdict"], [each["code"] for each in report["problems"]]) == ("times_doubtful", ["clock_went_back"])
    (step,) = report["clock_steps"]
    assert [(each["type"], each["documents"]) for each in step["decided_since"]] == [("plan.sent", ["AAA"])]
    assert "can't have been right" in real("audit", "verify", status=1).err
    assert [each["level"] for each in checks(real, "clock")] == ["ok", "warning"]
    assert real("health", "--json", status=1).json["checks"]["clock"]["ok"] is False
    real("audit", "clock", "--reason", "looked at all of them", "--pin-file", tmp_path / "pin")
    assert real("audit", "verify", "--json").json["ok"]


@pytest.mark.parametrize(("off", "said"), [(timedelta(days=3), "was ahead"), (-timedelta(days=3), "was behind")])
def test_a_time_stamp_shows_a_clock_that_was_wrong_beside_it(
    tmp_path: Path, machine: Offset, time_authority: Authority, off: timedelta, said: str
) -> None:
    from cpdocs.signing.timestamps import UrlTimeStamper, token_over

    machine.by = off if off > timedelta() else timedelta()
    line = CommandLine(tmp_path / "ws", now="")
    line("init", line.root, workspace=False)
    ws = wiring.open_workspace(line.root)
    try:
        note = (line("audit", "checkpoint").out).encode()
        (file,) = (line.root / "state" / "checkpoints").glob("*.txt")
        file.with_suffix(".tsr").write_bytes(
            token_over(
                file.read_bytes(), UrlTimeStamper(time_authority.url(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))
            )
        )
        assert note
        machine.by = off
        store = EventStore.open(line.root / "state" / "ledger.db", clock=wiring.SystemClock(), user="x", host="x")
        store.append(LOOKED)
        problems = list(disproven(file.parent, store))
        store.close()
    finally:
        ws.close()
    assert [problem.code for problem in problems] == ["clock_disproven"]
    assert said in problems[0].message
