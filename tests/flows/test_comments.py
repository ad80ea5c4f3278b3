"""Comments that come back on paper: words on the cover, and notes over scanned pages, through the real intake."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from PIL import ImageDraw
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from cpdocs.scans.pictures import draw_pictures
from tests.documents.papers import text_of
from tests.flows import papers
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def cover_of(desk: Desk) -> bytes:
    return next(desk.issued_file().parent.glob(f"{desk.office.documents['bh']}-cover.pdf")).read_bytes()


def written_on(cover: bytes) -> bytes:
    """A fax of the cover with words in its room for comments, and a pen's stroke beside them."""
    front = papers.printed(cover)[0].copy()
    wide, high = front.size
    draw = ImageDraw.Draw(front)
    draw.text((wide * 0.53, high * 0.45), "Please add the new inhaler", fill=20, font_size=34)
    strokes = [(wide * 0.52, high * 0.43), (wide * 0.54, high * 0.445), (wide * 0.56, high * 0.42)]
    draw.line(strokes, fill=20, width=6)
    return papers.fax((front,))


def test_a_cover_with_words_on_it_is_the_practices_comments_to_be_recorded_as_its_return(desk: Desk) -> None:
    document = desk.office.documents["bh"]
    row = desk.take(written_on(cover_of(desk)), name="fax.tif")
    assert (row["document_id"], row["verdict"], row["kind"], codes(row)) == (document, "held", "cover", ["comments"])
    assert row["marks_elsewhere"] == [1]
    assert "on the cover sheet" in row["findings"][0]["message"]
    item = row["sha256"][:12]
    assert "cpdocs held return" in desk.office.cli("held", "show", item, now=RETURN).out
    told = " ".join(text_of(desk.notices(desk.practice())[-1].read_bytes()).split())
    assert "came back with comments" in told
    assert "send its pages" not in told
    desk.office.cli("held", "return", item, "--reason", "asks for an inhaler", now=RETURN)
    assert desk.office.status(document)["state"] == "returned_with_comments"


def test_what_was_written_on_a_cover_is_framed_beside_the_cover_as_it_was_sent(desk: Desk) -> None:
    cover, plan = cover_of(desk), desk.issued_file().read_bytes()
    drawn = draw_pictures([written_on(cover)], plan, desk.office.documents["bh"], most_pages=9, cover=cover)
    (page,) = drawn.pages
    assert page.issued_png
    assert page.marks
    for mark in page.marks:
        assert 0.49 < mark.left < mark.right < 0.8, "where the words stand"
        assert 0.4 < mark.top < mark.bottom < 0.5
    assert drawn.boxes == ()


def test_a_comment_that_a_viewer_printed_into_the_pages_is_one_and_is_not_rejected(desk: Desk) -> None:
    words = b"q 0.8 0 0 RG 2 w 300 390 m 330 405 l 360 385 l 400 402 l 460 388 l S 300 375 m 420 380 l S Q"
    with pikepdf.open(desk.issued_file()) as plan:
        del plan.Root.AcroForm
        for page in plan.pages:
            if "/Annots" in page.obj:
                del page.obj.Annots
            drawn = pikepdf.Stream(plan, page.Contents.read_bytes())
            drawn.Type, drawn.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
            drawn.BBox, drawn.Resources = page.mediabox, page.obj.Resources
            page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Page=plan.make_indirect(drawn)))
            page.obj.Contents = plan.make_stream(b"q BT (printed anew) Tj ET Q /Page Do")
        before, after = io.BytesIO(), io.BytesIO()
        plan.save(before)
        plan.pages[1].contents_add(words)
        plan.save(after)
    clean = desk.take(before.getvalue(), name="clean.pdf")
    assert (clean["verdict"], codes(clean)) == ("rejected", ["damaged_resaved"])
    row = desk.take(after.getvalue(), name="noted.pdf")
    assert (row["verdict"], codes(row), row["marks_elsewhere"]) == ("held", ["comments"], [2])
    assert "on page 2" in row["findings"][0]["message"]
    desk.office.cli("held", "return", row["sha256"][:12], "--reason", "another pharmacy", now=RETURN)


def test_a_cover_without_handwriting_is_a_cover_alone(desk: Desk) -> None:
    row = desk.take(papers.fax(papers.printed(cover_of(desk))), name="fax.tif")
    assert (row["document_id"], row["verdict"]) == (desk.office.documents["bh"], "held")
    assert (row["kind"], codes(row), row["marks_elsewhere"]) == ("cover", ["cover_alone"], [])


