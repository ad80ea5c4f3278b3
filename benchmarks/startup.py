"""How long ``cpdocs --help`` takes, against importing click alone: at most three times (README)."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15


def timed(argv: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    ours = [str(Path(sys.executable).with_name("cpdocs")), "--help"]
    theirs = [sys.executable, "-c", "import click"]
    pairs = [(timed(ours), timed(theirs)) for _ in range(RUNS + 1)][1:]
    help_ms, click_ms = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"cpdocs --help {help_ms:.0f} ms, import click {click_ms:.0f} ms: ratio {ratio:.2f} (wanted: at most 3)")


if __name__ == "__main__":
    main()
