"""What is left out of a layout changes nothing that is drawn, and the language of every text of ours is told."""

from __future__ import annotations

import gc
from contextlib import nullcontext
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import tinyhtml5
from weasyprint.layout import inline

from cpdocs.documents import pdf
from cpdocs.documents.letter_languages import load_catalogue
from cpdocs.documents.plans import plan_html, render_plan
from tests.documents.papers import SHIPPED, full_paper, paper


def arabic() -> pdf.Rendered:
    return render_plan(replace(paper(), catalogue=load_catalogue((SHIPPED,), "ar")), shipped=SHIPPED)


def test_right_to_left_each_line_is_laid_out_once_and_the_bytes_are_those_of_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    laid_out = []
    split = inline.split_inline_box

    def counted(*arguments: object, **named: object) -> object:
        laid_out.append(1)
        return split(*arguments, **named)

    monkeypatch.setattr(inline, "split_inline_box", counted)
    once = arabic().pdf
    lines, laid_out[:] = len(laid_out), []
    monkeypatch.setattr(pdf, "lines_once", nullcontext)
    assert arabic().pdf == once
    assert lines < 0.6 * len(laid_out)


def test_garbage_is_looked_for_again_after_a_layout() -> None:
    assert gc.isenabled()
    with pdf.lines_once():
        assert not gc.isenabled()
    assert gc.isenabled()


@pytest.mark.parametrize("tag", ["es", "ar"])
def test_every_text_of_ours_stands_in_an_element_that_tells_its_language(tag: str) -> None:
    catalogue = load_catalogue((SHIPPED,), tag)
    page = tinyhtml5.parse(plan_html(replace(full_paper(), catalogue=catalogue), shipped=SHIPPED))
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