def test_a_note_over_scanned_pages_is_a_comment_and_its_words_are_shown(desk: Desk) -> None:
    scan = papers.scanned(papers.signed(desk.issued_file().read_bytes(), "PCPSig"))
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(scan)) as document:
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Text,
            Rect=[40, 700, 60, 720],
            Contents="Please change the pharmacy.",
        )
        document.pages[1].Annots = pikepdf.Array([document.make_indirect(note)])
        document.save(out)
    row = desk.take(out.getvalue(), name="scan.pdf")
    assert (row["verdict"], row["lane"]) == ("held", "ink")
    assert codes(row)[:2] == ["comments", "ink_scan"]
    item = row["sha256"][:12]
    said = desk.office.cli("held", "show", item, "--json", now=RETURN).json["comments"]
    assert said == [{"page": 2, "kind": "Text", "words": "Please change the pharmacy."}]
    assert not [event for event in desk.events() if "change the pharmacy" in str(event.data)]


def annotated(plan: bytes, *notes: dict[str, object], resaved: bool = False) -> bytes:
    """The plan with annotations on its last page: added behind the issued bytes, or saved anew as a whole."""
    if resaved:
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(plan)) as document:
            added = [pikepdf.Dictionary(Type=pikepdf.Name.Annot, **note) for note in notes]
            page = document.pages[-1].obj
            page.Annots = pikepdf.Array([*page.get("/Annots", ()), *map(document.make_indirect, added)])
            document.save(out)
        return out.getvalue()
    writer = IncrementalPdfFileWriter(io.BytesIO(plan))
    page = writer.root["/Pages"]["/Kids"][-1].get_object()
    while "/Kids" in page:
        page = page["/Kids"][-1].get_object()
    mine = []
    for note in notes:
        rows = {"/Type": generic.pdf_name("/Annot"), "/Subtype": generic.pdf_name(f"/{str(note['Subtype'])[1:]}")}
        rows["/Rect"] = generic.ArrayObject(map(generic.NumberObject, (300, 150, 420, 190)))
        if "Contents" in note:
            rows["/Contents"] = generic.pdf_string(str(note["Contents"]))
        mine.append(writer.add_object(generic.DictionaryObject({generic.pdf_name(k): v for k, v in rows.items()})))
    page["/Annots"] = generic.ArrayObject([*page.get("/Annots", []), *mine])
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


STAMP: dict[str, object] = {"Subtype": pikepdf.Name.Stamp, "Rect": [300, 150, 420, 190]}
NOTE: dict[str, object] = {"Subtype": pikepdf.Name.Text, "Rect": [40, 700, 60, 720], "Contents": "Another pharmacy."}


@pytest.mark.parametrize("resaved", [False, True])
def test_a_picture_of_a_signature_put_on_as_a_stamp_is_offered_print_sign_and_fax(desk: Desk, resaved: bool) -> None:
    row = desk.take(annotated(desk.issued_file().read_bytes(), STAMP, resaved=resaved), name="plan.pdf")
    assert (row["document_id"], row["verdict"]) == (desk.office.documents["bh"], "held")
    assert {"comments", "picture_added"} <= set(codes(row))
    told = " ".join(text_of(desk.notices(desk.practice())[-1].read_bytes()).split())
    assert "print it, sign it with a pen, and fax or scan every page" in told
    assert "digital ID" in told
    assert "nothing needs to be signed" not in told, "both can't be true"


@pytest.mark.parametrize("notes", [(NOTE,), (STAMP, NOTE), ({**STAMP, "Contents": "Not agreed"},)])
def test_words_in_the_file_are_comments_and_nobody_is_asked_to_sign(desk: Desk, notes: tuple[Any, ...]) -> None:
    row = desk.take(annotated(desk.issued_file().read_bytes(), *notes), name="plan.pdf")
    assert ("comments" in codes(row), "picture_added" in codes(row)) == (True, False)
    told = " ".join(text_of(desk.notices(desk.practice())[-1].read_bytes()).split())
    assert "nothing needs to be signed" in told
    assert "sign it with a pen" not in told


def test_a_stamp_beside_a_digital_signature_asks_nobody_to_sign_again(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file()).read_bytes()
    row = desk.take(annotated(signed, STAMP), name="plan.pdf")
    assert ("comments" in codes(row), "picture_added" in codes(row), row["verdict"]) == (True, False, "held")
