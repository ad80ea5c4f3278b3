"""What a delivery costs before it leaves: building each message at 300 KB, and what a start has to import.

.venv/bin/python benchmarks/delivery.py
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from time import perf_counter

from cpdocs.core.places import Place
from cpdocs.delivery.document import Document
from cpdocs.delivery.fhir_resources import document_reference
from cpdocs.delivery.hl7_message import original
from cpdocs.delivery.xdm import xdm_zip

HEAVY = ("hl7apy", "hl7", "paramiko", "asyncssh", "smtplib", "http.client", "pydantic")


def best(work: Callable[[], object], times: int = 50) -> float:
    """The quickest of so many runs, in milliseconds."""
    found = []
    for _ in range(times):
        begun = perf_counter()
        work()
        found.append((perf_counter() - begun) * 1000)
    return min(found)


def main() -> None:
    document = Document(
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
    place = Place(sending_application="CPDOCS", txa2="PR", txa17="AU")
    print(f"MDM of {len(document.pdf) / 1000:.0f} KB   {best(lambda: original(document, place)):6.2f} ms")
    print(f"DocumentReference {best(lambda: document_reference(document)):6.2f} ms")
    print(f"XDM zip           {best(lambda: xdm_zip(document), 5):6.2f} ms")
    code = f"import sys, cpdocs.sending.send; print([name for name in {HEAVY!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    print(f"heavy modules that sending imports at its start: {loaded}")


if __name__ == "__main__":
    main()
