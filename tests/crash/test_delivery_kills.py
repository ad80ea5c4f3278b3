"""A sender killed at any call, its sockets' among them: whoever comes next neither sends twice nor calls delivered what
the receiver hasn't.

Where the receiver tells documents apart, everything is there once in the end. Where it doesn't, what no word settled
stays unsure, in words, and waits for a person. A few points of each kind are tried with the tests, every one by ``make
crash``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CommandLine
from tests.crash.conftest import Figures, every
from tests.crash.forks import count_calls, run_until
from tests.crash.sent import KINDS, Outside, outside
from tests.crash.test_sweeps import some
from tests.flows.conftest import Office
from tests.flows.sent_office import SIGNED_AT, file_bh

LATER = ("2026-11-03T16:30:00Z", "2026-11-03T18:30:00Z")
DOUBT = ("no answer to it is on record", "was cut short", "taken away")

each_kind = pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.xdist_group(f"sent-{kind}")) for kind in KINDS]
)


@dataclass
class Sending:
    """A workspace whose delivery is to be cut short, and who receives it."""

    office: Office
    receiver: Outside
    place: Path

    def begin(self) -> Path:
        """A new copy of the workspace, the receiver empty."""
        shutil.rmtree(self.place, ignore_errors=True)
        self.receiver.empty()
        return Path(shutil.copytree(self.office.cli.root, self.place, symlinks=True))

    def wrong(self) -> Iterator[str]:
        """What isn't as it must be once whoever comes next has sent what is due, twice."""
        office = Office(CommandLine(self.place, SIGNED_AT), self.office.sample, self.office.documents)
        for now in LATER:
            office.cli("deliver", now=now)
        purpose = self.receiver.purpose
        rows = [row for row in office.cli("deliver", "list", "--json").json if row["purpose"] == purpose]
        # Killed before it was queued: `deliver` queues a package by itself, a packet is sent again by a person.
        never: dict[str, Any] = {"state": "queued", "attempts": 0, "last_answer": ""}
        row = rows[0] if rows else never
        has = self.receiver.has()
        if len(rows) > 1:
            yield f"it was queued {len(rows)} times"
        if len(has) > 1:
            yield f"the receiver has it {len(has)} times"
        if has and has[0] != self._sent(office):
            yield "the receiver has other bytes"
        if row["state"] == "delivered" and not has:
            yield "called delivered, and the receiver has nothing"
        if self.receiver.always and (row["state"], len(has)) != ("delivered", 1):
            yield f"{row['state']} with {len(has)} there: {row['last_answer']}"
        if row["state"] == "unsure" and not any(words in row["last_answer"] for words in DOUBT):
            yield f"unsure without its reason: {row['last_answer']}"
        if row["state"] not in ("delivered", "unsure") and (row["attempts"] or purpose == "package"):
            yield f"{row['state']}: {row['last_answer']}"
        if office.cli("audit", "verify", status=None).status:
            yield "the audit doesn't verify"

    def _sent(self, office: Office) -> str:
        packed = self.receiver.purpose == "package"
        name, folder = ("bh", "ehr/chart") if packed else ("ltss", "plans")
        file = next((office.cli.root / "outbox" / folder).rglob(f"{office.documents[name]}.pdf"))
        return sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def _to_send(tmp_path_factory: pytest.TempPathFactory, _issued: tuple[Path, dict[str, str]], sample: Any) -> Office:
    root, documents = _issued
    folder = tmp_path_factory.mktemp("to-send") / "ws"
    shutil.copytree(root, folder)
    office = Office(CommandLine(folder, SIGNED_AT), sample, documents)
    file_bh(office)
    return office


@pytest.fixture
def sending(
    request: pytest.FixtureRequest, _to_send: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sending]:
    monkeypatch.setenv("CPDOCS_NOW", SIGNED_AT)
    (tmp_path / "outside").mkdir()
    root = Path(shutil.copytree(_to_send.cli.root, tmp_path / "begun", symlinks=True))
    office = Office(CommandLine(root, SIGNED_AT), _to_send.sample, _to_send.documents)
    with outside(request.getfixturevalue("kind"), tmp_path / "outside", office) as receiver:
        receiver.set_up(office)
        yield Sending(office, receiver, tmp_path / "ws")


def calls(sending: Sending) -> int:
    """How many calls the delivery makes when nothing befalls it."""
    counted = count_calls(sending.begin(), sending.receiver.argv, network=True)
    assert list(sending.wrong()) == []
    return counted


def sweep(sending: Sending, points: Iterable[int]) -> tuple[int, list[str]]:
    tried, found = 0, []
    for at in points:
        ended = run_until(sending.begin(), sending.receiver.argv, at, network=True)
        tried += 1
        found += [f"call {at} ({ended}): {fault}" for fault in sending.wrong()]
    return tried, found


@each_kind
def test_a_sender_killed_at_a_few_calls_sends_nothing_twice(kind: str, sending: Sending, figures: Figures) -> None:
    figures(*sweep(sending, some(calls(sending), 2)))


@pytest.mark.slow
@each_kind
def test_a_sender_killed_at_every_call_sends_nothing_twice(kind: str, sending: Sending, figures: Figures) -> None:
    figures(*sweep(sending, every(range(1, calls(sending) + 1))))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fhir of sekmet"])
def test_a_server_that_nobody_here_wrote_has_it_once_whenever_the_sender_is_killed(
    kind: str, sending: Sending, figures: Figures
) -> None:
    figures(*sweep(sending, every(range(1, calls(sending) + 1))))
