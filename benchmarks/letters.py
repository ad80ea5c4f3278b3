"""What a letter costs: our whole press against the bare WeasyPrint call for the same HTML."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import weasyprint

from tests.documents.letter_samples import SHIPPED, letter, press

RUNS = 9


def cpu(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def main() -> None:
    ours = press()
    sample = letter()
    address = ours.address(sample)
    assert address is not None
    html = ours.html(sample, address)
    sheets = [SHIPPED / name for name in ours.kind(sample.kind).stylesheets]

    def bare() -> object:
        return weasyprint.HTML(string=html, base_url=str(SHIPPED)).write_pdf(
            stylesheets=[weasyprint.CSS(filename=sheet) for sheet in sheets], pdf_identifier=b"bare"
        )

    pairs = [(cpu(lambda: ours.make(sample)), cpu(bare)) for _ in range(RUNS + 1)][1:]
    ours_ms, bare_ms = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"a letter of four pages, tagged and preflighted {ours_ms:.0f} ms, bare WeasyPrint untagged {bare_ms:.0f} ms: ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
