"""docs/input-files.md names every column, key and code that there is."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from cpdocs.core.plans import Plan
from cpdocs.core.roster_lines import COLUMNS
from cpdocs.intake import limits
from cpdocs.intake.directories import (
    CLINICIAN_COLUMNS,
    DESIGNATION_COLUMNS,
    PRACTICE_COLUMNS,
    PRACTICE_OPTIONAL,
)

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "input-files.md").read_text("utf-8")
NAMED = set(re.findall(r"`([a-z0-9_]+)`", PAGE))


def plan_keys(schema: type = Plan) -> set[str]:
    """Every key of the plan schema, at any depth."""
    keys: set[str] = set()
    for name, hint in get_type_hints(schema).items():
        keys.add(name)
        for part in (hint, *get_args(hint)):
            if isinstance(part, type) and is_dataclass(part):
                keys |= plan_keys(part)
    return keys


def codes_in(*modules: str) -> set[str]:
    """The codes that the rules in these modules give."""
    text = "".join((ROOT / "cpdocs" / module).read_text("utf-8") for module in modules)
    return set(
        re.findall(
            (
                r"(?:Problem\(\s*|return |yield |HELD, |SUPPRESSED, |DUPLICATE, |IGNORED, "
                r'|_incomplete\(.*)"([a-z0-9]+(?:_[a-z0-9]+)+)"'
            ),
            text,
        )
    )


def test_every_column_is_explained() -> None:
    assert {*COLUMNS, *PRACTICE_COLUMNS, *PRACTICE_OPTIONAL, *CLINICIAN_COLUMNS, *DESIGNATION_COLUMNS} <= NAMED


def test_every_plan_key_is_explained() -> None:
    assert plan_keys() <= NAMED
    assert len(plan_keys()) > len(fields(Plan))


@pytest.mark.parametrize(
    "module", ["core/roster.py", "core/roster_lines.py", "core/plan_rules.py", "core/part2_rules.py"]
)
def test_every_code_is_explained(module: str) -> None:
    codes = codes_in(module)
    assert len(codes) > 4
    assert codes <= NAMED | {"signed_on", "expires_on"}


def test_limits_are_told_as_they_are() -> None:
    assert (
        f"{limits.MAX_BYTES // 1024**2} MB (directories {limits.MAX_DIRECTORY_BYTES // 1024**2} MB), "
        f"{limits.MAX_LINES:,} lines"
    ) in PAGE
    assert f"{limits.MAX_COLUMNS} columns, {limits.MAX_CELL:,} characters" in PAGE
