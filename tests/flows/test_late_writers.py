"""Scanners and copies that write for a long time into a file that is in the inbox: every byte is kept, no stall makes
two returns of one (issue 10 §1.3). Time is a number here; nothing waits."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from cpdocs.returns import retained, write_stability
from cpdocs.returns.inbox import RETAINED, LeftBecause
from cpdocs.returns.records import Taken
from cpdocs.returns.watcher import intake_pass
from cpdocs.returns.worker import Failed, Left, Outcome, Worker
from cpdocs.wiring import open_workspace
from cpdocs.workspace import Workspace
from tests.crash import images
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk

PAUSES = (5, 25, 90)


@pytest.fixture
def desk(issued: Office, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("CPDOCS_NOW", RETURN)
    return Desk(issued)


@pytest.fixture(params=["the workspace's disk", "a share"])
def anywhere(desk: Desk, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """An inbox on the workspace's disk, and one that is a file system of its own."""
    with ExitStack() as mounts:
        if request.param == "a share":
            try:
                mounts.enter_context(images.small_disk(desk.inbox, 8192))
            except (subprocess.CalledProcessError, FileNotFoundError):
                pytest.skip("no file system can be mounted here (that needs root)")
        yield desk


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that doesn't tell whether a program has a file open, as of files on a network."""

    @contextmanager
    def nothing_known(_: int) -> Iterator[None]:
        yield None

    monkeypatch.setattr(write_stability, "no_writer", nothing_known)
    monkeypatch.setattr(retained, "no_writer", nothing_known)


def opened(desk: Desk) -> Workspace:
    ws = open_workspace(desk.root)
    return replace(ws, options=replace(ws.options, settle_seconds=2.0, retain_seconds=1800.0))


class Watching:
    """A worker that looks every second of a clock that we turn."""

    def __init__(self, desk: Desk) -> None:
        self.now = 1000.0
        self.desk = desk
        self.worker = self.started()
        self.outcomes: list[Outcome] = []

    def started(self) -> Worker:
        return Worker(opened(self.desk), monotonic=lambda: self.now)

    def go_on(self, seconds: float, at: Callable[[float], object] = lambda _: None, every: float = 1.0) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now += every
            at(self.now)
            self.outcomes += self.worker.look()
        assert [each for each in self.outcomes if isinstance(each, Failed)] == []

    @property
    def taken(self) -> list[str]:
        return [each.record.sha256 for each in self.outcomes if isinstance(each, Taken)]


def pages(count: int, shade: int) -> bytes:
    """A fax of so many pages; each shade is another fax."""
    drawn = [Image.new("L", (32, 32), shade + number) for number in range(count)]
    out = io.BytesIO()
    drawn[0].save(out, "TIFF", save_all=True, append_images=drawn[1:])
    return out.getvalue()


@dataclass(frozen=True)
class Late:
    """A file that is begun with some bytes and gets its others after a pause, through the same handle."""

    kind: str
    pause: int
    begun: bytes
    whole: bytes

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.pause}.bin"


def late_files() -> list[Late]:
    found = []
    for pause in PAUSES:
        pdf = b"%%PDF-1.7\n%d seconds" % pause + b"\n" * 3000
        found += [
            Late("empty", pause, b"", pdf + b"1\n%%EOF\n"),
            Late("zeros", pause, b"\0" * 4096, pdf + b"2\n%%EOF\n" + b"\n" * 2000),
            Late("tiff", pause, pages(1, pause), pages(3, pause)),
            Late("cut", pause, pdf, pdf + b"3\n%%EOF\n"),
        ]
    return found


@pytest.mark.parametrize("closing", [False, True], ids=["one handle", "closed meanwhile"])
@pytest.mark.parametrize("system", ["tells", "doesn't tell"])
def test_a_writer_that_pauses_makes_one_return_of_all_its_bytes(
    anywhere: Desk, system: str, closing: bool, request: pytest.FixtureRequest
) -> None:
    if system == "doesn't tell":
        request.getfixturevalue("untold")
    files = late_files()
    handles = {}
    for file in files:
        handles[file] = (anywhere.inbox / file.name).open("w+b", buffering=0)
        handles[file].write(file.begun)
        if closing:
            handles[file].close()

    it = Watching(anywhere)

    def write_on(now: float) -> None:
        for file in files:
            if now == 1000 + file.pause:
                handle = (anywhere.inbox / file.name).open("r+b", buffering=0) if closing else handles[file]
                handle.seek(0)
                handle.write(file.whole)
                handle.truncate()
                handle.close()

    it.go_on(90 + 125, write_on)
    assert sorted(it.taken) == sorted(sha256(file.whole).hexdigest() for file in files)
    assert len(anywhere.events("return.received")) == len(files)


