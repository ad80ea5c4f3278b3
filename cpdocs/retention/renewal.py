"""Stamping filed plans anew before what proves them ages out (``archive renew``).

A time stamp proves as long as its certificate is good and its algorithms are. Before they aren't, what is needed to
check it is appended and a new time stamp laid over all of it; the bytes before stay the beginning of the file, and
nothing is written over:

    outbox/renewed/<document id>/<12 digits>/    the file, and a signed manifest that says which package it amends

What no longer verifies is refused and named: a new stamp over it would prove that it was there now, and nothing of
then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cpdocs.chart.long_term import Closer, kept_json
from cpdocs.core.events import JSON, EventType
from cpdocs.core.plan_record import Filing, KeptFile, PlanRecord
from cpdocs.errors import CpdocsError, InputFault, WorkspaceFault
from cpdocs.filing.manifest import NAME, PackageFile, build_manifest
from cpdocs.ledger.checkpoint import load_checkpoint_key
from cpdocs.plans.log import plan_event
from cpdocs.plans.records import all_plans, find_plan, the_plan
from cpdocs.retention.expiring import horizon
from cpdocs.system.outbox import discard, finish, put_out, stage, stage_key

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Ageing:
    """One kept file of a filed version that wants a new time stamp."""

    record: PlanRecord
    filing: Filing
    kept: KeptFile


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: ``after`` is the renewed one; None where ``why_not`` says why it wasn't, and ``todo``
    what to do."""

    document_id: str
    before: KeptFile
    after: KeptFile | None = None
    why_not: str = ""
    todo: str = ""

    def as_json(self) -> dict[str, JSON]:
        return {
            "document_id": self.document_id,
            "before": kept_json(self.before),
            "after": kept_json(self.after) if self.after else None,
            "problem": f"{self.why_not} {self.todo}".strip() or None,
        }


def ageing(
    ws: Workspace, *, before: datetime | None = None, ids: Sequence[str] = (), everything: bool = False
) -> list[Ageing]:
    """The kept files whose proof ends before ``before`` (the settings' horizon where None), or of these versions, or
    all.

    A version that was superseded is kept like any other. Raises InputFault for a version that wasn't filed or has no
    signed file.
    """
    limit = before or horizon(ws)
    records = [the_plan(ws.ledger, each) for each in dict.fromkeys(ids)] if ids else list(all_plans(ws).values())
    for record in records if ids else ():
        if record.filing is None or not record.filing.kept:
            raise InputFault(
                f"{record.document_id} has no signed file in its archive.",
                todo="Only what was filed with one can be renewed.",
            )
    return [
        Ageing(record, record.filing, kept)
        for record in records
        if record.filing
        for kept in record.filing.kept
        if ids or everything or kept.until is None or kept.until < limit
    ]


def renew(ws: Workspace, files: Sequence[Ageing], *, gain: bool = True, dry_run: bool = False) -> Iterator[Outcome]:
    """Stamps each of ``files`` anew, one after the other; with ``dry_run`` says only which could be.

    ``gain``: one whose new proof would end no later than the old is left as it is.

    Raises WorkspaceFault where no time-stamping authority is set or it gives no time stamp.
    """
    if not ws.options.tsa_url:
        raise WorkspaceFault("No time-stamping authority is set.", todo="Set tsa_url under [signing] in cpdocs.toml.")
    closer = Closer(ws)
    if not closer.trust.timestamp_roots:
        raise WorkspaceFault(
            "No time-stamping authority is believed, so a time stamp would prove nothing here.",
            todo="Record the one of tsa_url: `cpdocs keys import-ca FILE --vouches-for time`.",
        )
    finish_renewals(ws)
    for each in files:
        yield _renew(ws, closer, each, gain=gain, dry_run=dry_run)


def finish_renewals(ws: Workspace) -> None:
    """Names what an earlier command recorded but was killed before it could name."""

    def recorded(key: str) -> bool:
        document_id, _, start = key.partition(".")
        record = find_plan(ws.ledger, document_id)
        return (
            record is not None
            and record.filing is not None
            and any(each.sha256.startswith(start) for each in record.filing.kept)
        )

    finish(ws.paths.renewed, recorded, ws.clock.true_now(), whole=True)


