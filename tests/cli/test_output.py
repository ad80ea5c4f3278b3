"""How errors with many problems are shown."""

from __future__ import annotations

import pytest

from cpdocs.cli.output import show_error
from cpdocs.errors import InputFault, Problem


def _said(capsys: pytest.CaptureFixture[str], *problems: Problem) -> list[str]:
    show_error(InputFault("roster.csv can't be read.", problems=problems))
    return capsys.readouterr().err.splitlines()[1:]


def test_a_fault_that_many_lines_share_is_said_once_with_those_lines(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem("practice_unknown", "no such practice.", f"line {line}", "Import it.") for line in range(2, 12)]
    other = Problem("row_twice", "comes twice.", "line 5")
    assert _said(capsys, *problems, other) == [
        "  lines 2, 3, 4, 5, 6, 7, 8, 9 and 2 more: no such practice. Import it.",
        "  line 5: comes twice.",
    ]


def test_a_few_faults_keep_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem("npi_invalid", "npi is invalid.", f"line {line}") for line in (2, 3, 7)]
    assert _said(capsys, *problems) == [
        "  line 2: npi is invalid.",
        "  line 3: npi is invalid.",
        "  line 7: npi is invalid.",
    ]


def test_fields_are_never_gathered(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem("schema_invalid", "is missing.", f"goals[{place}].goal") for place in range(6)]
    assert len(_said(capsys, *problems)) == 6
