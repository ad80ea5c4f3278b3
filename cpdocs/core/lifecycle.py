"""Where one plan version stands: a fold over its events, and nothing else (contract §1, §4).

What each event carries in ``data`` (times are ISO 8601 with offset, dates ISO, digests lower-case hexadecimal SHA-256):

``PLAN_ISSUED``
    document_id, member_id, program, version, practice_id, pcp_npi, payer, sha256 (sealed PDF), size (bytes), pages,
    seal_fingerprint, plan_sha256 (the plan file as read), cover_sha256, file (sealed PDF under outbox/, POSIX),
    cover_file, assigned_on, part2 (bool), consent_until, next_review (dates or null),
    consent_form (what the consent says by the organization's form, by clause), reason,
    supersedes (document id or null),
    due_days, suffolk (bool: the terms as they were at issue), pcp_meaning (what the paper says that the PCP's
    signature means), discharge (the last one that the plan states: see ``discharges``; or null), choices (the answers
    on choice that are yes), services, affiliated (counts), moved_from_npi and moved_from_practice (of a transfer: whom
    the roster named then; else absent). Subjects: the document, the member, the practice, and the
    document that it supersedes.
``PLAN_SENT``
    document_id, to, channel, at.
``PLAN_RECEIVED``
    document_id, at, how.
``PLAN_RECEIPT_CORRECTED``
    document_id, at (null: it was never received), how, reason, was (what stood until then).
``PLAN_RETURNED``
    document_id, at, reason, by.
``PLAN_WITHDRAWN``
    document_id, reason.
``PLAN_COPY_GIVEN``
    document_id, on, format, language, interpreter, by: the member was given a copy of this version.
``CONSENT_ENDED``
    document_id, why (revoked | expired), on, how, by: the consent behind its Part 2 records ended.
``SLOT_FILLED``
    document_id, slot, evidence, signer (name), npi, credential, role (member | representative | pcp | pcp_designee),
    on_behalf_of (the PCP's NPI for a designee, the relation for a representative), signed_at (or null: never invented),
    received_at, return_sha256 (or null), attested_by (or null), how (ink: by whom read; in person: the witness).
    Subjects: the document, the member, and the returned file where there is one. Digital signatures add
    stated (the reason that a PCP's carries), certificate_sha256, timestamped and key_issued_by_us (bools); chart notes
    add ``note``; recorded approvals ``on``; paper that came in several files further_sha256 (the others).
``SLOT_EMPTIED``
    document_id, slot, reason: an approval that was recorded by mistake is taken back; what was filed is no more.
``SLOT_REFUSED``
    document_id, slot, on, offered, language, by, reason, verbal_consent, next_try.
``PLAN_FILED``
    document_id, target, package (folder under outbox/, POSIX), upload_sha256, manifest_sha256, closed_sha256 (or null),
    files_sha256 (every file of the package), kept: [{sha256, level, until, stamped_at, authority}] (signed files,
    closed).
``ARCHIVE_RENEWED``
    document_id, before_sha256, sha256, level, until, stamped_at, authority, folder (under outbox/, POSIX),
    manifest_sha256.
``FILING_HELD``
    document_id, target, reasons: [{code, message}].
``UPLOAD_CONFIRMED``
    document_id, by, at.

Every one of them has the document among its subjects, so one document's history is read without reading the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeAlias

from cpdocs.core.events import Event, EventType
from cpdocs.core.issued import IssuedPlan
from cpdocs.core.plan_record import (
    ConsentEnd,
    ConsentEnded,
    CopyGiven,
    Filing,
    KeptFile,
    PlanRecord,
    PlanState,
    ProofLevel,
    ReceiptCorrection,
    Refusal,
    Remark,
    Sending,
    SlotFill,
)
from cpdocs.core.verdicts import Evidence, Slot

__all__ = [
    "PLAN_EVENTS",
    "Filing",
    "PlanRecord",
    "PlanState",
    "Refusal",
    "Remark",
    "Sending",
    "SlotFill",
    "fold",
    "fold_all",
    "issued_plan",
]

PLAN_EVENTS = (
    EventType.PLAN_ISSUED,
    EventType.PLAN_SENT,
    EventType.PLAN_RECEIVED,
    EventType.PLAN_RECEIPT_CORRECTED,
    EventType.PLAN_RETURNED,
    EventType.PLAN_WITHDRAWN,
    EventType.PLAN_COPY_GIVEN,
    EventType.CONSENT_ENDED,
    EventType.SLOT_FILLED,
    EventType.SLOT_EMPTIED,
    EventType.SLOT_REFUSED,
    EventType.PLAN_FILED,
    EventType.FILING_HELD,
    EventType.ARCHIVE_RENEWED,
    EventType.UPLOAD_CONFIRMED,
)
"""The events that a plan version's record is folded from."""

