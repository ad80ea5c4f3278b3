"""How long the commands that look take at a program's size, beside the bare query underneath (contract §12).

A ledger of so many plan versions is made by replicating the histories of a small one through the real encoding of
events: every text, leaf and tree as the product writes them. Then each command runs in a process of its own, and its
CPU time (user and system, start-up included; wanted: 300 ms) stands beside that of the query alone in an open index.

    python benchmarks/at_size.py                      1,000 versions, a minute
    python benchmarks/at_size.py --versions 100000    60,000 members, 1.1 million events: half an hour, 3 GB
    python benchmarks/at_size.py --ledger URL         in an empty PostgreSQL database
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cpdocs.core.events import (
    JSON,
    EventType,
    NewEvent,
    document_subject,
    member_subject,
    practice_subject,
    return_subject,
    run_subject,
)
from cpdocs.core.ids import derive_document_id
from cpdocs.index.outgoing import notice_counts, notices
from cpdocs.index.queries import (
    Page,
    PlanFilter,
    overdue_count,
    plan_counts,
    plan_ids,
    waiting_count,
    waiting_for,
    waiting_items,
)
from cpdocs.index.reporting import Span, timeliness
from cpdocs.index.waiting import WorkFilter, waiting, waiting_counts
from cpdocs.ledger.events import EventStore
from cpdocs.wiring import open_workspace
from cpdocs.workspace import Workspace

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
WANTED_MS = 300
RUNS = 7
PRACTICES, COORDINATORS = 300, 200
SECRET = b"benchmark"


class Fixed:
    """A clock that the histories set."""

    def __init__(self) -> None:
        self.at = NOW - timedelta(days=900)

    def now(self) -> datetime:
        return self.at

    def true_now(self) -> datetime:
        return self.at


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--versions", type=int, default=1000, help="how many plan versions (1000)")
    wanted.add_argument("--ledger", default="", metavar="URL", help="an empty PostgreSQL database instead of a file")
    wanted.add_argument("--keep", action="store_true", help="leave the workspace where it is, and say where")
    options = wanted.parse_args()
    # Beside the repository, not in /tmp, which may be in memory.
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=Path(__file__).resolve().parents[1]))
    try:
        root = folder / "ws"
        command(root, "init", root, "--sandbox", workspace=False)
        begun = time.perf_counter()
        make(root, options.versions)
        print(f"made in {time.perf_counter() - begun:.0f} s")
        if options.ledger:
            command(root, "audit", "move", "--to", options.ledger)
        measure(root)
    finally:
        if options.keep:
            print(f"left in {folder}")
        else:
            shutil.rmtree(folder)


def make(root: Path, versions: int) -> None:
    """Members, practices and the histories of so many plan versions, a transaction a day, as the product records
    them."""
    clock = Fixed()
    ledger = EventStore.open(root / "state" / "ledger.db", clock=clock, user="bench", host="bench")
    try:
        ledger.append(*directory())
        members = max(10, versions * 6 // 10)
        with ledger.write() as tx:
            tx.extend(assignment(number) for number in range(members))
        for first in range(0, members, 2500):
            letters(ledger, first, min(first + 2500, members))
        by_day: dict[int, list[int]] = {}
        for version in range(versions):
            by_day.setdefault(20 + version * (DAYS - 20) // versions, []).append(version)
        for day in range(DAYS):
            clock.at = NOW - timedelta(days=DAYS - day)
            with ledger.write() as tx:
                history = (
                    event
                    for after, stage in STAGES
                    for version in by_day.get(day - after, ())
                    for event in stage(version, members, clock.at)
                )
                tx.extend(answering(history, tx.head().size))
    finally:
        ledger.close()


DAYS = 900


def answering(events: Iterator[NewEvent], size: int) -> Iterator[NewEvent]:
    """The events, numbered from ``size`` on: each answer to a return says the number of the decision before it."""
    decided: dict[JSON, int] = {}
    for seq, event in enumerate(events, size + 1):
        if event.type is EventType.RETURN_DECIDED:
            decided[event.data["sha256"]] = seq
        about = event.data.get("return_sha256") if event.type is EventType.NOTICE_WRITTEN else None
        yield replace(event, data={**event.data, "answers": decided[about]}) if about else event


def directory() -> Iterator[NewEvent]:
    """Practices with one PCP each."""
    practices: list[JSON] = [
        {
            **dict.fromkeys(("provider_id", "address1", "zip", "fax", "key_contact_email", "ehr"), ""),
            "practice_id": f"P{number:04}",
            "name": f"Practice {number}",
            "city": "Lynn",
            "state": "MA",
            "phone": "617-555-0100",
            "key_contact": f"Contact {number}",
            "return_channel": "fax",
            "suffolk_holidays": False,
        }
        for number in range(PRACTICES)
    ]
    clinicians: list[JSON] = [
        {
            "npi": npi(number),
            "last_name": f"Sample{number}",
            "first_name": "Pat",
            "credential": "MD",
            "practice_id": f"P{number:04}",
            "role": "pcp",
            "active": True,
        }
        for number in range(PRACTICES)
    ]
    yield NewEvent(EventType.PRACTICES_IMPORTED, (), {"file": digest("p"), "practices": practices})
    yield NewEvent(EventType.CLINICIANS_IMPORTED, (), {"file": digest("c"), "clinicians": clinicians})


def npi(number: int) -> str:
    return f"1{number:09}"


def digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()


def member_of(number: int) -> tuple[str, str, int]:
    """Member id, program and practice of the member with this number."""
    return f"9{number:011}", "BH" if number % 3 else "LTSS", number % PRACTICES


def key_of(number: int) -> list[JSON]:
    member_id, program, _ = member_of(number)
    return [member_id, program, "Example Community Partners", assigned_on(number)]


def assigned_on(number: int) -> str:
    return (date(2024, 5, 1) + timedelta(days=number % 850)).isoformat()


def assignment(number: int) -> NewEvent:
    member_id, program, practice = member_of(number)
    line: dict[str, JSON] = {
        "member_id": member_id,
        "last_name": f"Family{number % 7919}",
        "first_name": f"Given{number % 997}",
        "dob": "1980-01-02",
        "sex": "F",
        "language_spoken": "English",
        "language_written": "English",
        "format_need": "standard",
        "address1": f"{number} Main St",
        "city": "Lynn",
        "state": "MA",
        "zip": "01901",
        "plan_name": f"Plan {number % 5}",
        "plan_type": "MCO",
        "program": program,
        "status": "assigned",
        "cp_org": "Example Community Partners",
        "assigned_on": assigned_on(number),
        "assignment_source": "auto",
        "pcp_npi": npi(practice if number % 97 else (practice + 1) % PRACTICES),
        "practice_id": f"P{practice:04}",
        "coordinator": f"Coordinator {number % COORDINATORS}",
        "mrn": f"M{number}",
    }
    data: dict[str, JSON] = {"file": digest("roster"), "line": number + 2, "assignment": line}
    return NewEvent(EventType.ASSIGNMENT_RECORDED, (member_subject(member_id),), data)


def letters(ledger: Any, first: int, end: int) -> None:
    """One run of letters to the members of these numbers."""
    run = f"2024-05-{1 + first // 2500 % 28:02}-{1 + first // 70000:02}"
    with ledger.write() as tx:
        begun: dict[str, JSON] = {"run_id": run, "kind": "assignment", "to": "assigned", "on": run[:10], "roster": ""}
        tx.append(NewEvent(EventType.RUN_BEGUN, (run_subject(run),), begun))
        tx.extend(letter(run, number, number - first + 1) for number in range(first, end))
        counts: dict[str, JSON] = {"mailed": end - first, "held": 3}
        staged: dict[str, JSON] = {
            "run_id": run,
            "records_in": end - first + 3,
            "counts": counts,
            "pages": 2,
            "sheets": 1,
            "files": {},
        }
        tx.append(NewEvent(EventType.RUN_STAGED, (run_subject(run),), staged))
        tx.append(NewEvent(EventType.RUN_RELEASED, (run_subject(run),), {"run_id": run, "pull": []}))


def letter(run: str, number: int, piece: int) -> NewEvent:
    document_id = derive_document_id(SECRET, "letter", str(number))
    about = (document_subject(document_id), member_subject(member_of(number)[0]), run_subject(run))
    data: dict[str, JSON] = {
        "run_id": run,
        "kind": "assignment",
        "piece": piece,
        "document_id": document_id,
        "language": "en",
        "assignment": key_of(number),
        "format": "standard",
        "pages": 2,
        "sheets": 1,
        "first_page": 1,
        "digest": digest("letter", number),
    }
    return NewEvent(EventType.LETTER_STAGED, about, data)


def plan_id(version: int) -> str:
    return derive_document_id(SECRET, "plan", str(version))


def left_open(version: int) -> bool:
    """One version in five waits for its signatures."""
    return version % 5 == 0


def plan_event(kind: EventType, version: int, members: int, /, *subjects: str, **data: JSON) -> NewEvent:
    about = (document_subject(plan_id(version)), member_subject(member_of(version % members)[0]), *subjects)
    return NewEvent(kind, about, {"document_id": plan_id(version), **data})


def issued(version: int, members: int, at: datetime) -> Iterator[NewEvent]:
    del at
    member_id, program, practice = member_of(version % members)
    earlier = version - members
    supersedes: JSON = plan_id(earlier) if earlier >= 0 else None
    also = [document_subject(plan_id(earlier))] if earlier >= 0 else []
    yield plan_event(
        *(EventType.PLAN_ISSUED, version, members, practice_subject(f"P{practice:04}"), *also),
        member_id=member_id,
        program=program,
        version=1 + version // members,
        due_days=7,
        practice_id=f"P{practice:04}",
        pcp_npi=npi(practice),
        payer=f"Plan {version % 5}",
        sha256=digest("plan", version),
        size=200_000,
        pages=6,
        seal_fingerprint=digest("seal"),
        plan_sha256=digest("file", version),
        cover_sha256=digest("cover", version),
        file="P/x.pdf",
        cover_file="P/y.pdf",
        part2=False,
        reason="yearly review",
        supersedes=supersedes,
        suffolk=False,
        services=3,
        affiliated=version % 2,
        choices=["agrees_with_plan"],
    )


def sent(version: int, members: int, at: datetime) -> Iterator[NewEvent]:
    yield plan_event(EventType.PLAN_SENT, version, members, to="Contact", channel="fax", at=at.isoformat())
    yield plan_event(EventType.PLAN_RECEIVED, version, members, at=at.isoformat(), how="fax confirmation")


def came_back(version: int, members: int, at: datetime) -> Iterator[NewEvent]:
    """One returned file; of the versions left open, every tenth has one that waits for review."""
    if left_open(version):
        if version % 50 == 0:
            yield from returned(version, members, at, "held", 1)
        return
    if version % 2:
        yield from returned(version, members, at, "rejected", 1)
    yield from returned(version, members, at, "accepted", 2)
    for slot in ("member", "pcp"):
        yield plan_event(
            *(EventType.SLOT_FILLED, version, members, return_subject(digest("return", version, 2))),
            slot=slot,
            evidence="digital_signature",
            signer="Pat Sample",
            npi="",
            credential="MD",
            role=slot,
            on_behalf_of="",
            signed_at=at.isoformat(),
            received_at=at.isoformat(),
            return_sha256=digest("return", version, 2),
            attested_by=None,
            how="",
            timestamped=False,
        )


def returned(version: int, members: int, at: datetime, verdict: str, number: int) -> Iterator[NewEvent]:
    del members
    practice = f"P{version % PRACTICES:04}"
    sha, about = digest("return", version, number), return_subject(digest("return", version, number))
    yield NewEvent(EventType.RETURN_RECEIVED, (about,), {"sha256": sha, "size": 300_000, "practice_id": practice})
    finding: dict[str, JSON] = {"code": "ink_scan", "message": "A person reads it.", "severity": verdict}
    decided: dict[str, JSON] = {
        "sha256": sha,
        "part": 1,
        "parts": 1,
        "verdict": verdict,
        "lane": "ink",
        "document_id": plan_id(version),
        "practice_id": practice,
        "plan_practice_id": practice,
        "received_at": at.isoformat(),
        "slots_filled": ["member", "pcp"] if verdict == "accepted" else [],
        "findings": [finding],
        "signatures": [],
    }
    subjects = (about, document_subject(plan_id(version)))
    yield NewEvent(EventType.RETURN_DECIDED, subjects, decided)
    notice: dict[str, JSON] = {
        "document_id": plan_id(version),
        "practice_id": practice,
        "kind": "held",
        "file": f"notices/{sha[:9]}.pdf",
        "sha256": digest("notice", version, number),
        "return_sha256": sha,
        "answers": 0,
    }
    yield NewEvent(EventType.NOTICE_WRITTEN, (subjects[1], practice_subject(practice), about), notice)


def filed(version: int, members: int, at: datetime) -> Iterator[NewEvent]:
    del at
    if left_open(version):
        return
    kept: list[JSON] = [
        {
            "sha256": digest("kept", version),
            "level": "B-LTA",
            "until": "2034-01-01T00:00:00+00:00",
            "stamped_at": NOW.isoformat(),
            "authority": "Example TSA",
        }
    ]
    yield plan_event(
        *(EventType.PLAN_FILED, version, members),
        target="chart",
        package=f"chart/{version}",
        upload_sha256=digest("upload", version),
        manifest_sha256=digest("manifest", version),
        closed_sha256=None,
        files_sha256=[],
        kept=kept,
    )


def reminded(stage: str) -> Callable[[int, int, datetime], Iterator[NewEvent]]:
    """A reminder of the versions that are left open."""

    def written(version: int, members: int, at: datetime) -> Iterator[NewEvent]:
        del at
        if left_open(version):
            practice = f"P{member_of(version % members)[2]:04}"
            data: dict[str, JSON] = {
                "practice_id": practice,
                "kind": "reminder",
                "stage": stage,
                "file": f"notices/{version}.pdf",
                "sha256": digest("reminder", version, stage),
            }
            yield plan_event(EventType.NOTICE_WRITTEN, version, members, practice_subject(practice), **data)

    return written


def confirmed(version: int, members: int, at: datetime) -> Iterator[NewEvent]:
    if not left_open(version) and version % 20 != 1:
        yield plan_event(EventType.UPLOAD_CONFIRMED, version, members, by="Sam Sample", at=at.isoformat())


STAGES = (
    *((0, issued), (1, sent), (4, reminded("day 3")), (5, came_back), (5, filed), (9, reminded("day 6"))),
    *((10, confirmed), (14, reminded("overdue")), (17, reminded("key contact")), (25, reminded("health plan"))),
)
"""How many days after the issue what is recorded of a version."""


def command(root: Path, *argv: object, workspace: bool = True) -> tuple[float, int]:
    """Runs one command; gives its CPU time in ms and the most memory that it had, in MB."""
    named = ("--workspace", str(root)) if workspace else ()
    ours = [str(Path(sys.executable).with_name("cpdocs")), "--quiet", *named, *map(str, argv)]
    env = {**os.environ, "CPDOCS_NOW": NOW.isoformat()}
    child = subprocess.Popen(ours, stdout=subprocess.DEVNULL, env=env)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1):
        raise SystemExit(f"{argv[0]} ended with {child.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss // 1024


def measure(root: Path) -> None:
    ms, megabytes = command(root, "status", "--limit", "50")
    with_ws = {**os.environ, "CPDOCS_NOW": NOW.isoformat()}
    os.environ.update(with_ws)
    ws = open_workspace(root)
    try:
        print(
            f"{ws.ledger.head().size} events; the index made anew in {ms / 1000:.1f} s of CPU, {megabytes} MB at most"
        )
        print(f"{'':<42}{'command':>9}{'query':>9}{'ratio':>8}")
        on = NOW.date()
        someone = WorkFilter(coordinator="Coordinator 7")
        fifty, days = Page(50), ws.options.plan_days
        span = Span(*map(date.fromisoformat, MONTH[1::2]))
        rows: list[tuple[tuple[str, ...], Any]] = [
            (("status", "--limit", "50"), lambda: (plan_ids(ws.index, PlanFilter(), fifty), counted(ws))),
            (("status", "--overdue", "--limit", "50"), lambda: plan_ids(ws.index, PlanFilter(overdue_on=on), fifty)),
            (("due", "--limit", "50"), lambda: plan_ids(ws.index, PlanFilter(running=True), fifty, by_due=True)),
            (("todo", "--limit", "50"), lambda: listed(ws, WorkFilter(), fifty, days)),
            (("todo", "--coordinator", "Coordinator 7"), lambda: listed(ws, someone, Page(200), days)),
            (("held", "list", "--limit", "50"), lambda: waiting_items(ws.index, fifty)),
            (("plan", "list", "--state", "filed", "--limit", "50"), lambda: plan_ids(ws.index, FILED, fifty)),
            (("plan", "list", "--practice", "P0007", "--json"), lambda: plan_ids(ws.index, OF_ONE, Page())),
            (("plan", "show", plan_id(0)), lambda: waiting_for(ws.index, [plan_id(0)])),
            (("notices", "list", "--limit", "50"), lambda: (notices(ws.index, fifty), notice_counts(ws.index))),
            (("report", *MONTH), lambda: timeliness(ws.index, span, on, by_practice=True, plan_days=days)),
            (("health",), lambda: (overdue_count(ws.index, on), waiting_count(ws.index))),
            (("intake",), lambda: ws.index.one("SELECT count(*) FROM meta")),
        ]
        for argv, query in rows:
            command(root, *argv)
            took = sorted(command(root, *argv)[0] for _ in range(RUNS))[RUNS // 2]
            bare = sorted(timed(query) for _ in range(RUNS))[RUNS // 2]
            over = "" if took <= WANTED_MS else f"   more than {WANTED_MS}"
            print(f"{' '.join(argv):<42}{took:>6.0f} ms{bare:>6.1f} ms{took / max(bare, 0.01):>8.0f}{over}", flush=True)
    finally:
        ws.close()


MONTH = ("--from", "2026-10-01", "--to", "2026-10-31")
FILED, OF_ONE = PlanFilter(state="filed"), PlanFilter(practice_id="P0007")


def counted(ws: Workspace) -> object:
    return plan_counts(ws.index, PlanFilter()), overdue_count(ws.index, NOW.date())


def listed(ws: Workspace, wanted: WorkFilter, page: Page, days: int) -> object:
    on = NOW.date()
    return waiting(ws.index, on, wanted, page, plan_days=days), waiting_counts(ws.index, on, wanted, plan_days=days)


def timed(work: Any) -> float:
    begun = time.process_time()
    work()
    return (time.process_time() - begun) * 1000


if __name__ == "__main__":
    main()
