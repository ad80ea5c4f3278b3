"""How commands speak: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from cpdocs.errors import CpdocsError, Problem

_SHOWN_PROBLEMS = 200
_LINE = "line "
_MANY = 4
_NAMED_LINES = 8

AS_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
"""What every command that tells something has (contract §4)."""


def say(ctx: click.Context, message: str) -> None:
    """A message for the person at the terminal; silent with ``--quiet``."""
    if not ctx.find_root().obj["quiet"]:
        click.echo(message, err=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output and nothing else there."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=1, default=str))


class JsonRows:
    """One JSON document, a list, on standard output, each row as it comes: however many come, none is kept."""

    def __init__(self) -> None:
        self._begun = False

    def __enter__(self) -> JsonRows:
        return self

    def add(self, row: Any) -> None:
        """One more row."""
        text = json.dumps(row, ensure_ascii=False, indent=1, default=str)
        click.echo(("," if self._begun else "[") + "\n " + text.replace("\n", "\n "), nl=False)
        self._begun = True

    def __exit__(self, *_: object) -> None:
        click.echo("\n]" if self._begun else "[]")


class OwnLog(logging.Handler):
    """Our own log lines (a damaged file that mended itself …) on standard error, as any message."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"cpdocs: {record.getMessage()}", err=True)


def show_error(error: CpdocsError) -> None:
    """What happened, each problem on its own line, and what to do, on standard error."""
    click.echo(f"cpdocs: {error.message}", err=True)
    shown = _gathered(error.problems)
    for line in shown[:_SHOWN_PROBLEMS]:
        click.echo(f"  {line}", err=True)
    if len(shown) > _SHOWN_PROBLEMS:
        click.echo(f"  … and {len(shown) - _SHOWN_PROBLEMS} more", err=True)
    if error.todo:
        click.echo(f"  → {error.todo}", err=True)


def _gathered(problems: Sequence[Problem]) -> list[str]:
    """A line for each problem; one that many lines of a file share is said once, with those lines."""
    lines: dict[tuple[str, str], list[str]] = {}
    for problem in problems:
        if problem.where.startswith(_LINE):
            lines.setdefault((problem.message, problem.todo), []).append(problem.where.removeprefix(_LINE))
    shown = []
    for problem in problems:
        same = lines.get((problem.message, problem.todo), []) if problem.where.startswith(_LINE) else []
        if len(same) < _MANY:
            shown.append(str(problem))
        elif problem.where == _LINE + same[0]:
            more = f" and {len(same) - _NAMED_LINES} more" if len(same) > _NAMED_LINES else ""
            where = f"lines {', '.join(same[:_NAMED_LINES])}{more}"
            shown.append(str(replace(problem, where=where)))
    return shown
