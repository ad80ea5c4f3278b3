"""Kinds of value on the command line: moments, days, document ids. A wrong one is a fault of usage (exit 2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click

from cpdocs.core.ids import parse_document_id
from cpdocs.core.moments import HOW_DAY, HOW_MOMENT, parse_day, parse_moment


class Moment(click.ParamType[datetime]):
    """A moment as people write it, Massachusetts time where no offset is given; its value is aware UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return parse_moment(value)
        except ValueError:
            self.fail(f"that is no time; {HOW_MOMENT}.", param, ctx)


class Day(click.ParamType[date]):
    """A day as people write it."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return parse_day(value)
        except ValueError:
            self.fail(f"that is no date; {HOW_DAY}.", param, ctx)


class DocumentId(click.ParamType[str]):
    """A document id as people type it: case, spaces and hyphens don't count, the check character does.

    What is none isn't repeated: it may be a member's id.
    """

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        document_id = parse_document_id(value)
        if document_id is None:
            self.fail(
                "this is no document id: a character is wrong or missing. Read it again from the document.", param, ctx
            )
        return document_id


MOMENT = Moment()
DAY = Day()
DOCUMENT_ID = DocumentId()
DRAFTS = click.option(
    "--allow-draft-translations",
    "allow_drafts",
    is_flag=True,
    help="Print translations that nobody has reviewed; the pages say so.",
)


def chosen_pieces(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which a command on a run names pieces, by number or reference, and says why."""
    for option in (
        click.option("--reason", required=True, metavar="WHY", help="Why, for the record. Name no member."),
        click.option(
            "--documents", default="", metavar="LIST", help="Which letters: reference numbers, with commas between."
        ),
        click.option("--pieces", default="", metavar="LIST", help="Which pieces: numbers and ranges, like 12-40,97."),
    ):
        command = option(command)
    return command
