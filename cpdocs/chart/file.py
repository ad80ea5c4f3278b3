"""Filing: a complete plan becomes a package for its chart, once, or waits with the reason in words (ehr.md).

Written in the order of the house: bytes into the store, the whole package under a name nobody looks at, the event, then
the package's own name. A name is never given twice: a package that an import job took away doesn't come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core import transitions
from cpdocs.core.clock import eastern_date
from cpdocs.core.events import JSON, EventType
from cpdocs.core.members import Assignment, Program
from cpdocs.core.part2_rules import part2_problems
from cpdocs.core.plan_record import PlanRecord
from cpdocs.core.register import Register
from cpdocs.errors import InputFault
from cpdocs.filing.targets import Doubt, choose_target, route_doubts
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import all_plans, find_plan, plan_of, the_plan
from cpdocs.register.load import load_register
from cpdocs.system.durable import write_durably
from cpdocs.system.outbox import discard, finish, put_out, stage, stage_key

if TYPE_CHECKING:
    from cpdocs.core.options import FilingTarget
    from cpdocs.core.plans import Plan
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one version: ``package`` is its folder, None where it waits; ``reasons`` then say why."""

    document_id: str
    package: Path | None
    reasons: tuple[Doubt, ...] = ()

    @property
    def sentence(self) -> str:
        """One line for people."""
        if self.package:
            return f"{self.document_id}: package ready in {self.package}"
        return f"{self.document_id}: not filed. " + " ".join(
            f"{doubt.message} {doubt.todo}".strip() for doubt in self.reasons
        )

    def as_json(self) -> dict[str, JSON]:
        return {
            "document_id": self.document_id,
            "state": "filed" if self.package else "held",
            "package": str(self.package) if self.package else None,
            "reasons": [
                {"code": doubt.code, "message": f"{doubt.message} {doubt.todo}".strip()} for doubt in self.reasons
            ],
        }


def file_if_complete(ws: Workspace, document_id: str) -> Filed | None:
    """Files the version if both approvals are in and it wasn't filed before; None where there is nothing to do.

    What an earlier command was killed at is finished first.
    """
    finish_filings(ws)
    record = find_plan(ws.ledger, document_id)
    if record is None or _why_not(record):
        return None
    return _file(ws, record)


def file_plans(ws: Workspace, document_ids: Sequence[str]) -> list[Filed]:
    """Files these versions, or without any every complete one that isn't filed yet.

    Raises InputFault where a named version can't be filed: unknown, not complete, closed, or filed already.
    """
    finish_filings(ws)
    if not document_ids:
        return [_file(ws, record) for record in all_plans(ws).values() if not _why_not(record)]
    records = [the_plan(ws.ledger, document_id) for document_id in dict.fromkeys(document_ids)]
    for record in records:
        if reason := _why_not(record):
            raise InputFault(f"{record.document_id} {reason}", todo=f"See `cpdocs plan show {record.document_id}`.")
    return [_file(ws, record) for record in records]


def confirm_upload(ws: Workspace, document_id: str, *, by: str, at: datetime) -> PlanRecord:
    """A person, or an acknowledgement, confirms that the document is in the chart. Raises InputFault where it can't
    be."""
    with ws.ledger.write() as tx:
        record = the_plan(tx, document_id)
        transitions.may_confirm(record, at=at, now=ws.clock.now())
        tx.append(plan_event(EventType.UPLOAD_CONFIRMED, record, by=by, at=at.isoformat()))
        return the_plan(tx, document_id)


def finish_filings(ws: Workspace) -> None:
    """Names the packages that an earlier command recorded but was killed before it could name."""

    def recorded(key: str) -> bool:
        document_id, _, start = key.partition(".")
        record = find_plan(ws.ledger, document_id)
        return record is not None and record.filing is not None and record.filing.manifest_sha256.startswith(start)

    finish(ws.paths.ehr, recorded, ws.clock.true_now(), whole=True)


def _why_not(record: PlanRecord) -> str:
    if record.closed:
        return f"is {record.closed}."
    if record.filing:
        return "is filed already; a name is never given twice."
    return "" if record.complete else "isn't complete: an approval is outstanding."


def _file(ws: Workspace, record: PlanRecord) -> Filed:
    """Builds and records one package, or records why it waits. The record is read again under the write lock."""
    from cpdocs.chart.description import Shelf
    from cpdocs.chart.long_term import kept_json
    from cpdocs.chart.package import ActiveOriginal, build_package
    from cpdocs.signing.timestamps import TimestampUnavailable

    register = load_register(ws)
    plan = _plan_of(ws, record)
    member = register.enrolled(
        record.member_id, Program(record.program), eastern_date(ws.clock.now())
    ) or register.latest(record.member_id, Program(record.program))
    practice = register.directory.practices.get(record.practice_id)
    ehr = practice.ehr if practice else ""
    target = choose_target(ws.options.targets, ehr)
    doubts = (*_left(register, record), *_consent_ended(record), *_doubts(ws, register, member, target, ehr, plan))
    if doubts or member is None or practice is None or target is None:
        return _hold(ws, record, target, doubts)
    try:
        package = build_package(ws, record, Shelf(plan=plan, member=member, practice=practice, target=target))
    except TimestampUnavailable as error:
        # Nothing is wrong with the plan: it waits, and the next start or `cpdocs file` tries again.
        return _hold(ws, record, target, (Doubt("timestamp_unavailable", error.message, error.todo),))
    except ActiveOriginal as error:
        return _hold(ws, record, target, (Doubt("active_original", error.message, error.todo),))
    key = stage_key(record.document_id, package.manifest_sha256)
    stage(ws.paths.ehr, key, {f"{package.folder}/{file.name}": file.data for file in package.files})
    filed = plan_event(
        EventType.PLAN_FILED,
        record,
        target=target.name,
        package=package.folder,
        upload_sha256=package.upload_sha256,
        manifest_sha256=package.manifest_sha256,
        closed_sha256=package.closed[0].sha256 if package.closed else None,
        kept=[kept_json(each) for each in package.closed],
        files_sha256=[file.sha256 for file in package.files],
    )
    _mark_replaced(ws, record)
    with ws.ledger.write() as tx:
        now = the_plan(tx, record.document_id)
        reason = _why_not(now)
        if not reason:
            tx.append(filed)
    if reason:
        discard(ws.paths.ehr, key)
        if now.filing:  # another process was quicker, and its package is as good
            return Filed(record.document_id, ws.paths.ehr / now.filing.package)
        raise InputFault(f"{record.document_id} {reason}", todo="It was closed while its package was being built.")
    put_out(ws.paths.ehr, key, whole=True)
    return Filed(record.document_id, ws.paths.ehr / package.folder)


