"""What is left out of a layout changes nothing that is drawn, and the language of every text of ours is told."""

from __future__ import annotations

import gc
import io
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pikepdf
import pypdfium2
import pytest
import tinyhtml5
from tinyhtml5 import inputstream
from weasyprint import HTML, css
from weasyprint.layout import inline

from cpdocs.documents import layout, pdf
from cpdocs.documents.letter_languages import load_catalogue
from cpdocs.documents.plans import render_plan, write_plan
from tests.documents.papers import SHIPPED, full_paper, paper


def arabic() -> pdf.Rendered:
    return render_plan(replace(paper(), catalogue=load_catalogue((SHIPPED,), "ar")), shipped=SHIPPED)


def test_what_is_done_once_for_a_plan_in_two_languages_gives_the_bytes_of_doing_it_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laid_out = []
    split = inline.split_inline_box

    def counted(*arguments: object, **named: object) -> object:
        laid_out.append(1)
        return split(*arguments, **named)

    monkeypatch.setattr(inline, "split_inline_box", counted)
    styles = []
    computed = css.ComputedStyle.__init__
    monkeypatch.setattr(
        css.ComputedStyle, "__init__", lambda self, *told: (styles.append(told[2]), computed(self, *told))[1]
    )
    once = arabic().pdf
    lines, laid_out[:] = len(laid_out), []
    shared, styles[:] = styles.count(None), []
    monkeypatch.setattr(pdf, "laid_out_once", nullcontext)
    assert arabic().pdf == once
    assert lines < 0.6 * len(laid_out)
    assert shared < 0.7 * styles.count(None)  # the elements of one language and one place share a style


def test_of_two_elements_in_one_language_each_keeps_its_own_style() -> None:
    page = '<p id="{}" lang="es" style="width: {}px">Sí.</p>'
    with pdf.laid_out_once():
        (made,) = HTML(string=page.format("a", 100) + page.format("b", 200)).render().pages
    assert [box[2] - box[0] for box in made.anchors.values()] == [100, 200]


def test_the_parsers_patterns_are_found_where_it_looks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = layout._patterns()
    monkeypatch.setattr(inputstream, "characters_until_regex", {})
    for (characters, these), pattern in ours.items():
        for text in ("plain text", " \t words", "<p>", "&amp;", 'a "b"', "\0"):
            stream = inputstream.HTMLUnicodeInputStream(text)
            stream.unget(stream.character())
            read = stream.chars_until(characters, these)
            found = pattern.match(text)
            assert read == (found[0] if found else "")


def test_a_chinese_face_is_cut_to_its_glyphs_and_looks_as_when_cut_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    html = """<html lang="zh-Hans"><head><title>x</title></head><body><p>护理方案：尚无人核对 Care</p></body></html>"""

    def draw() -> pdf.Rendered:
        made = datetime(2026, 11, 2, 14, tzinfo=UTC)
        return pdf.to_pdf(
            html, folders=(SHIPPED,), profile="plan", identifier="x", created=made, stylesheets=("base/base.css",)
        )

    cut = draw().pdf
    monkeypatch.setattr(pdf, "cut_once", nullcontext)
    whole = draw().pdf
    assert embedded(cut) == ["/CIDFontType0C"]
    assert embedded(whole) == ["/OpenType"]
    assert len(cut) < len(whole) / 4
    ours, theirs = (
        pypdfium2.PdfDocument(each)[0].render(scale=2, grayscale=True).to_numpy().astype(int) for each in (cut, whole)
    )
    assert abs(ours - theirs).max() < 64  # edges, which a reader of a bare face hints apart
    assert (theirs < 128).sum() > 1000
    with pypdfium2.PdfDocument(cut) as read:
        assert "护理方案：尚无人核对 Care" in read[0].get_textpage().get_text_bounded()


def embedded(made: bytes) -> list[str]:
    """The kinds of the faces of compact outlines in a PDF."""
    with pikepdf.open(io.BytesIO(made)) as opened:
        return [str(each["/FontFile3"]["/Subtype"]) for each in map(dict_of, opened.objects) if "/FontFile3" in each]


def dict_of(each: object) -> pikepdf.Dictionary:
    return each if isinstance(each, pikepdf.Dictionary) else pikepdf.Dictionary()


def test_garbage_is_looked_for_again_after_a_layout() -> None:
    assert gc.isenabled()
    with pdf.laid_out_once():
        assert not gc.isenabled()
    assert gc.isenabled()


@pytest.mark.parametrize("tag", ["es", "ar"])
def test_every_text_of_ours_stands_in_an_element_that_tells_its_language(tag: str) -> None:
    catalogue = load_catalogue((SHIPPED,), tag)
    page = tinyhtml5.parse(write_plan(replace(full_paper(), catalogue=catalogue), shipped=SHIPPED).html)
    told: dict[str, set[str]] = {}

    def read(element: ET.Element, language: str) -> None:
        language = element.get("lang", language)
        told.setdefault(" ".join((element.text or "").split()), set()).add(language)
        for child in element:
            read(child, language)
            told.setdefault(" ".join((child.tail or "").split()), set()).add(language)

    read(page, "")
    apart = {own: english for english, own in catalogue.messages.items() if own != english and "%(" not in own}
    translated = {text: told[text] for text in apart if text in told}
    beside = {text: told[text] for text in apart.values() if text in told and text not in apart}
    assert len(translated) > 60
    assert {text: tags for text, tags in translated.items() if tags != {tag}} == {}
    assert {text: tags for text, tags in beside.items() if tags != {"en-US"}} == {}
