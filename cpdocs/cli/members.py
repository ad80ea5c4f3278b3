"""``cpdocs member decline|change-cp|reinstate|attempt|agreement|correct``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import click

from cpdocs.cli import discharges, guardians
from cpdocs.cli.context import pass_workspace
from cpdocs.cli.member_ids import read_member_id
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DAY
from cpdocs.core.enrollment import Choice
from cpdocs.core.ids import last_four
from cpdocs.core.outreach import AttemptKind, Outcome
from cpdocs.workspace import Workspace


@click.group()
def member() -> None:
    """What a member says or what becomes of them: declines, another Community Partner, a guardian, a wrong record.

    The member id is read from standard input.

    \b
    cpdocs member decline --on 2026-11-05 --how "phone call" --by "Sample Coordinator" < id.txt
    cpdocs member change-cp --on 2026-11-05 --how "response slip" --by "Sample Coordinator" < id.txt
    cpdocs member reinstate --on 2026-11-20 --how "home visit" --by "Sample Coordinator" < id.txt
    cpdocs member attempt --on 2026-11-05 --kind telephone --outcome not_reached --by "A. Sample" < id.txt
    """


member.add_command(discharges.discharged)
member.add_command(guardians.guardian_begins)
member.add_command(guardians.guardian_ends)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        AS_JSON,
        click.option(
            "--program", type=click.Choice(["BH", "LTSS"], case_sensitive=False), help="This program alone; else both."
        ),
        click.option("--by", required=True, metavar="NAME", help="Who took it down."),
        click.option(
            "--how", required=True, metavar="HOW", help="How the member said it: phone, visit, response slip …"
        ),
        click.option("--on", type=DAY, required=True, metavar="DATE", help="The day on which they said it."),
    ):
        command = option(command)
    return command


@member.command()
@_options
@pass_workspace
def decline(ws: Workspace, on: date, how: str, by: str, program: str | None, as_json: bool) -> None:
    """The member declines: letters and plans stop at once, open plans are withdrawn, the health plan is told.

    \b
    cpdocs member decline --on 2026-11-05 --how "phone call" --by "Sample Coordinator" < id.txt
    """
    _record(ws, Choice.DECLINED, on, how, by, program, as_json)


@member.command("change-cp")
@_options
@pass_workspace
def change_cp(ws: Workspace, on: date, how: str, by: str, program: str | None, as_json: bool) -> None:
    """The member wants another Community Partner: the assignments on record end, the health plan is told.

    \b
    cpdocs member change-cp --on 2026-11-05 --how "response slip" --by "Sample Coordinator" < id.txt
    """
    _record(ws, Choice.CHANGED_CP, on, how, by, program, as_json)


@member.command()
@_options
@pass_workspace
def reinstate(ws: Workspace, on: date, how: str, by: str, program: str | None, as_json: bool) -> None:
    """The member takes part again: letters and plans go on; a withdrawn plan stays withdrawn.

    \b
    cpdocs member reinstate --on 2026-11-20 --how "home visit" --by "Sample Coordinator" < id.txt
    """
    _record(ws, Choice.REINSTATED, on, how, by, program, as_json)


_PROGRAM = click.option(
    "--program", type=click.Choice(["BH", "LTSS"], case_sensitive=False), help="This program alone; else both."
)
_BY = click.option("--by", required=True, metavar="NAME", help="Who did it.")
_ON = click.option("--on", type=DAY, required=True, metavar="DATE", help="The day.")


@member.command()
@_ON
@click.option(
    "--kind", type=click.Choice([each.value for each in AttemptKind]), required=True, help="How it was tried."
)
@click.option("--outcome", type=click.Choice([each.value for each in Outcome]), required=True, help="What came of it.")
@_BY
@click.option("--note", default="", metavar="TEXT", help="A few words for whoever tries next.")
@_PROGRAM
@AS_JSON
@pass_workspace
def attempt(
    ws: Workspace, on: date, kind: str, outcome: str, by: str, note: str, program: str | None, as_json: bool
) -> None:
    """Record an attempt to reach the member. Only such an attempt lets a letter say that we tried.

    \b
    cpdocs member attempt --on 2026-11-05 --kind telephone --outcome not_reached --by "A. Sample" < id.txt
    """
    from cpdocs.members.outreach import record_attempt

    member_id = read_member_id()
    record_attempt(
        ws, member_id, on=on, kind=AttemptKind(kind), outcome=Outcome(outcome), by=by, program=program, note=note
    )
    if as_json:
        print_json({"member": last_four(member_id), "on": on.isoformat(), "kind": kind, "outcome": outcome})
    say(
        click.get_current_context(),
        f"Recorded for member {last_four(member_id)}: {kind.replace('_', ' ')}, {outcome.replace('_', ' ')}.",
    )


@member.command()
@_ON
@click.option("--how", type=click.Choice(["verbal", "written"]), required=True, help="By word or in writing.")
@click.option("--explained", required=True, metavar="TEXT", help="How the use of their information was explained.")
@_BY
@_PROGRAM
@AS_JSON
@pass_workspace
def agreement(ws: Workspace, on: date, how: str, explained: str, by: str, program: str | None, as_json: bool) -> None:
    """Record that the member agreed to take part, and how the use of their information was explained.

    \b
    cpdocs member agreement --on 2026-11-05 --how verbal --explained "leaflet read" --by "A. Sample" < id.txt
    """
    from cpdocs.members.outreach import record_agreement

    member_id = read_member_id()
    record_agreement(ws, member_id, on=on, how=how, explained=explained, by=by, program=program)
    if as_json:
        print_json({"member": last_four(member_id), "on": on.isoformat(), "how": how})
    say(click.get_current_context(), f"Recorded: member {last_four(member_id)} agreed ({how}).")


@member.command()
@click.argument("fact", type=click.Choice(["deceased", "no_mail"]))
@click.option("--by", required=True, metavar="NAME", help="Who found out.")
@click.option("--how", required=True, metavar="HOW", help="How: they came in, a call to the health plan …")
@click.option("--on", type=DAY, required=True, metavar="DATE", help="The day on which it was found out.")
@AS_JSON
@pass_workspace
def correct(ws: Workspace, fact: str, on: date, how: str, by: str, as_json: bool) -> None:
    """A roster states that the member died, or wants no mail, and it isn't so: letters and plans go on.

    \b
    cpdocs member correct deceased --on 2026-11-20 --how "came to the office" --by "Sample Coordinator" < id.txt
    cpdocs member correct no_mail --on 2026-11-20 --how "asked them by phone" --by "Sample Coordinator" < id.txt

    It holds while the same roster line goes on stating it; another assignment that states it counts anew.
    """
    from cpdocs.core.person_facts import Fact
    from cpdocs.members.corrections import correct_fact

    member_id = read_member_id()
    correct_fact(ws, member_id, Fact(fact), on=on, how=how, by=by)
    if as_json:
        print_json({"member": last_four(member_id), "fact": fact, "on": on.isoformat()})
    words = {"deceased": "is not deceased", "no_mail": "may be written to"}
    say(click.get_current_context(), f"Member {last_four(member_id)} {words[fact]}, {on.isoformat()}.")


def _record(ws: Workspace, choice: Choice, on: date, how: str, by: str, program: str | None, as_json: bool) -> None:
    from cpdocs.members.choices import record_choice

    member_id = read_member_id()
    done = record_choice(ws, member_id, choice, on=on, how=how, by=by, program=program)
    if as_json:
        print_json(
            {
                "member": last_four(member_id),
                "choice": choice.value,
                "on": on.isoformat(),
                "programs": list(done.programs),
                "withdrawn": list(done.withdrawn),
                "notices": [str(path) for path in done.notices],
            }
        )
    words = {
        Choice.DECLINED: "declined",
        Choice.CHANGED_CP: "asked for another Community Partner",
        Choice.REINSTATED: "takes part again",
    }
    ctx = click.get_current_context()
    say(ctx, f"Member {last_four(member_id)} {words[choice]} ({', '.join(done.programs)}), {on.isoformat()}.")
    for document_id in done.withdrawn:
        say(ctx, f"Withdrawn: {document_id}")
    for path in done.notices:
        say(ctx, f"Notice to the health plan: {path}")
