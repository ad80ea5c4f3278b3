"""Everything we make, judged by veraPDF: plans as rendered, sealed and signed in either order, and every other paper.

Plans stay PDF/A-2a and PDF/UA-1 through every signature; covers, certificate pages, notices and letters are PDF/UA-1.
Run by `make conformance`; needs Java and libjaxb-java.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache, partial
from pathlib import Path

import pytest
import weasyprint

from cpdocs.core.medication_list import MedicationList
from cpdocs.core.members import Program
from cpdocs.core.plan_variants import without_part2
from cpdocs.core.senders import Senders
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.documents.certificate import render_certificate
from cpdocs.documents.consent_form import render_consent
from cpdocs.documents.fax_edition import fax_edition
from cpdocs.documents.filed_bands import FiledBand, render_bands
from cpdocs.documents.leaflets import render_envelope, render_guide, render_summary
from cpdocs.documents.letter_languages import load_catalogue
from cpdocs.documents.letters import Letter, LetterRenderer, PrintedLetter
from cpdocs.documents.mail_merge.renderer import MailMerge
from cpdocs.documents.medication_cover import render_list_cover
from cpdocs.documents.medication_list import ListPaper, render_list
from cpdocs.documents.notices import Notice, NoticeKind, render_notice
from cpdocs.documents.pdf import Rendered
from cpdocs.documents.plan_paper import PlanPaper
from cpdocs.documents.plans import render_cover, render_plan
from cpdocs.documents.verdict import render_verdict
from cpdocs.filing.rendition import compose, page_count, stamp
from cpdocs.signing.ltv import close
from cpdocs.signing.seal import seal_copy, seal_plan
from cpdocs.signing.sign import Signatory, sign_slot, signatory_of
from tests.conformance.verapdf import judge
from tests.documents.papers import (
    DOCUMENT_ID,
    ISSUED_AT,
    SENDER,
    SHIPPED,
    bh_paper,
    certificate_paper,
    fill,
    full_paper,
    member,
    paper,
    plan,
)
from tests.documents.test_verdict import paper as verdict_paper
from tests.documents.test_verdict import signature as verdict_signature
from tests.signing.builder import office

pytestmark = pytest.mark.conformance


def in_language(tag: str, large_print: bool) -> PlanPaper:
    """The fullest plan with our words in another language besides."""
    return replace(full_paper(), catalogue=load_catalogue((SHIPPED,), tag), large_print=large_print)


PLANS: dict[str, Callable[[], PlanPaper]] = {
    "ltss": paper,
    "bh": bh_paper,
    "full": full_paper,
    "large": lambda: replace(full_paper(), large_print=True),
    "spanish": lambda: in_language("es", False),
    "chinese": lambda: in_language("zh-Hans", False),
    "arabic-large": lambda: in_language("ar", True),
}
FONT = (SHIPPED / "fonts" / "NotoSans-Regular.ttf").read_bytes()


@cache
def rendered(name: str) -> Rendered:
    return render_plan(PLANS[name](), shipped=SHIPPED)


@cache
def sealed(name: str) -> bytes:
    plan = rendered(name)
    house = office()
    return seal_plan(plan.pdf, plan.boxes, house.seal, document_id=DOCUMENT_ID, organization=SENDER.name, now=house.now)


def copy_for_information() -> bytes:
    """A copy for recipients outside the Part 2 consent, sealed so that nothing may change in it."""
    whole = full_paper()
    kept, _left_out = without_part2(whole.plan)
    copy = render_plan(replace(whole, plan=kept, copy_of=DOCUMENT_ID), shipped=SHIPPED)
    house = office()
    return seal_copy(copy.pdf, house.seal, document_id=DOCUMENT_ID, organization=SENDER.name, now=house.now)


def by_pcp(pdf: bytes) -> bytes:
    pair = office().clinician()
    return sign_slot(pdf, Slot.PCP, pair, signatory_of(pair.certificate), now=office().now, font=FONT)


def by_member(pdf: bytes, issued: bytes) -> bytes:
    pair = office().one_time(issued, DOCUMENT_ID)
    return sign_slot(
        pdf, Slot.MEMBER, pair, Signatory("Testina Samplewick", witness="Olga Examplesen"), now=office().now, font=FONT
    )


def plan_files() -> dict[str, bytes]:
    made = {}
    for name in PLANS:
        made[f"{name}-rendered"] = rendered(name).pdf
        made[f"{name}-sealed"] = sealed(name)
    made["copy-without-part2"] = copy_for_information()
    issued = sealed("full")
    made["signed-by-pcp"] = by_pcp(issued)
    made["signed-by-member"] = by_member(issued, issued)
    made["signed-pcp-first"] = by_member(made["signed-by-pcp"], issued)
    made["signed-member-first"] = by_pcp(made["signed-by-member"])
    made["closed"] = close(made["signed-pcp-first"])
    return made


def letter_files() -> dict[str, bytes]:
    made = {f"cover-{name}": render_cover(make(), pages=7, shipped=SHIPPED).pdf for name, make in PLANS.items()}
    evidence = ((Slot.MEMBER, Evidence.WITNESSED_SIGNATURE), (Slot.PCP, Evidence.DIGITAL_SIGNATURE))
    made["certificate"] = render_certificate(
        certificate_paper(*(fill(*pair) for pair in evidence)), shipped=SHIPPED
    ).pdf
    made["verdict"] = render_verdict(
        verdict_paper(verdict_signature(), verdict_signature(slot="timestamp")), shipped=SHIPPED
    ).pdf
    notice = partial(
        Notice,
        to=("Sampleville Family Practice",),
        sender=SENDER,
        at=ISSUED_AT,
        reference="n",
        due_on=date(2026, 11, 12),
    )
    for kind in NoticeKind:
        made[f"notice-{kind}"] = render_notice(
            notice(kind, findings=("A finding.",), facts=(("Plan", DOCUMENT_ID),)), shipped=SHIPPED
        ).pdf
    return made | leaflet_files() | printed_letters()


def leaflet_files() -> dict[str, bytes]:
    """What goes with a plan on paper."""
    made = {}
    for name, make in PLANS.items():
        made[f"summary-{name}"] = render_summary(make(), shipped=SHIPPED).pdf
        made[f"envelope-{name}"] = render_envelope(make(), shipped=SHIPPED).pdf
    made["guide"] = render_guide(paper(), shipped=SHIPPED).pdf
    for large in (False, True):
        asked = replace(full_paper(), large_print=large)
        made[f"consent-form-{'large' if large else 'standard'}"] = render_consent(
            asked, clauses={}, shipped=SHIPPED
        ).pdf
    listed = MedicationList(
        "cpdocs.medications/1",
        "100000000001",
        Program.LTSS,
        "The member, at home",
        date(2026, 10, 6),
        plan().transitions[0],
        plan().medications,
    )
    listing = ListPaper(listed, DOCUMENT_ID, member(), paper().practice, "Ada Mockworth, MD", SENDER, ISSUED_AT)
    made["medication-list"] = render_list(listing, shipped=SHIPPED).pdf
    made["medication-cover"] = render_list_cover(listing, pages=1, shipped=SHIPPED).pdf
    return made


def printed_letters() -> dict[str, bytes]:
    press = LetterRenderer(SHIPPED, None, Senders(SENDER))
    made = {}
    for program in Program:
        for large in (False, True):
            letter = press.make(
                Letter("assignment", DOCUMENT_ID, date(2026, 11, 2), "en", large, replace(member(), program=program))
            )
            assert isinstance(letter, PrintedLetter)
            made[f"letter-{program}-{'large' if large else 'standard'}"] = letter.pdf
    return made | stamped_letters(press)


def stamped_letters(press: LetterRenderer) -> dict[str, bytes]:
    """Files of letters that were stamped, in scripts of every kind."""
    made = {}
    for language in ("en", "es", "km", "ar", "zh-Hant"):
        stamping = MailMerge(press)
        for name in ("Alder", "Birch"):
            letter = Letter(
                "assignment",
                DOCUMENT_ID,
                date(2026, 11, 2),
                language,
                language == "km",
                replace(member(), first_name=name),
            )
            stamping.make(letter)
            own = stamping.own_pdf(letter)
            assert own is not None
            made[f"stamped-{language}-{name}"] = own
    return made


def filed_files() -> dict[str, bytes]:
    """What a chart is given: of a plan signed digitally, on paper, both, by nobody's hand, in other languages."""
    fills = {
        Slot.MEMBER: fill(Slot.MEMBER, Evidence.RECORDED_APPROVAL),
        Slot.PCP: fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE),
    }
    certificate = render_certificate(certificate_paper(*fills.values()), shipped=SHIPPED).pdf
    issued = sealed("bh")
    fax = fax_edition([issued])
    paper_too = {"scan": fax, "places": range(1, page_count(fax) + 1)}
    filed = partial(compose, certificate=certificate, title="Plan")
    made = {
        "filed": filed(issued, signed=[by_member(by_pcp(issued), issued)]),
        "filed-from-a-fax": filed(issued, **paper_too),
        "filed-signed-both-ways": filed(issued, signed=[by_pcp(issued)], **paper_too),
        "filed-two-copies": filed(issued, signed=[by_pcp(issued), by_member(issued, issued)]),
        **{f"filed-{name}": filed(sealed(name)) for name in ("ltss", "spanish", "arabic-large")},
    }
    band = FiledBand(DOCUMENT_ID, 1, "November 5, 2026", ISSUED_AT, part2=True, fills=fills)
    return {name: stamp(each.pdf, render_bands(band, each.sheets, shipped=SHIPPED)) for name, each in made.items()}


