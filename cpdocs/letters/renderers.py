"""Makes many letters on several cores: one press in each process, results in the order asked for.

A worker ends when the process that started it is gone, however that ended.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import islice
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cpdocs.errors import Defect, InputFault

if TYPE_CHECKING:
    from cpdocs.core.senders import Senders
    from cpdocs.documents.letter_kinds import LetterKind
    from cpdocs.documents.letter_languages import Printable
    from cpdocs.documents.letters import Letter, LetterRenderer, PrintedLetter, Unprintable

Item = TypeVar("Item")
Done = TypeVar("Done")

_WORTH_A_PROCESS = 6
"""Letters for which another process, which takes about a second to begin, is worth starting."""
_CHUNK = 4
_AHEAD = 3
"""Chunks for each process that are under way or made and not yet taken: what waits is held in memory."""


@dataclass(frozen=True, slots=True)
class RendererPool:
    """What a press needs to be set up anywhere: the template folders and the site's names. In each process it has one
    press, which reads templates and catalogues once."""

    shipped: Path
    site: Path
    senders: Senders
    _made: list[LetterRenderer] = field(default_factory=list, init=False, repr=False, compare=False)

    def __reduce__(self) -> tuple[type[RendererPool], tuple[Path, Path, Senders]]:
        """Goes to other processes without its press."""
        return RendererPool, (self.shipped, self.site, self.senders)

    def renderer(self) -> LetterRenderer:
        """The press of this process."""
        from cpdocs.documents.letters import LetterRenderer

        if not self._made:
            self._made.append(LetterRenderer(self.shipped, self.site, self.senders))
        return self._made[0]

    def terms(self, kind: str, allowed: Collection[str], on: date, *, drafts: bool) -> Terms:
        """What there is to know before letters of this ``kind`` are made; with ``drafts`` unreviewed translations are
        used.

        Raises InputFault where the settings don't name the kind, it lacks what every letter must say, or a template or
        catalogue can't be used.
        """
        from cpdocs.documents.letter_lint import check_kind, printable, reading_grade

        if kind not in allowed:
            raise InputFault(
                f"{kind!r} is no kind of letter of this workspace.",
                todo=f"The kinds are {', '.join(allowed)}; add yours to `kinds` under [letters] in cpdocs.toml.",
            )
        renderer = self.renderer()
        check_kind(renderer, kind, on)
        languages = printable(renderer, kind, on, drafts=drafts)
        unreviewed = frozenset(
            tag for tag in languages.tags if tag in renderer.catalogues and not renderer.catalogues[tag].reviewed
        )
        return Terms(renderer.kind(kind), languages, unreviewed, reading_grade(renderer, kind, on))


@dataclass(frozen=True, slots=True)
class Terms:
    """A kind of letter fit to be sent, the languages it can be printed in, which of them nobody has reviewed, and the
    school grade at which its English reads."""

    kind: LetterKind
    languages: Printable
    unreviewed: frozenset[str]
    grade: float


def make_letters(room: RendererPool, letters: Sequence[Letter], jobs: int) -> Iterator[PrintedLetter | Unprintable]:
    """Every letter made and preflighted, in order, with at most ``jobs`` processes. Raises InputFault for a template's
    fault."""
    jobs = min(jobs, len(letters) // _WORTH_A_PROCESS)
    if jobs <= 1:
        renderer = room.renderer()
        for letter in letters:
            yield renderer.make(letter)
        return
    yield from on_cores(partial(_make, room), letters, jobs, chunk=_CHUNK)


def on_cores(work: Callable[[Item], Done], items: Iterable[Item], jobs: int, *, chunk: int = 1) -> Iterator[Done]:
    """``work`` done on every item, in order, by ``jobs`` processes, or by this one where ``jobs`` is less than two."""
    if jobs <= 1:
        yield from map(work, items)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_watch_parent) as pool:
        try:
            yield from _in_turn(pool, work, items, jobs * _AHEAD, chunk)
        except BrokenProcessPool as fault:
            raise Defect(
                "A process that was making letters died. Nothing was staged.",
                todo="Run the same command again, with fewer --jobs if memory is short.",
            ) from fault
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _in_turn(
    pool: Executor, work: Callable[[Item], Done], items: Iterable[Item], ahead: int, chunk: int
) -> Iterator[Done]:
    """What ``pool`` makes of the items, in order; only so many chunks are under way or wait to be taken."""
    todo = iter(items)
    under_way: deque[Future[list[Done]]] = deque()
    while part := list(islice(todo, chunk)):
        under_way.append(pool.submit(_each, work, part))
        if len(under_way) >= ahead:
            yield from under_way.popleft().result()
    while under_way:
        yield from under_way.popleft().result()


def _each(work: Callable[[Item], Done], part: Sequence[Item]) -> list[Done]:
    return [work(item) for item in part]


def _watch_parent() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


_PRESSES: list[tuple[RendererPool, LetterRenderer]] = []


def _make(room: RendererPool, letter: Letter) -> PrintedLetter | Unprintable:
    """Makes a letter with the press that this process keeps for ``room``."""
    if not _PRESSES or _PRESSES[0][0] != room:
        _PRESSES[:] = [(room, room.renderer())]
    return _PRESSES[0][1].make(letter)
