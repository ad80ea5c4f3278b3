"""Options for workbooks that can be read in more ways than one: which sheet, and what hidden rows are."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

HIDDEN = ("read", "leave-out")


def workbook_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--sheet`` and ``--hidden-rows``, given to the command as ``choices``."""

    @wraps(command)
    def with_choices(*args: Any, sheet: str, hidden_rows: str | None, **more: Any) -> Any:
        from cpdocs.intake.tables import Choices

        return command(*args, choices=Choices(sheet, hidden_rows or ""), **more)

    for option in (
        click.option(
            "--hidden-rows",
            type=click.Choice(HIDDEN),
            help="Rows that the spreadsheet hides: read them like all others, or leave them out.",
        ),
        click.option(
            "--sheet", default="", metavar="TITLE", help="Which sheet of a workbook to read, where several fit."
        ),
    ):
        with_choices = option(with_choices)
    return with_choices
