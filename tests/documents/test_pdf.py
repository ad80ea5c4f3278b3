"""HTML to PDF: the same bytes every time, nothing fetched from outside, boxes where the layout put them."""

from __future__ import annotations

import inspect
import io
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pikepdf
import pydyf
import pytest
import weasyprint
from weasyprint.pdf import tags as weasy_tags
from weasyprint.pdf.stream import Stream

from cpdocs.documents import tags
from cpdocs.documents.pdf import Rendered, to_pdf
from cpdocs.errors import InputFault
from tests.documents.papers import SHIPPED, page_texts

CREATED = datetime(2026, 11, 2, 15, tzinfo=UTC)
PAGE = "<html lang='en'><head><title>T</title>{head}</head><body>{body}</body></html>"


def draw(
    body: str, head: str = "", *, folders: tuple[Path, ...] = (SHIPPED,), profile: str = "plan", **more: object
) -> Rendered:
    html = PAGE.format(head=head, body=body)
    return to_pdf(html, folders=folders, profile=profile, identifier="x", created=CREATED, **more)  # type: ignore[arg-type]


def elements(pdf: bytes) -> list[pikepdf.Object]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        found, waiting = [], [opened.Root.StructTreeRoot]
        while waiting:
            kids = waiting.pop(0).get("/K", pikepdf.Array())
            for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
                if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                    found.append(
                        {key: str(kid[key]) for key in ("/S", "/Lang", "/T") if key in kid}
                        | {"/A": str(kid.get("/A", ""))}
                    )
                    waiting.append(kid)
        return found


@pytest.mark.parametrize("profile", ["letter", "plan"])
def test_the_same_input_gives_the_same_bytes(profile):
    assert draw("<p>Same</p>", profile=profile).pdf == draw("<p>Same</p>", profile=profile).pdf


def test_the_time_comes_from_the_caller():
    with pikepdf.open(io.BytesIO(draw("<p>x</p>").pdf)) as opened:
        assert str(opened.docinfo.CreationDate).startswith("D:20261102150000")
        assert bytes(opened.trailer.ID[0]) == b"x"


def test_a_box_is_in_points_from_the_lower_left_of_its_page():
    style = "<style>@page{size:8.5in 11in;margin:0} body{margin:0}</style>"
    drawn = draw(
        "<div style='height:11in'></div><div id='Here' style='margin-left:1in;width:2in;height:0.5in'></div>", style
    )
    box = drawn.boxes["Here"]
    assert (drawn.pages, box.page) == (2, 1)
    assert (box.x0, box.y1, box.width, box.height) == pytest.approx((72, 792, 144, 36), abs=0.01)


@pytest.mark.parametrize(
    "body",
    [
        "<img alt='x' src='file:///etc/passwd'>",
        "<img alt='x' src='../../../../etc/passwd'>",
        "<img alt='x' src='http://127.0.0.1:9/x.png'>",
        "<img alt='x' src='https://example.org/x.png'>",
        "<img alt='x' src='data:image/png;base64,iVBORw0KGgo='>",
        "<img alt='x' src='ftp://example.org/x.png'>",
        "<style>@import 'file:///etc/hostname';</style><p>x</p>",
        "<style>@font-face{font-family:F;src:url(http://127.0.0.1:9/f.ttf)} p{font-family:F}</style><p>x</p>",
        "<link rel='stylesheet' href='https://example.org/x.css'><p>x</p>",
        "<p style='background:url(file:///etc/passwd)'>x</p>",
    ],
)
def test_nothing_is_fetched_from_outside_the_template_folders(body):
    with pytest.raises(InputFault, match="a template asks for"):
        draw(body)


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    secret = tmp_path / "secret.svg"
    secret.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (site / "logo.svg").symlink_to(secret)
    with pytest.raises(InputFault, match="picture that can't be read"):
        draw("<img alt='x' src='logo.svg'>", folders=(site, SHIPPED))


def test_a_sites_picture_and_style_sheet_win_and_are_read_again_when_they_change(tmp_path):
    site = tmp_path / "site"
    (site / "base").mkdir(parents=True)
    sheet = site / "base" / "base.css"
    sheet.write_text("p::before { content: 'first ' }")
    first = page_texts(draw("<p>x</p>", folders=(site, SHIPPED), stylesheets=("base/base.css",)).pdf)
    sheet.write_text("p::before { content: 'second ' }")
    second = page_texts(draw("<p>x</p>", folders=(site, SHIPPED), stylesheets=("base/base.css",)).pdf)
    assert (first, second) == (["first x"], ["second x"])


