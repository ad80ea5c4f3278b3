"""``intake`` and ``watch``: one pass over the inbox, or for ever.

The scan decides, on an interval and whenever something stirs; what watchdog tells only wakes it, since it misses
events, dies with a folder that is made anew, and hears nothing of what other machines write to a share
(reliability.md). Where it can't start, the interval alone does the work.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from secrets import SystemRandom
from typing import TYPE_CHECKING, Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.plurals import counted
from cpdocs.errors import Busy, CpdocsError
from cpdocs.index.outgoing import targets_waiting, to_recall
from cpdocs.returns.worker import Left, Outcome, SetAside, Worker
from cpdocs.returns.write_stability import LOOKS, PASS

if TYPE_CHECKING:
    from datetime import date

    from cpdocs.workspace import Workspace

_PASS_FACTOR = 3
"""``intake`` was asked for now: it looks for so many times the settling time, and leaves what settles later."""
_LEAST_SLOW = 5.0
"""Seconds that it gives each file at least before the next takes its place."""
_DICE = SystemRandom()
_JITTER = 0.1
"""By what share of it an interval is longer or shorter, so that several watchers of one share don't look all at
once."""
_SLICE = 0.5
"""Seconds after which a pause looks whether it should end."""
_STIRS = frozenset({"created", "modified", "moved", "closed"})
"""What is worth a look. Our own looks open and close files too, and must not wake us."""


def intake_pass(
    ws: Workspace,
    files: tuple[Path, ...] = (),
    *,
    wait: Callable[[float], object] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[Outcome]:
    """One pass: what earlier runs left, then ``files``, or without any everything in the inbox that settles soon.

    Raises InputFault for a named file that can't be read; what befalls a file in the inbox is an outcome.
    """
    longest = ws.options.settle_seconds * _PASS_FACTOR
    worker = Worker(ws, waits=PASS, slow=max(longest, _LEAST_SLOW), count_age=True, monotonic=monotonic)
    yield from worker.begin()
    if files:
        for file in files:
            yield from worker.take_named(file)
        yield from _drawn(worker)
        return
    yield from worker.look()
    looks, since = 1, monotonic()
    # On a slow machine, or a large inbox, a look may take longer than the settling time: each file gets its looks all
    # the same.
    while worker.more_wait or (worker.unsettled and (looks < LOOKS or monotonic() - since < longest)):
        if worker.more_wait:
            looks, since = 0, monotonic()
        wait(worker.pace)
        yield from worker.look()
        looks += 1
    for spot, because in worker.unsettled.items():
        if spot not in worker.slow:
            yield Left(spot, because)
    if worker.set_aside:
        yield SetAside(worker.set_aside)
    yield from _drawn(worker)


def _drawn(worker: Worker) -> Iterator[Outcome]:
    while worker.undrawn:
        yield from worker.draw()


class Watcher:
    """Works on the inbox until told to stop. ``report`` gets each outcome; ``say`` a line about the folder itself.

    ``chance`` gives numbers from 0 to 1, by which the intervals between looks differ.
    """

    def __init__(
        self,
        ws: Workspace,
        *,
        report: Callable[[Outcome], object],
        say: Callable[[str], object],
        chance: Callable[[], float] = _DICE.random,
    ) -> None:
        self._ws = ws
        self._chance = chance
        self._report = report
        self._say = say
        self._stirred = threading.Event()
        self._stopping = False
        self._ears: _Ears | None = None
        self._there = True
        self._sealed_on: date | None = None
        self._fetched_at: float | None = None
        self._set_aside = 0
        self._nothing_to_send_at: int | None = None
        from cpdocs.health.health import Heartbeat  # one pass leaves none

        self._heart = Heartbeat(ws.paths, ws.clock, time.monotonic)

    def stop(self) -> None:
        """Stops after the file at hand. Safe in a signal handler: it takes no lock that the interrupted code may
        hold."""
        self._stopping = True

    def run(self) -> None:
        """A startup sweep, then looks until :meth:`stop`. Raises WorkspaceFault only where the folders overlap."""
        worker = Worker(self._ws)
        try:
            self._pass_on(worker.begin())
            while not self._stopping:
                self._listen()
                self._pass_on(worker.look())
                self._say_set_aside(worker.set_aside)
                while worker.undrawn and not self._stopping:
                    self._pass_on(worker.draw())
                    self._heart.beat()
                self._seal_day()
                self._fetch()
                self._send()
                self._heart.beat()
                self._rest(worker)
        finally:
            if self._ears:
                self._ears.close()

    def _pass_on(self, outcomes: Iterator[Outcome]) -> None:
        for outcome in outcomes:
            self._report(outcome)
            self._heart.beat()
            if self._stopping:
                return

    def _say_set_aside(self, count: int) -> None:
        """How many names are left alone, where it is more than was said before."""
        if count > self._set_aside:
            self._report(SetAside(count))
        self._set_aside = count

    def _seal_day(self) -> None:
        """Once a day, and when it starts: a signed checkpoint over what was recorded since the last."""
        today = eastern_date(self._ws.clock.true_now())
        if today == self._sealed_on:
            return
        from cpdocs.trail.audit import sign_if_new  # brings the auditor, which an idle pass has no use for
        from cpdocs.trail.time_stamps import stamp

        try:
            signed = sign_if_new(self._ws)
            stamped = stamp(self._ws, signed.note, signed.file) if signed else None
        except CpdocsError as error:
            self._say(f"No checkpoint could be signed now: {error.message}")
            return
        self._sealed_on = today
        if stamped and stamped.why_not:
            self._say(f"No time stamp on it: {stamped.why_not.message}")

    def _fetch(self) -> None:
        """Asks outside authorities what they revoked, on an interval and where the settings allow it, and decides again
        what waited."""
        options = self._ws.options
        now = time.monotonic()
        if not options.fetch_hosts or (
            self._fetched_at is not None and now - self._fetched_at < options.fetch_minutes * 60
        ):
            return
        from cpdocs.keys.fetch import fetch_all, waiting_for_word
        from cpdocs.returns.held import recheck

        self._fetched_at = now
        try:
            done = list(fetch_all(self._ws))
            waiting = [each.sha256 for each in waiting_for_word(self._ws)] if any(each.new for each in done) else []
            rechecked = recheck(self._ws, waiting) if waiting else []
        except CpdocsError as error:
            self._say(f"What was revoked elsewhere could not be asked: {error.message}")
            return
        for each in done:
            if each.problem:
                self._say(f"{each.authority[:12]} {each.kind}: {each.problem}")
        if rechecked:
            self._say(f"{counted(len(rechecked), 'held return')} decided again after a fresh word on revocation.")

    def _send(self) -> None:
        """Sends what is due; where packages are only laid into folders, what takes them back. Where nothing waited and
        nothing was recorded since, the ledger isn't read again."""
        options = self._ws.options
        places = [each.place for each in options.targets] + [each.place for each in options.channels]
        try:
            size = self._ws.ledger.head().size
            if size == self._nothing_to_send_at and not any(each.acknowledgement_folder for each in places):
                return
            if not options.channels and all(target.kind == "folder" for target in options.targets):
                names = [target.name for target in options.targets]
                if not to_recall(self._ws.index, names) and not targets_waiting(self._ws.index):
                    self._nothing_to_send_at = size
                    return
            from cpdocs.sending.send import deliver  # brings every transport

            self._nothing_to_send_at = None if deliver(self._ws, say=self._say) else size
        except Busy:
            return  # whoever sends now sends this too
        except CpdocsError as error:
            self._say(f"What waits to be sent could not be sent now: {error.message}")

    def _rest(self, worker: Worker) -> None:
        """Waits for the next look: soon while something settles, else for the interval or until something stirs."""
        self._pause(worker.pace, or_stirred=False)
        if not worker.unsettled and not worker.more_wait:
            interval = self._ws.options.scan_seconds * (1 + _JITTER * (2 * self._chance() - 1))
            self._pause(interval - worker.pace, or_stirred=True)
            self._stirred.clear()

    def _pause(self, seconds: float, *, or_stirred: bool) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            if not or_stirred:
                time.sleep(min(left, _SLICE))
            elif self._stirred.wait(min(left, _SLICE)):
                return

    def _listen(self) -> None:
        """Keeps an ear on the folder that is the inbox now: one made anew, or mounted over, needs a new ear."""
        inbox = self._ws.paths.inbox
        there = inbox.is_dir()
        if there != self._there:
            self._say(
                "The inbox is back."
                if there
                else "The inbox isn't there (deleted, or its share is away); waiting for it."
            )
            self._there = there
        if self._ears and self._ears.hears(inbox):
            return
        if self._ears:
            self._ears.close()
        self._ears = _Ears(inbox, self._stirred) if there else None


class _Ears:
    """watchdog on one folder, known by its inode."""

    def __init__(self, inbox: Path, stirred: threading.Event) -> None:
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer

        class Wake(FileSystemEventHandler):
            def on_any_event(self, event: Any) -> None:
                if event.event_type in _STIRS:
                    stirred.set()

        self._observer = Observer()
        self._folder = _identity(inbox)
        # No more watches, or a file system that can't: the interval does it alone.
        with suppress(OSError):
            self._observer.schedule(Wake(), str(inbox), recursive=True)
            self._observer.start()

    def hears(self, inbox: Path) -> bool:
        """Whether it listens to the folder that is there now; an ear that could not start counts as one."""
        alive = self._observer.is_alive() or self._observer.ident is None
        return alive and self._folder == _identity(inbox)

    def close(self) -> None:
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join(timeout=5)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
