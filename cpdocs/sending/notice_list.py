"""Which notices wait to be sent, to whom by name, and what is logged of those that left (contract §8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.notices import NoticeRecord, payer_folder
from cpdocs.errors import UsageFault
from cpdocs.index.outgoing import notices
from cpdocs.index.queries import Page, PracticeContact, payers_of, practices_of
from cpdocs.plans.notice_files import Sending, log_notices_sent, notices_at, the_notice

if TYPE_CHECKING:
    from datetime import datetime

    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Addressed:
    """A notice and whom it is for: ``name`` of the practice or health plan; ``to``
    and ``channel``: to whom and how it goes as the record has it (empty: not on record)."""

    notice: NoticeRecord
    name: str
    to: str
    channel: str


def addressed(ws: Workspace, notices: Iterable[NoticeRecord]) -> list[Addressed]:
    """These notices with their addressees, in the same order."""
    notices = list(notices)
    practices = practices_of(ws.index, (each.practice_id for each in notices if each.practice_id))
    return [_addressed(ws, each, practices.get(each.practice_id)) for each in notices]


def _addressed(ws: Workspace, notice: NoticeRecord, practice: PracticeContact | None) -> Addressed:
    if notice.practice_id:
        if practice is None:
            return Addressed(notice, notice.practice_id, "", "")
        name = practice.name or notice.practice_id
        return Addressed(notice, name, practice.key_contact or practice.name, practice.return_channel)
    # The member may have changed health plans since: the one whose folder the notice lies in is meant.
    payers = payers_of(ws.index, notice.plans, notice.member_id)
    payer = next((each for each in payers if notice.file.startswith(f"notices/{payer_folder(each)}/")), "")
    return Addressed(notice, payer or "health plan", payer, "")


def list_notices(
    ws: Workspace, *, everything: bool = False, practice_id: str = "", page: Page | None = None
) -> list[Addressed]:
    """The notices that wait, oldest first, all of them or a page; ``everything`` also gives those that left."""
    numbers = notices(ws.index, page or Page(), everything=everything, practice_id=practice_id)
    return addressed(ws, notices_at(ws.ledger, numbers))


def log_sent(ws: Workspace, typed: Sequence[str], *, to: str, channel: str, at: datetime) -> list[NoticeRecord]:
    """Records that these notices left, all of them or none; ``to`` and ``channel`` come from the record where they are
    empty. Raises InputFault where there is no such notice, it is logged already, or the day can't be; UsageFault where
    the record knows no addressee or channel."""
    wanted = {each.reference: each for each in (the_notice(ws, name) for name in typed)}
    sendings = []
    for each in addressed(ws, wanted.values()):
        reference = each.notice.reference
        whom, how = to.strip() or each.to, channel.strip() or each.channel
        if not whom:
            raise UsageFault(f"{reference}: to whom it goes isn't on record.", todo="Give --to.")
        if not how:
            raise UsageFault(f"{reference}: how it goes isn't on record.", todo="Give --channel.")
        sendings.append(Sending(each.notice, whom, how))
    return log_notices_sent(ws, sendings, at=at)
