"""Whoever copies a letter's text gets the words that were written, in scripts where one glyph stands for many texts
too."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from cpdocs.documents.glyphs import uncertain
from cpdocs.documents.letters import PrintedLetter
from tests.documents.letter_samples import letter, renderer

PRESS = renderer()


def copied(pdf: bytes, folder: Path) -> str:
    path = folder / "letter.pdf"
    path.write_bytes(pdf)
    text = subprocess.run(["pdftotext", "-raw", str(path), "-"], check=True, capture_output=True, text=True).stdout
    return "".join(text.split())


@pytest.mark.parametrize("language", ["km", "vi"])
def test_a_letter_gives_back_the_words_of_its_catalogue(language: str, tmp_path: Path) -> None:
    made = PRESS.make(replace(letter(), language=language))
    assert isinstance(made, PrintedLetter)
    said = copied(made.pdf, tmp_path)
    spoken = ("You have a Community Partner", "It is your choice", "Your rights", "Reply slip")
    for text in spoken:
        assert "".join(PRESS.catalogues[language].messages[text].split()) in said


def test_a_cluster_of_several_glyphs_and_a_borrowed_form_are_uncertain() -> None:
    assert uncertain("")
    assert uncertain("⼀")  # the radical, drawn as the ideograph
    assert not any(uncertain(text) for text in ("a", "fi", "é", "一", "(", "\u00a0", "，", "ª"))