def _mark_replaced(ws: Workspace, record: PlanRecord) -> None:
    """Marks the package of the version that this one takes the place of, where one was filed."""
    from cpdocs.filing.check import UPLOAD
    from cpdocs.filing.manifest import read_manifest
    from cpdocs.filing.marks import replaced_name, replaced_note

    old = find_plan(ws.ledger, record.supersedes) if record.supersedes else None
    if old is None or old.filing is None:
        return
    filing = old.filing
    manifest = read_manifest(ws.blobs.get(filing.manifest_sha256))
    upload = next(str(entry["name"]) for entry in manifest["files"] if entry["what"] == UPLOAD)
    note = replaced_note(old.document_id, old.version, upload, filing.upload_sha256, record.document_id, record.version)
    write_durably(ws.paths.ehr / filing.target / replaced_name(old.document_id), note, overwrite=True)


def _hold(ws: Workspace, record: PlanRecord, target: FilingTarget | None, doubts: Sequence[Doubt]) -> Filed:
    """Records why a package waits; the same reasons again are not recorded again."""
    codes = [reason.get("code") for reason in record.filing_held]
    if codes != [doubt.code for doubt in doubts]:
        reasons: list[JSON] = [{"code": doubt.code, "message": doubt.message, "todo": doubt.todo} for doubt in doubts]
        with ws.ledger.write() as tx:
            tx.append(
                plan_event(EventType.FILING_HELD, record, target=target.name if target else None, reasons=reasons)
            )
    return Filed(record.document_id, None, tuple(doubts))


def _left(register: Register, record: PlanRecord) -> tuple[Doubt, ...]:
    """Whether a roster states that the member died or left before the plan was filed: a person must look."""
    ended = register.stated_end(record.member_id, Program(record.program))
    if not ended:
        return ()
    todo = (
        "Where the roster is wrong, import a mended one and file again; otherwise withdraw the plan, or file "
        "it by hand."
    )
    return (Doubt("member_not_enrolled", f"The last roster that names the member says {ended}.", todo),)


def _consent_ended(record: PlanRecord) -> tuple[Doubt, ...]:
    """Whether the consent behind its Part 2 records ended after it was issued (42 CFR 2.31)."""
    ended = record.consent_ended
    if ended is None:
        return ()
    todo = "Take those items out, or get a new consent, and issue a new version."
    said = f"The consent to disclose its Part 2 records {ended.why.words} on {ended.on.isoformat()}."
    return (Doubt(f"part2_consent_{ended.why.value}", said, todo),)


def _doubts(
    ws: Workspace, register: Register, member: Assignment | None, target: FilingTarget | None, ehr: str, plan: Plan
) -> tuple[Doubt, ...]:
    if member is None:
        return (Doubt("member_unknown", "The member is no longer on record.", "Import the roster that has them."),)
    doubts = list(
        route_doubts(
            target=target,
            ehr=ehr,
            mrn=member.mrn,
            mrn_ehr=ws.options.mrn_ehr,
            mrn_shared=_shared(register, member),
            mrn_length=ws.options.mrn_length,
        )
    )
    doubts.extend(_consent_doubts(plan, ws))
    return tuple(doubts)


def _shared(register: Register, member: Assignment) -> bool:
    """Whether somebody else has the same MRN: another member id, and another name or date of birth.

    One person under two member ids (requirement X12) has one chart, so that alone is no doubt. Two that leading zeros
    alone tell apart count as the same: a spreadsheet takes them.
    """
    mrn = _without_zeros(member.mrn)
    return any(
        _without_zeros(other.mrn) == mrn and other.member_id != member.member_id and _person(other) != _person(member)
        for other in register.assignments.values()
    )


def _without_zeros(mrn: str) -> str:
    return mrn.strip().casefold().lstrip("0")


def _person(assignment: Assignment) -> tuple[str, str, date]:
    return assignment.last_name.casefold(), assignment.first_name.casefold(), assignment.dob


def _consent_doubts(plan: Plan, ws: Workspace) -> list[Doubt]:
    """The consent to disclose Part 2 records, tested again on the day of filing (contract §3)."""
    todo = "Get a valid consent and issue a new version that states it."
    problems = part2_problems(plan, eastern_date(ws.clock.now()))
    return [Doubt(problem.code, problem.message[:1].upper() + problem.message[1:], todo) for problem in problems]


def _plan_of(ws: Workspace, record: PlanRecord) -> Plan:
    return plan_of(ws, record)
