"""``cpdocs audit verify|clock|show|export|checkpoint|cosign|move``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cpdocs.cli.context import chosen_workspace, pass_workspace
from cpdocs.cli.member_ids import read_member_id
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.params import DOCUMENT_ID
from cpdocs.cli.secrets import PIN_FILE, pin_from
from cpdocs.cli.witness import cosign, witness_key
from cpdocs.core.clock import EASTERN
from cpdocs.core.clock_steps import ClockStep, Dated
from cpdocs.core.events import Event
from cpdocs.core.ids import is_member_id
from cpdocs.core.plurals import counted
from cpdocs.errors import AnswerIsNo, Problem, UsageFault
from cpdocs.workspace import Workspace


@click.group()
def audit() -> None:
    """Prove the trail; show or export it.

    \b
    cpdocs audit verify
    cpdocs audit show 7K3M-9QXW-2RC
    cpdocs audit checkpoint > /media/compliance/checkpoint.txt
    cpdocs audit export /media/compliance/trail
    """


@audit.command("verify")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="A checkpoint that was kept elsewhere: shows whether the ledger was rewritten since.",
)
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="KEY",
    help="A witness's public key: it must have signed what is given --against.",
)
@click.option(
    "--log-key",
    metavar="KEY",
    help="The ledger's public key, as it was published; for where state/keys/checkpoint.key isn't.",
)
@AS_JSON
def verify_(against: tuple[Path, ...], witnesses: tuple[str, ...], log_key: str | None, as_json: bool) -> None:
    """Prove that every event, every checkpoint and every stored file is what was recorded. Changes nothing.

    \b
    cpdocs audit verify
    cpdocs audit verify --against /media/compliance/checkpoint.txt
    cpdocs audit verify --against cosigned.txt --witness witness.example.org+d3405db7+BDk…
    cpdocs audit verify --json

    Exit status 1 where anything was altered, is damaged or is missing; each fault is named. Where only the checkpoint
    key is missing, as after a restore without keys, the trail is neither whole nor broken but not proven: status 1 too,
    until the key, its public part (--log-key, from `audit checkpoint --public-key`) or a checkpoint kept elsewhere
    (--against) proves it. A restored ledger that lacks what came after its backup is incomplete, and not broken: a
    checkpoint of later shows that it is the beginning of what was signed. docs/audit.md says what this can't show.
    """
    from cpdocs.ledger.audit import RESTORED_UNPROVEN
    from cpdocs.trail.audit import prove
    from cpdocs.wiring import SystemClock, find_own, ledger_place
    from cpdocs.workspace import Paths

    paths = Paths(find_own(chosen_workspace())[0])
    if witnesses and not against:
        raise UsageFault(
            "--witness says who must have signed a checkpoint, and none is given.", todo="Add --against FILE."
        )
    report = prove(paths, ledger_place(paths), against, witnesses, log_key, clock=SystemClock())
    if as_json:
        print_json(
            {
                "ok": report.ok,
                "verdict": report.verdict,
                "events": report.events,
                "root": report.root.hex(),
                "checkpoints": report.checkpoints,
                "files": report.files,
                "unreferenced": report.unreferenced,
                "pages_compared": report.pages_compared,
                "sandbox": report.sandbox,
                "problems": [_problem_json(problem) for problem in report.problems],
                "clock_steps": [_step_json(step) for step in report.steps],
            }
        )
    held = f"{_size(report.events, report.checkpoints)}, {counted(report.files, 'stored file')}"
    if not report.ok:
        if as_json:
            click.get_current_context().exit(1)
        if report.verdict == "incomplete":
            raise AnswerIsNo(
                f"This ledger was restored and lacks what came after ({held}); nothing in it was rewritten:",
                problems=report.problems,
                todo="Ask the practices to send again what they sent since; docs/backup.md says what else to do.",
            )
        if report.verdict == "not_proven" and any(each.code == RESTORED_UNPROVEN for each in report.problems):
            raise AnswerIsNo(
                f"This ledger says that it was restored; what was there is not proven ({held}):",
                problems=report.problems,
                todo="Give a checkpoint of the evening after that backup, or one from before it as well (--against).",
            )
        if report.verdict == "not_proven":
            raise AnswerIsNo(
                f"The trail is not proven ({held}): nothing in it is wrong, but its checkpoint key is missing.",
                problems=report.problems,
                todo="Put the key back from the backup made --with-keys, or give a checkpoint kept elsewhere "
                "(--against) "
                "or the ledger's published key (--log-key).",
            )
        if report.verdict == "times_doubtful":
            raise AnswerIsNo(
                f"Every event is what was recorded ({held}), and the clock can't have been right throughout:",
                problems=report.problems,
                todo="Look at what was decided by it, then an administrator says so with `cpdocs audit clock`.",
            )
        raise AnswerIsNo(
            f"The trail is broken ({held}; {counted(len(report.problems), 'problem')}):",
            problems=report.problems,
            todo="Keep this workspace as it is, restore a copy from the backup, and tell the compliance officer.",
        )
    if not as_json:
        click.echo(
            f"The trail is whole: {held}."
            + (" It is a SANDBOX's: it proves nothing about real plans." if report.sandbox else "")
        )
        click.echo(f"Root {report.root.hex()}")
        for step in report.steps:
            click.echo(_step_text(step))
        if report.unreferenced:
            say(
                click.get_current_context(),
                f"{counted(report.unreferenced, 'stored file is', 'stored files are')} mentioned by no event: a "
                "command was interrupted.",
            )
        if report.pages_compared is False:
            say(
                click.get_current_context(),
                "Bytes of the ledger's file that hold no record weren't compared: a command runs, or was killed.",
            )


@audit.command()
@click.option("--reason", required=True, help="Why the clock was wrong, and how it is known to be right now.")
@PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def clock(ws: Workspace, ctx: click.Context, reason: str, pin_file: Path | None, as_json: bool) -> None:
    """Say as an administrator that the machine's clock is right now, though something was recorded under a later time.

    Nothing is recorded by a clock that is well behind the record. Where the clock was ahead before, this lets work go
    on, and marks it: `cpdocs audit verify` lists the step and what was decided around it for good.

    \b
    cpdocs audit clock --reason "the battery was flat; set by the network again" --as ada
    """
    from cpdocs.trail.clock import correct_clock

    event = correct_clock(ws, reason, pin_from(ctx, pin_file, "administrator's PIN"))
    if as_json:
        print_json({"event": event.seq, "behind_seconds": event.data["behind_seconds"]})
    else:
        say(ctx, f"Recorded as event {event.seq}: time counts from here. See `cpdocs audit verify`.")


@audit.command()
@click.argument("who", metavar="ID")
@AS_JSON
@pass_workspace
def show(ws: Workspace, who: str, as_json: bool) -> None:
    """Everything recorded about one document, letter run or member, oldest first.

    \b
    cpdocs audit show 7K3M-9QXW-2RC
    cpdocs audit show - < member-id.txt      the member id on standard input, never as an argument
    cpdocs audit show 7K3M-9QXW-2RC --json   with all that each event holds

    ID is a document id, a run's id, or a returned file's SHA-256.
    """
    if is_member_id(who):
        raise UsageFault(
            "A member id is no argument: everybody on this machine can read those.",
            todo="Use `cpdocs audit show -` and type it there.",
        )
    from cpdocs.filing.trail import sentence
    from cpdocs.trail.audit import history

    events = history(ws, read_member_id() if who == "-" else who)
    if as_json:
        print_json([_event_json(event) for event in events])
        return
    for event in events:
        when = event.at.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S %Z")
        click.echo(f"{event.seq:>8}  {when}  {sentence(event)}  [{event.recorded_by}]")


@audit.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--plan", metavar="ID", type=DOCUMENT_ID, help="Only what was recorded of this plan version.")
@click.option("--practice", metavar="ID", help="Only what was recorded of this practice's plans.")
@click.option("--payer", metavar="NAME", help="Only what was recorded of this payer's plans.")
@AS_JSON
@pass_workspace
def export(
    ws: Workspace, folder: Path, plan: str | None, practice: str | None, payer: str | None, as_json: bool
) -> None:
    """The whole trail as files, with what it takes to check them without cpdocs.

    \b
    cpdocs audit export /media/compliance/trail-2026-11
    cpdocs audit export for-the-practice --practice P0041
    python /media/compliance/trail-2026-11/verify.py checkpoint-kept-elsewhere.txt

    The whole trail has a program beside it, verify.py, which ends with 0 proven, 1 something is wrong, 2 not proven (a
    part is missing, or signatures can't be checked on that machine).
    A part (--plan, --practice, --payer) has no such program: it holds the events about those plans that name no other
    plan or member, each with its proof, which its README.txt explains; the others are counted. DIR must be new or
    empty. It will hold members' data: keep it as you keep the charts.
    """
    if chosen := [each for each in (plan, practice, payer) if each]:
        if len(chosen) > 1:
            raise UsageFault("Only one of --plan, --practice and --payer goes.", todo="Export each into its own DIR.")
        from cpdocs.retention.extract import extract

        part = extract(ws, folder, plan=plan or "", practice=practice or "", payer=payer or "")
        if as_json:
            print_json({"folder": str(folder.absolute()), "events": part.events, "left_out": part.left_out})
        left = f"; {part.left_out} more left out: they tell of others too" if part.left_out else ""
        say(click.get_current_context(), f"{counted(part.events, 'event')} in {folder}{left}.")
        return
    from cpdocs.trail.export import export_trail

    done = export_trail(ws, folder)
    if as_json:
        print_json(
            {
                "folder": str(folder.absolute()),
                "events": done.head.size,
                "root": done.head.root.hex(),
                "checkpoints": done.checkpoints,
            }
        )
        return
    say(click.get_current_context(), f"{_size(done.head.size, done.checkpoints)} in {folder}.")


@audit.command()
@click.option(
    "--since",
    type=click.IntRange(min=0),
    metavar="SIZE",
    help="For a witness that signed over SIZE events last: with the proof.",
)
@click.option("--public-key", is_flag=True, help="Print the ledger's public key, for witnesses, and sign nothing.")
@AS_JSON
@pass_workspace
def checkpoint(ws: Workspace, since: int | None, public_key: bool, as_json: bool) -> None:
    """Sign the ledger as it stands, and print the checkpoint for keeping elsewhere.

    \b
    cpdocs audit checkpoint > /media/compliance/checkpoint.txt
    cpdocs audit verify --against /media/compliance/checkpoint.txt
    cpdocs audit checkpoint --since 1207 > request.txt     for a witness, with the proof that it continues
    cpdocs audit checkpoint --public-key                   what the witness needs once

    One that stays on this machine proves little: whoever can rewrite the ledger could sign it again. Where [signing]
    tsa_url is set, a time-stamping authority's token over it is kept beside it.
    """
    from cpdocs.trail.audit import public_key as public_key_
    from cpdocs.trail.audit import sign_now
    from cpdocs.trail.time_stamps import stamp
    from cpdocs.trail.witness import witness_request

    if public_key:
        line = public_key_(ws)
        print_json({"public_key": line}) if as_json else click.echo(line)
        return
    signed = sign_now(ws, kept_elsewhere=True)
    printed = signed.note if since is None else witness_request(ws, signed.note, since)
    stamped = stamp(ws, signed.note, signed.file)
    if as_json:
        print_json(
            {
                "size": signed.head.size,
                "root": signed.head.root.hex(),
                "note": signed.note,
                "file": str(signed.file),
                "request": printed if since is not None else None,
                "timestamp_file": str(stamped.file) if stamped.file else None,
            }
        )
        return
    click.echo(printed, nl=False)
    ctx = click.get_current_context()
    say(ctx, f"Signed over {counted(signed.head.size, 'event')}; also kept as {signed.file}.")
    if stamped.why_not:
        say(ctx, f"No time stamp: {stamped.why_not.message}")


@audit.command()
@click.option("--to", "url", required=True, metavar="URL", help="The database: postgresql://…, never with a password.")
@AS_JSON
def move(url: str, as_json: bool) -> None:
    """Move the ledger from its file into a PostgreSQL database that several machines share.

    \b
    cpdocs audit move --to postgresql://db.example.org/cpdocs
    cpdocs audit move --to 'postgresql:///cpdocs?host=/run/postgresql'

    Stop `cpdocs watch` first, and make a backup. Every event goes over byte for byte; the database is audited, and only
    then does cpdocs.toml name it. The old file is kept under another name. docs/ledger.md says what the database must
    be like.
    """
    from cpdocs.wiring import move_ledger

    moved = move_ledger(chosen_workspace(), url)
    if as_json:
        root = moved.head.root.hex()
        print_json({"events": moved.head.size, "root": root, "checkpoints": moved.checkpoints, "old": str(moved.old)})
        return
    click.echo(f"{_size(moved.head.size, moved.checkpoints)} in the database, proven by an audit.")
    click.echo(f"Root {moved.head.root.hex()}")
    say(
        click.get_current_context(),
        f"cpdocs.toml names the database now; the old file is {moved.old}, closed for good.",
    )


audit.add_command(cosign)
audit.add_command(witness_key)


def _problem_json(problem: Problem) -> dict[str, str]:
    return {"code": problem.code, "where": problem.where, "message": problem.message, "todo": problem.todo}


def _step_json(step: ClockStep) -> dict[str, Any]:
    return {
        "event": step.seq,
        "recorded_at": step.recorded_at.isoformat(),
        "behind_seconds": int(step.behind.total_seconds()),
        "latest_event": step.latest,
        "until_event": step.until or None,
        "accepted_by_event": step.accepted or None,
        "decided_before": [_dated_json(each) for each in step.before],
        "decided_since": [_dated_json(each) for each in step.since],
    }


def _dated_json(dated: Dated) -> dict[str, Any]:
    return {
        "event": dated.seq,
        "type": dated.type,
        "recorded_at": dated.recorded_at.isoformat(),
        "documents": list(dated.documents),
    }


def _size(events: int, checkpoints: int) -> str:
    return f"{counted(events, 'event')}, {counted(checkpoints, 'checkpoint')}"


def _step_text(step: ClockStep) -> str:
    from cpdocs.ledger.clock_guard import told

    until = f"until event {step.until}" if step.until else "to the end"
    return (
        f"Before event {step.seq} the clock went back by {told(step.behind)}, {until}: "
        f"{counted(len(step.before), 'decision')} before and {len(step.since)} after bear times that can't all be right"
        + (f"; accepted by event {step.accepted}." if step.accepted else ".")
    )


def _event_json(event: Event) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "type": event.type.value,
        "subjects": list(event.subjects),
        "at": event.at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "user": event.user,
        "host": event.host,
        "person": event.person,
        "sudo": event.sudo,
        "data": event.data,
    }
