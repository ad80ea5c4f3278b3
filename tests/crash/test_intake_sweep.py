"""Returned files at any kill and any failing call: nothing lost, nothing done twice, and the trail verifies.

The short sweep runs with the tests, the whole one by ``make crash``. Each point begins from the same workspace, with one
plan that both have signed waiting in the inbox; after the kill, the next ``intake`` finishes the work.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.crash.kill import FAULTS, count_calls, run_until
from tests.crash.system_calls import sweep as sweep_system_calls
from tests.crash.system_calls import why_not
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk

SHORT_POINTS = 8
ONCE = ("return.received", "return.decided", "plan.filed", "notice.written")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, _issued: tuple[Path, dict[str, str]], sample: object) -> tuple[Desk, str]:
    """A workspace with one returned file in its inbox, and the file's SHA-256."""
    root = tmp_path_factory.mktemp("ready") / "ws"
    shutil.copytree(_issued[0], root)
    desk = Desk(Office(CommandLine(root), sample, _issued[1]))  # type: ignore[arg-type]
    signed = desk.sign_member(desk.sign_pcp(desk.issued_file()))
    desk.drop(signed)
    return desk, sha256(signed.read_bytes()).hexdigest()


@pytest.fixture
def at_return(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CPDOCS_NOW", RETURN)


def check(desk: Desk, file_sha256: str, point: str) -> None:
    """What must be true once the next command has run, wherever the last one died."""
    desk.intake()
    root = desk.root
    kept = root / "state" / "store" / file_sha256[:2] / file_sha256
    assert sha256(kept.read_bytes()).hexdigest() == file_sha256, point
    assert [path for path in (root / "inbox").rglob("*") if path.is_file() and path.name != ".gitkeep"] == [], point
    assert list((root / "state" / "claims").iterdir()) == [], point
    events = desk.events()
    counted = Counter(event.type.value for event in events if event.data.get("kind") != "key_issued")
    assert {name: counted[name] for name in ONCE} == dict.fromkeys(ONCE, 1), point
    assert counted["slot.filled"] == 2, point
    (decided,) = (event for event in events if event.type == "return.decided")
    assert decided.data["verdict"] == "accepted", point
    (notice,) = (event.data for event in events if event.type == "notice.written" and event.data["kind"] == "accepted")
    assert sha256((root / "outbox" / notice["file"]).read_bytes()).hexdigest() == notice["sha256"], point
    assert len(desk.notices(desk.practice())) == 1, point
    packages = [path for path in (root / "outbox" / "ehr").glob("*/*") if path.is_dir() and path.parent.name != ".staged"]
    assert len(packages) == 1, point
    desk.office.cli("verify", packages[0])
    desk.office.cli("audit", "verify")


def sweep(ready: tuple[Desk, str], tmp_path: Path, points: range, fail_with: int = 0) -> int:
    desk, file_sha256 = ready
    tried = 0
    for at in points:
        root = tmp_path / "ws"
        shutil.copytree(desk.root, root)
        ended = run_until(root, ["intake", "--json"], at, fail_with=fail_with)
        tried += 1
        assert ended != 70 or fail_with, f"call {at}"
        check(Desk(Office(CommandLine(root, RETURN), desk.office.sample, desk.office.documents)), file_sha256, f"call {at}: {ended}")
        shutil.rmtree(root)
    return tried


def calls(ready: tuple[Desk, str], tmp_path: Path) -> int:
    root = tmp_path / "counting"
    shutil.copytree(ready[0].root, root)
    return count_calls(root, ["intake", "--json"])


@pytest.mark.usefixtures("at_return")
def test_a_kill_at_some_calls_is_finished_by_the_next_intake(ready: tuple[Desk, str], tmp_path: Path) -> None:
    last = calls(ready, tmp_path)
    assert sweep(ready, tmp_path, range(1, last + 1, max(1, last // SHORT_POINTS))) >= SHORT_POINTS


@pytest.mark.usefixtures("at_return")
def test_a_full_disk_at_some_calls_loses_nothing(ready: tuple[Desk, str], tmp_path: Path) -> None:
    last = calls(ready, tmp_path)
    sweep(ready, tmp_path, range(3, last + 1, max(1, last // 4)), fail_with=28)


@pytest.mark.slow
@pytest.mark.usefixtures("at_return")
def test_a_kill_at_every_call_is_finished_by_the_next_intake(ready: tuple[Desk, str], tmp_path: Path) -> None:
    tried = sweep(ready, tmp_path, range(1, calls(ready, tmp_path) + 1))
    print(f"\n{tried} kills, 0 faults")


@pytest.mark.slow
@pytest.mark.usefixtures("at_return")
@pytest.mark.parametrize("number", FAULTS, ids=[os.strerror(number) for number in FAULTS])
def test_a_failure_of_every_call_loses_nothing(ready: tuple[Desk, str], tmp_path: Path, number: int) -> None:
    tried = sweep(ready, tmp_path, range(1, calls(ready, tmp_path) + 1), fail_with=number)
    print(f"\n{tried} failing calls, 0 faults")


def sweep_by_system_calls(ready: tuple[Desk, str], tmp_path: Path, *, first: int = 1, step: int = 1) -> int:
    """Kills a real ``cpdocs intake`` at its system calls, what SQLite does included; the parsers' children live on."""
    desk, file_sha256 = ready

    def fresh(point: str) -> Path:
        return Path(shutil.copytree(desk.root, tmp_path / point))

    def argv(root: Path) -> list[str]:
        return [sys.executable, "-m", "cpdocs", "--workspace", str(root), "intake", "--json"]

    tried = 0
    for point, root, _ in sweep_system_calls(argv, fresh, tmp_path / "log", first=first, step=step, children=False):
        check(Desk(Office(CommandLine(root, RETURN), desk.office.sample, desk.office.documents)), file_sha256, point)
        shutil.rmtree(root)
        tried += 1
    return tried


@pytest.mark.usefixtures("at_return")
@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_a_kill_at_a_few_system_calls_is_finished_by_the_next_intake(ready: tuple[Desk, str], tmp_path: Path) -> None:
    assert sweep_by_system_calls(ready, tmp_path, first=20, step=90) >= 1


@pytest.mark.slow
@pytest.mark.usefixtures("at_return")
@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_a_kill_at_every_system_call_is_finished_by_the_next_intake(ready: tuple[Desk, str], tmp_path: Path) -> None:
    tried = sweep_by_system_calls(ready, tmp_path)
    print(f"\n{tried} kills, 0 faults")
