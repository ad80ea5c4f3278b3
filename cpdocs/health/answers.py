"""How a check came out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LOW_DISK = 1 * 1024**3
"""Bytes free below which work is at risk."""


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Checked:
    """One answer: what was looked at, how it is, in words, and how to mend it."""

    check: str
    level: Level
    message: str
    todo: str = ""
