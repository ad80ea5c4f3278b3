"""What a verdict on a returned plan costs, against the bare library calls on the same file, by number of tagged pages.

The library validates seal, member's and PCP's signature with its own difference policy; the verdict does that with the
strict one, and everything else that it checks. Wanted: at most 1.3 times the bare calls at any size, 13 pages under one
second and 20 under two. Beyond 5 pages the bare calls are only run with an argument: they take minutes.
"""

from __future__ import annotations

import asyncio
import io
import logging
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from asn1crypto import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from cpdocs.core.verdicts import Verdict
from tests.signing import builder

RUNS = 7
SIZES = (2, 3, 5, 13, 20)
BARE_UP_TO = 5


def bare(data: bytes) -> None:
    """The library's own validation of every signature."""
    root = x509.Certificate.load(builder.office().root.certificate.public_bytes(serialization.Encoding.DER))
    reader = PdfFileReader(io.BytesIO(data))
    for signature in reader.embedded_signatures:
        status = asyncio.run(async_validate_pdf_signature(signature, ValidationContext(trust_roots=[root], other_certs=[])))
        assert status.intact


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    logging.disable(logging.CRITICAL)
    for pages in SIZES:
        plan = builder.issued(pages, rows=24)
        pair = builder.office().one_time(plan.data)
        data = builder.sign(builder.sign(plan.data, "MemberSig", pair), "PCPSig", builder.office().clinician(), visible=True)
        trust = builder.trust(witnessed=builder.witnessed(pair, plan.data))

        def verdict(data: bytes = data, plan: builder.Issued = plan, trust: object = trust) -> None:
            assert builder.verdict(data, plan=plan, trust=trust).verdict is Verdict.ACCEPTED

        if pages <= BARE_UP_TO or "--all" in sys.argv:
            pairs = [(timed(verdict), timed(lambda data=data: bare(data))) for _ in range(RUNS if pages <= BARE_UP_TO else 1)]
            ours, theirs = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            print(f"{pages} pages: verdict {ours:.0f} ms, bare calls {theirs:.0f} ms: ratio {ratio:.2f} (wanted: at most 1.3)")
        else:
            print(f"{pages} pages: verdict {statistics.median(timed(verdict) for _ in range(RUNS)) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