_Road: TypeAlias = dict[str, Any]
"""What came of a version so far: the fields of its record that its issue left at their defaults."""


def fold(events: Iterable[Event], document_id: str = "") -> PlanRecord | None:
    """The record of one version from its events in order; None where it was never issued.

    With ``document_id`` empty it is the first version that the events issue, which is right for the events read by
    that document's subject: a successor's issue comes later.
    """
    records = fold_all(events)
    if document_id:
        return records.get(document_id)
    return next(iter(records.values()), None)


def fold_all(events: Iterable[Event]) -> dict[str, PlanRecord]:
    """Every version's record by document id, in order of issue. Events of other kinds, or of unknown documents, pass
    by."""
    issued: dict[str, PlanRecord] = {}
    roads: dict[str, _Road] = {}
    for event in events:
        if event.type is EventType.PLAN_ISSUED:
            record = _issued(event)
            if record.document_id in issued:
                continue
            issued[record.document_id] = record
            roads[record.document_id] = {}
            if record.supersedes in roads:
                roads[record.supersedes]["superseded_by"] = record.document_id
            continue
        step = _STEPS.get(event.type)
        road = roads.get(str(event.data.get("document_id", ""))) if step else None
        if step and road is not None:
            road.update(step(road, event))
    return {
        document_id: replace(record, **roads[document_id]) if roads[document_id] else record
        for document_id, record in issued.items()
    }


def issued_plan(record: PlanRecord) -> IssuedPlan:
    """What a returned file is held against."""
    return IssuedPlan(
        document_id=record.document_id,
        member_id=record.member_id,
        program=record.program,
        version=record.version,
        practice_id=record.practice_id,
        pcp_npi=record.pcp_npi,
        sha256=record.sha256,
        size=record.size,
        seal_fingerprint=record.seal_fingerprint,
        issued_at=record.issued_at,
        closed=record.closed,
        pages=record.pages,
    )


def _text(data: Mapping[str, Any], key: str) -> str:
    return str(data.get(key) or "")


