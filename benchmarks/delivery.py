"""What a delivery costs before it leaves: the PDF for the chart, each message at 300 KB, and what a start imports.

Wanted: an MDM in at most 3 ms, a plan's PDF for the chart composed in at most 120 ms, and no HL7 library, HTTP client,
SSH or pydantic at the start. ``.venv/bin/python benchmarks/delivery.py``
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpdocs.core.places import Place
from cpdocs.delivery.document import Document
from cpdocs.delivery.fhir_resources import document_reference
from cpdocs.delivery.hl7_message import original
from cpdocs.delivery.xdm import xdm_zip

if TYPE_CHECKING:
    from cpdocs.filing.rendition import Upload

HEAVY = ("hl7apy", "hl7", "paramiko", "asyncssh", "smtplib", "http.client", "pydantic")


DOCUMENT = Document(
    document_id="7K3M-9QXW-2RC",
    delivery_id="0123456789ABCDEF0123",
    version=1,
    program="BH",
    document_type="BH Plan",
    title="Treatment Plan",
    description="Treatment Plan (BH CP)",
    plan_date=date(2026, 11, 1),
    signed_on=date(2026, 11, 3),
    queued_at=datetime(2026, 11, 3, 15, tzinfo=UTC),
    mrn="12345678",
    last_name="Sample",
    first_name="Ana",
    middle_name="",
    dob=date(1980, 1, 2),
    sex="F",
    signer="Sample Clinician",
    signer_npi="1234567893",
    practice_id="P1",
    practice="Sample Practice",
    organization="Example Community Partners",
    part2=False,
    file_name="7K3M-9QXW-2RC.pdf",
    pdf=b"%PDF" + bytes(range(256)) * 1200,
    pages=3,
)
"""A filed plan of an invented member, 300 KB."""


def best(work: Callable[[], object], times: int = 50) -> float:
    """The quickest of so many runs, in milliseconds."""
    found = []
    for _ in range(times):
        begun = perf_counter()
        work()
        found.append((perf_counter() - begun) * 1000)
    return min(found)


def pdf_for_the_chart() -> Callable[[], object]:
    """Composes a plan of seven pages that both have signed: what is no longer true out, signatures and lines in."""
    from cpdocs.core.verdicts import Evidence, Slot
    from cpdocs.documents.certificate import render_certificate
    from cpdocs.documents.filed_bands import FiledBand, render_bands
    from cpdocs.documents.plans import render_plan
    from cpdocs.filing.rendition import compose, stamp
    from cpdocs.signing.seal import seal_plan
    from cpdocs.signing.sign import sign_slot, signatory_of
    from tests.documents.papers import DOCUMENT_ID, ISSUED_AT, SENDER, SHIPPED, bh_paper, certificate_paper, fill
    from tests.signing.builder import office

    house, plan = office(), render_plan(bh_paper(), shipped=SHIPPED)
    pair, font = house.clinician(), (SHIPPED / "fonts" / "NotoSans-Regular.ttf").read_bytes()
    issued = seal_plan(
        plan.pdf, plan.boxes, house.seal, document_id=DOCUMENT_ID, organization=SENDER.name, now=house.now
    )
    signed = sign_slot(issued, Slot.PCP, pair, signatory_of(pair.certificate), now=house.now, font=font)
    fills = {
        Slot.MEMBER: fill(Slot.MEMBER, Evidence.RECORDED_APPROVAL),
        Slot.PCP: fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE),
    }
    certificate = render_certificate(certificate_paper(*fills.values()), shipped=SHIPPED).pdf

    def composed() -> Upload:
        return compose(issued, signed=[signed], certificate=certificate, title="Plan")

    band = FiledBand(DOCUMENT_ID, 1, "November 4, 2026", ISSUED_AT, fills=fills)
    bands = render_bands(band, composed().sheets, shipped=SHIPPED)
    return lambda: stamp(composed().pdf, bands)


def main() -> None:
    place = Place(sending_application="CPDOCS", txa2="PR", txa17="AU")
    upload = pdf_for_the_chart()
    print(f"PDF for the chart {best(upload, 9):6.2f} ms  (wanted: at most 120)")
    message = best(lambda: original(DOCUMENT, place))
    print(f"MDM of {len(DOCUMENT.pdf) / 1000:.0f} KB     {message:6.2f} ms  (wanted: at most 3)")
    print(f"DocumentReference {best(lambda: document_reference(DOCUMENT)):6.2f} ms")
    print(f"XDM zip           {best(lambda: xdm_zip(DOCUMENT), 5):6.2f} ms")
    code = f"import sys, cpdocs.cli, cpdocs.sending.send; print([name for name in {HEAVY!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    print(f"heavy modules that sending imports at its start: {loaded}")


if __name__ == "__main__":
    main()
