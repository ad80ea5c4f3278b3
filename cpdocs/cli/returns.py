"""``cpdocs intake``, ``cpdocs watch`` and ``cpdocs verify``: what comes back."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import Any

import click

from cpdocs.cli.context import opened_workspace, pass_workspace
from cpdocs.cli.output import AS_JSON, JsonRows, print_json, say, show_error
from cpdocs.core.return_record import Decision, ReturnRecord, paper_json
from cpdocs.core.verdicts import Verdict
from cpdocs.errors import AnswerIsNo, CpdocsError, InputFault, NoWorkspace, UsageFault, WorkspaceFault
from cpdocs.workspace import Workspace

_DIGITS = 12
_HELD_HINT = "See why with `cpdocs held list`."


@click.command()
@click.argument("files", metavar="[FILE…]", nargs=-1, type=click.Path(path_type=Path))
@AS_JSON
@pass_workspace
def intake(ws: Workspace, files: tuple[Path, ...], as_json: bool) -> None:
    """Decide on everything in inbox/, once, and answer the practices.

    \b
    cpdocs intake                       everything in inbox/ and its folders
    cpdocs intake ~/scans/return.pdf    this file, as it is now; it stays where it is
    cpdocs intake --json

    A file is taken when it has stopped changing for a moment; one that is still being written is left for the next
    time. The original is kept for good in state/store. The same bytes twice are one return.
    """
    from cpdocs.returns.records import Taken
    from cpdocs.returns.watcher import intake_pass
    from cpdocs.returns.worker import Failed, Finished, Left, SetAside

    ctx = click.get_current_context()
    taken = held = 0
    last: Failed | None = None
    with JsonRows() if as_json else nullcontext() as rows:
        for outcome in intake_pass(ws, files):
            if isinstance(outcome, Taken | Finished):
                row = _row(outcome)
                taken += 1
                held += row["verdict"] == Verdict.HELD.value
                if rows is not None:
                    rows.add(row)
                    continue
                click.echo(
                    f"{_named(row['file'] or '(from an earlier run)', row['sha256'])}: {_sentence(outcome.record)}"
                )
                _echo_findings(row["findings"])
            elif isinstance(outcome, Left):
                say(ctx, f"{_tag(outcome.spot.name)} is left in inbox/: {outcome.because.value}.")
            elif isinstance(outcome, SetAside):
                say(ctx, _set_aside(outcome.count))
            else:
                if last is not None:
                    _show_failure(last)
                last = outcome
    if taken:
        say(ctx, f"{taken} taken in, {held} held." + (f" {_HELD_HINT}" if held else ""))
    elif last is None:
        say(ctx, "Nothing to take in.")
    if last is not None:
        raise last.error


@click.command()
@pass_workspace
def watch(ws: Workspace) -> None:
    """Decide on whatever comes into inbox/, for ever; one line for each on standard error.

    \b
    cpdocs watch

    Stops after the file at hand on SIGTERM or Ctrl-C. Several may run at once. What an earlier run was killed at is
    finished first. Lines name documents and the beginning of a file's SHA-256, never a file's name.
    """
    from cpdocs.returns.records import Taken
    from cpdocs.returns.watcher import Watcher
    from cpdocs.returns.worker import Finished, Left, Outcome, SetAside

    ctx = click.get_current_context()

    def report(outcome: Outcome) -> None:
        if isinstance(outcome, Taken | Finished):
            say(ctx, _line(outcome.record))
        elif isinstance(outcome, Left):
            say(ctx, f"{_tag(outcome.spot.name)} left: {outcome.because.value}")
        elif isinstance(outcome, SetAside):
            say(ctx, _set_aside(outcome.count))
        else:
            _show_failure(outcome)

    watcher = Watcher(ws, report=report, say=lambda text: say(ctx, text))
    with _stopping_on_signals(watcher.stop):
        say(ctx, "Watching inbox/.")
        watcher.run()
    say(ctx, "Stopped.")


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--key",
    metavar="HEX",
    help="For a package: the organization's public key, 64 hexadecimal digits; else this workspace's.",
)
@click.option("--report", type=click.Choice(["json", "pdf"]), help="The full report on a file, for an auditor.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Where the report goes; JSON goes to standard output without it.",
)
@AS_JSON
def verify(file: Path, key: str | None, report: str | None, out: Path | None, as_json: bool) -> None:
    """Give the verdict on any file, changing nothing; or check a package, a folder or a ZIP of it.

    \b
    cpdocs verify inbox/PR001/return.pdf
    cpdocs verify return.pdf --json
    cpdocs verify return.pdf --report pdf -o report.pdf
    cpdocs verify outbox/ehr/chart/7K3M-9QXW-2RC
    cpdocs verify package.zip --key 6f0c…    needs no workspace

    Exit status 0: it would be accepted (or the package is whole); 1: it would not; 3: it can't be read from disk.
    """
    if report == "pdf" and out is None:
        raise UsageFault("A PDF report needs a file to go to.", todo="Name it with -o.")
    if report is None and out is not None:
        raise UsageFault("-o is for a report.", todo="Add --report json or --report pdf.")
    if report and as_json:
        raise UsageFault(
            "--json and --report exclude each other.", todo="Ask for --report json: it holds all that --json does."
        )
    if file.is_dir() or _is_zip(file):
        if report and file.is_dir():
            raise UsageFault(
                "There is no such report on a package.", todo="Leave --report out, or name one of the files in it."
            )
        if not report and _verify_package(file, key, as_json=as_json):
            return
    from cpdocs.returns.checking import check_file

    ws = _workspace_for_verdict()
    checked = check_file(ws, file)
    if report:
        _put_report(ws, checked, report, out)
    rows = [
        {
            "file": _text(file),
            "sha256": checked.sha256,
            **_decision_json(decision),
            "signatures": [dict(each) for each in decision.signatures],
        }
        for decision in checked.parts
    ]
    if as_json:
        # One object, as ever, where the file is of one document; each further part stands in it.
        print_json({**rows[0], "parts": rows})
    elif report is None:
        if checked.hint:
            click.echo(checked.hint)
        for decision, row in zip(checked.parts, rows, strict=True):
            click.echo(f"{_named(row['file'], checked.sha256)}: {decision.verdict.value}{_about(decision)}")
            _echo_signatures(row["signatures"])
            _echo_findings(row["findings"])
    verdicts = {decision.verdict for decision in checked.parts}
    if verdicts != {Verdict.ACCEPTED}:
        raise AnswerIsNo(
            "This file would not be accepted."
            if Verdict.REJECTED in verdicts
            else "A person would have to look at this file."
        )


def _echo_signatures(signatures: list[dict[str, Any]]) -> None:
    for each in signatures:
        words = ["intact" if each["intact"] else "NOT INTACT", "trusted" if each["trusted"] else "not trusted"]
        if each["timestamped"]:
            words.append(f"proven to be there {each['timestamped']}")
        elif each["slot"] != "timestamp":
            words.append(
                f"signed {each['signed_at']} by the signer's own clock"
                if each["signed_at"]
                else "signed at no stated time"
            )
        if each["level"]:
            words.append(f"PAdES {each['level']}")
        signer = (_plain(each["signer"]) or "no name") if sys.stdout.isatty() else "a signature"
        click.echo(f"  {each['slot']}: {signer}, {', '.join(words)}")


def _put_report(ws: Workspace, checked: Any, kind: str, out: Path | None) -> None:
    """The full report, as JSON or as PDF, to ``out``, which must be new, or to standard output."""
    from cpdocs.returns.report import report_pdf, verdict_report
    from cpdocs.system.durable import write_durably

    full = verdict_report(ws, checked)
    if out is None:
        print_json(full)
        return
    data = report_pdf(ws, full) if kind == "pdf" else (json.dumps(full, indent=1, ensure_ascii=False) + "\n").encode()
    write_durably(out, data)
    say(click.get_current_context(), f"The report is in {_text(out)}.")


def _is_zip(file: Path) -> bool:
    from cpdocs.system.durable import open_plain

    try:
        with open(open_plain(file.resolve()), "rb") as opened:  # noqa: PTH123 a descriptor: a pipe's name never blocks
            return opened.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _verify_package(folder: Path, key: str | None, *, as_json: bool) -> bool:
    """Checks a package and says what was found; False where a ZIP is none of a package."""
    from cpdocs.chart.check import verify_package

    try:
        public = bytes.fromhex(key) if key is not None else _own_key()
    except ValueError:
        raise UsageFault(
            "--key is no hexadecimal number.", todo="Give the 64 digits that `cpdocs doctor` shows."
        ) from None
    if len(public) != 32:
        raise UsageFault("--key has the wrong length.", todo="Give the 64 digits that `cpdocs doctor` shows.")
    try:
        problems = verify_package(folder, public)
    except OSError as error:
        raise InputFault(f"The package can't be read: {error.strerror}.") from None
    if problems is None:
        return False
    if as_json:
        found = [{"code": problem.code, "message": problem.message, "where": problem.where} for problem in problems]
        print_json({"file": _text(folder), "verdict": "rejected" if problems else "accepted", "problems": found})
    elif not problems:
        click.echo(f"{_plain(_text(folder))}: whole, and signed by the organization.")
    if problems:
        raise AnswerIsNo("This package is not as it was built.", problems=problems)
    return True


def _own_key() -> bytes:
    from cpdocs.keys.package_key import package_key

    try:
        return package_key(opened_workspace())
    except NoWorkspace:
        raise WorkspaceFault(
            "The organization's key isn't known: there is no workspace here.",
            todo="Give the key with --key HEX; it has to come to you by another way than the package.",
        ) from None


def _workspace_for_verdict() -> Workspace:
    try:
        return opened_workspace()
    except NoWorkspace:
        raise WorkspaceFault(
            "Only the workspace that issued a plan can judge a file, and there is none here.",
            todo="Name it with --workspace DIR. A package is checked anywhere, with --key HEX.",
        ) from None


class _stopping_on_signals:  # noqa: N801 reads as the verb it is
    """While the block runs, SIGTERM and SIGINT call ``stop`` instead of ending the process."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> None:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, stop)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _row(outcome: Any) -> dict[str, Any]:
    """The contract's ``intake`` object."""
    record: ReturnRecord = outcome.record
    assert record.decision is not None
    row = {
        "file": _text(outcome.file) if hasattr(outcome, "file") else None,
        "sha256": record.sha256,
        **_decision_json(record.decision),
    }
    if record.resolution and record.verdict:
        row["verdict"] = record.verdict.value
        row["slots_filled"] = [slot.value for slot in record.resolution.slots_filled]
    row["repeated"] = getattr(outcome, "repeated", False)
    return row


