"""Comments that come back on paper: words on the cover, and notes over scanned pages, through the real intake."""

from __future__ import annotations

import io

import pikepdf
import pytest
from PIL import ImageDraw

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
