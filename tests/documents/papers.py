"""Plans on paper for tests: one invented member with everything a plan can hold, and small variations."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pypdfium2

from cpdocs.core.ids import derive_document_id
from cpdocs.core.members import Assignment, Program
from cpdocs.core.plan_record import PlanRecord, SlotFill
from cpdocs.core.plans import (
    AboutMe,
    Choice,
    Consent,
    Coordination,
    CoordinationKind,
    Coordinator,
    CopyGiven,
    EmergencyContact,
    Goal,
    Header,
    Medication,
    MemberDetails,
    Monitor,
    Need,
    NeedDomain,
    Part2,
    Plan,
    Quantity,
    Reason,
    Representative,
    Resource,
    Risk,
    Screen,
    Service,
    Step,
    TeamMember,
    Transition,
    TransitionKind,
)
from cpdocs.core.providers import Clinician, Practice
from cpdocs.core.senders import Payer, Sender, Senders
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.documents.certificate import CertificatePaper
from cpdocs.documents.plan_paper import PlanPaper
from cpdocs.signing.field_names import MEANING

SHIPPED = Path(__file__).parents[2] / "templates"
DOCUMENT_ID = derive_document_id(b"test", "plan")
ISSUED_AT = datetime(2026, 11, 2, 15, tzinfo=UTC)
MEANINGS = MEANING
SENDER = Sender(
    name="Example Community Partner",
    address1="100 Example Street",
    city="Boston",
    state="MA",
    zip="02108",
    phone="(617) 555-0100",
    hours="Monday to Friday, 9 a.m. to 5 p.m.",
    tty="711",
    fax="(617) 555-0101",
    email="plans@cp.example.org",
)

KHMER = "ខ្ញុំចង់រស់នៅក្នុងផ្ទះល្វែងរបស់ខ្ញុំ"
ARABIC = "أريد أن أبقى في شقتي"
CHINESE = "我想住在自己的公寓裡"
GEEZ = "በራሴ ቤት መኖር እፈልጋለሁ"


def member(**changes: Any) -> Assignment:
    values: dict[str, Any] = {
        "member_id": "100000000001",
        "last_name": "Samplewick",
        "first_name": "Testina",
        "middle_name": "",
        "suffix": "",
        "dob": date(1970, 5, 17),
        "sex": "F",
        "language_spoken": "English",
        "language_written": "English",
        "format_need": "standard",
        "address1": "1 Example Way",
        "address2": "",
        "city": "Boston",
        "state": "MA",
        "zip": "02108",
        "county": "Suffolk",
        "phone": "(617) 555-0111",
        "safe_contact": "mail",
        "guardian_name": "",
        "guardian_relation": "",
        "plan_name": "Example Health Plan",
        "plan_type": "ACPP",
        "program": Program.LTSS,
        "cp_org": "Example Community Partner",
        "assigned_on": date(2026, 9, 1),
        "end_on": None,
        "status": "engaged",
        "assignment_source": "auto",
        "exclusion_flags": (),
        "dmh_accs": False,
        "pcp_npi": "1234567893",
        "practice_id": "P0001",
        "coordinator": "Olga Examplesen",
        "mrn": "E0000001",
    }
    return Assignment(**{**values, **changes})


def service(**changes: Any) -> Service:
    values: dict[str, Any] = {
        "name": "Personal care attendant",
        "provider": "Sampleville Home Care",
        "contact": "6175550133",
        "funding_source": "MassHealth State Plan LTSS",
        "start": date(2026, 10, 6),
        "affiliated": False,
        "choice_offered": True,
    }
    return Service(**{**values, **changes})


def quantity(authorized_by: str = "Example Third Party Administrator") -> Quantity:
    return Quantity(Decimal("14"), "hours", "week", authorized_by, "Prior authorization notice")


def plan(**changes: Any) -> Plan:
    values: dict[str, Any] = {
        "schema": "cpdocs.plan/1",
        "plan": Header(
            Program.LTSS,
            1,
            Reason.TRANSITION,
            date(2026, 9, 27),
            date(2026, 10, 6),
            date(2026, 10, 6),
            date(2027, 10, 5),
            reason_text="Back home after a stay in hospital",
        ),
        "member_id": "100000000001",
        "pcp_npi": "1234567893",
        "practice_id": "P0001",
        "coordinator": Coordinator("Olga Examplesen", "Example Community Partner", "6175550122", "olga@cp.example.org"),
        "monitor": Monitor("Olga Examplesen", "Care coordinator", "6175550122"),
        "part2": Part2(applies=False),
        "care_team": (
            TeamMember(
                "Norbert Demonstratus", "Plan care manager", "Example Health Plan", "6175550144", chosen_by_member=False
            ),
        ),
        "about_me": AboutMe(
            ("Keeps in touch with family", "Good at fixing things"),
            ("Morning visits",),
            "",
            "Staying in my town.",
            "Small steps.",
        ),
        "needs": (
            Need(NeedDomain.LTSS, "Help with bathing"),
            Need(NeedDomain.SOCIAL, "A ride to the clinic", self_reported=True),
        ),
        "goals": (
            Goal(
                "I want to walk to the library twice a week.",
                (Step("Try the new walker at home", "Member and coordinator", date(2026, 11, 5)),),
                date(2027, 3, 5),
            ),
        ),
        "services": (
            service(quantity=quantity()),
            service(name="Rides from a friend", provider="Pat Placeholder", paid=False, relationship="friend"),
        ),
        "medications": (
            Medication("Examplol 10 mg", "One in the morning", "Member report at home visit", date(2026, 10, 6)),
        ),
        "risks": (Risk("Missed doses", "Blister packs and a weekly call"),),
        "crisis_plan": "Call the crisis line, then the coordinator.",
        "backup_plan": "If the aide does not come, call the agency first.",
        "emergency_contacts": (EmergencyContact("Pat Placeholder", "6175550155", "friend"),),
        "transitions": (
            Transition(
                TransitionKind.DISCHARGE,
                "Sampleville Hospital",
                discharged=datetime(2026, 10, 2, 19, 30, tzinfo=UTC),
                home_visit_scheduled=datetime(2026, 10, 4, 14, tzinfo=UTC),
                follow_up_on=date(2026, 10, 9),
            ),
        ),
        "coordination": (
            Coordination(
                "DMH case worker",
                "Housing",
                "Everything else",
                CoordinationKind.DMH_ACCS,
                reference="ACCS plan of March",
            ),
        ),
        "health_and_wellness": (Resource("Walking group", "Tuesdays"),),
        "community_resources": (Resource("Food pantry", "groceries", "6175550166"),),
        "flexible_services_screen": Screen(done=True, date=date(2026, 10, 6), outcome="not eligible"),
        "choice": Choice(True, True, True, True, True, "Own apartment", "Shared living"),
        "pcp_actions": ("Review the medication list",),
        "copy_given": CopyGiven(date(2026, 11, 2), "paper", "English"),
    }
    return Plan(**{**values, **changes})


CONSENT = Consent(
    discloser="Example Community Partner",
    scope="My care plan, with substance use items",
    recipients="My treating providers",
    purpose="Treatment, payment and health care operations",
    signed_on=date(2026, 10, 6),
    expires_on=date(2027, 10, 6),
    revocation="At any time, in writing or by telephone",
    redisclosure="Who receives the records may pass them on where the law allows it",
    refusal="Care goes on; the plan is then written without these items",
)


def paper(plan_value: Plan | None = None, **changes: Any) -> PlanPaper:
    values: dict[str, Any] = {
        "plan": plan_value or plan(),
        "document_id": DOCUMENT_ID,
        "member": member(),
        "pcp": Clinician("1234567893", "Mockworth", "Ada", "MD", "P0001", "pcp", True),
        "practice": Practice(
            "P0001",
            "Sampleville Family Practice",
            "118800000A",
            "2 Example Square",
            "Boston",
            "MA",
            "02108",
            "6175550177",
            "6175550188",
            "Kim Keyholder",
            "kim@practice.example.org",
            "fax",
            "Epic",
            False,
        ),
        "senders": Senders(SENDER, payers={"Example Health Plan": Payer("Example Health Plan", due_days_stated=True)}),
        "titles": {"BH": "Treatment Plan", "LTSS": "Care Plan"},
        "meanings": MEANINGS,
        "issued_at": ISSUED_AT,
    }
    return PlanPaper(**{**values, **changes})


def bh_paper(**changes: Any) -> PlanPaper:
    base = plan()
    header = replace(base.plan, program=Program.BH)
    return paper(replace(base, plan=header, choice=None, **changes), member=member(program=Program.BH))


def full_paper() -> PlanPaper:
    """Every section filled, four scripts, Part 2 records, a representative: the hardest plan to draw and to tag."""
    goals = (
        Goal(KHMER, (Step("Visit the day program", "Member"),), translation="I want to live in my apartment"),
        Goal(ARABIC, translation="I want to stay in my apartment"),
        Goal(CHINESE, translation="I want to live in my own apartment"),
        Goal(GEEZ, translation="I want to live in my own home", part2=True),
    )
    return paper(
        plan(
            goals=goals,
            part2=Part2(applies=True, consent=CONSENT),
            member=MemberDetails(preferred_name="Tess", pronouns="she/her", language="Khmer", interpreter="Khmer"),
            representative=Representative("Pat Placeholder", "sister", "health care proxy"),
            needs=tuple(Need(domain, f"Need number {number}") for number, domain in enumerate(list(NeedDomain) * 6)),
        ),
        supersedes="2222-3333-44R",
        sandbox=True,
    )


def fill(slot: Slot, evidence: Evidence, **changes: Any) -> SlotFill:
    values: dict[str, Any] = {
        "slot": slot,
        "evidence": evidence,
        "signer": "Ada Mockworth",
        "npi": "1234567893",
        "credential": "MD",
        "role": "pcp",
        "on_behalf_of": "",
        "signed_at": ISSUED_AT,
        "received_at": ISSUED_AT,
        "return_sha256": "ab" * 32,
        "attested_by": "",
        "how": "The certificate names the NPI of the plan's PCP.",
    }
    return SlotFill(**{**values, **changes})


def certificate_paper(*fills: SlotFill, **changes: Any) -> CertificatePaper:
    digest = "0123456789abcdef" * 4
    record = PlanRecord(
        document_id=DOCUMENT_ID,
        member_id="100000000001",
        program="LTSS",
        version=1,
        practice_id="P0001",
        pcp_npi="1234567893",
        payer="Example Health Plan",
        sha256=digest,
        size=1000,
        pages=7,
        seal_fingerprint=digest,
        plan_sha256=digest,
        cover_sha256=digest,
        file="P0001/x.pdf",
        cover_file="P0001/x-cover.pdf",
        part2=False,
        reason="initial",
        supersedes="",
        due_days=7,
        suffolk=False,
        issued_at=ISSUED_AT,
        issued_by="olga",
        seq=1,
        fills={item.slot: item for item in fills},
    )
    values: dict[str, Any] = {
        "record": record,
        "member": member(),
        "title": "Care Plan",
        "sender": SENDER,
        "meanings": MEANINGS,
        "originals": (("Signed by the PCP", "cd" * 32),),
        "checkpoint": "cpdocs\n12\nq2V5b0Z6dGVzdA==\n\n— cpdocs c2lnbmF0dXJl\n",
        "built_at": ISSUED_AT,
    }
    return CertificatePaper(**{**values, **changes})


def page_texts(pdf: bytes) -> list[str]:
    """The text of each page, white space collapsed, as a reader extracts it."""
    with pypdfium2.PdfDocument(io.BytesIO(pdf)) as document:
        texts = [document[index].get_textpage().get_text_bounded() for index in range(len(document))]
    return [" ".join(text.replace("￾", "").split()) for text in texts]


def html_text(html: str) -> str:
    """What a page of HTML says: its text, white space collapsed, without marks of emphasis."""
    inline = re.sub(r"</?(strong|span|b|i)\b[^>]*>", "", re.split(r"<body[^>]*>", html, maxsplit=1)[1])
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", inline)).split())


def text_of(pdf: bytes) -> str:
    """The text of the whole document."""
    return " ".join(page_texts(pdf))


def says_iso_date(text: str) -> bool:
    """Whether a paper writes a day as computers do: ``2026-11-05``."""
    return re.search(r"(?<!Run )\b20\d\d-\d\d-\d\d\b", text) is not None
