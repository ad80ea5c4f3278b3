"""The upload PDF shows what was signed and carries nothing that acts, hides or can be changed."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pypdfium2
import pytest

from cpdocs.errors import Defect
from cpdocs.filing.rendition import compose, page_count, stamp, what_acts
from tests.filing import pdfs
from tests.signing import builder as b
from tests.signing.attacks import appended

CERTIFICATE = pdfs.plain(1, "certificate")


def words(pdf: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]


def test_a_signatures_appearance_becomes_part_of_the_page() -> None:
    issued = pdfs.with_signature_field(pdfs.plain(2), 1, "")
    signed = pdfs.with_signature_field(pdfs.plain(2), 1, "Signed by Test Member", filled=True)
    upload = compose(issued, signed=[signed], certificate=CERTIFICATE, title="Care Plan")
    assert upload.pages == page_count(upload.pdf) == 3
    assert "Signed by Test Member" in words(upload.pdf)[1]
    assert "certificate" in words(upload.pdf)[2]
    assert what_acts(upload.pdf) == []


def test_of_a_second_signed_copy_the_signed_page_is_shown_and_no_other() -> None:
    issued = pdfs.with_signature_field(pdfs.plain(3), 2, "")
    first = pdfs.with_signature_field(pdfs.plain(3), 2, "Signed by Test Member", filled=True)
    second = pdfs.with_signature_field(pdfs.plain(3), 2, "Signed by Test Clinician", filled=True)
    shown = words(compose(issued, signed=[first, second], certificate=CERTIFICATE, title="Care Plan").pdf)
    assert len(shown) == 5
    assert "Test Member" in shown[2]
    assert "Test Clinician" in shown[3]


def test_no_page_of_a_returned_file_is_filed_whatever_a_reader_finds_in_it() -> None:
    issued = pdfs.with_signature_field(pdfs.plain(2), 1, "")
    altered = pdfs.with_signature_field(pdfs.plain(2, "altered"), 1, "Signed by Test Member", filled=True)
    for copies in ([altered], [altered, altered]):
        shown = " ".join(words(compose(issued, signed=copies, certificate=CERTIFICATE, title="Care Plan").pdf))
        assert "altered" not in shown
        assert "page 1" in shown
        assert shown.count("Signed by Test Member") == len(copies)


@pytest.mark.parametrize("add", [appended.entry_listed_twice, appended.entry_listed_twice_the_other_way])
def test_a_signed_plan_that_two_readers_read_differently_is_drawn_as_it_was_issued(
    add: Callable[[bytes], bytes],
) -> None:
    issued = b.issued().data
    shown = words(compose(issued, signed=[add(appended.signed_once())], certificate=CERTIFICATE, title="T").pdf)
    first, second, _ = (" ".join(each.split()) for each in shown)
    ours = [" ".join(each.split()) for each in words(issued)]
    assert first == ours[0]
    assert second.startswith(f"{ours[1]} Digitally signed by")


def test_of_a_field_that_is_not_signed_and_of_a_field_that_is_not_ours_nothing_is_shown() -> None:
    issued = pdfs.with_signature_field(pdfs.plain(1), 0, "")
    empty = pdfs.with_signature_field(pdfs.plain(1), 0, "looks signed")
    another = pdfs.with_signature_field(pdfs.plain(1), 0, "of another", filled=True, title="Another")
    for copy in (empty, another):
        shown = " ".join(words(compose(issued, signed=[copy], certificate=CERTIFICATE, title="Care Plan").pdf))
        assert "looks signed" not in shown
        assert "of another" not in shown


def shown_with_paper(places: tuple[int, ...], issued: bytes, *signed: bytes) -> list[str]:
    paper = pdfs.plain(len(places), "paper")
    upload = compose(issued, signed=signed, scan=paper, places=places, certificate=CERTIFICATE, title="Care Plan")
    return [text.split()[0] for text in words(upload.pdf)]


def test_scanned_pages_stand_in_place_of_those_issued_and_what_is_no_page_comes_behind() -> None:
    assert shown_with_paper((2, 0), pdfs.plain(3)) == ["page", "paper", "page", "paper", "certificate"]
    assert shown_with_paper((1, 2), pdfs.plain(2)) == ["paper", "paper", "certificate"]
    assert shown_with_paper((7,), pdfs.plain(1)) == ["page", "paper", "certificate"]


def test_a_page_signed_in_its_field_and_on_paper_is_shown_both_ways() -> None:
    issued = pdfs.with_signature_field(pdfs.plain(2), 1, "")
    signed = pdfs.with_signature_field(pdfs.plain(2), 1, "Signed by Sam Sample")
    assert shown_with_paper((1, 2), issued, signed) == ["paper", "page", "paper", "certificate"]


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (pdfs.with_script, "a script"),
        (pdfs.with_named_script, "a script"),
        (pdfs.with_page_action, "a script"),
        (pdfs.with_launch_link, "a script"),
        (pdfs.with_attachment, "an embedded file"),
        (pdfs.encrypted, "encryption"),
        (lambda data: pdfs.with_signature_field(data, 0, "x"), "a form"),
        (lambda data: data[:200], "something that can't be read"),
    ],
)
def test_what_acts_is_found_and_never_reaches_the_rendition(spoil: Callable[[bytes], bytes], what: str) -> None:
    hostile = spoil(pdfs.plain(1))
    assert what in what_acts(hostile)
    if what != "something that can't be read":
        assert what_acts(compose(hostile, certificate=CERTIFICATE, title="Care Plan").pdf) == []


def test_the_same_input_gives_the_same_bytes() -> None:
    plan = pdfs.with_signature_field(pdfs.plain(2), 1, "Signed")
    assert (
        compose(plan, certificate=CERTIFICATE, title="T").pdf == compose(plan, certificate=CERTIFICATE, title="T").pdf
    )


def test_a_stored_file_that_cant_be_opened_is_our_defect_and_says_what_to_do() -> None:
    with pytest.raises(Defect, match="audit verify"):
        compose(b"not a pdf", certificate=CERTIFICATE, title="T")


def test_the_rendition_claims_pdf_a_2b_and_no_standard_that_only_the_original_keeps() -> None:
    upload = compose(pdfs.plain(1), certificate=CERTIFICATE, title="Care Plan, version 1").pdf
    with pikepdf.open(io.BytesIO(upload)) as document, document.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")
        assert "pdfuaid:part" not in metadata
    assert b"pdfuaid" not in upload


def test_every_page_gets_its_own_line_and_nothing_else_changes() -> None:
    upload = compose(pdfs.plain(2), certificate=CERTIFICATE, title="T")
    lines = compose(pdfs.plain(2, "line"), certificate=pdfs.plain(1, "line"), title="L").pdf
    stamped = stamp(upload.pdf, lines)
    assert page_count(stamped) == upload.pages == 3
    assert all("line" in page for page in words(stamped))
    assert "certificate" in words(stamped)[-1]
    assert what_acts(stamped) == []
    with pytest.raises(Defect, match="differ in number"):
        stamp(upload.pdf, CERTIFICATE)
