"""What a whole run costs: ``cpdocs letters run --roster`` over N invented members, everything it does included.

Processor time of all its processes: reading and recording the roster, the letters, the print file and its count from
its own bytes, manifest, reconciliation, ledger events, copies in outbox/. Two kinds of letter: ``two-pages``, one page
with the notice in every language on its back, and the shipped letter of four pages. ``--letters N`` (600), ``--kind
NAME`` for one kind alone, ``--archive`` for an own tagged file of each letter besides; memory is the most that any one
process had. ``--profile`` prints where the command's own process spends its time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpdocs.core.csvsafe import csv_text
from cpdocs.core.roster_lines import COLUMNS
from cpdocs.demo.people import roster_line

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "benchmarks" / "site"
AS_OF = date(2026, 11, 2)
NOW = "2026-11-02T15:00:00Z"
KINDS = ("two-pages", "assignment")
_SYLLABLES = ("ba", "ko", "mi", "ru", "sel", "tan", "vor", "win", "lu", "dre", "fi", "gon", "hal", "jen", "pur", "que")


def invented(number: int) -> str:
    """A word of two to four syllables that is nobody's name; a million of them differ."""
    digits = sha256(b"%d" % number).digest()
    return "".join(_SYLLABLES[digit % 16] for digit in digits[: 2 + digits[9] % 3]).title()


def member(number: int) -> dict[str, str]:
    """A roster line whose name, address and ZIP are as varied as real ones: hardly any line of a letter comes twice."""
    chance = int.from_bytes(sha256(b"line %d" % number).digest()[:8])
    program = "LTSS" if chance % 3 == 0 else "BH"
    return roster_line(
        number,
        program,
        AS_OF,
        member_id=f"{700_000_000_000 + number}",
        first_name=invented(2 * number),
        last_name=invented(2 * number + 1) + ("" if chance % 7 else "-Specimen"),
        dob=(date(1962, 1, 1) + timedelta(days=chance % 15_000)).isoformat(),
        address1=f"{1 + chance % 1999} {invented(chance % 5000)} Street",
        address2=f"Apt {1 + chance % 90}" if chance % 4 == 0 else "",
        zip=f"{1001 + chance % 400 * 4:05d}",
        pcp_npi="1234567893",
        coordinator=f"Casey {invented(chance % 60)}",
    )


def peak_memory(process: subprocess.Popen[str], found: dict[int, int]) -> None:
    """Notes the most memory of the command and each of its processes (KB by process), until it ends."""
    while process.poll() is None:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                status = dict(
                    line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
                )
            except (OSError, ValueError):
                continue
            pid, parent = int(folder.name), int(status["PPid"])
            if process.pid in (pid, parent) and "VmHWM" in status:
                found[pid] = int(status["VmHWM"].split()[0])
        time.sleep(0.3)


def one_run(folder: Path, kind: str, letters: int, jobs: int, *, profile: bool, archive: bool) -> dict[str, float]:
    """Milliseconds of CPU a letter, seconds, kilobytes a letter, and megabytes: of the command itself and of its
    helpers."""
    workspace = folder / f"{kind}-{letters}"
    command = [sys.executable, "-m", "cpdocs", "--workspace", str(workspace)]
    environment = {**os.environ, "CPDOCS_NOW": NOW}
    subprocess.run(
        [sys.executable, "-m", "cpdocs", "init", str(workspace), "--sandbox"], check=True, capture_output=True
    )
    shutil.copytree(SITE, workspace / "templates", dirs_exist_ok=True)
    settings = workspace / "cpdocs.toml"
    settings.write_text(
        settings.read_text("utf-8").replace("[letters]", f"[letters]\nkinds = {json.dumps(KINDS)}"), "utf-8"
    )
    roster = folder / "roster.csv"
    roster.write_bytes(csv_text(COLUMNS, (member(number) for number in range(letters))).encode())
    if profile:
        command[1:2] = ["-m", "cProfile", "-o", str(folder / f"{kind}.prof"), "-m"]
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    argv = [
        *command,
        "letters",
        "run",
        "--roster",
        str(roster),
        "--kind",
        kind,
        "--jobs",
        str(jobs),
        "--json",
        *(("--archive", "each") if archive else ()),
    ]
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True)
    memory: dict[int, int] = {}
    watching = threading.Thread(target=peak_memory, args=(process, memory))
    watching.start()
    answer = json.loads(process.communicate()[0])
    watching.join()
    if process.returncode:
        raise SystemExit(f"letters run ended with {process.returncode}")
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    own = memory.pop(process.pid)
    if profile:
        import pstats

        pstats.Stats(str(folder / f"{kind}.prof")).sort_stats("tottime").print_stats(45)
    return {
        "pages": answer["pages"] / answer["mailed"],
        "mailed": answer["mailed"],
        "cpu": cpu,
        "ms": cpu * 1000 / letters,
        "seconds": seconds,
        "kb": sum(path.stat().st_size for path in Path(answer["print_file"]).parent.glob("print*.pdf"))
        / 1000
        / letters,
        "own_mb": own / 1024,
        "helper_mb": max(memory.values(), default=0) / 1024,
    }


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--letters", type=int, default=600)
    reading.add_argument("--kind", choices=KINDS)
    reading.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    reading.add_argument("--archive", action="store_true")
    reading.add_argument("--profile", action="store_true")
    options = reading.parse_args()
    # Beside the repository, not in /tmp: a file system in memory would make durable writes free.
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=ROOT))
    try:
        for kind in (options.kind,) if options.kind else KINDS:
            found = one_run(
                folder, kind, options.letters, options.jobs, profile=options.profile, archive=options.archive
            )
            print(
                f"{kind}: {found['mailed']} letters of {found['pages']:.1f} pages with {options.jobs} processes: "
                f"{found['ms']:.2f} ms of CPU a letter ({found['cpu']:.1f} s in {found['seconds']:.1f} s), "
                f"{found['kb']:.2f} KB a letter, "
                f"at most {found['own_mb']:.0f} MB (helpers {found['helper_mb']:.0f} MB)"
            )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