def _decision_json(decision: Decision) -> dict[str, Any]:
    return {
        "verdict": decision.verdict.value,
        "document_id": decision.document_id or None,
        "lane": decision.lane.value,
        "slots_filled": [slot.value for slot in decision.slots_filled],
        "findings": [{"code": each.code, "message": each.message} for each in decision.findings],
        "part": decision.part,
        "parts": decision.of,
        **paper_json(decision),
    }


def _about(decision: Decision) -> str:
    plan = f", plan {decision.document_id}" if decision.document_id else ""
    slots = f", fills {' and '.join(slot.value for slot in decision.slots_filled)}" if decision.slots_filled else ""
    return f" ({decision.lane.value.replace('_', ' ')}{plan}{slots})"


def _sentence(record: ReturnRecord) -> str:
    assert record.decision is not None
    assert record.verdict is not None
    return f"{record.verdict.value}{_about(record.decision)}"


def _line(record: ReturnRecord) -> str:
    """One decision for a log: no file name, no person."""
    decision = record.decision
    assert decision is not None
    assert record.verdict is not None
    slots = f" fills {'+'.join(slot.value for slot in decision.slots_filled)}" if decision.slots_filled else ""
    codes = f" [{' '.join(each.code for each in decision.findings)}]" if decision.findings else ""
    return (
        f"{record.sha256[:_DIGITS]} {decision.document_id or 'no plan'} {decision.lane.value} "
        f"{record.verdict.value}{slots}{codes}"
    )


