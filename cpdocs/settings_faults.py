"""What is wrong with a settings file, line by line, in words for whoever wrote it."""

from __future__ import annotations

import difflib
import re
from typing import Any

from pydantic import BaseModel

from cpdocs.errors import Problem
from cpdocs.settings_delivery import KINDS


def problem(fault: Any, text: str, model: type[BaseModel]) -> Problem:
    """A fault that ``model`` found in ``text``, as people are told of it: the line, and what to do."""
    # Which kind a target is chosen by isn't a key that anybody wrote.
    path = [str(part) for part in fault["loc"] if part not in KINDS]
    if not path:  # two tables that don't fit together
        return Problem("bad_value", f"{fault['msg'].removeprefix('Value error, ')}.", "cpdocs.toml")
    key = ".".join(path)
    line = _line_of(path, text)
    where = f"line {line}" if line else key
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], _keys_beside(path, model), n=1)
        hint = (
            f"Did you mean {near[0]!r}?" if near else "Take it out, or compare with the file that `cpdocs init` writes."
        )
        return Problem("unknown_key", f"unknown key {key!r}.", where, hint)
    if fault["type"] == "missing":
        return Problem("missing_key", f"key {key!r} is missing.", where, "Add it.")
    said = fault["msg"].removeprefix("Value error, ")
    return Problem("bad_value", f"{key!r}: {said[0].lower()}{said[1:]}.", where)


def _keys_beside(path: list[str], whole: type[BaseModel]) -> list[str]:
    """The keys that the table of ``path`` knows, for a suggestion."""
    model: Any = whole
    for part in path[:-1]:
        annotation = model.model_fields[part].annotation if part in getattr(model, "model_fields", {}) else None
        if annotation is None:
            continue
        inner = getattr(annotation, "__args__", (annotation,))[-1]
        model = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else model
    return list(model.model_fields)


def _line_of(path: list[str], text: str) -> int | None:
    """The line that sets the last key of ``path``, or None where it isn't there; within the table of a list that it is
    in, whose first line stands for what it lacks. TOML readers keep no line numbers."""
    place = next((at for at, part in enumerate(path) if part.isdigit()), None)
    if place is not None:
        header = re.compile(rf"^\s*\[\[\s*{re.escape('.'.join(path[:place]))}\s*\]\]")
        heads = [number for number, line in enumerate(text.splitlines(), 1) if header.match(line)]
        if int(path[place]) >= len(heads):
            return None
        first = heads[int(path[place])]
        table = text.splitlines()[first:]
        end = next((at for at, line in enumerate(table) if re.match(r"^\s*\[", line)), len(table))
        inside = _line_of(path[place + 1 :], "\n".join(table[:end])) if path[place + 1 :] else None
        return first + inside if inside else first
    pattern = re.compile(rf"^\s*(\[+\s*)?([\w.\"' -]*\.)?[\"']?{re.escape(path[-1])}[\"']?\s*(=|\]|\.)")
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.match(line):
            return number
    return None
