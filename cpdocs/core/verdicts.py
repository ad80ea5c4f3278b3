"""The three answers to a returned file, the lanes it may come by, and what a finding is.

Unsure is ``held``, never ``accepted`` (contract §1). A finding's code is stable; its sentence and its advice are for
people. The catalogue of findings is in ``cpdocs.core.findings``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What we answer to a returned file."""

    ACCEPTED = "accepted"
    HELD = "held"
    REJECTED = "rejected"


class Lane(StrEnum):
    """How a returned file came back (shared signing rules, "Lanes for what comes back")."""

    DIGITAL = "digital"
    INK = "ink"
    ESIGN_SERVICE = "esign_service"
    DAMAGED = "damaged"
    UNMATCHED = "unmatched"


class Slot(StrEnum):
    """The two approvals that every plan version needs."""

    MEMBER = "member"
    PCP = "pcp"


class Evidence(StrEnum):
    """What fills a slot (contract §1)."""

    DIGITAL_SIGNATURE = "digital_signature"
    WITNESSED_SIGNATURE = "witnessed_signature"
    INK_SCAN = "ink_scan"
    RECORDED_APPROVAL = "recorded_approval"
    CHART_NOTE = "chart_note"


@dataclass(frozen=True, slots=True)
class FindingKind:
    """A finding that can be given: how bad it is, the sentence, and what to do about it."""

    code: str
    severity: Verdict
    message: str
    todo: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding given for one file.

    ``detail`` adds what the sentence can't know; it never holds PHI. ``softened`` is set where a rule gives the
    finding a milder severity than its kind has (contract §6: where two days disagree it is held).
    """

    kind: FindingKind
    detail: str = ""
    softened: Verdict | None = None

    @property
    def code(self) -> str:
        return self.kind.code

    @property
    def severity(self) -> Verdict:
        return self.softened or self.kind.severity

    @property
    def message(self) -> str:
        """The plain sentence with its detail and what to do."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.kind.message}{detail} {self.kind.todo}".strip()


def recorded_finding(code: str, message: str, severity: Verdict) -> Finding:
    """A finding as it was recorded: the words that were true when it was given stay the words."""
    return Finding(FindingKind(code, severity, message, ""))


def worst(findings: Iterable[Finding]) -> Verdict:
    """The verdict that these findings add up to: any rejection rejects, any doubt holds, nothing accepts."""
    severities = {finding.severity for finding in findings}
    for verdict in (Verdict.REJECTED, Verdict.HELD):
        if verdict in severities:
            return verdict
    return Verdict.ACCEPTED
