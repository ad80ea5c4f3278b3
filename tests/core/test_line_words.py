"""Every code that a roster line or a letter can be given has words of its own."""

from __future__ import annotations

import re

import pytest

from cpdocs.core.line_words import REASONS, what_to_do, why
from tests.intake.test_input_files_doc import ROOT, codes_in

_ELSEWHERE = {"suppression_list", "address_returned"}
_NO_CODES = {"pcp_npi_invalid", "pcp_npi_missing", "age_outside_program", "language_fallback"}
_WARNINGS = _NO_CODES | {"zip_of_another_state", "cp_org_unknown"}


@pytest.mark.parametrize("module", ["core/roster.py", "core/roster_lines.py"])
def test_every_code_of_a_line_says_why(module: str) -> None:
    assert codes_in(module) - _WARNINGS <= REASONS.keys()


def test_every_code_of_a_letter_says_why() -> None:
    text = (ROOT / "cpdocs" / "documents" / "letters.py").read_text("utf-8")
    codes = set(re.findall(r'Unprintable\("([a-z_]+)"\)', text))
    assert codes
    assert (codes | _ELSEWHERE) <= REASONS.keys()


def test_words_are_sentences_and_an_unknown_code_is_said_as_it_is() -> None:
    for code, (reason, todo) in REASONS.items():
        assert reason.endswith("."), code
        assert not todo or todo.endswith("."), code
    assert (why("of_tomorrow"), what_to_do("of_tomorrow")) == ("of_tomorrow", "")
