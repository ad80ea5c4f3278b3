"""When a file in the inbox is complete: it has stopped changing, by several looks on a clock that never jumps.

"It opens" is not "it is complete" (reliability.md): of truncated PDFs most open, some with fewer signatures and no
error; a fax that is written page by page is a whole TIFF after every page; and a scanner or a copying Windows may
make a file of no bytes, or of zeros, long before the first real one. So how long a file must stay the same depends on
what it holds so far and on whether a program has it open for writing (issue 10 §1.3).

No wait makes a judgement of completeness sure. That no byte is lost where it errs is ``retained``'s business.
"""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto

from cpdocs.core.file_kind import HEAD, kind_of

LOOKS = 3
"""How many looks must agree, the first included."""

_TAIL = 1024
_ENDS = {"pdf": b"%%EOF", "png": b"IEND", "jpg": b"\xff\xd9"}
"""What stands in the last KiB of a whole file of each kind that has an end."""


class Extent(Enum):
    """How much of a file seems to be there, by its own bytes."""

    WHOLE = auto()
    """Its end is there, or its kind has none that we know."""
    MAY_GROW = auto()
    """A TIFF: whole after every page, and after any of them another may follow."""
    CUT = auto()
    """The end that its kind has isn't there."""
    BLANK = auto()
    """It is empty, or begins with zeros: nothing but its name and perhaps its size were written so far."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a file saw. ``written`` says whether a program had it open for writing; None where the system
    doesn't tell (a share, a file of another account)."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    extent: Extent = Extent.WHOLE
    written: bool | None = None


@dataclass(frozen=True, slots=True)
class Waits:
    """How often the settling time a file must have stayed the same, by what it is. ``stalled`` outlasts a scanner's
    pause between two pages (90 s have been seen, and 120 s are waited at the shipped settling time of 2 s), ``blank``
    five of them."""

    whole: float = 1.0
    closed_tiff: float = 60.0
    closed_cut: float = 60.0
    stalled: float = 60.0
    blank: float = 300.0

    def of(self, look: Look) -> float:
        """The factor for what ``look`` saw."""
        if look.written or look.extent is Extent.BLANK:
            return self.blank
        if look.extent is Extent.WHOLE:
            return self.whole
        if look.written is None:
            return self.stalled
        return self.closed_tiff if look.extent is Extent.MAY_GROW else self.closed_cut


WATCH = Waits()
"""Whoever watches for ever has time for the file that a program closed between two pages."""

PASS = Waits(closed_tiff=1.0, closed_cut=2.0)
"""Who asks for one pass wants an answer now: what the system knows to be closed is taken for what it is."""


@dataclass(slots=True)
class _Course:
    """A file since it last changed."""

    look: Look
    since: float
    looks: int
    first_seen: float


class WriteStability:
    """Remembers looks at files by any key and says which have settled. One for each watcher; nothing is kept on disk.

    ``quiet`` is the settling time in seconds. Times are monotonic seconds, given with every look.
    """

    def __init__(self, quiet: float, waits: Waits = WATCH) -> None:
        self._quiet = quiet
        self._waits = waits
        self._courses: dict[Hashable, _Course] = {}

    def __len__(self) -> int:
        """How many files it remembers."""
        return len(self._courses)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._courses

    def settled(self, key: Hashable, look: Look, now: float, age: float = 0.0) -> bool:
        """Whether the file is complete as of this look. A look that differs from the last one starts it over.

        ``age`` is for how long, by its own times, the file has been the same before it was first seen: who looks only
        for a moment may count that towards the wait for what seems incomplete, never towards the settling time.
        """
        course = self._courses.get(key)
        if course is None:
            self._courses[key] = _Course(look, now, 1, now)
            return False
        if course.look != look:
            self._courses[key] = _Course(look, now, 1, course.first_seen)
            return False
        course.looks += 1
        same_for = now - course.since
        wait = self._quiet * self._waits.of(look)
        return course.looks >= LOOKS and same_for >= min(wait, self._quiet) and max(same_for, age) >= wait

    def forget_all_but(self, keys: Iterable[Hashable]) -> None:
        """Drops what is known of files that are gone, so that memory follows the inbox and not its history."""
        keep = set(keys)
        self._courses = {key: course for key, course in self._courses.items() if key in keep}

    def seen_for(self, now: float, seconds: float) -> tuple[Hashable, ...]:
        """The files that were first seen more than ``seconds`` ago and haven't settled: a person may want to know."""
        return tuple(key for key, course in self._courses.items() if now - course.first_seen > seconds)


def look_at(descriptor: int) -> Look:
    """One look at a regular file that is open for reading. Reads its head and its last KiB only. Raises OSError."""
    seen = os.fstat(descriptor)
    head = os.pread(descriptor, HEAD, 0)
    tail = os.pread(descriptor, _TAIL, max(0, seen.st_size - _TAIL))
    with no_writer(descriptor) as none:
        written = None if none is None else not none
    return Look(
        seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, _extent(head, tail), written
    )


def _extent(head: bytes, tail: bytes) -> Extent:
    if not head.strip(b"\0"):
        return Extent.BLANK
    kind = kind_of(head)
    if kind == "tif":
        return Extent.MAY_GROW
    return Extent.WHOLE if _ENDS.get(kind, b"") in tail else Extent.CUT


@contextmanager
def no_writer(descriptor: int) -> Iterator[bool | None]:
    """Whether no program has this file open for writing; then none can open it so while the block runs.

    A read lease (fcntl(2)) tells, on file systems of this machine, of files that are our own or for root. None where
    the system doesn't tell. Whoever opens the file for writing meanwhile waits until the block ends.
    """
    try:
        # A broken lease sends a signal, SIGIO unless told otherwise, which would end this process; SIGURG is ignored.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        yield False
        return
    except (OSError, AttributeError):
        yield None
        return
    try:
        yield True
    finally:
        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
