"""How far a long piece of work has come: a bar with rate and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from cpdocs.cli.output import say

Tell = Callable[[int, int], None]
"""Told how many are done, of how many."""

_EVERY = 1000
_EVERY_VERBOSE = 100
_REDRAWN = 20
"""A bar is told of every so many."""


@contextmanager
def progress(ctx: click.Context, things: str) -> Iterator[Tell | None]:
    """Shows on standard error how many ``things`` (``letters``) are made; nothing with ``--quiet``.

    Off a terminal there is a line for every thousand, with ``-v`` for every hundred and at the end.
    """
    flags = ctx.find_root().obj
    if flags["quiet"]:
        yield None
        return
    if not sys.stderr.isatty():
        yield lines(lambda message: say(ctx, message), things, verbose=bool(flags["verbose"]))
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(things),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(things, total=None, rate="")
        clock = time.monotonic
        begun = clock()

        def tell(done: int, total: int) -> None:
            if done % _REDRAWN == 0 or done == total:
                bar.update(task, completed=done, total=total, rate=f"{rate(done, clock() - begun):.0f} a second")

        yield tell


def lines(
    write: Callable[[str], None], things: str, *, verbose: bool, clock: Callable[[], float] = time.monotonic
) -> Tell:
    """Tells ``write`` now and then how many ``things`` are made, how many a second, and how long the rest will take."""
    begun = clock()

    def tell(done: int, total: int) -> None:
        if done % (_EVERY_VERBOSE if verbose else _EVERY) and not (verbose and done == total):
            return
        speed = rate(done, clock() - begun)
        left = f", {in_words((total - done) / speed)} left" if done < total and speed else ""
        write(f"{done:,} of {total:,} {things} made, {speed:.0f} a second{left}")

    return tell


def rate(done: int, seconds: float) -> float:
    """How many a second; 0 before any time has passed."""
    return done / seconds if seconds > 0 else 0.0


def in_words(seconds: float) -> str:
    """``2 h 5 min``, ``3 min``, ``40 s``."""
    minutes = round(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min" if minutes >= 2 else f"{round(seconds)} s"
