"""Options of the commands that list: which rows, and which page of them. Others than these rows are never read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cpdocs.cli.output import say
from cpdocs.index.queries import Page, PlanFilter

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

R = TypeVar("R")

_ON_SCREEN = 200
"""How many rows a table has where nobody says otherwise; JSON has them all."""


def pages(command: Callable[..., R]) -> Callable[..., R]:
    """``--limit`` and ``--page``; the command gets ``page``."""

    @click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N rows.")
    @click.option("--page", "number", type=click.IntRange(min=1), default=1, metavar="N", help="The N-th such page.")
    @wraps(command)
    def wrapper(*args: Any, limit: int | None, number: int, as_json: bool, **kwargs: Any) -> R:
        size = limit or (0 if as_json and number == 1 else _ON_SCREEN)
        return command(*args, page=Page(size, size * (number - 1)), as_json=as_json, **kwargs)

    return wrapper


def plan_filters(command: Callable[..., R]) -> Callable[..., R]:
    """``--practice``, ``--coordinator`` and ``--program``; the command gets ``narrowed``."""

    @click.option("--practice", metavar="ID", help="Only this practice's plans.")
    @click.option("--coordinator", metavar="NAME", help="Only the plans of this coordinator's members.")
    @click.option(
        "--program", type=click.Choice(["BH", "LTSS"], case_sensitive=False), help="Only plans of this program."
    )
    @wraps(command)
    def wrapper(*args: Any, practice: str | None, coordinator: str | None, program: str | None, **kwargs: Any) -> R:
        narrowed = PlanFilter(practice_id=practice or "", coordinator=coordinator or "", program=program or "")
        return command(*args, narrowed=narrowed, **kwargs)

    return wrapper


def say_unknown(ctx: click.Context, ws: Workspace, narrowed: PlanFilter) -> None:
    """Says that the coordinator or the practice that was asked for isn't on record: that nothing is shown of them is no
    all-clear. What was typed isn't repeated: it may be a member's name in the wrong place."""
    from cpdocs.core.organizations import nearest_name
    from cpdocs.index.lookups import coordinators, is_practice

    if narrowed.coordinator:
        known = coordinators(ws.index)
        if narrowed.coordinator not in known:
            near = nearest_name(narrowed.coordinator, known)
            meant = f' The nearest name is "{near}".' if near else ""
            say(ctx, f"The rosters name no coordinator of that name.{meant}")
    if narrowed.practice_id and not is_practice(ws.index, narrowed.practice_id):
        say(ctx, "No practice of that id is on record. `cpdocs import practices` records one.")


def say_how_many(ctx: click.Context, shown: int, all_of_them: int, page: Page) -> None:
    """Says that there are more rows than were shown, and how to see them; nothing where all were."""
    if shown == all_of_them:
        return
    first = page.offset + 1
    rows = f"{first} to {page.offset + shown}" if shown else "none"
    say(ctx, f"Shown: {rows} of {all_of_them}. The others: --page N, --limit N, or a filter (--help).")
