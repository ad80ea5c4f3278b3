"""What beginning a plan and comparing two versions cost: each in a process of its own, start-up included, at most
300 ms of CPU time."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import yaml

from cpdocs.demo.files import write_sample
from tests.conftest import NOW, CommandLine
from tests.flows.conftest import AS_OF

RUNS = 7
WANTED_MS = 300


def cpu(arguments: list[str], root: Path, answer: str = "") -> float:
    """CPU milliseconds of one command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "CPDOCS_NOW": NOW, "CPDOCS_WORKSPACE": str(root)}
    command = [sys.executable, "-m", "cpdocs", *arguments]
    subprocess.run(command, input=answer.encode(), env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "ws"
        sample = write_sample(Path(place), AS_OF)
        cli = CommandLine(root)
        cli("init", root, "--sandbox", workspace=False)
        for table in ("practices", "clinicians", "designations", "roster"):
            cli("import", table, getattr(sample, table))
        first = cli("plan", "issue", sample.plans["bh"], "--json").json[0]["document_id"]
        held = yaml.safe_load(sample.plans["bh"].read_text("utf-8"))
        held["plan"] |= {"version": 2, "reason": "change", "reason_text": "A new goal."}
        file = Path(place) / "next.yaml"
        file.write_text(yaml.safe_dump(held), "utf-8")
        second = cli("plan", "issue", file, "--json").json[0]["document_id"]
        draft = ["plan", "draft", "--program", held["plan"]["program"]]
        for name, arguments, answer in (
            ("plan draft", draft, held["member_id"]),
            ("plan diff", ["plan", "diff", first, second], ""),
        ):
            took = statistics.median(cpu(arguments, root, answer) for _ in range(RUNS))
            print(f"{name}: {took:.0f} ms of CPU (wanted: at most {WANTED_MS})")


if __name__ == "__main__":
    main()
