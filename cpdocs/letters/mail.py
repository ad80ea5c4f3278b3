"""Mail that came back, members never written to, and addresses sent to a checking service and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import eastern_date
from cpdocs.core.csvsafe import csv_text
from cpdocs.core.events import JSON, Event, EventType, NewEvent, document_subject, member_subject, run_subject
from cpdocs.core.ids import is_member_id, parse_document_id
from cpdocs.core.letter_mail import MAIL_EVENTS, REASONS, Mail, ReturnedPiece, fingerprint, fold_mail, mended
from cpdocs.core.letters import RunRecord, RunState, parse_sheet_mark
from cpdocs.core.members import Assignment, assignment_key
from cpdocs.core.register import assignment_from_json
from cpdocs.core.roster import Disposition, RosterOutcome
from cpdocs.errors import InputFault, Problem
from cpdocs.ledger.blobs import write_durably
from cpdocs.letters.runs import all_runs
from cpdocs.people.access import record_access
from cpdocs.register.load import load_register

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace

ADDRESS_COLUMNS = ("record_id", "address1", "address2", "city", "state", "zip")
"""What goes to an address service: no name and no member id; ``record_id`` is the address's fingerprint."""
CHECKED_COLUMNS = (*ADDRESS_COLUMNS, "dpv")
"""What comes back: the address as the service writes it, and its delivery point code (Y, S, D, N or empty)."""
_LIVE = frozenset({"assigned", "engaged"})
_ROWS_PER_EVENT = 500


def load_mail(source: Reads) -> Mail:
    """What is known of returned mail, suppressed members and checked addresses."""
    return fold_mail(source.events(types=MAIL_EVENTS))


def apply_mail(ws: Workspace, mail: Mail, outcomes: Sequence[RosterOutcome]) -> tuple[RosterOutcome, ...]:
    """The outcomes with what is known of the mail: suppressed members, flagged addresses held, checked ones mended.

    Adds the codes suppression_list and address_returned, and the warnings address_not_confirmed and
    address_standardized.
    """
    return tuple(_judged(ws, mail, outcome) for outcome in outcomes)


def _judged(ws: Workspace, mail: Mail, outcome: RosterOutcome) -> RosterOutcome:
    item = outcome.assignment
    if item is None or outcome.disposition is not Disposition.MAILED:
        return outcome
    if item.member_id in mail.suppressed:
        return replace(outcome, disposition=Disposition.SUPPRESSED, code="suppression_list", warnings=())
    where = fingerprint(ws.id_secret, item)
    if mail.flag(item.member_id, where):
        return replace(outcome, disposition=Disposition.HELD, code="address_returned", warnings=())
    checked = mail.checked.get(where)
    if checked is None:
        return outcome
    better = mended(item, checked)
    warnings = outcome.warnings
    if not checked.confirmed:
        warnings = (*warnings, "address_not_confirmed")
    elif better != item:
        warnings = (*warnings, "address_standardized")
    return replace(outcome, assignment=better, warnings=warnings)


@dataclass(frozen=True, slots=True)
class ReturnedMail:
    """What a batch of codes came to: the pieces recorded now, and for each code that told nothing why."""

    recorded: tuple[ReturnedPiece, ...]
    problems: tuple[Problem, ...]


def record_returned(ws: Workspace, codes: Sequence[str], reason: str, on: date) -> ReturnedMail:
    """Records that letters came back: each by its sheet's code or its document id, as scanned or typed.

    A code that can't be told is a problem and stops none of the others; a letter recorded before with the same reason
    is not recorded again. Raises InputFault for a day after today.
    """
    if reason not in REASONS:
        raise InputFault(f"{reason!r} is no reason.", todo=f"It is one of {', '.join(REASONS)}.")
    if on > eastern_date(ws.clock.now()):
        raise InputFault("Mail can't have come back after today.")
    recorded: list[ReturnedPiece] = []
    problems: list[Problem] = []
    with ws.ledger.write() as tx:
        runs = all_runs(tx)
        known = load_mail(tx).returned
        for number, code in enumerate(codes, start=1):
            event = _staged(tx, code, runs)
            run = runs[event.data["run_id"]] if event else None
            if event is None or run is None:
                problems.append(
                    Problem(
                        "code_unknown", "no letter has this code or document id.", f"code {number}", "Type it again."
                    )
                )
                continue
            if not run.went_out(event.data["document_id"]):
                problems.append(_never_went(run, event, f"code {number}"))
                continue
            new = _returned_event(ws, tx, event, reason, on)
            piece = fold_mail([replace(event, type=EventType.LETTER_RETURNED, data=new.data)]).returned[
                event.data["document_id"]
            ]
            before = known.get(piece.document_id)
            if before is None or (before.reason, before.address, before.run_id) != (
                piece.reason,
                piece.address,
                piece.run_id,
            ):
                tx.append(new)
                known = {**known, piece.document_id: piece}
                recorded.append(piece)
    return ReturnedMail(tuple(recorded), tuple(problems))


def _never_went(run: RunRecord, staged: Event, where: str) -> Problem:
    """Why a letter can't have come back: it was pulled, or its run wasn't released."""
    if staged.data["document_id"] in run.pulled and run.state is not RunState.CANCELLED:
        return Problem(
            "pulled",
            f"its piece {staged.data['piece']} was pulled from run {run.run_id} and never went out.",
            where,
            "If it is in your hand, its sheets weren't taken out: tell whoever mails.",
        )
    return Problem("not_mailed", f"its run {run.run_id} is {run.state.value}.", where)