def _echo_findings(findings: list[dict[str, str]]) -> None:
    for each in findings:
        click.echo(f"  {each['code']}: {each['message']}")


def _show_failure(failure: Any) -> None:
    """A failed file for a log: by its tag, and by an error that holds nothing of its content."""
    click.echo(f"{_tag(failure.name)} could not be taken in now; it is kept and tried again.", err=True)
    if isinstance(failure.error, CpdocsError):
        show_error(failure.error)
    else:
        click.echo(f"  a defect of ours ({type(failure.error).__name__})", err=True)


def _tag(name: str) -> str:
    """How a file name appears in a log: names can hold a member's."""
    return f"file {hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"


def _set_aside(count: int) -> str:
    return (
        f"{count} {'name is' if count == 1 else 'names are'} left alone in inbox/: hidden, unfinished, or a program's "
        "own (.part, .bak, Thumbs.db, desktop.ini …)."
    )


def _named(file: str, sha256: str) -> str:
    """The beginning of a file's SHA-256, as ``cpdocs held`` names it; with its name only at a terminal.

    Whoever looks there has the folder before them; what is kept or mailed on must not hold a name.
    """
    digits = sha256[:_DIGITS]
    return f"{digits} {_plain(file)}" if sys.stdout.isatty() else digits


def _text(path: Path) -> str:
    """A path as text that can always be printed as UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _plain(text: str) -> str:
    """Text from outside for a terminal: what could move the cursor is shown as its escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
