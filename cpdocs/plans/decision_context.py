"""What a return is judged by: what was issued, who is on record, whom we believe; read once and kept for many
returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from cpdocs.core.authority_records import AUTHORITY_EVENTS
from cpdocs.core.events import EventType, document_subject, member_subject
from cpdocs.core.key_records import KEY_EVENTS
from cpdocs.core.members import Program
from cpdocs.core.providers import Directory
from cpdocs.core.register import DIRECTORY_EVENTS, MEMBER_EVENTS, fold
from cpdocs.core.second_person import MAKER_EVENTS, key_makers
from cpdocs.keys.trust import load_trust
from cpdocs.register.load import load_register
from cpdocs.signing.index import IssuedIndex

if TYPE_CHECKING:
    from cpdocs.core.guardianship import Guardians
    from cpdocs.core.issued import IssuedLetter
    from cpdocs.core.members import Assignment
    from cpdocs.core.page_facts import FilePages
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.ledger.reads import Reads
    from cpdocs.signing.file_facts import ReturnFacts
    from cpdocs.signing.trust import Trust
    from cpdocs.workspace import Workspace

_TRUST_EVENTS = (
    *(EventType.WORKSPACE_CREATED, EventType.ORGANIZATION_KEY_ROTATED, EventType.SIGNING_WITNESSED),
    *(*KEY_EVENTS, *AUTHORITY_EVENTS),
)
_OF_THE_PLAN = (
    *(EventType.PLAN_ISSUED, EventType.PLAN_RETURNED, EventType.PLAN_WITHDRAWN),
    *(EventType.SLOT_FILLED, EventType.SLOT_EMPTIED, EventType.SLOT_REFUSED, *MEMBER_EVENTS),
)
"""What may change the answer for one plan: events about it, or about its member."""
_FOR_ALL = (*DIRECTORY_EVENTS, *_TRUST_EVENTS)
"""What may change the answer for any."""

_KEPT = 16
"""Files whose facts are remembered: those at hand, and what a person rechecks."""


class DecisionContext:
    """One reading of the ledger, refreshed where events came that change it. ``as_of`` is the last event it knows
    of."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self.as_of = 0
        self._issued: list[tuple[str, str, int]] = []
        self._issued_as_of = 0
        self._facts: dict[tuple[str, str, datetime], ReturnFacts] = {}
        self._index = IssuedIndex(())

    @property
    def index(self) -> IssuedIndex:
        """Every plan as issued, by what a returned file begins with. Read when first asked: whoever judges no bytes
        does without."""
        if self._issued_as_of < self.as_of:
            events = self._ws.ledger.events(types=(EventType.PLAN_ISSUED,), after=self._issued_as_of, upto=self.as_of)
            new = [(event.data["document_id"], event.data["sha256"], event.data["size"]) for event in events]
            if new:
                self._issued += new
                self._index = IssuedIndex(self._issued)
            self._issued_as_of = self.as_of
        return self._index

    def refresh(self) -> None:
        """Takes in what was recorded since the last time."""
        ledger, after = self._ws.ledger, self.as_of
        head = ledger.head().size
        if head == after:
            return
        for types, names in (
            (DIRECTORY_EVENTS, ("directory", "_changed_at")),
            (_TRUST_EVENTS, ("trust", "key_makers")),
        ):
            if next(iter(ledger.events(types=types, after=after)), None):
                for name in names:
                    self.__dict__.pop(name, None)
                    if name == "trust":
                        self._facts.clear()
        self.as_of = head

    def kept_facts(self, sha256: str, begins_with: str, received_at: datetime) -> ReturnFacts | None:
        """What was read of a file not long ago, and what it was read by hasn't changed: whom we believe, and whether it
        begins with issued bytes."""
        return self._facts.get((sha256, begins_with, received_at))

    def keep_facts(self, sha256: str, begins_with: str, received_at: datetime, facts: ReturnFacts) -> None:
        """Keeps what was read of a file for as long as it may be decided on again; only the last few."""
        self._facts.pop((sha256, begins_with, received_at), None)
        self._facts[sha256, begins_with, received_at] = facts
        while len(self._facts) > _KEPT:
            del self._facts[next(iter(self._facts))]

    def pages_read(self, sha256: str) -> FilePages | None:
        """What the pages of a file that was decided on a moment ago are; None where that isn't kept any more."""
        found = [facts.pages for (key, _, _), facts in self._facts.items() if key.partition(":")[0] == sha256]
        return found[-1] if found and found[-1].pages else None

    @cached_property
    def directory(self) -> Directory:
        """Practices, clinicians and designations on record."""
        return fold(self._ws.ledger.events(types=DIRECTORY_EVENTS)).directory

    @cached_property
    def trust(self) -> Trust:
        """Whom this workspace believes."""

        return load_trust(self._ws.ledger, self._ws.blobs)

    @cached_property
    def key_makers(self) -> Mapping[str, str]:
        """Who issued or pinned each digital ID; nobody's PIN is asked in a sandbox, so nobody is known there."""
        return {} if self._ws.sandbox else key_makers(self._ws.ledger.events(types=MAKER_EVENTS))

    @cached_property
    def _changed_at(self) -> datetime | None:
        """When the directory last changed."""
        return max((event.at for event in self._ws.ledger.events(types=DIRECTORY_EVENTS)), default=None)

    def directory_at(self, moment: datetime) -> Directory | None:
        """The directory as it was on record at ``moment``; None where it is the same as now."""
        if self._changed_at is None or self._changed_at <= moment:
            return None
        return fold(event for event in self._ws.ledger.events(types=DIRECTORY_EVENTS) if event.at <= moment).directory

    def practice_of(self, folder: str) -> str:
        """The practice that an inbox folder belongs to; empty for the top and for names that aren't on record."""
        self.refresh()
        return folder if folder in self.directory.practices else ""

    def member_of(self, plan: PlanRecord) -> tuple[Assignment | None, str]:
        """The member's latest assignment to the plan's program, and why plans for it stop (empty: they don't): by what
        the member said, or by what a roster states."""
        register = load_register(self._ws, plan.member_id)
        program = Program(plan.program)
        assignment = register.latest(plan.member_id, program)
        stopped = register.enrollment.stops(assignment) if assignment else None
        return assignment, stopped.value if stopped else register.stated_end(plan.member_id, program)

    def guardians_of(self, plan: PlanRecord) -> Guardians:
        """What is on record of the member's guardians."""
        return load_register(self._ws, plan.member_id).guardians_of(plan.member_id)

    def pcp_of(self, plan: PlanRecord, moment: datetime) -> str:
        """The NPI of the member's PCP as it was on record at ``moment``; by what is on record now where nothing was
        then. Empty: nobody is named."""
        events = self._ws.ledger.events(subject=member_subject(plan.member_id), types=MEMBER_EVENTS)
        then = fold(event for event in events if event.at <= moment)
        found = then.latest(plan.member_id, Program(plan.program)) or self.member_of(plan)[0]
        return plan.pcp_now(found.pcp_npi) if found else ""

    def outdated(self, source: Reads, as_of: int, plans: Iterable[PlanRecord | IssuedLetter]) -> bool:
        """Whether anything was recorded after ``as_of`` that may change the answer to a return of ``plans``,
        letters' reply slips among them."""
        subjects = [
            each for plan in plans for each in (document_subject(plan.document_id), member_subject(plan.member_id))
        ]
        kinds = _FOR_ALL if subjects else (*_FOR_ALL, EventType.PLAN_ISSUED)
        if next(iter(source.events(types=kinds, after=as_of)), None):
            return True
        return any(next(iter(source.events(subject=each, types=_OF_THE_PLAN, after=as_of)), None) for each in subjects)
