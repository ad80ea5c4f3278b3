"""What a plan in two languages costs beside the same plan in English: at most 1.6 times."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpdocs.documents.letter_languages import load_catalogues
from cpdocs.documents.plan_paper import PlanPaper
from cpdocs.documents.plans import render_plan
from tests.documents.papers import SHIPPED, paper

RUNS = 5
TAGS = ("es", "vi", "ru", "km", "ar", "zh-Hans")


def cpu(made: PlanPaper) -> float:
    start = time.process_time()
    render_plan(made, shipped=SHIPPED)
    return time.process_time() - start


def main() -> None:
    english = paper()
    catalogues = load_catalogues((SHIPPED,))
    for tag in TAGS:
        both = replace(english, catalogue=catalogues[tag])
        pairs = [(cpu(both), cpu(english)) for _ in range(RUNS + 1)][1:]
        two_ms, one_ms = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{tag}: {two_ms:.0f} ms, English alone {one_ms:.0f} ms: ratio {ratio:.2f} (wanted: at most 1.6)")


if __name__ == "__main__":
    main()
