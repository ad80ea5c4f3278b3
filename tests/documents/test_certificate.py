"""The certificate page shows what the record holds and never more."""

from __future__ import annotations

import io
from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp

from cpdocs.core.plan_record import KeptFile, ProofLevel
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.documents.certificate import hash_text, render_certificate
from tests.documents.papers import DOCUMENT_ID, ISSUED_AT, MEANINGS, SHIPPED, certificate_paper, fill, text_of


def page(*fills, **changes) -> str:
    return text_of(render_certificate(certificate_paper(*fills, **changes), shipped=SHIPPED).pdf)


def test_a_digital_signature_is_shown_with_signer_meaning_time_and_how_it_was_established():
    text = page(fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE, certificate_sha256="ef" * 32))
    for words in (
        DOCUMENT_ID,
        "Digital signature",
        "Ada Mockworth, MD",
        "1234567893",
        f"“{MEANINGS[Slot.PCP]}”",
        "Nov 2, 2026, 10:00 AM EST, as the signer's own clock says",
        "The certificate names the NPI of the plan's PCP.",
        hash_text("ef" * 32),
        hash_text("cd" * 32),
    ):
        assert words in text


def test_the_plans_digest_the_seals_and_the_returned_files_each_stand_beside_their_own_name():
    paper = certificate_paper(fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE))
    record = replace(paper.record, sha256="a1" * 32, seal_fingerprint="b2" * 32, plan_sha256="c3" * 32)
    text = " ".join(page(record=record, originals=(("Signed by the PCP", "d4" * 32),)).split())
    for name, digest in (
        ("The plan as issued", "a1" * 32),
        ("Seal's certificate, SHA-256", "b2" * 32),
        ("Signed by the PCP", "d4" * 32),
    ):
        assert f"{name} {hash_text(digest)}" in text


def test_a_time_is_proven_only_by_a_time_stamp():
    assert "proven by a time stamp" in page(fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE, timestamped=True))
    assert "proven" not in page(fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE))


@pytest.mark.parametrize(
    ("slot", "evidence", "words"),
    [
        (Slot.MEMBER, Evidence.WITNESSED_SIGNATURE, "not a digital signature of the member's own"),
        (Slot.PCP, Evidence.INK_SCAN, "Signature in ink on a returned copy"),
        (Slot.MEMBER, Evidence.RECORDED_APPROVAL, "Approval conveyed in another way and recorded; not a signature"),
        (Slot.PCP, Evidence.CHART_NOTE, "Dated note in the practice's chart; not a signature"),
    ],
)
def test_other_evidence_is_never_shown_as_a_digital_signature(slot, evidence, words):
    text = page(fill(slot, evidence))
    assert words in text
    assert "Evidence Digital signature" not in text


def test_an_approval_without_a_signature_has_no_signed_meaning():
    assert MEANINGS[Slot.MEMBER] not in page(fill(Slot.MEMBER, Evidence.RECORDED_APPROVAL, on=ISSUED_AT.date()))


def test_a_designee_signs_on_behalf_of_the_pcp():
    text = page(fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE, role="pcp_designee", on_behalf_of="Ada Mockworth, MD"))
    assert "designee of the PCP, on behalf of Ada Mockworth, MD" in text


def test_a_key_of_ours_is_named_as_ours():
    assert "key issued by the organization" in page(fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE, key_issued_by_us=True))
    assert "key issued by the organization" not in page(fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE))


def test_a_missing_date_is_not_invented():
    assert "No date stands with it." in page(fill(Slot.PCP, Evidence.INK_SCAN, signed_at=None))


def test_an_empty_slot_says_so():
    assert "Evidence None yet." in page(fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE))


def test_the_code_holds_the_checkpoint():
    paper = certificate_paper(fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE))
    with pypdfium2.PdfDocument(io.BytesIO(render_certificate(paper, shipped=SHIPPED).pdf)) as document:
        picture = document[0].render(scale=200 / 72).to_pil()
    assert [item.text for item in zxingcpp.read_barcodes(picture)] == [paper.checkpoint]


def test_the_same_record_gives_the_same_bytes():
    paper = certificate_paper(fill(Slot.PCP, Evidence.DIGITAL_SIGNATURE))
    assert render_certificate(paper, shipped=SHIPPED).pdf == render_certificate(paper, shipped=SHIPPED).pdf


def test_everything_stands_on_one_page_with_whose_plan_it_is_and_each_kind_of_evidence() -> None:
    ink = fill(
        Slot.MEMBER,
        Evidence.INK_SCAN,
        signer="Pat Placeholder",
        role="representative",
        on_behalf_of="sister, health care proxy",
        how="Seen in the member's box of page 5, by eye: the fax was faint and the reader found the box empty; pages "
        "missing: 2 and 3, which the office sent again",
        note="Read from the fax; a dark pen; mark witnessed by Maria Sample and Tom Sample",
        attested_by="Olga Examplesen",
    )
    digital = fill(
        Slot.PCP,
        Evidence.DIGITAL_SIGNATURE,
        role="pcp_designee",
        on_behalf_of="1234567893",
        certificate_sha256="ef" * 32,
        key_issued_by_us=True,
    )
    rendered = render_certificate(
        certificate_paper(
            ink,
            digital,
            originals=tuple((f"originals/returned-{number}.pdf", "cd" * 32) for number in range(1, 5)),
            attestations=(
                ("Designation", "On record since Oct 1, 2026, attested by Ada Mockworth, MD; valid to Oct 1, 2027"),
                ("Identity", "Badge seen by Olga Examplesen on Oct 5, 2026"),
            ),
            checkpoint="example.org/cpdocs\n123456\n" + "q2V5" * 11 + "\n\n\u2014 cpdocs " + "c2ln" * 24 + "\n",
            kept=(KeptFile("cd" * 32, ProofLevel.ARCHIVAL, ISSUED_AT, ISSUED_AT, "Example Time Stamping"),),
        ),
        shipped=SHIPPED,
    )
    assert rendered.pages == 1
    text = text_of(rendered.pdf)
    assert "Testina Samplewick, born May 17, 1970" in text
    assert "Signature in ink on a returned copy" in text
    assert "Evidence Digital signature" in text