def _staged(source: Reads, code: str, runs: Mapping[str, RunRecord]) -> Event | None:
    """The event of the piece that a sheet code or a document id names; of several the last that went out, or the last
    where none did."""
    mark = parse_sheet_mark(code)
    document_id = parse_document_id(code)
    found = None
    if mark is not None:
        for event in source.events(subject=run_subject(mark.run_id), types=(EventType.LETTER_STAGED,)):
            if event.data["piece"] == mark.piece:
                found = event
    elif document_id is not None:
        events = [*source.events(subject=document_subject(document_id), types=(EventType.LETTER_STAGED,))]
        out = [event for event in events if runs[event.data["run_id"]].went_out(document_id)]
        found = next(reversed(out or events), None)
    return found


def _returned_event(ws: Workspace, source: Reads, staged: Event, reason: str, on: date) -> NewEvent:
    data = staged.data
    member_id = data["assignment"][0]
    address = ""
    for event in source.events(subject=member_subject(member_id), types=(EventType.ASSIGNMENT_RECORDED,)):
        item = assignment_from_json(event.data["assignment"])
        if item.key == assignment_key(*data["assignment"]) and event.seq < staged.seq:
            address = fingerprint(ws.id_secret, item)
    facts: dict[str, JSON] = {name: data[name] for name in ("run_id", "kind", "piece", "document_id", "assignment")}
    subjects = (document_subject(data["document_id"]), member_subject(member_id), run_subject(data["run_id"]))
    return NewEvent(
        EventType.LETTER_RETURNED, subjects, {**facts, "reason": reason, "on": on.isoformat(), "address": address}
    )


def suppress(ws: Workspace, member_ids: Sequence[str], reason: str, by: str, *, lift: bool) -> int:
    """Puts members on the list of those never written to, or takes them off it; gives how many that changed.

    Raises InputFault, with the line of each, where something isn't a member id; nothing is recorded then.
    """
    wrong = [
        Problem("member_id_invalid", "it isn't twelve digits.", f"line {line}")
        for line, member_id in enumerate(member_ids, start=1)
        if not is_member_id(member_id)
    ]
    if wrong or not member_ids:
        raise InputFault(
            "Not every line is a member id; nothing was recorded.", todo="Give one member id a line.", problems=wrong
        )
    kind = EventType.MEMBER_UNSUPPRESSED if lift else EventType.MEMBER_SUPPRESSED
    with ws.ledger.write() as tx:
        now = load_mail(tx).suppressed
        wanted = [member_id for member_id in dict.fromkeys(member_ids) if (member_id in now) is lift]
        tx.append(
            *(
                NewEvent(kind, (member_subject(member_id),), {"member_id": member_id, "reason": reason, "by": by})
                for member_id in wanted
            )
        )
    return len(wanted)


def write_addresses(ws: Workspace, path: Path) -> int:
    """Writes a CSV of every address of a live assignment, once each, for an address service (CASS, DPV); gives how
    many.

    It names nobody. Raises OutputExists where another file of that name is there.
    """
    rows: dict[str, dict[str, str]] = {}
    for item in load_register(ws).assignments.values():
        if item.status in _LIVE and item.address1:
            record_id = fingerprint(ws.id_secret, item)
            rows.setdefault(record_id, {"record_id": record_id, **_address(item)})
    record_access(ws, "letters addresses export")
    write_durably(path, csv_text(ADDRESS_COLUMNS, [rows[record_id] for record_id in sorted(rows)]).encode())
    return len(rows)


def _address(item: Assignment) -> dict[str, str]:
    return {name: getattr(item, name) for name in ADDRESS_COLUMNS[1:]}


@dataclass(frozen=True, slots=True)
class AddressImport:
    """What an address service's answer came to: rows taken, how many it confirms, how many it says nothing good of."""

    rows: int
    confirmed: int
    unconfirmed: int


def import_addresses(ws: Workspace, path: Path) -> AddressImport:
    """Records what an address service says, all of it or nothing.

    Raises InputFault: no table, a column missing, or with the line of each row whose record_id isn't one of ours or
    that is confirmed without a street, a city or a ZIP.
    """
    from cpdocs.intake.limits import MAX_BYTES
    from cpdocs.intake.tables import read_table
    from cpdocs.system.input_files import read_input

    data = read_input(path, MAX_BYTES)
    table = read_table(data, path.name, CHECKED_COLUMNS)
    ours = {fingerprint(ws.id_secret, item) for item in load_register(ws).assignments.values()}
    rows: list[dict[str, JSON]] = []
    problems: list[Problem] = []
    for row in table.rows:
        if row.blank:
            continue
        cells = {name: row.cells[name].strip() for name in CHECKED_COLUMNS}
        cells["dpv"] = cells["dpv"].upper()
        if cells["record_id"] not in ours:
            problems.append(Problem("record_unknown", "its record_id is none of ours.", f"line {row.line}"))
        elif cells["dpv"] in ("Y", "S", "D") and not (cells["address1"] and cells["city"] and cells["zip"]):
            problems.append(
                Problem("address_incomplete", "it is confirmed without street, city or ZIP.", f"line {row.line}")
            )
        rows.append({**cells})
    if problems:
        raise InputFault(
            f"{path.name} can't be used; nothing was recorded.",
            todo="Ask the service for the file again.",
            problems=problems,
        )
    ws.blobs.put(data)
    ws.ledger.append(*_checked_events(sha256(data).hexdigest(), rows))
    confirmed = sum(row["dpv"] in ("Y", "S", "D") for row in rows)
    return AddressImport(len(rows), confirmed, len(rows) - confirmed)


def _checked_events(file: str, rows: Sequence[dict[str, JSON]]) -> Iterator[NewEvent]:
    for start in range(0, len(rows), _ROWS_PER_EVENT):
        part: list[JSON] = [*rows[start : start + _ROWS_PER_EVENT]]
        yield NewEvent(EventType.ADDRESSES_CHECKED, (), {"file": file, "addresses": part})
