"""How long a plan takes to render, against the bare WeasyPrint call for the same HTML: at most 1.15 times (README)."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import weasyprint

from cpdocs.documents.marks import page_codes
from cpdocs.documents.pdf import to_pdf
from cpdocs.documents.plans import PLAN_SHEETS, write_plan
from tests.documents.papers import ISSUED_AT, SHIPPED, paper

RUNS = 9


def cpu(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def main() -> None:
    what = paper()
    html = write_plan(what, shipped=SHIPPED).html
    sheets = [SHIPPED / name for name in PLAN_SHEETS]

    def ours() -> object:
        return to_pdf(
            html,
            folders=(SHIPPED,),
            profile="plan",
            identifier=what.document_id,
            created=ISSUED_AT,
            stylesheets=PLAN_SHEETS,
            painters=lambda page, pages: page_codes(what.document_id, page, pages),
        )

    def bare() -> object:
        return weasyprint.HTML(string=html, base_url=str(SHIPPED)).write_pdf(
            stylesheets=[weasyprint.CSS(filename=sheet) for sheet in sheets],
            pdf_variant="pdf/a-2a",
            pdf_identifier=b"bare",
        )

    pairs = [(cpu(ours), cpu(bare)) for _ in range(RUNS + 1)][1:]
    ours_ms, bare_ms = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"a plan {ours_ms:.0f} ms, bare WeasyPrint {bare_ms:.0f} ms: ratio {ratio:.2f} (wanted: at most 1.15)")


if __name__ == "__main__":
    main()
