"""What it costs to drain an inbox of signed returns on two cores, against the bare validation of the same files.

Every return is a plan of its own, issued for a member of its own and signed by the PCP: taken in, judged, recorded and
answered by two ``cpdocs intake`` side by side. The bare calls validate seal and signature of each file with pyHanko's
own reader and difference policy, and do nothing else. Wanted: the returns are drained at no less than 80 % of the pace
at which two cores make the bare calls. ``--returns N`` sets their number (1,000); ``--of SAMPLE`` how many of them the
bare calls are measured on.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import io
import json
import logging
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from cpdocs.core.csvsafe import csv_text
from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, member_subject, practice_subject
from cpdocs.core.ids import derive_document_id
from cpdocs.core.roster_lines import COLUMNS
from cpdocs.core.verdicts import Slot
from cpdocs.demo.files import write_sample
from cpdocs.demo.people import roster_line
from cpdocs.documents.pdf import Rendered
from cpdocs.documents.plans import render_plan
from cpdocs.keys.organization_keys import load_pair
from cpdocs.signing.keyfiles import KeyPair, read_pkcs12
from cpdocs.signing.seal import seal_plan
from cpdocs.signing.sign import sign_slot, signatory_of
from cpdocs.wiring import open_workspace
from cpdocs.workspace import Workspace
from tests.conftest import CommandLine
from tests.documents.papers import bh_paper

CORES = 2
BIN = Path(sys.executable).parent
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Made:
    """One return: the plan's id and the member's, the sealed plan, and the plan signed."""

    document_id: str
    member_id: str
    sealed: bytes
    signed: bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--returns", type=int, default=1000)
    parser.add_argument("--of", type=int, default=40)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="cpdocs-drain-") as folder:
        root = Path(folder) / "ws"
        now, made = prepare(root, asked.returns)
        sample = random.Random(1).sample(made, min(asked.of, len(made)))
        bare_cpu = asked.returns * bare_seconds(sample)
        wall, cpu, accepted = drain(root, now, made)
        assert accepted == len(made), f"{accepted} of {len(made)} accepted"
    size, pages = len(made[0].signed), len(PdfFileReader(io.BytesIO(made[0].signed)).root["/Pages"]["/Kids"])
    print(f"{len(made)} returns of {size // 1000} kB ({pages} pages), each signed by the PCP:")
    print(
        f"  bare calls {bare_cpu:.0f} s of CPU ({1000 * bare_cpu / len(made):.0f} ms each, measured on {len(sample)})"
    )
    print(f"  drained    {cpu:.0f} s of CPU ({1000 * cpu / len(made):.0f} ms each), {wall:.0f} s by the wall")
    print(
        f"  pace by CPU {100 * bare_cpu / cpu:.0f} % of the bare calls', by the wall "
        f"{100 * bare_cpu / CORES / wall:.0f} % (wanted: 80 %)"
    )


def prepare(root: Path, count: int) -> tuple[str, list[Made]]:
    """A sandbox with ``count`` members and a sealed plan of each on record, its signed copy made; and the time it is
    there."""
    now = datetime.now(UTC).replace(microsecond=0)
    cli = CommandLine(root, now.isoformat())
    cli("init", root, "--sandbox", workspace=False)
    sample = write_sample(root.parent, now.date())
    rows = [
        roster_line(1000 + number, "BH", now.date(), pcp_npi=sample.npis["pcp1"], practice_id="S01")
        for number in range(count)
    ]
    sample.roster.write_text(
        sample.roster.read_text("utf-8") + csv_text(COLUMNS, rows).split("\n", 1)[1], "utf-8", newline=""
    )
    for table in ("practices", "clinicians", "designations", "roster"):
        cli("import", table, getattr(sample, table))
    cli("plan", "issue", sample.plans["bh"])
    passphrase = root.parent / "passphrase"
    passphrase.write_text("correct horse\n", "utf-8")
    passphrase.chmod(0o600)
    key = ("--out", root.parent / "pcp.p12", "--passphrase-file", passphrase)
    cli("keys", "issue", "--npi", sample.npis["pcp1"], "--identity", "badge seen", "--by", "Sam Sample", *key)
    os.environ["CPDOCS_NOW"] = cli.now
    ws = open_workspace(root)
    rendered = render_plan(bh_paper(), shipped=ws.shipped_templates)
    chosen = [(derive_document_id(b"drain", str(number)), row["member_id"]) for number, row in enumerate(rows)]
    with ProcessPoolExecutor(CORES, initializer=_begin, initargs=(root, rendered, now)) as pool:
        made = list(pool.map(_make, chosen, chunksize=20))
    (template,) = ws.ledger.events(types=(EventType.PLAN_ISSUED,))
    for start in range(0, count, 100):
        ws.ledger.append(*(_issued(ws, dict(template.data), each) for each in made[start : start + 100]))
    ws.ledger.close()
    return cli.now, made


def _begin(root: Path, rendered: Rendered, now: datetime) -> None:
    ws = open_workspace(root)
    pcp = read_pkcs12((root.parent / "pcp.p12").read_bytes(), b"correct horse", name="pcp.p12")
    font = (ws.shipped_templates / "fonts" / "NotoSans-Regular.ttf").read_bytes()
    _given.append((load_pair(ws, "seal"), pcp, rendered, font, now))


_given: list[tuple[KeyPair, KeyPair, Rendered, bytes, datetime]] = []
"""What every plan of one process is made with."""


def _make(chosen: tuple[str, str]) -> Made:
    document_id, member_id = chosen
    seal, pcp, rendered, font, now = _given[0]
    sealed = seal_plan(rendered.pdf, rendered.boxes, seal, document_id=document_id, organization="Example", now=now)
    signed = sign_slot(sealed, Slot.PCP, pcp, signatory_of(pcp.certificate), now=now, font=font)
    return Made(document_id, member_id, sealed, signed)


def _issued(ws: Workspace, data: dict[str, JSON], made: Made) -> NewEvent:
    """The plan's event, as that of the sample's plan."""
    data |= {
        "document_id": made.document_id,
        "member_id": made.member_id,
        "sha256": ws.blobs.put(made.sealed),
        "size": len(made.sealed),
    }
    return NewEvent(
        EventType.PLAN_ISSUED,
        (
            document_subject(made.document_id),
            member_subject(made.member_id),
            practice_subject(str(data["practice_id"])),
        ),
        data,
    )


def bare_seconds(made: list[Made]) -> float:
    """Seconds of CPU that the library alone takes for one file, on the mean."""

    def validate(data: bytes) -> None:
        reader = PdfFileReader(io.BytesIO(data))
        for signature in reader.embedded_signatures:
            root = x509.Certificate.load(signature.signer_cert.dump())
            status = asyncio.run(async_validate_pdf_signature(signature, ValidationContext(trust_roots=[root])))
            assert status.intact

    validate(made[0].signed)
    start = time.process_time()
    for each in made:
        validate(each.signed)
    return (time.process_time() - start) / len(made)


def drain(root: Path, now: str, made: list[Made]) -> tuple[float, float, int]:
    """Seconds by the wall, seconds of CPU of everything that was started, and how many returns were accepted."""
    settings = root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace("[intake]\n", "[intake]\nsettle_seconds = 0\n", 1), "utf-8")
    folder = root / "inbox" / "S01"
    folder.mkdir(exist_ok=True)
    for each in made:
        (folder / f"{each.document_id}.pdf").write_bytes(each.signed)
    # What outlives the command that started it (the server of the confined children) is ours to wait for, and is
    # counted.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    command = [str(BIN / "cpdocs"), "--workspace", str(root), "intake", "--json"]
    workers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "CPDOCS_NOW": now}) for _ in range(CORES)
    ]
    with ThreadPoolExecutor(CORES) as pool:
        answers = list(pool.map(lambda worker: worker.communicate()[0], workers))
    wall = time.perf_counter() - start
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    rows = [row for answer in answers for row in json.loads(answer)]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, len({row["sha256"] for row in rows if row["verdict"] == "accepted"})


if __name__ == "__main__":
    main()
