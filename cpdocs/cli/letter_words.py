"""What a run's codes mean, in sentences for whoever reads them on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cpdocs.core.ids import last_four
from cpdocs.core.line_words import WARNINGS, what_to_do, why
from cpdocs.core.plurals import counted

if TYPE_CHECKING:
    from cpdocs.letters.not_mailed import NotMailed

_SHOWN = 200
_NAMED = ("held", "rejected", "suppressed")
"""What a rehearsal names line by line, in this order; of duplicates and blank lines the number says enough."""


def warning_in_words(code: str, number: int, of: str = "letter") -> str:
    """One kind of warning: how many letters (or lines) it is about, and what it means."""
    return (
        f"{counted(number, of)}: members who {WARNINGS[code]} ({code})."
        if code in WARNINGS
        else (f"warning {code}: {number}")
    )


def reason_in_words(code: str) -> str:
    """Why, with the code behind it: codes are what manifests and scripts have."""
    return f"{why(code).rstrip('.')} ({code})"


def at_terminal() -> bool:
    """Whether a person reads what is printed; names are shown to nobody else but who asks for JSON (contract §10)."""
    return sys.stdout.isatty()


def who(name: str, member_id: str) -> str:
    """A member's name on a terminal; where the output goes elsewhere, the last four digits of the id."""
    if name and at_terminal():
        return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)
    return f"member {last_four(member_id)}" if member_id else "no member id"


def not_mailed_in_words(lines: Sequence[NotMailed]) -> list[str]:
    """The lines that get no letter, who is on them and why: those first that ask something of somebody."""
    wanted = sorted((line for line in lines if line.disposition in _NAMED), key=lambda x: _NAMED.index(x.disposition))
    said = [
        f"line {line.line}, {who(line.name, line.member_id)}: {line.disposition}. {why(line.code)} "
        f"{what_to_do(line.code)}".rstrip()
        for line in wanted[:_SHOWN]
    ]
    if len(wanted) > _SHOWN:
        said.append(f"… and {len(wanted) - _SHOWN} more; --json has them all")
    return said
