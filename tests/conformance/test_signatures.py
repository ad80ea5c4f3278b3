"""Every kind of increment that we append, judged by veraPDF: packings, ink, orders, validation material, time stamps, a
renewal."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpdocs.core.verdicts import Slot
from cpdocs.documents.plans import render_plan
from cpdocs.signing.appearance import read_ink
from cpdocs.signing.increment import Format
from cpdocs.signing.ltv import close
from cpdocs.signing.seal import seal_plan
from cpdocs.signing.sign import Signatory, sign_slot
from tests.conformance.verapdf import judge
from tests.documents.papers import DOCUMENT_ID, SENDER, SHIPPED, bh_paper
from tests.signing.builder import office, rsa_key
from tests.signing.test_ltv import material, time_authority
from tests.signing.test_sign import as_pcp, ink_png

pytestmark = pytest.mark.conformance

FONT = (SHIPPED / "fonts" / "NotoSans-Regular.ttf").read_bytes()
STANDARDS = ("ua1", "2a")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    house = office()
    plan = render_plan(bh_paper(), shipped=SHIPPED)
    sealed = seal_plan(
        plan.pdf, plan.boxes, house.seal, document_id=DOCUMENT_ID, organization=SENDER.name, now=house.now
    )
    visit = Signatory("Testina Samplewick", acting="guardian of the member, by decree", witness="Olga Examplesen")
    ink = read_ink(ink_png(), name="ink.png")
    member = sign_slot(
        sealed, Slot.MEMBER, house.one_time(sealed, DOCUMENT_ID), visit, now=house.now, font=FONT, ink=ink
    )
    both = as_pcp(member, packing=Format.ADOBE_DETACHED)
    stamped = close(both, **material(), timestamper=time_authority())
    made = {
        "sealed": sealed,
        "adobe": as_pcp(sealed, packing=Format.ADOBE_DETACHED),
        "stamped-signature": as_pcp(sealed, timestamper=time_authority()),
        "rsa": as_pcp(sealed, house.clinician(key=rsa_key())),
        "ink": member,
        "both": both,
        "member-last": sign_slot(
            as_pcp(sealed), Slot.MEMBER, house.one_time(sealed, DOCUMENT_ID), visit, now=house.now, font=FONT
        ),
        "closed": close(both, **material()),
        "stamped": stamped,
        "renewed": close(stamped, timestamper=time_authority()),
        "copy-closed": close(member, **material(), timestamper=time_authority()),
    }
    made["renewed"] = close(made["stamped"], **material(), timestamper=time_authority())
    folder = tmp_path_factory.mktemp("signed")
    for name, data in made.items():
        (folder / f"{name}.pdf").write_bytes(data)
    return {name: folder / f"{name}.pdf" for name in made}


def test_a_plan_stays_archival_and_accessible_through_every_increment(files: dict[str, Path]) -> None:
    faults = judge([(standard, path) for path in files.values() for standard in STANDARDS])
    assert {(standard, path.stem): found for (standard, path), found in faults.items() if found} == {}
    assert len(faults) == len(files) * len(STANDARDS)
