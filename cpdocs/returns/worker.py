"""One worker on the inbox: looks, waits until files settle, takes them in, and finishes what others died at.

``intake`` lets it look until everything has settled, ``watch`` for ever. Whatever goes wrong with one file is told and
leaves the file where it is safe; the others go on.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cpdocs.core.clock import eastern_date
from cpdocs.core.return_record import ReturnRecord
from cpdocs.errors import InputFault
from cpdocs.index.outgoing import consents_run_out
from cpdocs.returns.claims import Claim, abandoned, claimed
from cpdocs.returns.inbox import LeftBecause, Seen, Spot, Tally, check_folders, scan
from cpdocs.returns.open_work import OpenWork
from cpdocs.returns.records import Taken, find_return
from cpdocs.returns.recovery import finish_all
from cpdocs.returns.retained import look_after
from cpdocs.returns.write_stability import LOOKS, WATCH, Extent, Look, Waits, WriteStability
from cpdocs.system.durable import disk_fault

if TYPE_CHECKING:
    from datetime import date

    from cpdocs.core.page_facts import FilePages
    from cpdocs.plans.decision_context import DecisionContext
    from cpdocs.workspace import Workspace

_LEAST_PACE = 0.02
_FIRST_RETRY = 5.0
_LAST_RETRY = 600.0
_UNFINISHED_FOR = timedelta(days=1)
"""How old a temporary file in the store must be to be nobody's any more."""
_WATCHED_AT_ONCE = 500
"""How many files are watched settling at a time, so that memory doesn't grow with the number of those that wait."""
_SLOW = 180.0
"""Seconds after which a file that hasn't settled is named, and holds up no other."""
_RETAINED_EVERY = 10.0
"""Seconds between two looks at the files that were taken in and stay a while; longer where a look takes long."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A return of an earlier run that was decided or answered only now."""

    record: ReturnRecord


@dataclass(frozen=True, slots=True)
class Left:
    """A name in the inbox that isn't taken, and why."""

    spot: Spot
    because: LeftBecause


@dataclass(frozen=True, slots=True)
class Failed:
    """One file that couldn't be taken in now. It is in the inbox still, or claimed and tried again later."""

    name: str
    error: Exception


@dataclass(frozen=True, slots=True)
class SetAside:
    """How many names in the inbox are left alone since programs give them to files of their own."""

    count: int


Outcome: TypeAlias = Taken | Finished | Left | SetAside | Failed


