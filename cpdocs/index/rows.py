"""What the folds give, as rows of the index. A rule is asked, never told again: each column is a field of a record or
an answer of the core's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TypeAlias

from cpdocs.core.clock import eastern_date
from cpdocs.core.deadlines import business_days_between, receipt_day
from cpdocs.core.deliveries import Delivery
from cpdocs.core.discharges import Discharge, ListRecord
from cpdocs.core.events import Event
from cpdocs.core.guardianship import adult_on
from cpdocs.core.letters import RunRecord, piece_of
from cpdocs.core.members import Program
from cpdocs.core.names import person_key
from cpdocs.core.notices import fold_notices
from cpdocs.core.outreach import Outreach
from cpdocs.core.plan_clock import plan_clock, review_due
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.providers import Directory
from cpdocs.core.register import Register
from cpdocs.core.reports import contact_by
from cpdocs.core.return_record import ReturnRecord
from cpdocs.core.review_queue import item_key
from cpdocs.core.verdicts import Slot

Row: TypeAlias = tuple[object, ...]


def plan_row(record: PlanRecord, asked: Iterable[str]) -> Row:
    """A row of ``plans``; ``asked`` are the stages of the reminders that were written about it."""
    stages = sorted(set(asked))
    clock = plan_clock(record)
    evidence = {slot: record.fills[slot].evidence.value if slot in record.fills else "" for slot in Slot}
    refusal = record.refusal
    before = record.filings_before[-1] if record.filings_before else None
    days = 0
    if clock.stopped_by == "approved" and clock.stopped_on:
        start = receipt_day(clock.receipt, suffolk=record.suffolk)
        days = business_days_between(start, clock.stopped_on, suffolk=record.suffolk)
    return (
        *(record.document_id, record.seq, record.member_id, record.program, record.version),
        *(record.practice_id, record.pcp_npi, record.payer, record.state.value),
        *(record.closed, int(record.complete), int(record.part2)),
        *(_time(record.issued_at), eastern_date(record.issued_at).isoformat()),
        *(_time(record.sent_at), _time(record.received_at), _time(clock.receipt)),
        *(clock.due_on.isoformat(), *(day.isoformat() for day in clock.reminders)),
        *(int(clock.running), clock.stopped_by, _day(clock.stopped_on), days),
        *(evidence[Slot.MEMBER], evidence[Slot.PCP]),
        *(
            (refusal.slot.value, refusal.on.isoformat(), _day(refusal.next_try if not record.closed else None))
            if refusal
            else ("", "", "")
        ),
        _day(eastern_date(record.returned.at) if record.returned else None),
        *((_time(record.filing.at), record.filing.seq, record.filing.target) if record.filing else ("", 0, "")),
        *((before.seq, before.target) if before else (0, "")),
        _time(record.uploaded.at if record.uploaded else None),
        " ".join(sorted({str(reason["code"]) for reason in record.filing_held})),
        _day(review_due(record)),
        " ".join(sorted(record.choices)),
        _day(record.consent_ended.on if record.consent_ended else record.consent_until),
        int(record.consent_ended is not None),
        *(record.services, record.affiliated),
        ";".join(stages),
        _day(record.assigned_on),
        *record.moved_from,
        *("", "", 0, 0, 0, "", "", "", ""),
    )


def kept_rows(record: PlanRecord) -> Iterator[Row]:
    """Rows of ``kept_files``: the signed files of a filed version."""
    for each in record.filing.kept if record.filing else ():
        yield record.document_id, each.sha256, _time(each.until), _time(each.stamped_at)


def return_row(record: ReturnRecord, seq: int) -> Row:
    """A row of ``returns``; ``seq`` is the number of the event that recorded its arrival."""
    decision = record.decision
    return (
        *(record.sha256, record.part, seq, record.document_id),
        decision.plan_practice_id if decision else "",
        _time(record.received_at),
        int(decision is not None),
        record.verdict.value if record.verdict else "",
        decision.lane.value if decision else "",
        int(record.waiting),
        " ".join(dict.fromkeys(decision.codes)) if decision else "",
        item_key(record),
        _time(record.resolution.at if record.resolution else None),
        *(decision.kind.value if decision else "", decision.member_id if decision else ""),
        *(decision.program if decision else "", record.resolution.answer if record.resolution else ""),
        *("", "", "", "", "", ""),
    )


def notice_rows(event: Event) -> Iterator[Row]:
    """Rows of ``notices``: one for each paper that the notice is about, the first at ``place`` 0. A letter to a
    practice names several plans."""
    data = event.data
    papers = data.get("plans") or [{"document_id": data.get("document_id"), "stage": data.get("stage")}]
    ((reference, record),) = fold_notices([event]).items() or (("", None),)
    for place, each in enumerate(papers):
        yield (
            *(event.seq, str(each.get("document_id") or ""), str(data.get("practice_id") or "")),
            *(str(data.get("kind") or ""), str(each.get("stage") or ""), str(data.get("file") or "")),
            *(_time(event.at), str(data.get("return_sha256") or "")),
            *(
                reference,
                record.member_id if record else "",
                int(place == 0 and record is not None and record.in_worklist),
            ),
            str(data.get("channel") or ""),
            *(0, place),
        )


def discharge_rows(discharges: Mapping[tuple[str, str], Discharge]) -> Iterator[Row]:
    """Rows of ``discharges``: a member's last one for each program."""
    for each in discharges.values():
        due_on = eastern_date(each.due).isoformat()
        yield each.member_id, each.program, _time(each.at), _time(each.due), due_on, int(each.visited is None)


