"""Numbers, dates and hours stand on one line each, in standard and in large print."""

from __future__ import annotations

from dataclasses import replace

import pypdfium2
import pytest

from cpdocs.documents.letters import PrintedLetter
from tests.documents.letter_samples import letter, renderer


@pytest.mark.parametrize("large_print", [False, True])
def test_no_line_ends_inside_a_number_a_date_or_hours(large_print: bool) -> None:
    made = renderer().make(replace(letter(large_print=large_print), language="es"))
    assert isinstance(made, PrintedLetter)
    text = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made.pdf))
    lines = text.replace("\u00a0", " ").splitlines()
    wholes = ["(617) 555-0100", "855-781-9898", "1 de enero de 2026", "2 de noviembre de 2026"]
    for whole in wholes if large_print else [*wholes, "lunes a viernes"]:
        assert any(whole in line for line in lines), whole
    joined = " ".join(lines)
    for whole in wholes:
        assert joined.count(whole) == sum(line.count(whole) for line in lines), whole
