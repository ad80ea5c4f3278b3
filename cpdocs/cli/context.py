"""Hands the open workspace to a command."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from cpdocs.system.ownership import require_owner
from cpdocs.workspace import Workspace

_READING = frozenset(
    {"status", "due", "todo", "plan list", "letters list", "held list", "keys list", "user list", "verify", "health"}
    | {"doctor"}
)
"""Commands that write nothing: those that look at another's workspace, where a setting of one's own allows it."""

P = ParamSpec("P")
R = TypeVar("R")


def pass_workspace(command: Callable[Concatenate[Workspace, P], R]) -> Callable[P, R]:
    """Gives ``command`` the workspace as its first argument (contract §2: --workspace, CPDOCS_WORKSPACE, or
    upwards)."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        return command(opened_workspace(), *args, **kwargs)

    return wrapper


def opened_workspace() -> Workspace:
    """The workspace that the command works in, closed at the command's end, however that comes about."""
    from cpdocs.wiring import open_workspace

    ws = open_workspace(chosen_workspace(), person=chosen_person())
    ctx = click.get_current_context()
    ctx.call_on_close(ws.close)
    if not ws.owned and ctx.command_path.split(maxsplit=1)[-1] not in _READING:
        require_owner(ws.paths.root, os.geteuid())
    return ws


def chosen_person() -> str:
    """Whom --as named; empty where nobody is: then the account's own name counts."""
    settings: dict[str, Any] = click.get_current_context().find_root().obj
    return str(settings.get("person") or "")


def chosen_workspace() -> Path | None:
    """What --workspace named, if anything."""
    settings: dict[str, Any] = click.get_current_context().find_root().obj
    chosen = settings["workspace"]
    assert chosen is None or isinstance(chosen, Path)
    return chosen