def list_rows(lists: Mapping[str, ListRecord]) -> Iterator[Row]:
    """Rows of ``medications``."""
    for each in lists.values():
        yield (
            *(each.document_id, each.seq, each.member_id, each.program, each.practice_id, _time(each.issued_at)),
            *(_day(eastern_date(each.due) if each.due else None), _time(each.sent_at)),
        )


def attempt_rows(event: Event) -> Iterator[Row]:
    """The row of ``attempts``."""
    yield event.seq, str(event.data["member_id"]), str(event.data["program"] or ""), _time(event.at)


def delivery_row(delivery: Delivery) -> Row:
    """A row of ``deliveries``; ``notice`` is the number of the event that wrote the notice it carries, or 0."""
    return (
        *(delivery.delivery_id, delivery.seq, delivery.document_id, delivery.version, delivery.target, delivery.kind),
        *(delivery.purpose.value, delivery.practice_id, delivery.state.value, delivery.attempts),
        *(delivery.answer.outcome.value if delivery.answer else "", delivery.words, _time(delivery.since)),
        *(_time(delivery.queued_at), _time(delivery.attempted_at), _time(delivery.answered_at)),
        *(_time(delivery.delivered_at), int(delivery.details.get("notice", 0))),
    )


def member_rows(register: Register, outreach: Outreach, member_ids: Iterable[str]) -> Iterator[Row]:
    """Rows of ``members``: each program that a member is or was assigned to, as its latest assignment has it.

    ``live_until`` is the last day on which an assignment is live as things stand (empty: none; ``9999-12-31``: open);
    ``ended_by`` says why plans stop, in the words of ``Register.stated_end`` and ``Choice``; ``met_on`` is the first
    day on which somebody tried to meet the member face to face since (X2); ``guardian_on`` is
    the day of the last news of a guardian, and ``guardian_same`` the spans of event numbers in which the record said of
    guardians what it says now, as JSON.
    """
    for member_id in member_ids:
        for program in Program:
            latest = register.latest(member_id, program)
            if latest is None:
                continue
            stated = register.stated_end(member_id, program)
            stopped = register.enrollment.stops(latest)
            guardians = register.guardians_of(member_id)
            yield (
                *(member_id, program.value, latest.last_name, latest.first_name, latest.full_name),
                *(latest.coordinator, latest.practice_id, latest.pcp_npi, latest.cp_org, latest.plan_name),
                *(latest.status, latest.assigned_on.isoformat(), contact_by(latest.assigned_on).isoformat()),
                *(_day(latest.end_on), _day(register.live_until(member_id, program))),
                *(stated or (stopped.value if stopped else ""),),
                _day(outreach.first_visit(member_id, program.value, latest.assigned_on)),
                *(adult_on(latest.dob).isoformat(), _day(guardians.changed_on), json.dumps(guardians.same), 0),
            )


def assignment_rows(register: Register, member_ids: Iterable[str]) -> Iterator[Row]:
    """Rows of ``assignments``: everything that these members are or were assigned to."""
    for member_id in member_ids:
        for item in register.member(member_id):
            yield (*item.key, "|".join(person_key(item)), 0)


def practice_rows(directory: Directory) -> Iterator[Row]:
    """Rows of ``practices``."""
    for each in directory.practices.values():
        yield (
            *(each.practice_id, each.name, each.phone, each.fax, each.key_contact, each.key_contact_email),
            each.return_channel,
        )


def clinician_rows(directory: Directory) -> Iterator[Row]:
    """Rows of ``clinicians``."""
    for rows in directory.clinicians.values():
        for each in rows:
            yield each.npi, each.practice_id, each.display_name, each.credential, each.role, int(each.active)


def run_row(run: RunRecord) -> Row:
    """A row of ``runs``."""
    return (
        *(run.run_id, run.kind, run.state.value, run.on.isoformat(), run.records_in, run.pieces),
        *(run.counts.get("held", 0), _day(run.mailed_on)),
    )


def piece_rows(event: Event) -> Iterator[Row]:
    """The row of ``pieces``."""
    piece = piece_of(event)
    yield (
        *(event.data["run_id"], piece.number, piece.document_id, str(event.data["kind"]), *piece.key, piece.occasion),
        *(piece.language, piece.format, piece.pages, piece.sheets, 0),
    )


def _time(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