def _time(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _issued(event: Event) -> PlanRecord:
    data = event.data
    return PlanRecord(
        document_id=_text(data, "document_id"),
        member_id=_text(data, "member_id"),
        program=_text(data, "program"),
        practice_id=_text(data, "practice_id"),
        pcp_npi=_text(data, "pcp_npi"),
        payer=_text(data, "payer"),
        sha256=_text(data, "sha256"),
        seal_fingerprint=_text(data, "seal_fingerprint"),
        plan_sha256=_text(data, "plan_sha256"),
        cover_sha256=_text(data, "cover_sha256"),
        file=_text(data, "file"),
        cover_file=_text(data, "cover_file"),
        reason=_text(data, "reason"),
        supersedes=_text(data, "supersedes"),
        version=int(data["version"]),
        size=int(data["size"]),
        pages=int(data["pages"]),
        part2=bool(data.get("part2")),
        language=_text(data, "language") or "en",
        large_print=bool(data.get("large_print")),
        draft_translation=bool(data.get("draft_translation")),
        due_days=int(data.get("due_days", 7)),
        suffolk=bool(data.get("suffolk")),
        issued_at=event.at,
        issued_by=event.user,
        seq=event.seq,
        assigned_on=date.fromisoformat(day) if (day := _text(data, "assigned_on")) else None,
        consent_until=date.fromisoformat(until) if (until := _text(data, "consent_until")) else None,
        next_review=date.fromisoformat(review) if (review := _text(data, "next_review")) else None,
        consent_form=dict(data.get("consent_form") or {}),
        pcp_meaning=_text(data, "pcp_meaning"),
        choices=frozenset(data.get("choices", ())),
        services=int(data.get("services", 0)),
        affiliated=int(data.get("affiliated", 0)),
        moved_from=(_text(data, "moved_from_npi"), _text(data, "moved_from_practice")),
    )


def _sent(road: _Road, event: Event) -> _Road:
    at = datetime.fromisoformat(event.data["at"])
    sending = Sending(_text(event.data, "to"), _text(event.data, "channel"), at, event.seq)
    return {"sendings": (*road.get("sendings", ()), sending)}


def _received(_: _Road, event: Event) -> _Road:
    return {"received_at": datetime.fromisoformat(event.data["at"]), "received_how": _text(event.data, "how")}


def _receipt_corrected(road: _Road, event: Event) -> _Road:
    """The receipt as it is known now; what was logged before stays in the record, with why it was wrong."""
    data = event.data
    correction = ReceiptCorrection(datetime.fromisoformat(data["was"]), _text(data, "reason"), event.user, event.at)
    return {
        "received_at": _time(_text(data, "at")),
        "received_how": _text(data, "how"),
        "receipt_corrections": (*road.get("receipt_corrections", ()), correction),
    }


def _returned(_: _Road, event: Event) -> _Road:
    at = datetime.fromisoformat(event.data["at"])
    return {"returned": Remark(at, _text(event.data, "reason"), _text(event.data, "by"))}


def _withdrawn(_: _Road, event: Event) -> _Road:
    return {"withdrawn": Remark(event.at, _text(event.data, "reason"), event.user)}


def _copy_given(road: _Road, event: Event) -> _Road:
    data = event.data
    copy = CopyGiven(
        date.fromisoformat(data["on"]),
        _text(data, "format"),
        _text(data, "language"),
        _text(data, "interpreter"),
        _text(data, "by"),
    )
    return {"copies": (*road.get("copies", ()), copy)}


def _consent_ended(road: _Road, event: Event) -> _Road:
    """The first end counts: nothing revives a consent."""
    data = event.data
    ended = ConsentEnded(ConsentEnd(data["why"]), date.fromisoformat(data["on"]), _text(data, "how"), _text(data, "by"))
    return {"consent_ended": road.get("consent_ended") or ended}


def _filled(road: _Road, event: Event) -> _Road:
    """The first thing that fills a slot stays its evidence; a member who signs after refusing has not refused."""
    data = event.data
    slot = Slot(data["slot"])
    fills: dict[Slot, SlotFill] = road.get("fills", {})
    if slot in fills:
        return {}
    on = _text(data, "on")
    fill = SlotFill(
        slot=slot,
        evidence=Evidence(data["evidence"]),
        signed_at=_time(_text(data, "signed_at")),
        received_at=_time(_text(data, "received_at")) or event.at,
        on=date.fromisoformat(on) if on else None,
        timestamped=bool(data.get("timestamped")),
        key_issued_by_us=bool(data.get("key_issued_by_us")),
        seq=event.seq,
        signer=_text(data, "signer"),
        npi=_text(data, "npi"),
        credential=_text(data, "credential"),
        role=_text(data, "role"),
        on_behalf_of=_text(data, "on_behalf_of"),
        return_sha256=_text(data, "return_sha256"),
        attested_by=_text(data, "attested_by"),
        how=_text(data, "how"),
        note=_text(data, "note"),
        further=tuple(data.get("further_sha256", ())),
        certificate_sha256=_text(data, "certificate_sha256"),
        stated=_text(data, "stated"),
    )
    refusal: Refusal | None = road.get("refusal")
    return {"fills": {**fills, slot: fill}, "refusal": None if refusal and refusal.slot is slot else refusal}


def _emptied(road: _Road, event: Event) -> _Road:
    """The slot is open again, and whatever rested on it: nothing is filed, nothing confirmed."""
    slot = Slot(event.data["slot"])
    fills = {each: fill for each, fill in road.get("fills", {}).items() if each is not slot}
    filing = road.get("filing")
    before = (*road.get("filings_before", ()), *((filing,) if filing else ()))
    return {"fills": fills, "filing": None, "filings_before": before, "filing_held": (), "uploaded": None}


def _refused(_: _Road, event: Event) -> _Road:
    data = event.data
    next_try = _text(data, "next_try")
    refusal = Refusal(
        slot=Slot(data["slot"]),
        on=date.fromisoformat(data["on"]),
        next_try=date.fromisoformat(next_try) if next_try else None,
        offered=_text(data, "offered"),
        language=_text(data, "language"),
        by=_text(data, "by"),
        reason=_text(data, "reason"),
        verbal_consent=_text(data, "verbal_consent"),
    )
    return {"refusal": refusal}


def _filed(_: _Road, event: Event) -> _Road:
    data = event.data
    filing = Filing(
        target=_text(data, "target"),
        package=_text(data, "package"),
        upload_sha256=_text(data, "upload_sha256"),
        manifest_sha256=_text(data, "manifest_sha256"),
        closed_sha256=_text(data, "closed_sha256"),
        at=event.at,
        kept=tuple(_kept(each) for each in data.get("kept", ())) or _kept_before_levels(data),
        seq=event.seq,
    )
    return {"filing": filing, "filing_held": ()}


def _kept(data: Mapping[str, Any], renewed: int = 0) -> KeptFile:
    return KeptFile(
        sha256=_text(data, "sha256"),
        level=ProofLevel(data["level"]),
        until=_time(_text(data, "until")),
        stamped_at=_time(_text(data, "stamped_at")),
        authority=_text(data, "authority"),
        renewed=renewed,
    )


def _kept_before_levels(data: Mapping[str, Any]) -> tuple[KeptFile, ...]:
    """What was filed before events told how far a proof reaches: nothing is claimed of it."""
    closed = _text(data, "closed_sha256")
    return (KeptFile(closed, ProofLevel.BASIC, None, None, ""),) if closed else ()


def _renewed(road: _Road, event: Event) -> _Road:
    filing: Filing | None = road.get("filing")
    if filing is None:
        return {}
    before = _text(event.data, "before_sha256")
    kept = tuple(_kept(event.data, each.renewed + 1) if each.sha256 == before else each for each in filing.kept)
    return {"filing": replace(filing, kept=kept)}


def _filing_held(_: _Road, event: Event) -> _Road:
    return {"filing_held": tuple(event.data["reasons"])}


def _uploaded(_: _Road, event: Event) -> _Road:
    at = datetime.fromisoformat(event.data["at"])
    return {"uploaded": Remark(at, "", _text(event.data, "by"))}


_STEPS = {
    EventType.PLAN_SENT: _sent,
    EventType.PLAN_RECEIVED: _received,
    EventType.PLAN_RECEIPT_CORRECTED: _receipt_corrected,
    EventType.PLAN_RETURNED: _returned,
    EventType.PLAN_WITHDRAWN: _withdrawn,
    EventType.PLAN_COPY_GIVEN: _copy_given,
    EventType.CONSENT_ENDED: _consent_ended,
    EventType.SLOT_FILLED: _filled,
    EventType.SLOT_EMPTIED: _emptied,
    EventType.SLOT_REFUSED: _refused,
    EventType.PLAN_FILED: _filed,
    EventType.ARCHIVE_RENEWED: _renewed,
    EventType.FILING_HELD: _filing_held,
    EventType.UPLOAD_CONFIRMED: _uploaded,
}
