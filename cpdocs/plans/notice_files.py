"""Notices that are recorded together with what they tell: staged, then the event, then the file's name (contract §8).

A kill before the event leaves nothing that counts; one after it leaves the file for the next command to name. Which of
them somebody must send, and did, is a fold (``core.notices``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType, NewEvent, document_subject
from cpdocs.core.members import Program
from cpdocs.core.notices import NOTICE_EVENTS, NoticeRecord, fold_notices, notice_reference, typed_reference
from cpdocs.core.places import channel_for
from cpdocs.errors import CpdocsError, InputFault
from cpdocs.index.outgoing import notice_named
from cpdocs.system.outbox import discard, finish, put_out, stage, stage_key

if TYPE_CHECKING:
    from cpdocs.core.plan_record import PlanRecord
    from cpdocs.core.providers import Practice
    from cpdocs.core.register import Register
    from cpdocs.documents.notices import Notice
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class NoticePaper:
    """One notice, rendered: its reference (a document id of its own), its file under outbox/notices/ (POSIX), its
    SHA-256 and kind."""

    reference: str
    file: str
    sha256: str
    kind: str
    channel: str = ""
    """The channel by which it leaves by itself; empty where a person carries it."""

    @property
    def key(self) -> str:
        """The key under which it is staged."""
        return stage_key(self.reference, self.sha256)


def make_paper(ws: Workspace, notice: Notice, folder: str) -> NoticePaper:
    """Renders ``notice``, puts it into the store and stages it for ``folder`` under outbox/notices/."""
    from cpdocs.documents.notices import render_notice

    pdf = render_notice(notice, shipped=ws.shipped_templates, site=ws.paths.templates).pdf
    paper = NoticePaper(notice.reference, f"{folder}/{notice.reference}.pdf", ws.blobs.put(pdf), notice.kind.value)
    stage(ws.paths.notices, paper.key, {paper.file: pdf})
    return paper


def written_event(paper: NoticePaper, subjects: Iterable[str], **data: JSON) -> NewEvent:
    """The event that records ``paper``; ``data`` adds to it, or says another document id than the paper's own."""
    whole: dict[str, JSON] = {
        "document_id": paper.reference,
        "kind": paper.kind,
        "file": f"notices/{paper.file}",
        "sha256": paper.sha256,
        **({"channel": paper.channel} if paper.channel else {}),
        **data,
    }
    about = dict.fromkeys((document_subject(paper.reference), *subjects))
    return NewEvent(EventType.NOTICE_WRITTEN, tuple(about), whole)


def put_out_papers(ws: Workspace, papers: Iterable[NoticePaper]) -> None:
    """Gives recorded papers their names, and takes those away whose words they take back."""
    for paper in papers:
        put_out(ws.paths.notices, paper.key)
        _take_away_replaced(ws, paper.reference)


def _take_away_replaced(ws: Workspace, reference: str) -> None:
    written = ws.ledger.events(subject=document_subject(reference), types=(EventType.NOTICE_WRITTEN,))
    plans = dict.fromkeys(str(event.data.get("document_id") or "") for event in written)
    for plan in plans:
        events = ws.ledger.events(subject=document_subject(plan), types=NOTICE_EVENTS)
        for notice in fold_notices(events).values():
            if notice.replaced_by == reference:
                (ws.paths.outbox / notice.file).unlink(missing_ok=True)


@contextmanager
def discarding(ws: Workspace, papers: Iterable[NoticePaper]) -> Iterator[None]:
    """Forgets these papers where what would record them is refused."""
    try:
        yield
    except CpdocsError:
        for paper in papers:
            discard(ws.paths.notices, paper.key)
        raise


def finish_notices(ws: Workspace) -> None:
    """Puts out the notices that an earlier command recorded but was killed before it could name."""

    def recorded(key: str) -> bool:
        reference, _, start = key.partition(".")
        events = ws.ledger.events(subject=document_subject(reference), types=(EventType.NOTICE_WRITTEN,))
        return any(str(event.data["sha256"]).startswith(start) for event in events)

    finish(ws.paths.notices, recorded, ws.clock.true_now())


def practice_of(source: Reads, practice_id: str) -> Practice | None:
    """The practice as it is on record now."""
    # The whole register: whoever only lists notices starts without it.
    from cpdocs.core.register import DIRECTORY_EVENTS
    from cpdocs.core.register import fold as fold_register

    return fold_register(source.events(types=DIRECTORY_EVENTS)).directory.practices.get(practice_id)