def test_presentational_attributes_do_nothing():
    assert draw("<p align='right'>x</p>").pdf == draw("<p>x</p>").pdf


def test_a_character_that_no_font_has_is_refused_and_not_drawn_as_a_box():
    with pytest.raises(InputFault, match=r"no font can draw \(U\+10FFFD\)"):
        draw("<p>\U0010fffd</p>")


def test_a_picture_without_alternative_text_is_refused(tmp_path):
    (tmp_path / "logo.png").write_bytes(SMALL_PNG)
    with pytest.raises(InputFault, match="alternative text"):
        draw("<img src='logo.png'>", folders=(tmp_path, SHIPPED))


def test_text_in_margins_is_an_artifact_and_the_rest_is_tagged():
    drawn = draw("<p>Body</p>", "<style>@page{@top-center{content:'Running head'}}</style>")
    assert "Running head" in page_texts(drawn.pdf)[0]
    with pikepdf.open(io.BytesIO(drawn.pdf)) as opened:
        operators = pikepdf.parse_content_stream(opened.pages[0])
        marks = [str(item.operands[0]) for item in operators if str(item.operator) in ("BMC", "BDC")]
        numbers = opened.Root.StructTreeRoot.ParentTree.Nums
        assert marks.count("/Artifact") >= 1
        assert marks.count("/Span") == len(numbers[1]) == 1


def test_language_scope_and_field_names_reach_the_tags():
    body = (
        "<p>Hello <span lang='km'>សួស្តី</span></p><table><tr><th scope='col'>A</th><th scope='row'>B</th></tr>"
        "<tr><td>1</td><td>2</td></tr></table><div data-field='MemberSig' id='MemberSig'></div>"
    )
    found = elements(draw(body).pdf)
    assert {"km"} == {item["/Lang"] for item in found if "/Lang" in item}
    scopes = [item["/A"] for item in found if item["/S"] == "/TH"]
    assert "Column" in scopes[0]
    assert "Row" in scopes[1]
    assert [item["/S"] for item in found if item.get("/T") == "MemberSig"] == ["/Div"]


def test_a_plan_has_no_object_streams():
    assert b"/ObjStm" not in draw("<p>x</p>").pdf
    assert b"/ObjStm" in draw("<p>x</p>", profile="letter").pdf


def test_painters_draw_on_each_page_with_its_number():
    seen = []

    def painters(page: int, pages: int) -> tuple[tags.Painter, ...]:
        seen.append((page, pages))
        return ()

    draw("<p style='break-after:page'>1</p><p>2</p>", painters=painters)
    assert seen == [(1, 2), (2, 2)]


def test_page_references_are_those_of_pydyf():
    pdf = pydyf.PDF()
    for _ in range(3):
        pdf.add_page(pydyf.Dictionary({}))
    plain = pdf.page_references
    with tags.mended():
        assert pdf.page_references == plain
        pdf.add_page(pydyf.Dictionary({}))
        assert len(pdf.page_references) == 4


def test_weasyprint_is_left_as_it_was():
    before = (weasy_tags._build_box_tree, pydyf.PDF.page_references)
    draw("<p>x</p>")
    assert (weasy_tags._build_box_tree, pydyf.PDF.page_references) == before


@pytest.mark.parametrize(
    ("function", "digest"),
    [
        (tags._build_box_tree, "BOX_TREE"),
        (weasy_tags.add_tags, "ADD_TAGS"),
        (Stream.marked, "MARKED"),
        (Stream.artifact, "ARTIFACT"),
        (weasyprint.Document.write_pdf, "WRITE_PDF"),
        (weasyprint.Page.paint, "PAINT"),
        (weasyprint.text.fonts.FontConfiguration.__init__, "FONTS"),
    ],
)
def test_what_is_mended_in_weasyprint_is_what_was_read(function, digest):
    """Fails when WeasyPrint changes under the mending: read the change, adapt ``tags``, then the digest here."""
    assert sha256(inspect.getsource(function).encode()).hexdigest()[:16] == DIGESTS[digest]


def test_weasyprint_is_the_version_that_tags_mends():
    assert weasyprint.__version__ == tags.WEASYPRINT_VERSION


DIGESTS = {
    "BOX_TREE": "f716251a83e7096e",
    "ADD_TAGS": "f0e74575b0bafaf3",
    "MARKED": "3fa3acacbbf66422",
    "ARTIFACT": "be61e42186804e99",
    "WRITE_PDF": "086e4a8e99981829",
    "PAINT": "b2f0dcbda755b5d5",
    "FONTS": "9fdb532fe2c80013",
}

SMALL_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