class Worker:
    """Keeps what one process remembers between looks. Times are monotonic seconds."""

    def __init__(
        self,
        ws: Workspace,
        *,
        waits: Waits = WATCH,
        slow: float = _SLOW,
        count_age: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``waits`` says how long files must stay the same, ``slow`` after how many seconds one that hasn't settled is
        named, ``count_age`` whether what a file's own times say of that counts towards a long wait."""
        check_folders(ws.paths)
        self._ws = ws
        self._monotonic = monotonic
        self._stability = WriteStability(ws.options.settle_seconds, waits)
        self._slow_after = slow
        self._count_age = count_age
        self._told: dict[Spot, LeftBecause] = {}
        self.slow: set[Spot] = set()
        """The files that have been waited for so long that each was named."""
        self._retained_due = 0.0
        self._retries: dict[Path, tuple[float, float]] = {}
        self._reminded_on: date | None = None
        self.unsettled: dict[Spot, LeftBecause] = {}
        """The files of the last look that are still to settle, each with why it isn't taken yet."""
        self.set_aside = 0
        """How many names the last look left alone since programs give them to files of their own."""
        self.more_wait = False
        """Whether the last look left files for a later one, since it had enough to watch."""
        self._undrawn: deque[tuple[ReturnRecord, FilePages | None]] = deque()

    @cached_property
    def _context(self) -> DecisionContext:
        """What is on record, read when the first return is decided: an idle pass does without."""
        from cpdocs.plans.decision_context import DecisionContext

        return DecisionContext(self._ws)

    @property
    def pace(self) -> float:
        """Seconds between looks at a file that is settling: so many that it is taken at its settling time."""
        return max(self._ws.options.settle_seconds / (LOOKS - 1), _LEAST_PACE)

    def begin(self) -> Iterator[Outcome]:
        """Finishes what earlier runs recorded and didn't get to the end of, and writes the day's reminders.

        Claims come first: a return whose claim is still there is reported with its file, and once.
        """
        yield from self._remind()
        try:
            finish_all(self._ws)
        except Exception as error:  # noqa: BLE001 told, and the inbox is worked on all the same
            yield Failed("the outbox", error)
        yield from self._sweep()
        try:
            work = OpenWork.load(self._ws)
            today = self._ws.clock.true_now().date().isoformat()
            if work.swept_on != today:
                self._ws.blobs.remove_unfinished(self._ws.clock.true_now() - _UNFINISHED_FOR)
                work.swept_on = today
            for record in self._unfinished(work):
                yield Finished(record)
            work.save(self._ws)
        except Exception as error:  # noqa: BLE001 told, and the inbox is worked on all the same
            yield Failed("an earlier return", error)

    def _unfinished(self, work: OpenWork) -> Iterator[ReturnRecord]:
        """What earlier runs didn't finish, finished; nothing is brought in where there is nothing."""
        if work.open_returns or work.plans:
            from cpdocs.returns.receiving import finish_returns  # the whole judge: an idle pass does without

            yield from finish_returns(self._ws, self._context, work)

    def look(self) -> Iterator[Outcome]:
        """One look at the inbox: takes what has settled, and the claims that nobody works on."""
        yield from self._remind()
        yield from self._look_after_retained()
        yield from self._sweep()
        unsettled: dict[Spot, LeftBecause] = {}
        self.more_wait = False
        left: set[Spot] = set()
        most = _WATCHED_AT_ONCE + len(self.slow)
        tally = Tally()

        def wanted(spot: Spot) -> bool:
            # However many files wait, only so many are looked at and remembered: the others' turn comes.
            if spot in self._stability or len(self._stability) < most:
                return True
            self.more_wait = True
            return False

        try:
            for seen in scan(self._ws.paths.inbox, wanted, tally):
                if seen.look is None:
                    left.add(seen.spot)
                    yield from self._leave(seen.spot, seen.left or LeftBecause.UNREADABLE)
                elif self._stability.settled(seen.spot, seen.look, self._monotonic(), self._age(seen.look)):
                    yield from self._take(seen)
                else:
                    unsettled[seen.spot] = _why(seen.look)
        except OSError as error:
            yield Failed("the inbox", disk_fault(error, self._ws.paths.inbox, "look into"))
        self.unsettled, self.set_aside = unsettled, tally.set_aside
        self._stability.forget_all_but(unsettled)
        slow = set(self._stability.seen_for(self._monotonic(), self._slow_after))
        self.slow = {spot for spot in unsettled if spot in slow}
        if not self.more_wait:
            self._told = {spot: why for spot, why in self._told.items() if spot in left or spot in self.slow}
        for spot in sorted(self.slow, key=lambda each: (each.folder, each.name)):
            yield from self._leave(spot, unsettled[spot])

    def take_named(self, file: Path) -> Iterator[Outcome]:
        """Takes in a file that a person named, as complete: claimed where it lies in the inbox, else copied."""
        from cpdocs.returns.receiving import take_file  # the whole judge: an idle pass does without

        spot = self._spot_of(file)
        seen = next(scan(self._ws.paths.inbox, lambda each: each == spot), None) if spot else None
        if seen is None:
            yield from self._tell(take_file(self._ws, self._context, file))
            return
        if seen.look is None:
            why = seen.left or LeftBecause.UNREADABLE
            raise InputFault(
                f"A named file in the inbox is left alone: {why.value}.",
                todo="Mend that, or copy the file elsewhere and name that.",
            )
        yield from self._take(seen)

    @property
    def undrawn(self) -> bool:
        """Whether pictures of what was taken in are still to be drawn: when nothing more pressing is to be done."""
        return bool(self._undrawn)

    def draw(self) -> Iterator[Outcome]:
        """Draws the pictures of one return that waits, for whoever reviews it; with the last, drops what is decided."""
        from cpdocs.returns.drawn_albums import draw_ahead, drop_decided  # only where something was held

        record, pages = self._undrawn.popleft()
        try:
            draw_ahead(self._ws, record.sha256, record.document_id, pages)
            if not self._undrawn:
                drop_decided(self._ws)
        except Exception as error:  # noqa: BLE001 told; they are drawn when somebody looks
            yield Failed("the pictures of what is held", error)

    def _tell(self, parts: tuple[Taken, ...]) -> Iterator[Outcome]:
        for taken in parts:
            yield taken
            if taken.unfiled:
                yield Failed(f"plan {taken.record.document_id}", taken.unfiled)
            if taken.record.waiting and self._ws.options.draw_pictures:
                self._undrawn.append((taken.record, self._context.pages_read(taken.record.sha256)))

    def _spot_of(self, file: Path) -> Spot | None:
        """Where in the inbox a named file lies; None for one that lies elsewhere."""
        inbox = self._ws.paths.inbox.resolve()
        parent = file.parent.resolve()
        if parent == inbox:
            return Spot("", file.name)
        return Spot(parent.name, file.name) if parent.parent == inbox else None

    def _take(self, seen: Seen) -> Iterator[Outcome]:
        from cpdocs.returns.receiving import take_claim  # the whole judge: an idle pass does without

        try:
            with claimed(self._ws.paths, seen, self._ws.ledger.exclusively) as mine:
                taken = take_claim(self._ws, self._context, mine, self._monotonic()) if mine else ()
        except Exception as error:  # noqa: BLE001 told; the claim stays and is tried again
            yield Failed(seen.spot.name, error)
            return
        yield from self._tell(taken)

    def _age(self, look: Look) -> float:
        """For how many seconds the file has been the same by its own times, which may be wrong; 0 where those don't
        count."""
        if not self._count_age:
            return 0.0
        return self._ws.clock.true_now().timestamp() - max(look.mtime_ns, look.ctime_ns) / 1e9

    def _look_after_retained(self) -> Iterator[Outcome]:
        """Looks at what was taken in and stays a while, some seconds after the last time."""
        begun = self._monotonic()
        if begun < self._retained_due:
            return
        try:
            look_after(
                self._ws.paths,
                now=begun,
                wall=self._ws.clock.true_now().timestamp(),
                still_for=self._ws.options.retain_seconds,
                on_record=lambda sha256: bool(find_return(self._ws.ledger, sha256)),
                exclusively=self._ws.ledger.exclusively,
            )
        except Exception as error:  # noqa: BLE001 told; what is retained stays
            yield Failed("files that were taken in", error)
        ended = self._monotonic()
        self._retained_due = ended + max(_RETAINED_EVERY, 20 * (ended - begun))

    def _sweep(self) -> Iterator[Outcome]:
        """Finishes abandoned claims, this process's own failed ones too, at growing intervals."""
        try:
            for claim in abandoned(self._ws.paths, self._ws.ledger.exclusively):
                due, interval = self._retries.get(claim.home, (0.0, _FIRST_RETRY))
                now = self._monotonic()
                if now < due:
                    continue
                yield from self._finish(claim, now, interval)
        except OSError as error:
            yield Failed("the claims", disk_fault(error, self._ws.paths.claims, "look into"))

    def _finish(self, claim: Claim, now: float, interval: float) -> Iterator[Outcome]:
        from cpdocs.returns.receiving import take_claim  # the whole judge: an idle pass does without

        try:
            taken = take_claim(self._ws, self._context, claim, self._monotonic())
        except Exception as error:  # noqa: BLE001 told; tried again later
            self._retries[claim.home] = (now + interval, min(interval * 2, _LAST_RETRY))
            yield Failed(claim.file.name, error)
            return
        self._retries.pop(claim.home, None)
        yield from self._tell(taken)

    def _remind(self) -> Iterator[Outcome]:
        """Once a day: the consents that ran out the day before, and the reminders that fall on it."""
        today = eastern_date(self._ws.clock.now())
        if today == self._reminded_on:
            return
        self._reminded_on = today
        try:
            if consents_run_out(self._ws.index, today.isoformat()):
                from cpdocs.sending.consents import end_consents_by_date  # an idle pass does without

                end_consents_by_date(self._ws)
        except Exception as error:  # noqa: BLE001 told, and tried again with the next day's or by `deliver`
            self._reminded_on = None
            yield Failed("the consents that ran out", error)
        try:
            work = OpenWork.load(self._ws)
            if work.reminded(self._ws, today):
                return
            from cpdocs.returns.chase import chase  # a day's second pass does without

            as_of = self._ws.ledger.head().size
            chase(self._ws)
            work.reminded_on, work.reminded_as_of = today.isoformat(), as_of
            work.save(self._ws)
        except Exception as error:  # noqa: BLE001 told; returns are taken in all the same
            yield Failed("the reminders", error)

    def _leave(self, spot: Spot, because: LeftBecause) -> Iterator[Outcome]:
        """Says once why a name is left alone."""
        if self._told.get(spot) is not because:
            self._told[spot] = because
            yield Left(spot, because)


def _why(look: Look) -> LeftBecause:
    """Why a file that may be taken isn't yet."""
    if look.written:
        return LeftBecause.OPEN
    if look.extent is Extent.BLANK:
        return LeftBecause.BLANK
    return LeftBecause.CUT if look.extent is Extent.CUT else LeftBecause.UNSETTLED
