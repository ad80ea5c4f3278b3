"""``cpdocs import``: rosters and directories in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli.context import pass_workspace
from cpdocs.cli.letter_words import reason_in_words, warning_in_words
from cpdocs.cli.output import AS_JSON, print_json, say
from cpdocs.cli.secrets import PIN_FILE, pin_from
from cpdocs.cli.workbooks import workbook_options
from cpdocs.core.line_words import what_to_do
from cpdocs.core.plurals import counted, plural
from cpdocs.errors import InputFault
from cpdocs.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from cpdocs.core.roster import RosterOutcome
    from cpdocs.intake.tables import Choices
    from cpdocs.register.imports import DirectoryImport, RosterImport

_SHOWN_LINES = 200
_NAMED_LINES = 12

_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group("import")
def import_() -> None:
    """Record a roster, practices, clinicians or designations from CSV or XLSX.

    Import in this order: practices, clinicians, designations; rosters at any time. The columns are in
    docs/input-files.md.

    \b
    cpdocs import practices practices.csv
    cpdocs import clinicians clinicians.csv
    cpdocs import designations designations.csv
    cpdocs import roster roster.xlsx --json
    """


@import_.command()
@_FILE
@click.option("--dry-run", is_flag=True, help="Only say what each line would become; record nothing.")
@workbook_options
@AS_JSON
@pass_workspace
def roster(ws: Workspace, file: Path, dry_run: bool, choices: Choices, as_json: bool) -> None:
    """Record a roster; each line gets its disposition. No letter is made (see `cpdocs letters run`).

    A line's fault is that line's disposition and the good lines are recorded. Only a file that can't be read or that
    lacks a column is refused (exit 3).

    \b
    cpdocs import roster roster.csv
    cpdocs import roster roster.xlsx --json
    cpdocs import roster roster.csv --dry-run
    cpdocs import roster roster.xlsx --sheet LTSS --hidden-rows leave-out
    """
    from cpdocs.register.imports import import_roster

    result = _done(lambda: import_roster(ws, file, record=not dry_run, choices=choices), "roster", file, as_json)
    if as_json:
        print_json({**_roster_json(file, result), "dry_run": dry_run})
        return
    _tell_roster(result)
    if dry_run:
        _say("Nothing was recorded. Leave out --dry-run to record it.")


@import_.command()
@_FILE
@AS_JSON
@pass_workspace
def practices(ws: Workspace, file: Path, as_json: bool) -> None:
    """Record practices: all rows, or none and every fault by line (exit 3).

    A practice that is on record already is replaced; one that isn't in the file stays.

    \b
    cpdocs import practices practices.csv
    """
    from cpdocs.register.imports import import_practices

    _directory(lambda: import_practices(ws, file), "practices", file, as_json)


@import_.command()
@_FILE
@PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def clinicians(ws: Workspace, ctx: click.Context, file: Path, pin_file: Path | None, as_json: bool) -> None:
    """Record clinicians, a row for each practice where they work: all rows, or none (exit 3).

    A row replaces the one with its NPI and practice. Someone who has left gets active=N; leaving the row out changes
    nothing. This needs the PIN of a registrar or an administrator: who may approve rests on it.

    \b
    cpdocs import clinicians clinicians.csv
    """
    from cpdocs.register.imports import import_clinicians

    _directory(lambda: import_clinicians(ws, file, pin_from(ctx, pin_file)), "clinicians", file, as_json)


@import_.command()
@_FILE
@PIN_FILE
@AS_JSON
@click.pass_context
@pass_workspace
def designations(ws: Workspace, ctx: click.Context, file: Path, pin_file: Path | None, as_json: bool) -> None:
    """Record which PCP designates whom, and for what: all rows, or none (exit 3).

    The rows for a designee and a PCP replace all earlier ones for those two. To end a designation, give it a valid_to.
    This needs the PIN of a registrar or an administrator.

    \b
    cpdocs import designations designations.csv
    """
    from cpdocs.register.imports import import_designations

    _directory(lambda: import_designations(ws, file, pin_from(ctx, pin_file)), "designations", file, as_json)


def _directory(work: Callable[[], DirectoryImport], table: str, file: Path, as_json: bool) -> None:
    result = _done(work, table, file, as_json)
    if as_json:
        print_json(
            {
                "ok": True,
                "table": table,
                "file": str(file.resolve()),
                "sha256": result.sha256,
                "rows": result.rows,
                "new": result.new,
                "changed": result.changed,
                "unchanged": result.unchanged,
                "problems": [],
            }
        )
    else:
        _say(f"{result.rows} {table}: {result.new} new, {result.changed} changed, {result.unchanged} as they were.")


def _done(work: Callable[[], Any], table: str, file: Path, as_json: bool) -> Any:
    """Does the import; a refusal is also told as JSON where JSON was asked for."""
    try:
        return work()
    except InputFault as error:
        if as_json:
            problems = [
                {"where": one.where, "code": one.code, "message": one.message, "todo": one.todo}
                for one in error.problems
            ]
            print_json(
                {
                    "ok": False,
                    "table": table,
                    "file": str(file.resolve()),
                    "message": error.message,
                    "problems": problems,
                }
            )
        raise


def _roster_json(file: Path, result: RosterImport) -> dict[str, Any]:
    return {
        "ok": True,
        "table": "roster",
        "file": str(file.resolve()),
        "sha256": result.sha256,
        "encoding": result.encoding,
        "records_in": result.records_in,
        **result.counts,
        "recorded": result.recorded,
        "changes": [{"line": line, "fields": [*names]} for line, names in result.changes.items()],
        "ignored_columns": list(result.ignored_columns),
        "header_line": result.found.header_line,
        "sheet": result.found.sheet or None,
        "other_sheets": list(result.found.other_sheets),
        "hidden_rows": result.found.hidden_rows,
        "lines": [
            {"line": one.line, "disposition": one.disposition.value, "code": one.code, "warnings": list(one.warnings)}
            for one in result.outcomes
            if one.code or one.warnings
        ],
        "problems": [
            {"where": f"line {one.line}", "code": one.code, "disposition": one.disposition.value}
            for one in result.outcomes
            if one.disposition.value in ("rejected", "held")
        ],
    }


def _tell_roster(result: RosterImport) -> None:
    counts = ", ".join(f"{number} {disposition}" for disposition, number in result.counts.items() if number)
    _say(
        f"{counted(result.records_in, 'line')}: {counts or 'none'}; "
        f"{counted(result.recorded, 'assignment')} new or changed."
    )
    told = [_line(one) for one in result.outcomes if one.disposition.value in ("rejected", "held")]
    for line in told[:_SHOWN_LINES]:
        _say(f"  {line}")
    if len(told) > _SHOWN_LINES:
        _say(f"  … and {len(told) - _SHOWN_LINES} more; --json has them all")
    warned: dict[str, list[int]] = {}
    for one in result.outcomes:
        for warning in one.warnings:
            warned.setdefault(warning, []).append(one.line)
    for warning, lines in sorted(warned.items()):
        more = f" and {len(lines) - _NAMED_LINES} more" if len(lines) > _NAMED_LINES else ""
        where = f"{', '.join(map(str, lines[:_NAMED_LINES]))}{more}"
        _say(f"  {warning_in_words(warning, len(lines), 'line').rstrip('.')}: {plural(len(lines), 'line')} {where}.")
    for sentence in result.found.remarks:
        _say(sentence)
    if result.ignored_columns:
        _say(f"Columns that nothing was taken from: {', '.join(result.ignored_columns)}.")


def _line(one: RosterOutcome) -> str:
    """One line that somebody should look at, in words; what only warns is gathered below."""
    return f"line {one.line}: {one.disposition.value}. {reason_in_words(one.code)}. {what_to_do(one.code)}".rstrip()


def _say(message: str) -> None:
    say(click.get_current_context(), message)