def test_a_file_that_stays_empty_is_said_to_be_and_then_taken_for_what_it_is(desk: Desk) -> None:
    desk.drop(b"", name="empty.tif", practice="")
    desk.drop(b"\0" * 5000, name="zeros.tif", practice="")
    it = Watching(desk)
    it.go_on(190)
    assert [(each.spot.name, each.because) for each in it.outcomes if isinstance(each, Left)] == [
        ("empty.tif", LeftBecause.BLANK),
        ("zeros.tif", LeftBecause.BLANK),
    ]
    it.go_on(405)
    assert it.taken == []
    it.go_on(10)
    verdicts = {each.file.name: each.record.verdict for each in it.outcomes if isinstance(each, Taken)}
    assert verdicts == {"empty.tif": "rejected", "zeros.tif": "held"}


def test_one_pass_leaves_an_empty_file_with_a_word_until_it_has_long_been_so(desk: Desk) -> None:
    file = desk.drop(b"", name="empty.pdf", practice="")

    def one_pass(seconds_later: float) -> list[Outcome]:
        now = [1000.0]
        ws = opened(desk)
        ws = replace(ws, clock=_Later(ws.clock, seconds_later))  # type: ignore[arg-type]
        return list(intake_pass(ws, wait=lambda s: now.__setitem__(0, now[0] + s), monotonic=lambda: now[0]))

    (left,) = one_pass(0)
    assert isinstance(left, Left)
    assert left.because is LeftBecause.BLANK
    assert file.exists()
    (taken,) = one_pass(700)
    assert isinstance(taken, Taken)
    assert [each.code for each in taken.record.decision.findings] == ["empty_file"]  # type: ignore[union-attr]


class _Later:
    def __init__(self, clock: object, seconds: float) -> None:
        from datetime import timedelta

        self._clock, self._by = clock, timedelta(seconds=seconds)

    def now(self) -> object:
        return self._clock.now()  # type: ignore[attr-defined]

    def true_now(self) -> object:
        return self._clock.true_now() + self._by  # type: ignore[attr-defined]


def test_a_named_file_is_taken_as_complete_whatever_it_looks_like(desk: Desk) -> None:
    empty, cut = desk.drop(b"", name="a.pdf"), desk.drop(b"%PDF-1.7\n", name="b.pdf")
    with cut.open("ab"):
        rows = desk.intake(empty, cut)
    assert [row["file"] for row in rows] == [str(empty), str(cut)]
    assert [row["verdict"] for row in rows] == ["rejected", "held"]


LATE: dict[str, Callable[[io.FileIO], object]] = {
    "appended": lambda handle: (handle.seek(0, os.SEEK_END), handle.write(b"more\n")),
    "written over": lambda handle: (handle.seek(0), handle.write(b"%PDF-2.0")),
    "truncated and written anew": lambda handle: (handle.truncate(0), handle.seek(0), handle.write(b"another letter")),
}


@pytest.mark.parametrize("how", LATE)
@pytest.mark.parametrize("system", ["tells", "doesn't tell"])
def test_what_is_written_after_a_file_was_taken_in_is_another_return(
    anywhere: Desk, how: str, system: str, request: pytest.FixtureRequest
) -> None:
    if system == "doesn't tell":
        request.getfixturevalue("untold")
    file = anywhere.drop(b"%PDF-1.7\nfirst\n%%EOF\n", practice="S01")
    first = sha256(file.read_bytes()).hexdigest()
    it = Watching(anywhere)
    with file.open("r+b", buffering=0) as handle:
        it.outcomes += it.worker.take_named(file)
        assert it.taken == [first]
        it.go_on(1750)
        LATE[how](handle)
        now = os.pread(handle.fileno(), 1000, 0)
    it.go_on(30)
    assert it.taken == [first, sha256(now).hexdigest()]
    store = opened(anywhere).blobs
    assert [store.get(each) for each in it.taken][1] == now
    assert [each.record.practices for each in it.outcomes if isinstance(each, Taken)] == [("S01",), ("S01",)]


