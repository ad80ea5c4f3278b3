"""What waits in the inbox: memory by the number of files that wait, and how long a settled file waits for its verdict.

Memory: ``cpdocs intake`` in a process of its own drains few files and ten times as many; the ratio of its peaks is to
stay near 1. Latency: from the look at which a signed plan has settled to the event that records its verdict, against
the verdict alone (``judge``), file by file in one process; wanted is less than 1.2. Processor time is this process's
and its children's.

    python benchmarks/inbox.py            100 and 1,000 files
    python benchmarks/inbox.py 1000       1,000 and 10,000
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from cpdocs.demo.files import write_sample
from cpdocs.returns import judging, receiving, worker
from cpdocs.returns.watcher import intake_pass
from cpdocs.wiring import open_workspace
from tests.conftest import NOW, CommandLine
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk

FEW = 100
SIGNED = 12


def main() -> None:
    few = int(sys.argv[1]) if len(sys.argv) > 1 else FEW
    with tempfile.TemporaryDirectory() as folder:
        memory(Path(folder), few)
        latency(Path(folder))


def memory(folder: Path, few: int) -> None:
    """The peak of a process that drains ``few`` files, and ten times as many."""
    peaks = []
    for number in (few, 10 * few):
        root = folder / f"waiting-{number}"
        CommandLine(root)("init", root, "--sandbox", workspace=False)
        for name in range(number):
            (root / "inbox" / f"{name}.txt").write_bytes(b"letter %d" % name)
        command = [sys.executable, "-m", "cpdocs", "--quiet", "--workspace", str(root), "intake", "--json"]
        started = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "CPDOCS_NOW": NOW}) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        assert not any((root / "inbox").glob("*.txt"))
        seconds = time.monotonic() - started
        cpu = (used.ru_utime + used.ru_stime) * 1000 / number
        print(
            f"{number} files drained: peak {used.ru_maxrss // 1024} MB, {cpu:.0f} ms CPU a file (parsers "
            f"aside), {seconds:.0f} s"
        )
        peaks.append(used.ru_maxrss)
    print(
        f"peak memory, ten times as many files against few: ratio {peaks[1] / peaks[0]:.2f} (wanted: it doesn't grow)"
    )


def latency(folder: Path) -> None:
    """Settled to recorded verdict, and the verdict by itself, for signed plans dropped one after the other."""
    sample = write_sample(folder / "sample", date.fromisoformat(NOW[:10]))
    cli = CommandLine(folder / "ws")
    cli("init", cli.root, "--sandbox", workspace=False)
    for table in ("practices", "clinicians", "designations", "roster"):
        cli("import", table, getattr(sample, table))
    (issued,) = cli("plan", "issue", sample.plans["bh"], "--json").json
    desk = Desk(Office(cli, sample, {"bh": issued["document_id"]}))
    os.environ["CPDOCS_NOW"] = RETURN
    moments: dict[str, float] = {}

    def noting(module: Any, name: str, before: str, after: str) -> None:
        real = getattr(module, name)

        def call(*given: Any, **named: Any) -> Any:
            moments.setdefault(before, time.perf_counter())
            answer = real(*given, **named)
            moments[after] = time.perf_counter()
            return answer

        setattr(module, name, call)

    noting(worker, "claimed", "settled", "claimed")
    noting(receiving, "decide", "deciding", "decided")
    noting(receiving, "judge", "judging", "judged")
    ws = open_workspace(cli.root)
    ratios, verdicts, waits = [], [], []
    for number in range(SIGNED + 1):
        # A new signature each time: the same bytes would not be judged again.
        desk.drop(
            desk.sign_pcp(desk.issued_file(), name=f"signed-{number}.pdf", now=f"2026-11-03T15:{number:02}:00Z"),
            name=f"{number}.pdf",
        )
        moments.clear()
        (taken,) = intake_pass(ws)
        assert taken.record.verdict == "accepted"  # type: ignore[union-attr]
        if number:  # the first one starts the parsers' server
            verdict, wait = moments["judged"] - moments["judging"], moments["decided"] - moments["settled"]
            verdicts.append(verdict * 1000)
            waits.append(wait * 1000)
            ratios.append(wait / verdict)
    assert judging.judge is not receiving.judge
    print(
        f"settled to verdict {statistics.median(waits):.0f} ms, the verdict alone "
        f"{statistics.median(verdicts):.0f} ms: "
        f"ratio {statistics.median(ratios):.2f} (wanted: less than 1.2; least {min(ratios):.2f}, most "
        f"{max(ratios):.2f})"
    )
    print(f"peak of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
