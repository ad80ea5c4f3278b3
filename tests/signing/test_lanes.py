"""By which lane a file came that isn't ours byte for byte any more: who finds out what, and nothing is accepted."""

from __future__ import annotations

import io

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from cpdocs.core.return_record import Decision
from cpdocs.core.verdicts import Lane, Verdict
from cpdocs.signing.record import Limits
from tests.signing import builder as b
from tests.signing.attacks import resaves


def codes(examination: Decision) -> list[str]:
    return [each.code for each in examination.findings]


def rewritten(**changes: bytes) -> bytes:
    """The plan as a signing service writes it: fields gone, a page of its own at the end."""
    with pikepdf.open(io.BytesIO(b.issued().data)) as document:
        del document.Root.AcroForm, document.Root.Perms
        for page in document.pages:
            if "/Annots" in page.obj:
                del page.obj.Annots
            page.contents_add(b"q 1 0 0 1 0 0 cm Q")
        if "text" in changes:
            document.pages[0].obj.Contents = document.make_stream(changes["text"])
        document.add_blank_page()
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def service_signed(data: bytes) -> bytes:
    from pyhanko.sign.fields import SigFieldSpec

    return b.sign(data, "Completion", b.self_signed("Example Signing Service"), spec=SigFieldSpec("Completion"))


def scan(pages: int | None = None) -> bytes:
    """The plan printed and scanned."""
    document = pypdfium2.PdfDocument(b.issued().data)
    images = [page.render(scale=200 / 72).to_pil().convert("L") for page in document]
    out = io.BytesIO()
    chosen: list[Image.Image] = images[:pages]
    chosen[0].save(out, "PDF", save_all=True, append_images=chosen[1:], resolution=200)
    return out.getvalue()


def test_a_rewrite_by_a_signing_service_with_the_same_pages_is_held_for_comparison() -> None:
    examination = b.verdict(service_signed(rewritten()))
    assert (examination.verdict, examination.lane, codes(examination)) == (
        Verdict.HELD,
        Lane.ESIGN_SERVICE,
        ["esign_service_file"],
    )
    assert [(each["slot"], each["intact"], each["covers"]) for each in examination.signatures] == [
        ("other", True, "whole_file")
    ]


def test_a_rewrite_whose_pages_read_otherwise_says_so() -> None:
    examination = b.verdict(service_signed(rewritten(text=b"BT ET")))
    assert codes(examination) == ["esign_service_file", "content_differs"]


def test_a_rewrite_signed_and_then_changed_has_no_standing() -> None:
    examination = b.verdict(service_signed(rewritten()) + b"\n%more")
    assert (examination.lane, codes(examination)) == (Lane.DAMAGED, ["damaged_resaved"])


def test_a_scan_with_our_page_codes_waits_for_a_persons_attestation() -> None:
    examination = b.verdict(scan(), marks=[b.DOCUMENT_ID])
    assert (examination.verdict, examination.lane, codes(examination)) == (Verdict.HELD, Lane.INK, ["ink_scan"])
    assert not examination.fills


def test_a_scan_with_fewer_pages_than_the_plan_says_so() -> None:
    assert codes(b.verdict(scan(1), marks=[b.DOCUMENT_ID])) == ["ink_scan", "pages_missing"]


def test_a_picture_of_a_page_that_is_no_pdf_is_a_scan_where_it_carries_our_codes() -> None:
    out = io.BytesIO()
    Image.new("L", (1700, 2200), 255).save(out, "TIFF")
    examination = b.verdict(out.getvalue(), marks=[b.DOCUMENT_ID])
    assert (examination.lane, examination.verdict) == (Lane.INK, Verdict.HELD)


def test_a_plan_saved_again_is_damaged_where_no_page_is_a_picture_of_paper() -> None:
    examination = b.verdict(resaves.by_pikepdf())
    assert (examination.lane, codes(examination)) == (Lane.DAMAGED, ["damaged_resaved"])


def test_a_part_of_the_plan_or_its_cover_with_comments_waits_for_a_person_who_reads_it() -> None:
    with pikepdf.open(io.BytesIO(b.issued().data)) as document:
        del document.pages[1:]
        out = io.BytesIO()
        document.save(out)
    examination = b.verdict(out.getvalue())
    assert (examination.verdict, examination.lane, codes(examination)) == (
        Verdict.HELD,
        Lane.DAMAGED,
        ["not_the_whole_plan"],
    )


def test_nothing_of_ours_is_held_untouched_with_what_its_signatures_are() -> None:
    examination = b.verdict(service_signed(rewritten()), issued_plan=None)
    assert (examination.verdict, examination.lane, examination.document_id) == (Verdict.HELD, Lane.UNMATCHED, "")
    assert codes(examination) == ["unmatched"]
    assert len(examination.signatures) == 1


@pytest.mark.parametrize(("data", "code"), [(b"", "empty_file"), (b"not a pdf", "not_a_pdf")])
def test_what_isnt_a_pdf_still_gets_a_verdict(data: bytes, code: str) -> None:
    examination = b.verdict(data, issued_plan=None)
    assert (examination.lane, codes(examination)) == (Lane.UNMATCHED, [code])
    assert examination.verdict is not Verdict.ACCEPTED


def test_a_file_over_the_limit_is_held_unread() -> None:
    examination = b.verdict(b.issued().data, limits=Limits(bytes=100))
    assert (examination.verdict, codes(examination)) == (Verdict.HELD, ["too_large"])


def test_active_content_holds_a_file_by_whatever_lane_it_came() -> None:
    with pikepdf.open(io.BytesIO(resaves.by_pikepdf())) as document:
        document.Root.OpenAction = document.make_indirect(
            pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("x"))
        )
        out = io.BytesIO()
        document.save(out)
    assert "active_content" in codes(b.verdict(out.getvalue()))
    assert "active_content" in codes(b.verdict(out.getvalue(), issued_plan=None))