def _renew(ws: Workspace, closer: Closer, each: Ageing, *, gain: bool, dry_run: bool) -> Outcome:
    document_id = each.record.document_id
    try:
        data = ws.blobs.get(each.kept.sha256)
        issued = ws.blobs.get(each.record.sha256)
    except CpdocsError as error:
        return Outcome(document_id, each.kept, why_not=error.message, todo=error.todo)
    why_not = _no_longer_holds(ws, closer, data, issued)
    if why_not or dry_run:
        return Outcome(
            document_id,
            each.kept,
            why_not=why_not,
            todo="Nothing was changed. See `cpdocs verify` on the file." if why_not else "",
        )
    closed = closer.close(data)
    after = closed.kept
    if after.stamped_at is None:
        return Outcome(
            document_id,
            each.kept,
            why_not="The time stamp is by an authority that isn't believed.",
            todo="Record the one of tsa_url: `cpdocs keys import-ca FILE --vouches-for time`.",
        )
    if gain and each.kept.stamped_at and each.kept.until and after.until and after.until <= each.kept.until:
        return Outcome(
            document_id,
            each.kept,
            why_not=f"A new time stamp would end no later: the authority's certificate ends on {after.until:%Y-%m-%d}.",
            todo="Wait for its next certificate, or set another authority; --all stamps all the same.",
        )
    _keep(ws, each, closed.data, after)
    return Outcome(document_id, each.kept, after)


def _no_longer_holds(ws: Workspace, closer: Closer, data: bytes, issued: bytes) -> str:
    """Why a new time stamp over the file would prove nothing of it; empty where it would."""
    from cpdocs.signing.field_names import SLOT_OF_FIELD
    from cpdocs.signing.trust import Vouching

    if not data.startswith(issued):
        return "The file doesn't begin with the plan that was issued."
    facts = closer.facts(data)
    if facts.problem or not facts.signatures:
        return "The file can't be read as a signed PDF any more."
    broken = [each.field for each in facts.signatures if not each.sound]
    if broken:
        return f"A signature in it doesn't hold any more: {', '.join(broken)}."
    stamps = [each for each in facts.signatures if each.is_timestamp]
    if any(each.timestamp_trusted for each in stamps):
        return (
            ""
            if stamps[-1].timestamp_trusted
            else "Its newest time stamp is by an authority that isn't believed, or that has ended."
        )
    now = ws.clock.now()
    for each in facts.signatures:
        certificate = each.certificate
        if each.field not in SLOT_OF_FIELD or certificate is None:
            continue
        if certificate.key_sha256 in closer.trust.lost_keys:
            return (
                "A key that signed it was compromised since, and no time stamp that is believed shows that "
                "the signature came first."
            )
        alive = certificate.vouching is Vouching.IN_PERSON or now <= certificate.not_after
        if not (alive or each.timestamp_trusted):
            return "A certificate in it ended before any time stamp that is believed was laid over it."
    return ""


def _keep(ws: Workspace, each: Ageing, data: bytes, after: KeptFile) -> None:
    record = each.record
    facts: dict[str, JSON] = {
        "sandbox": ws.sandbox,
        "document_id": record.document_id,
        "amends": each.filing.manifest_sha256,
        "renews": each.kept.sha256,
        "built_at": ws.clock.now().isoformat(),
        "long_term": [kept_json(after)],
    }
    file = PackageFile(f"{record.document_id}.pdf", data, "closed")
    manifest = PackageFile(
        NAME, build_manifest(facts, [file], load_checkpoint_key(ws.paths.keys / "checkpoint.key").sign), "manifest"
    )
    for part in (file, manifest):
        ws.blobs.put(part.data)
    folder = f"{record.document_id}/{after.sha256[:12]}"
    key = stage_key(record.document_id, after.sha256)
    stage(ws.paths.renewed, key, {f"{folder}/{part.name}": part.data for part in (file, manifest)})
    renewed = plan_event(
        EventType.ARCHIVE_RENEWED,
        record,
        before_sha256=each.kept.sha256,
        folder=f"renewed/{folder}",
        manifest_sha256=manifest.sha256,
        **kept_json(after),
    )
    with ws.ledger.write() as tx:
        now = the_plan(tx, record.document_id)
        current = now.filing is not None and any(kept.sha256 == each.kept.sha256 for kept in now.filing.kept)
        if current:
            tx.append(renewed)
    if current:
        put_out(ws.paths.renewed, key, whole=True)
    else:  # another process was quicker, and its file is as good
        discard(ws.paths.renewed, key)
