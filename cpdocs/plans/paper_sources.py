"""The events behind what a plan and its cover say of people and offices: kept with ``plan.issued``, by number.

What the plan itself says is its author's file, whose digest the event has; everything else on its pages was taken from
the roster, the practices, the clinicians, the settings and the version before, as the record had them at that moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.events import WORKSPACE_SUBJECT, Event, EventType, member_subject, practice_subject
from cpdocs.core.members import assignment_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cpdocs.core.members import Assignment
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.ledger.reads import Reads


class PaperSources:
    """Finds them for one plan after the other; the tables of clinicians, which are large, are read once."""

    def __init__(self) -> None:
        self._read_until = 0
        self._clinicians: dict[str, int] = {}

    def of(
        self, source: Reads, member: Assignment, practice_id: str, pcp_npi: str, before: PlanRecord | None
    ) -> dict[str, int]:
        """The number of the last event behind each: ``assignment``, ``practice``, ``clinician``, ``settings``, and
        ``version_before`` where there is one."""
        recorded = source.events(subject=member_subject(member.member_id), types=(EventType.ASSIGNMENT_RECORDED,))
        found = {
            "assignment": _last(each for each in recorded if _key(each) == member.key),
            "practice": _last(
                source.events(subject=practice_subject(practice_id), types=(EventType.PRACTICES_IMPORTED,))
            ),
            "clinician": self._clinician(source, pcp_npi),
            "settings": _last(source.events(subject=WORKSPACE_SUBJECT, types=(EventType.SETTINGS_SEEN,))),
            "version_before": before.seq if before else 0,
        }
        return {name: seq for name, seq in found.items() if seq}

    def _clinician(self, source: Reads, npi: str) -> int:
        for event in source.events(types=(EventType.CLINICIANS_IMPORTED,), after=self._read_until):
            self._read_until = event.seq
            self._clinicians.update((row["npi"], event.seq) for row in event.data["clinicians"])
        return self._clinicians.get(npi, 0)


def _key(event: Event) -> tuple[str, ...]:
    row = event.data["assignment"]
    return assignment_key(row["member_id"], row["program"], row["cp_org"], row["assigned_on"])


def _last(events: Iterable[Event]) -> int:
    return max((each.seq for each in events), default=0)
