"""How commands speak: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import logging
from typing import Any

import click

from cpdocs.errors import CpdocsError

_SHOWN_PROBLEMS = 200


def say(ctx: click.Context, message: str) -> None:
    """A message for the person at the terminal; silent with ``--quiet``."""
    if not ctx.find_root().obj["quiet"]:
        click.echo(message, err=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output and nothing else there."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=1, default=str))


class OwnLog(logging.Handler):
    """Our own log lines (a damaged file that mended itself …) on standard error, as any message."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(f"cpdocs: {record.getMessage()}", err=True)


def show_error(error: CpdocsError) -> None:
    """What happened, each problem on its own line, and what to do, on standard error."""
    click.echo(f"cpdocs: {error.message}", err=True)
    for problem in error.problems[:_SHOWN_PROBLEMS]:
        click.echo(f"  {problem}", err=True)
    if len(error.problems) > _SHOWN_PROBLEMS:
        click.echo(f"  … and {len(error.problems) - _SHOWN_PROBLEMS} more", err=True)
    if error.todo:
        click.echo(f"  → {error.todo}", err=True)
