"""PINs and passphrases: from a file or a prompt, never from an argument or the environment."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import click

from cpdocs.cli.output import say
from cpdocs.errors import UsageFault

FILE = click.Path(path_type=Path, dir_okay=False)
F = TypeVar("F", bound=Callable[..., Any])


def PIN_FILE(command: F) -> F:  # noqa: N802 reads as the option that it adds
    """Adds ``--pin-file``, whose value the command gets, and ``--as``, which says whose PIN it is."""
    pin = click.option(
        "--pin-file",
        type=FILE,
        help="Your PIN, on the first line of a file that only you can read; else you are asked.",
    )
    return pin(AS_PERSON(command))


def _note_person(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.find_root().obj["person"] = value


AS_PERSON = click.option(
    "--as",
    metavar="NAME",
    expose_value=False,
    callback=_note_person,
    help="Who you are on record, where the account isn't your own.",
)
TOKEN_PIN_FILE = click.option(
    "--token-pin-file",
    type=FILE,
    help="The PIN of the token that holds the key, on the first line of a file; else you are asked.",
)


def secret_file(ctx: click.Context, path: Path) -> bytes:
    """The secret on the first line of ``path``; says so where other accounts can read it."""
    from cpdocs.plans.signing import is_open_to_others, read_input
    from cpdocs.signing.keyfiles import read_passphrase

    if is_open_to_others(path):
        say(ctx, f"Warning: other accounts on this machine can read {path}. Close it with: chmod 600 {path}")
    return read_passphrase(read_input(path, "a file with a secret"), name=str(path))


def pin_from(
    ctx: click.Context, path: Path | None, question: str = "PIN", *, twice: bool = False, option: str = "--pin-file"
) -> Callable[[], bytes]:
    """What gives the PIN when it is needed: from ``path``, else by asking at the terminal (``twice`` for a new one)."""

    def ask() -> bytes:
        if path is not None:
            return secret_file(ctx, path)
        if not sys.stdin.isatty():
            raise UsageFault(
                f"This needs a {question}, and there is no terminal to ask at.",
                todo=f"Give a file that holds it with {option}.",
            )
        answer: str = click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True)
        return answer.encode()

    return ask


def token_pin_from(ctx: click.Context, path: Path | None) -> Callable[[], bytes]:
    """What gives the PIN of the tokens that hold the organization's keys, asked for once."""
    return cache(pin_from(ctx, path, "PIN of the token", option="--token-pin-file"))
