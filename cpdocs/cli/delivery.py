"""``cpdocs deliver`` and ``cpdocs recall``: what leaves, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.pages import pages, say_how_many
from cpdocs.cli.params import DOCUMENT_ID
from cpdocs.cli.tables import print_table
from cpdocs.core.deliveries import Delivery, DeliveryState, as_json
from cpdocs.core.moments import eastern_text
from cpdocs.errors import required_reason
from cpdocs.index.queries import Page
from cpdocs.workspace import Workspace

_SEND = "send"
_TARGET = click.option(
    "--target", required=True, metavar="T", help="A [[filing.target]] or [channel.NAME] by its name."
)
_REASON = click.option("--reason", required=True, metavar="R", help="Why; it stays on the record.")


class _DeliverGroup(click.Group):
    """``deliver list|retry|give-up`` are commands of their own; anything else after ``deliver`` are document ids."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [_SEND, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in super().list_commands(ctx) if name != _SEND]


@click.group(cls=_DeliverGroup, subcommand_metavar="[ID…] [--json] | list | retry ID … | give-up ID …")
def deliver() -> None:
    """Send what waits: packages to charts and packets to practices, each until it is settled.

    \b
    cpdocs deliver
    cpdocs deliver 7K3M-9QXW-2RC
    cpdocs deliver list
    cpdocs deliver retry 7K3M-9QXW-2RC --target harbor-hl7
    cpdocs deliver give-up 7K3M-9QXW-2RC --target harbor-hl7 --reason "Carried there by hand"

    Delivered means that the receiver said so, of this very delivery. Where its answer was lost and it doesn't tell a
    repeated one apart, the delivery is unsure, and a person asks there before it is sent again.
    """


@deliver.command(_SEND, hidden=True)
@click.argument("document_ids", metavar="[ID…]", nargs=-1, type=DOCUMENT_ID)
@AS_JSON
@pass_workspace
def send(ws: Workspace, document_ids: tuple[str, ...], as_json: bool) -> None:
    """Send what is due, of these documents or of all.

    \b
    cpdocs deliver
    cpdocs deliver 7K3M-9QXW-2RC
    """
    from cpdocs.sending.send import deliver as run

    ctx = click.get_current_context()
    tell(_each(ws, run(ws, document_ids, say=lambda line: say(ctx, line))), as_json, "Nothing waits to be sent.")


@deliver.command("list")
@click.option("--state", type=click.Choice([each.value for each in DeliveryState]), help="Those in this state alone.")
@click.option("--target", default="", metavar="T", help="Those of this target or channel alone.")
@click.option("--practice", default="", metavar="ID", help="Those of this practice alone.")
@click.option("--open", "open_", is_flag=True, help="Those alone that aren't settled.")
@click.option("--progress", is_flag=True, help="How far each target has come, instead of every delivery.")
@pages
@AS_JSON
@pass_workspace
def list_(
    ws: Workspace,
    state: str | None,
    target: str,
    practice: str,
    open_: bool,
    progress: bool,
    page: Page,
    as_json: bool,
) -> None:
    """List every delivery: where it stands, since when, and what the receiver said last.

    \b
    cpdocs deliver list --state unsure
    cpdocs deliver list --open --target harbor-hl7
    cpdocs deliver list --progress
    """
    from cpdocs.index.outgoing import DeliveryFilter, deliveries, delivery_counts

    if progress:
        _progress(ws, as_json)
        return
    wanted = DeliveryFilter(state or "", target, "", practice, open_)
    rows = deliveries(ws.index, wanted, page)
    if as_json:
        print_json([_row(each) for each in _each(ws, [row["delivery_id"] for row in rows])])
        return
    print_table(
        ["document", "target", "what", "state", "since", "attempts", "last answer"],
        [
            [
                *(row["document_id"], row["target"], row["purpose"], row["state"]),
                *(eastern_text(datetime.fromisoformat(row["since"])), str(row["attempts"]), row["words"]),
            ]
            for row in rows
        ],
    )
    ctx = click.get_current_context()
    counts = delivery_counts(ws.index, wanted)
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    say(ctx, f"{told}." if told else "Nothing was queued.")
    say_how_many(ctx, len(rows), sum(counts.values()), page)


