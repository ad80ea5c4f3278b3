"""``cpdocs consent revoke|expire``: a consent to disclose Part 2 records ends after its plan was issued."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DAY, DOCUMENT_ID
from cpdocs.core.plan_record import ConsentEnd
from cpdocs.workspace import Workspace


@click.group()
def consent() -> None:
    """A consent to disclose substance use records (42 CFR Part 2) ends: filing stops, what was filed is recalled.

    \b
    cpdocs consent revoke 7K3M-9QXW-2RC --on 2026-11-05 --how "letter of the member" --by "Sample Coordinator"
    cpdocs consent expire 7K3M-9QXW-2RC --on 2026-11-05 --how "treatment ended" --by "Sample Coordinator"
    """


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        AS_JSON,
        click.option("--by", required=True, metavar="NAME", help="Who took it down."),
        click.option("--how", required=True, metavar="HOW", help="How it is known: letter, telephone, visit …"),
        click.option("--on", type=DAY, required=True, metavar="DATE", help="The day on which it ended."),
        click.argument("document_id", metavar="ID", type=DOCUMENT_ID),
    ):
        command = option(command)
    return command


@consent.command()
@_options
@pass_workspace
def revoke(ws: Workspace, document_id: str, on: date, how: str, by: str, as_json: bool) -> None:
    """The member revoked the consent on which this plan's Part 2 records are disclosed.

    \b
    cpdocs consent revoke 7K3M-9QXW-2RC --on 2026-11-05 --how "letter of the member" --by "Sample Coordinator"

    It holds for every version that rests on the same consent. None of them is filed any more, and what lies in a chart
    is recalled there: `cpdocs deliver` sends the recalls.
    """
    _end(ws, document_id, ConsentEnd.REVOKED, on, how, by, as_json)


@consent.command()
@_options
@pass_workspace
def expire(ws: Workspace, document_id: str, on: date, how: str, by: str, as_json: bool) -> None:
    """The consent ended by the event that it names; one that ends on a day ends by itself.

    \b
    cpdocs consent expire 7K3M-9QXW-2RC --on 2026-11-05 --how "treatment ended" --by "Sample Coordinator"
    """
    _end(ws, document_id, ConsentEnd.EXPIRED, on, how, by, as_json)


def _end(ws: Workspace, document_id: str, why: ConsentEnd, on: date, how: str, by: str, as_json: bool) -> None:
    from cpdocs.sending.consents import end_consent

    done = end_consent(ws, document_id, why=why, on=on, how=how, by=by)
    if as_json:
        print_json(
            {
                "why": why.value,
                "on": on.isoformat(),
                "versions": [each.document_id for each in done.versions],
                "recalled": [{"document_id": each, "target": target} for each, target in done.recalled],
            }
        )
    ctx = click.get_current_context()
    for each in done.versions:
        say(ctx, f"{each.document_id}: the consent {why.words} on {on.isoformat()}; it isn't filed any more.")
    for document, target in done.recalled:
        say(ctx, f"{document}: recalled at {target}; `cpdocs deliver` sends it.")