def practice_address(source: Reads, practice_id: str) -> tuple[str, ...]:
    """The practice's lines on a letter: its key contact first."""
    practice = practice_of(source, practice_id)
    if practice is None:
        return (practice_id,)
    lines = (
        practice.key_contact,
        practice.name,
        practice.address1,
        f"{practice.city}, {practice.state} {practice.zip}",
    )
    return tuple(line for line in lines if line.strip(" ,"))


def chart_facts(register: Register, plan: PlanRecord) -> list[tuple[str, str]]:
    """What a front desk finds a plan's chart by, as heading and text: the patient by initials alone, and the PCP."""
    from cpdocs.documents.cover_views import initials

    member = register.latest(plan.member_id, Program(plan.program))
    pcp = next(iter(register.directory.clinicians.get(plan.pcp_npi, ())), None)
    return [
        *([("Patient", initials(member))] if member else []),
        *([("PCP", pcp.display_name)] if pcp else []),
    ]


def channel_name(ws: Workspace, practice_id: str) -> str:
    """The channel by which a notice to this practice leaves by itself; empty where a person carries it."""
    practice = practice_of(ws.ledger, practice_id) if ws.options.channels else None
    channel = channel_for(ws.options.channels, practice) if practice else None
    return channel.name if channel else ""


def payer_channel(ws: Workspace, payer: str) -> dict[str, JSON]:
    """What the event of a letter to a health plan says besides: which one, and the channel by which it leaves by itself
    (none where a person sends it)."""
    channel = ws.senders.payer(payer).channel
    return {"payer": payer, "channel": channel} if channel else {"payer": payer}


def load_notices(source: Reads) -> dict[str, NoticeRecord]:
    """Every notice by reference."""
    return fold_notices(source.events(types=NOTICE_EVENTS))


def notices_at(source: Reads, numbers: Iterable[int]) -> list[NoticeRecord]:
    """The notices that the events with these numbers wrote, as they stand now."""
    found: list[NoticeRecord] = []
    for seq in numbers:
        (written,) = source.events(types=(EventType.NOTICE_WRITTEN,), after=seq - 1, upto=seq)
        about = written.subjects[0] if written.subjects else None
        later = source.events(subject=about, types=NOTICE_EVENTS, after=seq)
        found.append(fold_notices([written, *later])[notice_reference(dict(written.data))])
    return found


@dataclass(frozen=True, slots=True)
class Sending:
    """That one notice left: to whom, and how."""

    notice: NoticeRecord
    to: str
    channel: str


def the_notice(ws: Workspace, typed: str) -> NoticeRecord:
    """The notice that a person means. Raises InputFault where there is none."""
    seq = notice_named(ws.index, typed_reference(typed))
    if not seq:
        raise InputFault("That is no notice of this workspace.", todo="See `cpdocs notices list --all`.")
    return notices_at(ws.ledger, [seq])[0]


def log_notices_sent(ws: Workspace, sendings: Sequence[Sending], *, at: datetime) -> list[NoticeRecord]:
    """Records that notices left at ``at``, all of them or none. Raises InputFault where one is logged already, or the
    day can't be."""
    numbers = [each.notice.seq for each in sendings]
    with ws.ledger.write() as tx:
        for now in notices_at(tx, numbers):
            _may_have_left(now, at, ws.clock.now())
        tx.append(*(sent_event(each.notice, to=each.to, channel=each.channel, at=at) for each in sendings))
        return notices_at(tx, numbers)


def _may_have_left(notice: NoticeRecord, at: datetime, now: datetime) -> None:
    reference, day = notice.reference, eastern_date(at)
    if notice.sent_at is not None:
        raise InputFault(f"{reference}: already logged as sent ({notice.told_on}); nothing was changed.")
    if day < eastern_date(notice.written_at):
        raise InputFault(f"{reference}: sent before it was written ({eastern_date(notice.written_at)}).")
    if day > eastern_date(now):
        raise InputFault(f"{reference}: {day} is in the future.", todo="Log it when it has left.")


def sent_event(notice: NoticeRecord, *, to: str, channel: str, at: datetime) -> NewEvent:
    """The event that records that a notice left."""
    said: dict[str, JSON] = {
        "reference": notice.reference,
        "document_id": notice.document_id,
        "kind": notice.kind,
        "file": notice.file,
        "to": to,
        "channel": channel,
        "at": at.isoformat(),
    }
    return NewEvent(EventType.NOTICE_SENT, notice.subjects, said)
