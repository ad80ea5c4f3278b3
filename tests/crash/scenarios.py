"""The four works that may be cut short, each with a workspace where it is to begin and what must be true once it is
done.

A work is broken off, or made to fail, in a copy of its workspace. Then whoever comes next runs :attr:`Work.again`, and
:func:`faults` says what isn't as it would be had nothing happened.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cpdocs.core.events import Event
from tests.conftest import NOW, CommandLine
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, recorded
from tests.letters.letter_rosters import line, write_roster

NAMES = ("intake", "letters", "issue", "filing")


@dataclass(frozen=True)
class Work:
    """``argv`` is what is broken off in a copy of ``root``; ``wrong`` says what isn't as it must be in the end."""

    name: str
    root: Path
    now: str
    argv: tuple[str, ...]
    again: tuple[str, ...]
    wrong: Callable[[Path, list[Event]], Iterator[str]]
    before: tuple[tuple[int, str], ...]

    def copy(self, target: Path) -> Path:
        shutil.rmtree(target, ignore_errors=True)
        return Path(shutil.copytree(self.root, target, symlinks=True))


def faults(work: Work, root: Path) -> list[str]:
    """What is wrong in ``root`` after somebody has come and run the next command."""
    cli = CommandLine(root, work.now)
    next_run = cli(*work.again, status=None)
    found = [] if next_run.status in (0, 3) else [f"the next run ended with {next_run.status}: {next_run.err.strip()}"]
    audit = cli("audit", "verify", "--json", status=None)
    if audit.status:
        found.append(f"the audit says {audit.out or audit.err}")
    events = recorded(root)
    if [(event.seq, event.type) for event in events[: len(work.before)]] != list(work.before):
        found.append("events are gone from the ledger")
    for folder in (
        root / "state" / "claims",
        root / "outbox" / "plans" / ".staged",
        root / "outbox" / "ehr" / ".staged",
    ):
        if folder.is_dir() and any(folder.iterdir()):
            found.append(f"something is left in {folder.name}")
    return [*found, *work.wrong(root, events)]


def intake(office: Office, folder: Path) -> Work:
    """One plan that both have signed waits in the inbox: it is to be accepted, answered and filed."""
    shutil.copytree(office.cli.root, folder / "ws")
    desk = Desk(Office(CommandLine(folder / "ws"), office.sample, office.documents))
    signed = desk.sign_member(desk.sign_pcp(desk.issued_file()))
    desk.drop(signed)
    digest = _digest(signed)

    def wrong(root: Path, events: list[Event]) -> Iterator[str]:
        kept = root / "state" / "store" / digest[:2] / digest
        if not kept.is_file() or _digest(kept) != digest:
            yield "the returned file is lost"
        if left := [path.name for path in (root / "inbox").rglob("*") if path.is_file() and path.name != ".gitkeep"]:
            yield f"left in the inbox: {left}"
        yield from _each_once(events, "return.received", "return.decided", "plan.filed", fills=2)
        yield from _filed(root, events)
        yield from _answered(root, events, 1)

    return _work("intake", folder / "ws", RETURN, ("intake", "--json"), wrong)


def filing(office: Office, folder: Path, patch: Any) -> Work:
    """A complete plan that a full disk kept from being filed: its package is to be built and named."""
    begun = intake(office, folder)

    def refuse(*_: object) -> None:
        return None

    with patch.context() as until_filed:
        until_filed.setattr("cpdocs.returns.receiving.file_if_complete", refuse)
        CommandLine(begun.root, RETURN)("intake", "--json")

    def wrong(root: Path, events: list[Event]) -> Iterator[str]:
        yield from _each_once(events, "return.received", "return.decided", "plan.filed", fills=2)
        yield from _filed(root, events)

    return _work("filing", begun.root, RETURN, ("file", "--json"), wrong)


def issue(peopled: Path, plan: Path, folder: Path) -> Work:
    """A plan that is to be rendered, sealed and put out for its practice."""
    shutil.copytree(peopled, folder / "ws")

    def wrong(root: Path, events: list[Event]) -> Iterator[str]:
        yield from _each_once(events, "plan.issued")
        for event in events:
            if event.type == "plan.issued":
                for file, digest in (("file", "sha256"), ("cover_file", "cover_sha256")):
                    path = root / "outbox" / "plans" / event.data[file]
                    if not path.is_file() or _digest(path) != event.data[digest]:
                        yield f"{path.name} isn't in outbox/ as it was recorded"
        said = [path.name for path in (root / "outbox" / "plans").rglob("*.pdf")]
        if len(said) != 2:
            yield f"outbox/plans holds {said}"

    argv = ("plan", "issue", str(plan), "--json")
    return _work("issue", folder / "ws", NOW, argv, wrong)


