"""When a file in the inbox is complete: it has stopped changing, by several looks on a clock that never jumps.

"It opens" is not "it is complete" (reliability.md): of truncated PDFs most open, some with fewer signatures and no
error. So a file is taken only after the same size, time of change and inode at several looks, spread over the
settling time; a PDF whose end isn't there yet is waited for longer, and then taken for what it is.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from cpdocs.core.file_kind import HEAD, looks_like_pdf

LOOKS = 3
"""How many looks must agree, the first included."""

UNENDED_FACTOR = 10
"""A PDF without its end mark settles this many times slower: an upload that stalls goes on, a truncated file
doesn't."""

_TAIL = 1024


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a file saw. ``ended`` is False for a PDF without ``%%EOF`` in its last KiB."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    ended: bool = True


@dataclass(slots=True)
class _Course:
    """A file since it last changed."""

    look: Look
    since: float
    looks: int
    first_seen: float


class WriteStability:
    """Remembers looks at files by any key and says which have settled. One for each watcher; nothing is kept on disk.

    ``quiet`` is the settling time in seconds, ``unended_factor`` how many times that a PDF without its end takes. Times
    are monotonic seconds, given with every look.
    """

    def __init__(self, quiet: float, unended_factor: int = UNENDED_FACTOR) -> None:
        self._quiet = quiet
        self._unended_factor = unended_factor
        self._courses: dict[Hashable, _Course] = {}

    def __len__(self) -> int:
        """How many files it remembers."""
        return len(self._courses)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._courses

    def settled(self, key: Hashable, look: Look, now: float) -> bool:
        """Whether the file is complete as of this look. A look that differs from the last one starts it over."""
        course = self._courses.get(key)
        if course is None:
            self._courses[key] = _Course(look, now, 1, now)
            return False
        if course.look != look:
            self._courses[key] = _Course(look, now, 1, course.first_seen)
            return False
        course.looks += 1
        return course.looks >= LOOKS and now - course.since >= self._quiet * (1 if look.ended else self._unended_factor)

    def forget_all_but(self, keys: Iterable[Hashable]) -> None:
        """Drops what is known of files that are gone, so that memory follows the inbox and not its history."""
        keep = set(keys)
        self._courses = {key: course for key, course in self._courses.items() if key in keep}

    def changing_since(self, now: float, seconds: float) -> tuple[Hashable, ...]:
        """The files seen for longer than ``seconds`` that have not stayed the same for half that long: they never
        settle."""
        return tuple(
            key
            for key, course in self._courses.items()
            if now - course.first_seen > seconds and now - course.since < seconds / 2
        )


def look_at(descriptor: int) -> Look:
    """One look at an open regular file. Reads its head and its last KiB only. Raises OSError."""
    seen = os.fstat(descriptor)
    ended = True
    if seen.st_size and looks_like_pdf(os.pread(descriptor, HEAD, 0)):
        ended = b"%%EOF" in os.pread(descriptor, _TAIL, max(0, seen.st_size - _TAIL))
    return Look(seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, ended)