def _progress(ws: Workspace, as_json: bool) -> None:
    from dataclasses import asdict

    from cpdocs.index.outgoing import progress

    found = progress(ws.index)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = [
        [
            *(each.target, each.kind, ", ".join(f"{count} {state}" for state, count in each.counts.items())),
            ", ".join(f"{state} since {eastern_text(datetime.fromisoformat(at))}" for state, at in each.oldest.items()),
            eastern_text(datetime.fromisoformat(each.delivered_at)) if each.delivered_at else "",
            each.last_answer,
        ]
        for each in found
    ]
    print_table(["target", "kind", "deliveries", "oldest", "last delivered", "last answer"], rows)


@deliver.command()
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@_TARGET
@AS_JSON
@pass_workspace
def retry(ws: Workspace, document_id: str, target: str, as_json: bool) -> None:
    """Send a delivery again at once, with the same ids, after somebody asked the receiver.

    \b
    cpdocs deliver retry 7K3M-9QXW-2RC --target harbor-hl7
    """
    from cpdocs.sending import decisions
    from cpdocs.sending.send import deliver as run

    ctx = click.get_current_context()
    decisions.retry(ws, document_id, target)
    looked = run(ws, [document_id], say=lambda line: say(ctx, line))
    tell(_each(ws, looked), as_json, "Nothing waits to be sent.")


@deliver.command("give-up")
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@_TARGET
@_REASON
@AS_JSON
@pass_workspace
def give_up(ws: Workspace, document_id: str, target: str, reason: str, as_json: bool) -> None:
    """Try no more: the document went another way, or isn't wanted there.

    \b
    cpdocs deliver give-up 7K3M-9QXW-2RC --target harbor-hl7 --reason "Carried there by hand"
    """
    from cpdocs.sending import decisions

    given_up = decisions.give_up(ws, document_id, target, reason)
    if as_json:
        print_json([_row(each) for each in given_up])
    say(click.get_current_context(), f"{document_id}: no longer sent to {target}.")


@click.command()
@click.argument("document_id", metavar="ID", type=DOCUMENT_ID)
@_TARGET
@_REASON
@AS_JSON
@pass_workspace
def recall(ws: Workspace, document_id: str, target: str, reason: str, as_json: bool) -> None:
    """Take a filed plan back at one target, in the way that the target can, confirmed in the chart or not.

    \b
    cpdocs recall 7K3M-9QXW-2RC --target harbor-hl7 --reason "Filed under the wrong patient"

    HL7 gets a cancel message (T11), FHIR the status entered-in-error, folders a note that says what to remove. What
    never left is withdrawn here.
    """
    from cpdocs.sending.queue import recall as take_back
    from cpdocs.sending.record import deliveries_of
    from cpdocs.sending.send import deliver as run

    ctx = click.get_current_context()
    take_back(ws, document_id, target, required_reason(reason))
    run(ws, [document_id], say=lambda line: say(ctx, line))
    found = [each for each in deliveries_of(ws.ledger, document_id) if each.target == target]
    tell(found, as_json, "Nothing waits to be sent.")


def _each(ws: Workspace, delivery_ids: Iterable[str]) -> Iterator[Delivery]:
    from cpdocs.sending.record import the_delivery_of

    return (the_delivery_of(ws.ledger, each) for each in delivery_ids)


def tell(found: Iterable[Delivery], as_json: bool, nothing: str) -> None:
    """Says, or prints as JSON, where these deliveries stand; `nothing` where there are none."""
    counted: Counter[str] = Counter()
    rows = []
    for each in found:
        counted[each.state.value] += 1
        if as_json:
            rows.append(_row(each))
    if as_json:
        print_json(rows)
    told = ", ".join(f"{count} {name}" for name, count in counted.items())
    say(click.get_current_context(), f"{told}." if told else nothing)


def _row(delivery: Delivery) -> dict[str, object]:
    return dict(as_json(delivery))