def letters(folder: Path) -> Work:
    """A roster of three: two letters in one print file, one line held."""
    cli = CommandLine(folder / "ws")
    cli("init", cli.root, "--sandbox", workspace=False)
    # Most of a letter's time goes into the notice in all languages.
    notice = cli.root / "templates" / "letters" / "common" / "notice.toml"
    notice.parent.mkdir(parents=True)
    notice.write_text(
        'title = "Free help"\n[[language]]\ntag = "es"\nname = "Español"\nstatus = "draft"\ntext = "{phone} {tty}"\n',
        "utf-8",
    )
    roster = write_roster(folder / "roster.csv", line(1), line(2), line(3, format_need="braille"))

    def wrong(root: Path, events: list[Event]) -> Iterator[str]:
        pieces = Counter(event.data["document_id"] for event in events if event.type == "letter.staged")
        if sorted(pieces.values()) != [1, 1]:
            yield f"letters were staged {sorted(pieces.values())} times"
        for event in events:
            if event.type != "run.staged":
                continue
            out = root / "outbox" / "letters" / event.data["run_id"]
            for name, digest in event.data["files"].items():
                if not (out / name).is_file() or _digest(out / name) != digest:
                    yield f"{name} of the run isn't in outbox/ as it was recorded"
            counts = json.loads((out / "reconciliation.json").read_text("utf-8"))
            parts = ("mailed", "held", "suppressed", "duplicate", "rejected", "ignored")
            if counts["records_in"] != sum(counts[part] for part in parts):
                yield "the run doesn't add up"
            with (out / "manifest.csv").open(encoding="utf-8", newline="") as file:
                if [row["line"] for row in csv.DictReader(file)] != ["2", "3", "4"]:
                    yield "the manifest lacks a line of the roster"
        if hidden := [path.name for path in (root / "outbox" / "letters").glob(".*") if path.name != ".gitkeep"]:
            yield f"left in outbox/letters: {hidden}"

    argv = ("letters", "run", "--roster", str(roster), "--jobs", "1", "--json")
    return _work("letters", cli.root, NOW, argv, wrong)


def _work(
    name: str, root: Path, now: str, argv: tuple[str, ...], wrong: Callable[[Path, list[Event]], Iterator[str]]
) -> Work:
    return Work(name, root, now, argv, argv, wrong, tuple((event.seq, event.type) for event in recorded(root)))


def _each_once(events: list[Event], *types: str, fills: int = 0) -> Iterator[str]:
    counted = Counter(event.type.value for event in events)
    for kind in types:
        if counted[kind] != 1:
            yield f"{kind} is recorded {counted[kind]} times"
    if counted["slot.filled"] != fills:
        yield f"{counted['slot.filled']} slots are filled"
    for event in events:
        if event.type == "return.decided" and event.data["verdict"] != "accepted":
            yield f"the verdict is {event.data['verdict']}"


def _filed(root: Path, events: list[Event]) -> Iterator[str]:
    packages = [
        path for path in (root / "outbox" / "ehr").glob("*/*") if path.is_dir() and path.parent.name != ".staged"
    ]
    recorded_ones = [root / "outbox" / "ehr" / event.data["package"] for event in events if event.type == "plan.filed"]
    if packages != recorded_ones:
        yield f"{len(packages)} packages for {len(recorded_ones)} records"
    for package in packages:
        if CommandLine(root, RETURN)("verify", package, status=None).status:
            yield "the package isn't whole"


def _answered(root: Path, events: list[Event], times: int) -> Iterator[str]:
    notices = [event.data for event in events if event.type == "notice.written" and event.data["kind"] == "accepted"]
    if len(notices) != times:
        yield f"{len(notices)} notices are recorded"
    for notice in notices:
        path = root / "outbox" / notice["file"]
        if not path.is_file() or _digest(path) != notice["sha256"]:
            yield "a notice isn't in outbox/ as it was recorded"


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
