"""What a verdict on a returned plan costs, against the bare library calls on the same file, by number of tagged pages.

The library validates seal, member's and PCP's signature with its own difference policy; the verdict does that with the
strict one, and everything else that it checks. Wanted: at most 1.3 times the bare calls at any size, 13 pages under one
second and 20 under two. Beyond 5 pages the bare calls are only run with an argument: they take minutes. Then what a
file costs that never ends, and one that unfolds without end: at most the processor time and memory that its child is
given.

All times are of processors: a busy machine doesn't change them.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import resource
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
from cpdocs.sandbox import run as apart
from tests.flows.test_bombs import memory_bomb
from tests.signing import builder
from tests.signing.attacks import structure

RUNS = 7
SIZES = (2, 3, 5, 13, 20)
BARE_UP_TO = 5


def bare(data: bytes) -> None:
    """The library's own validation of every signature."""
    root = x509.Certificate.load(builder.office().root.certificate.public_bytes(serialization.Encoding.DER))
    reader = PdfFileReader(io.BytesIO(data))
    for signature in reader.embedded_signatures:
        status = asyncio.run(
            async_validate_pdf_signature(signature, ValidationContext(trust_roots=[root], other_certs=[]))
        )
        assert status.intact


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    logging.disable(logging.CRITICAL)
    for pages in SIZES:
        plan = builder.issued(pages, rows=24)
        pair = builder.office().one_time(plan.data)
        data = builder.sign(
            builder.sign(plan.data, "MemberSig", pair), "PCPSig", builder.office().clinician(), visible=True
        )
        trust = builder.trust(witnessed=builder.witnessed(pair, plan.data))

        def verdict(data: bytes = data, plan: builder.Issued = plan, trust: object = trust) -> None:
            assert builder.verdict(data, plan=plan, trust=trust).verdict is Verdict.ACCEPTED

        if pages <= BARE_UP_TO or "--all" in sys.argv:
            pairs = [
                (timed(verdict), timed(lambda data=data: bare(data))) for _ in range(RUNS if pages <= BARE_UP_TO else 1)
            ]
            ours, theirs = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            print(
                f"{pages} pages: verdict {ours:.0f} ms, bare calls {theirs:.0f} ms: ratio {ratio:.2f} (wanted: "
                "at most 1.3)"
            )
        else:
            print(f"{pages} pages: verdict {statistics.median(timed(verdict) for _ in range(RUNS)) * 1000:.0f} ms")


def bombs() -> None:
    """What two files cost that would take everything there is, in a child with little."""
    seconds, megabytes = 2.0, 300
    plan, house = builder.issued(), builder.office()
    for name, data in (
        ("one that never ends", structure.entries_of_no_width()),
        ("one that unfolds to 600 MB", memory_bomb(600)),
    ):
        apart.stop()
        given = {"issued": plan.data, "trust": builder.trust(), "received_at": house.now}
        try:
            apart.run_sandboxed(
                "cpdocs.signing.reading:read_signed", data, **given, seconds=seconds, megabytes=megabytes
            )
            ended = "was read"
        except apart.Stopped as stopped:
            ended = f"stopped ({stopped.why})"
        server = apart._server[0].process.pid
        time.sleep(1.5)  # until the server has buried it
        used = sum(
            map(int, Path(f"/proc/{server}/stat").read_text("ascii").rsplit(")", 1)[1].split()[13:15])
        ) / os.sysconf("SC_CLK_TCK")
        apart.stop()
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(
            f"{name} ({len(data)} bytes): {used:.1f} s of {seconds:.0f} s, {most} MB at most with {megabytes} "
            f"MB to take: {ended}"
        )


if __name__ == "__main__":
    main()
    bombs()
