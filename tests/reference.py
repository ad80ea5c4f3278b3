"""Writes docs/commands.md from the commands' own help; ``make docs`` runs it, and a test says when it wasn't run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from cpdocs.cli.root import COMMANDS, cpdocs

REFERENCE = Path(__file__).parent.parent / "docs" / "commands.md"
_HEAD = """# Every command

Made by `make docs` from the commands' own `--help`. Exit status: 0 done · 1 the answer is no · 2 usage · 3 input that
can't be used ·
4 workspace or settings · 5 busy · 70 a defect of ours.
"""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name, groups before their own."""
    yield "cpdocs", cpdocs
    for name, (module, attribute, _) in COMMANDS.items():
        yield from _below(f"cpdocs {name}", getattr(import_module(f"cpdocs.cli.{module}"), attribute))


def _below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for child, inner in command.commands.items():
            yield from _below(f"{name} {child}", inner)


def context_of(name: str, command: click.Command) -> click.Context:
    """Where a command's help is asked for. Click keeps a command's help option once it has been made."""
    width = {"terminal_width": 110, "max_content_width": 110}
    return click.Context(command, info_name=name, help_option_names=["-h", "--help"], **width)


def reference() -> str:
    """The whole text of docs/commands.md."""
    parts = [_HEAD]
    for name, command in commands():
        text = "\n".join(f"    {line}".rstrip() for line in command.get_help(context_of(name, command)).splitlines())
        parts.append(f"## {name}\n\n{text}\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts))


if __name__ == "__main__":
    REFERENCE.write_text(reference(), "utf-8")
    sys.exit(0)
