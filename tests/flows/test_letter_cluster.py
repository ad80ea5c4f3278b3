"""Letters made by the workers of a Dask scheduler: the same print file, even if a worker dies; and never sent where
others listen."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cpdocs.core.options import SchedulerOptions
from cpdocs.errors import UsageFault
from cpdocs.letters import mail_merge as stamps
from cpdocs.letters.cluster import Cluster
from tests.conftest import CommandLine
from tests.letters.letter_rosters import line, write_roster

pytest.importorskip("distributed")

LETTERS = 6


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler on loopback with two workers: its address, and the workers' processes."""
    file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(file), "--no-dashboard"]
    with ExitStack() as until_done:

        def start(module: str, *options: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *common, *options]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            process = subprocess.Popen(command, cwd=tmp_path, **quiet)
            until_done.callback(process.wait)
            until_done.callback(process.kill)
            return process

        start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        while not file.is_file() or not file.read_text("utf-8").endswith("}"):
            time.sleep(0.05)
        address = json.loads(file.read_text("utf-8"))["address"]
        started = [start("dask_worker", "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1") for _ in range(2)]
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=120)
        yield address, started


def test_a_worker_killed_midway_changes_nothing_of_the_print_file(
    cli: CommandLine,
    workers: tuple[str, list[subprocess.Popen[bytes]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, (doomed, survivor) = workers
    notice = cli.root / "templates" / "letters" / "common" / "notice.toml"
    notice.parent.mkdir(parents=True)
    text = "Call {phone} (TTY {tty})."
    notice.write_text(
        f'title = "Free help"\n[[language]]\ntag = "es"\nname = "Español"\nstatus = "draft"\ntext = "{text}"\n', "utf-8"
    )
    twin = CommandLine(tmp_path / "twin")
    shutil.copytree(cli.root, twin.root)
    roster = write_roster(tmp_path / "roster.csv", *(line(number) for number in range(1, LETTERS + 1)))
    here = cli("letters", "run", "--roster", roster, "--json", "--jobs", "1").json
    kept = stamps.MergedLetters._kept
    came: list[object] = []

    def kill_one(self, *item):
        came.append(item)
        if len(came) == 1:
            doomed.send_signal(signal.SIGKILL)
        return kept(self, *item)

    monkeypatch.setattr(stamps, "_CHUNK", 1)
    monkeypatch.setattr(stamps.MergedLetters, "_kept", kill_one)
    there = twin("letters", "run", "--roster", roster, "--json", "--scheduler", address).json
    assert doomed.wait(timeout=60) == -signal.SIGKILL
    assert survivor.poll() is None
    assert len(came) == LETTERS
    assert [file["sha256"] for file in there["print"]["files"]] == [file["sha256"] for file in here["print"]["files"]]
    assert Path(there["manifest"]).read_bytes() == Path(here["manifest"]).read_bytes()


@pytest.mark.parametrize(
    "address", ["tcp://192.0.2.7:8786", "tcp://scheduler.example.org:8786", "tls://127.0.0.1:8786", "127.0.0.1:8786"]
)
def test_members_are_not_sent_where_others_could_listen(cli: CommandLine, address: str) -> None:
    assert cli("letters", "run", "--scheduler", address, status=2).out == ""


def test_plain_tcp_stays_on_this_machine_unless_the_network_is_closed() -> None:
    Cluster("tcp://127.0.0.1:8786", SchedulerOptions()).check()
    Cluster("tcp://192.0.2.7:8786", SchedulerOptions(closed_network=True)).check()
    with pytest.raises(UsageFault):
        Cluster("tcp://192.0.2.7:8786", SchedulerOptions()).check()