def kept(desk: Desk) -> list[Path]:
    """The files that were taken in and are still there."""
    places = (desk.root / "state" / "retained", *desk.inbox.glob(f"**/{RETAINED}"))
    return [path for place in places for path in place.rglob("*") if path.is_file() and path.name != retained.ORIGIN]


def test_a_file_taken_in_stays_until_nobody_can_write_into_it_any_more(anywhere: Desk) -> None:
    it = Watching(anywhere)
    with anywhere.drop(b"a letter").open("ab") as handle:
        file = anywhere.inbox / "S01" / "return.pdf"
        it.outcomes += it.worker.take_named(file)
        it.go_on(10_000, every=20)
        assert len(kept(anywhere)) == 1
        handle.write(b", and its end, hours later")
    it.go_on(30)
    assert len(it.taken) == 2
    it.go_on(1700, every=20)
    assert len(kept(anywhere)) == 1
    it.go_on(200, every=20)
    assert kept(anywhere) == []
    assert [path for path in anywhere.inbox.rglob("*") if path.is_file() and path.name != ".gitkeep"] == []


def test_a_touched_file_stays_as_long_again_and_is_no_other_return(desk: Desk) -> None:
    it = Watching(desk)
    desk.drop(b"a letter")
    it.go_on(1700, every=20)
    (file,) = kept(desk)
    os.utime(file, (5, 5))
    it.go_on(1700, every=20)
    assert len(kept(desk)) == 1
    it.go_on(200, every=20)
    assert kept(desk) == []
    assert len(it.taken) == 1


def test_what_was_taken_in_before_a_restart_of_the_machine_stays_for_a_day(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = Watching(desk)
    desk.drop(b"a letter")
    it.go_on(10)
    monkeypatch.setattr(retained, "_boot", lambda: "another")
    ws = opened(desk)
    wall = kept(desk)[0].stat().st_ctime

    def look(seconds_later: float) -> int:
        return retained.look_after(
            ws.paths, now=1e9, wall=wall + seconds_later, still_for=1800.0, on_record=lambda _: True
        )

    assert look(86_000) == 0
    assert len(kept(desk)) == 1
    assert look(86_500) == 0
    assert kept(desk) == []


def test_another_process_of_the_same_machine_counts_on(desk: Desk) -> None:
    it = Watching(desk)
    desk.drop(b"a letter")
    it.go_on(10)
    it.now += 1800
    it.worker = it.started()
    it.go_on(1)
    assert kept(desk) == []


def test_what_a_stranger_put_among_the_retained_on_a_share_is_a_return_and_nothing_is_removed(desk: Desk) -> None:
    planted = desk.inbox / "S01" / RETAINED / f"{'0' * 64}-{'a' * 12}-0-6-0-0"
    planted.mkdir(parents=True)
    (planted / "return.pdf").write_bytes(b"planted")
    (desk.inbox / RETAINED).symlink_to(desk.root / "state" / "store")
    it = Watching(desk)
    it.go_on(5)
    assert it.taken == [sha256(b"planted").hexdigest()]


def test_a_file_renamed_over_one_that_was_looked_at_is_taken_and_its_forerunner_was_its_writers(anywhere: Desk) -> None:
    file = anywhere.drop(b"first", practice="")
    it = Watching(anywhere)
    it.go_on(1)
    (anywhere.inbox / ".second").write_bytes(b"second")
    (anywhere.inbox / ".second").rename(file)
    it.go_on(10)
    (anywhere.inbox / ".third").write_bytes(b"third")
    (anywhere.inbox / ".third").rename(file)
    it.go_on(10)
    assert it.taken == [sha256(b"second").hexdigest(), sha256(b"third").hexdigest()]


def test_a_file_that_changes_between_the_last_look_and_the_claim_goes_back(
    anywhere: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cpdocs.returns.claims import claimed as real

    file = anywhere.drop(b"first", practice="")
    handle = file.open("ab", buffering=0)
    handle.close()

    def late(*given: object) -> object:
        monkeypatch.setattr("cpdocs.returns.worker.claimed", real)
        with file.open("ab") as again:
            again.write(b" and more")
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("cpdocs.returns.worker.claimed", late)
    it = Watching(anywhere)
    it.go_on(20)
    assert it.taken == [sha256(b"first and more").hexdigest()]
