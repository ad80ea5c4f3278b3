"""The whole life of a plan through the real commands, each of which may be killed at any call; the ledger is the
oracle.

Whatever is done in whatever order: nothing that was recorded goes away, what a command said to have done is on record,
what it refused or was killed at is done wholly or not at all, no file that was dropped is lost, no slot is filled and
no package is made twice, and where a plan stands is what its events say.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cpdocs.core.events import Event
from cpdocs.core.lifecycle import fold_all
from tests.conftest import CommandLine
from tests.crash.forks import run_until
from tests.flows.conftest import Office
from tests.flows.returning import SIGN, Desk, recorded

KILLED = None
MOST_CALLS = 400
at_call = st.one_of(st.just(0), st.just(0), st.integers(1, MOST_CALLS))
"""0: the command runs to its end; else the call to the disk at which it is killed, if it makes so many."""


@dataclass(frozen=True)
class Template:
    """A workspace with an issued plan, and files that may come back for it by name."""

    root: Path
    document_id: str
    practice_id: str
    npi: str
    returns: dict[str, bytes]


class Life(RuleBasedStateMachine):
    """One workspace, and what was done to it."""

    def __init__(self, template: Template) -> None:
        super().__init__()
        self.template = template
        self.folder = Path(tempfile.mkdtemp(prefix="life-"))
        self.root = Path(shutil.copytree(template.root, self.folder / "ws"))
        self.now = datetime.fromisoformat(SIGN)
        self.known: list[Event] = recorded(self.root)
        self.dropped: set[str] = set()

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            shutil.rmtree(self.folder)

    @rule(
        kill=at_call,
        step=st.sampled_from(["sent", "received", "return", "withdraw", "approve", "refuse", "chart_note"]),
    )
    def road(self, kill: int, step: str) -> None:
        at = ("--at", self.now.isoformat())
        on = ("--on", self.now.date().isoformat(), "--by", "Sam Sample")
        words, event = {
            "sent": (("sent", "--to", "Key Contact", "--channel", "fax", *at), "plan.sent"),
            "received": (("received", *at), "plan.received"),
            "return": (("return", "--reason", "wrong pharmacy", *at), "plan.returned"),
            "withdraw": (("withdraw", "--reason", "wrong goal"), "plan.withdrawn"),
            "approve": (("approve", "--slot", "member", "--how", "telephone", *on), "slot.filled"),
            "chart_note": (
                ("approve", "--slot", "pcp", "--chart-note", "in the chart", "--npi", self.template.npi, *on),
                "slot.filled",
            ),
            "refuse": (
                (
                    "refuse",
                    "--slot",
                    "member",
                    "--reason",
                    "wants to think",
                    "--offered",
                    "read aloud",
                    "--language",
                    "English",
                    *on,
                ),
                "slot.refused",
            ),
        }[step]
        self.do(kill, "plan", words[0], self.template.document_id, *words[1:], event=event)

    @rule(
        name=st.sampled_from(["pcp", "member", "both", "cut off", "junk"]), folder=st.sampled_from(["", "own", "S03"])
    )
    def drop(self, name: str, folder: str) -> None:
        data = self.template.returns[name]
        target = self.root / "inbox" / (self.template.practice_id if folder == "own" else folder)
        target.mkdir(exist_ok=True)
        (target / f"{len(self.dropped)}-{name}.pdf").write_bytes(data)
        self.dropped.add(sha256(data).hexdigest())

    @rule(kill=at_call)
    def intake(self, kill: int) -> None:
        self.do(kill, "intake")

    @rule(kill=at_call)
    def file(self, kill: int) -> None:
        self.do(kill, "file", self.template.document_id, event="plan.filed")

    @rule(kill=at_call)
    def confirm(self, kill: int) -> None:
        at = self.now.isoformat()
        self.do(
            kill,
            "file",
            "confirm",
            self.template.document_id,
            "--by",
            "Sam Sample",
            "--at",
            at,
            event="upload.confirmed",
        )

    def do(self, kill: int, *words: str, event: str = "") -> None:
        """One command; ``event`` is what it records, once, if and only if it ends well."""
        self.now += timedelta(hours=3)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CPDOCS_NOW", self.now.isoformat())
            ended = (
                run_until(self.root, words, kill)
                if kill
                else CommandLine(self.root, self.now.isoformat())(*words, status=None).status
            )
        events = recorded(self.root)
        new = Counter(each.type.value for each in events[len(self.known) :])
        assert [(each.seq, each.data) for each in events[: len(self.known)]] == [
            (each.seq, each.data) for each in self.known
        ]
        assert ended in (KILLED, 0, 1, 3), f"{words} ended with {ended}"
        if event and ended == 0:
            assert new[event] == 1, f"{words} ended well, and recorded {dict(new)}"
        elif event and ended is not KILLED:
            assert new[event] == 0, f"{words} was refused, and recorded {dict(new)}"
        self.known = events

    @invariant()
    def nothing_is_done_twice(self) -> None:
        def once(kind: str, *keys: str) -> Iterator[tuple[Any, ...]]:
            return (tuple(event.data[key] for key in keys) for event in self.known if event.type == kind)

        for found in (
            once("slot.filled", "document_id", "slot"),
            once("plan.filed", "document_id"),
            once("return.received", "sha256", "practice_id"),
        ):
            assert max(Counter(found).values(), default=1) == 1
        answers = Counter(
            event.data["answers"] for event in self.known if event.type == "notice.written" and "answers" in event.data
        )
        assert max(answers.values(), default=1) == 1

    @invariant()
    def nothing_dropped_is_lost(self) -> None:
        places = [path for top in ("inbox", "state/claims") for path in (self.root / top).rglob("*") if path.is_file()]
        waiting = {sha256(path.read_bytes()).hexdigest() for path in places}
        kept = {event.data["sha256"] for event in self.known if event.type == "return.received"}
        assert self.dropped <= waiting | kept
        for digest in kept:
            assert sha256((self.root / "state" / "store" / digest[:2] / digest).read_bytes()).hexdigest() == digest

    def finish(self) -> None:
        """Somebody looks after it: everything that was begun is brought to its end, and all of it agrees."""
        self.do(0, "intake")
        cli = CommandLine(self.root, self.now.isoformat())
        cli("audit", "verify")
        (row,) = (row for row in cli("status", "--json").json if row["document_id"] == self.template.document_id)
        record = fold_all(self.known)[self.template.document_id]
        assert row["state"] == record.state.value
        assert {slot for slot, fill in row["slots"].items() if fill["evidence"]} == {
            slot.value for slot in record.fills
        }
        assert not [path for path in (self.root / "inbox").rglob("*") if path.is_file() and path.name != ".gitkeep"]
        assert self.dropped == {event.data["sha256"] for event in self.known if event.type == "return.received"}
        # While it waits, a day's letter about a plan is written anew under its name, as the last event says.
        letters = {
            event.data["file"]: event.data["sha256"]
            for event in self.known
            if event.type == "notice.written" and event.data.get("kind") != "key_issued"
        }
        for file, digest in letters.items():
            assert sha256((self.root / "outbox" / file).read_bytes()).hexdigest() == digest
        for event in self.known:
            if event.type == "plan.filed":
                cli("verify", self.root / "outbox" / "ehr" / event.data["package"])
        packages = [path for path in (self.root / "outbox" / "ehr").glob("*/*") if path.is_dir()]
        assert len(packages) == sum(event.type == "plan.filed" for event in self.known)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, _issued: tuple[Path, dict[str, str]], sample: Any) -> Template:
    root = tmp_path_factory.mktemp("template") / "ws"
    shutil.copytree(_issued[0], root)
    desk = Desk(Office(CommandLine(root), sample, _issued[1]))
    issued = desk.issued_file()
    by_pcp, by_member = desk.sign_pcp(issued), desk.sign_member(issued)
    both = desk.sign_pcp(by_member, name="both.pdf").read_bytes()
    returns = {
        "pcp": by_pcp.read_bytes(),
        "member": by_member.read_bytes(),
        "both": both,
        "cut off": both[:-3000],
        "junk": b"Dear colleague",
    }
    return Template(root, desk.office.documents["bh"], desk.practice(), desk.office.sample.npis["pcp1"], returns)


def live(template: Template, lives: int, steps: int) -> None:
    how = settings(
        max_examples=lives,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Life(template), settings=how)


def test_a_plans_life_is_what_its_ledger_says_whatever_is_killed(template: Template) -> None:
    live(template, 4, 7)


@pytest.mark.slow
def test_a_hundred_lives_are_what_their_ledgers_say_whatever_is_killed(template: Template) -> None:
    live(template, 100, 14)