def untagged() -> bytes:
    html = "<html><head><title>x</title></head><body><p>Neither tagged nor archival</p></body></html>"
    document: bytes = weasyprint.HTML(string=html).write_pdf()
    return document


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[str]]:
    folder = tmp_path_factory.mktemp("judged")
    wanted: dict[tuple[str, Path], tuple[str, str]] = {}
    groups = (
        (plan_files(), ("ua1", "2a")),
        (letter_files(), ("ua1",)),
        ({"untagged": untagged()}, ("ua1", "2a")),
        (filed_files(), ("2b",)),
    )
    for made, flavours in groups:
        for name, data in made.items():
            file = folder / f"{name}.pdf"
            file.write_bytes(data)
            wanted |= {(flavour, file): (flavour, name) for flavour in flavours}
    return {wanted[case]: faults for case, faults in judge(wanted).items()}


def test_the_judge_can_say_no(verdicts):
    assert verdicts["ua1", "untagged"]
    assert verdicts["2a", "untagged"]


def test_everything_we_make_conforms(verdicts):
    faults = {case: found for case, found in verdicts.items() if case[1] != "untagged" and found}
    assert faults == {}


def test_every_stage_of_a_plan_was_judged_by_both_standards(verdicts):
    stages = (
        "full-rendered",
        "full-sealed",
        "signed-by-pcp",
        "signed-by-member",
        "signed-pcp-first",
        "signed-member-first",
        "closed",
        "copy-without-part2",
    )
    assert {(flavour, stage) for flavour in ("ua1", "2a") for stage in stages} <= set(verdicts)
