"""SECURITY.md claims nothing without a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text("utf-8")
DEFENDED = TEXT.split("## What is defended")[1].split("## What this can't prove")[0]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[^`]+)`", TEXT))))
def test_a_test_that_is_named_exists_and_tests_something(name: str) -> None:
    assert re.search(r"^def test_", (ROOT / name).read_text("utf-8"), re.M)


@pytest.mark.parametrize("claim", re.split(r"\n- ", DEFENDED)[1:], ids=lambda claim: claim[:40])
def test_every_claim_names_its_test(claim: str) -> None:
    assert "`tests/" in claim or "*not proven*" in claim
