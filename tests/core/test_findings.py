"""The catalogue of findings: the documentation shows it whole, and each code has a test that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cpdocs.core.findings import FINDINGS, GROUPS, finding
from cpdocs.core.verdicts import Verdict, worst

ROOT = Path(__file__).parent.parent.parent
WORDS = {Verdict.ACCEPTED: "remark", Verdict.HELD: "held", Verdict.REJECTED: "rejected"}


def test_the_documentation_shows_every_finding_under_its_group_word_for_word() -> None:
    text = (ROOT / "docs" / "verdicts.md").read_text("utf-8")
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))
    for group, rows in GROUPS.items():
        shown = [line for line in sections[group].splitlines() if line.startswith("| `")]
        assert shown == [
            f"| `{code}` | {WORDS[severity]} | {message} | {todo} |" for code, severity, message, todo in rows
        ]


def test_every_finding_has_a_test_that_names_it() -> None:
    tests = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path.name != "test_findings.py"
    )
    assert [code for code in FINDINGS if f'"{code}"' not in tests] == []


@pytest.mark.parametrize("code", FINDINGS)
def test_a_finding_is_a_sentence_for_people_and_says_what_to_do(code: str) -> None:
    kind = FINDINGS[code]
    assert kind.message[0].isupper()
    assert kind.message.endswith(".")
    assert kind.todo.endswith(".") or kind.severity is Verdict.ACCEPTED


def test_one_rejection_rejects_one_doubt_holds_and_a_remark_hinders_nothing() -> None:
    remark, doubt, rejection = finding("clock_ahead"), finding("unknown_ca"), finding("seal_missing")
    assert worst([]) is Verdict.ACCEPTED
    assert worst([remark]) is Verdict.ACCEPTED
    assert worst([remark, doubt]) is Verdict.HELD
    assert worst([doubt, rejection, remark]) is Verdict.REJECTED


def test_a_rule_may_soften_a_finding_without_changing_its_words() -> None:
    softened = finding("clinician_inactive", "at receipt", severity=Verdict.HELD)
    assert (softened.severity, softened.kind) == (Verdict.HELD, FINDINGS["clinician_inactive"])
    assert "(at receipt)" in softened.message
