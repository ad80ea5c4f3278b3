"""Writes a man page for every command into dist/man; ``make man`` runs it."""

from __future__ import annotations

import re
import sys
from inspect import cleandoc
from pathlib import Path

import click
from click_man.man import ManPage

from cpdocs import __version__
from cpdocs.cli.root import COMMANDS
from tests.reference import commands, context_of

_ROFF = str.maketrans({"\\": r"\e"})
DATE = "2026-11-29"


def page(name: str, command: click.Command) -> str:
    """The man page of one command, in roff."""
    context = context_of(name, command)
    made = ManPage(name.replace(" ", "-"))
    made.version = __version__
    made.date = DATE
    made.short_help = _line(command.get_short_help_str(120))
    made.synopsis = " ".join(command.collect_usage_pieces(context))
    made.description = _text(cleandoc(command.help or ""))
    records = [each.get_help_record(context) for each in command.params if isinstance(each, click.Option)]
    made.options = [(_line(each[0]), _line(each[1]) or "See above.") for each in records if each]
    if name == "cpdocs":
        made.commands = [(each, _line(line)) for each, (_, _, line) in COMMANDS.items()]
    elif isinstance(command, click.Group):
        made.commands = [(each, _line(inner.get_short_help_str(120))) for each, inner in command.commands.items()]
    return str(made)


def _line(text: str) -> str:
    """Text that roff takes for text: a line that begins with a point or an apostrophe would be a request."""
    return re.sub(r"^(?=[.'])", r"\\&", " ".join(text.split()).translate(_ROFF), flags=re.M)


def _text(help_text: str) -> str:
    """Paragraphs; one that click keeps as it is (after a \\b) keeps its lines."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", help_text):
        if paragraph.startswith("\b"):
            lines = [re.sub(r"^(?=[.'])", r"\\&", line.translate(_ROFF)) for line in paragraph.splitlines()[1:]]
            parts.append("\n".join([".nf", *lines, ".fi"]))
        else:
            parts.append(_line(paragraph))
    return "\n.PP\n".join(parts)


def write(folder: Path) -> list[Path]:
    """Every page, in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, command in commands():
        file = folder / f"{name.replace(' ', '-')}.1"
        file.write_text(page(name, command), "utf-8")
        written.append(file)
    return written


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "dist/man"))
