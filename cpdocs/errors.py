"""Errors that a person reads: what happened, to which file, line or field, and what to do.

Each class owns its exit status (contract §4); only ``cpdocs.cli`` turns one into a process exit.
No message may hold PHI: members appear as document ids or as the last four digits of their id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

_INNERMOST = re.compile(r"(?:(?:^|\.)[^.\[\]]+|\[[^\]]*\])$")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in an input: where it is, a stable code, a plain sentence, and what to do.

    ``where`` is a line ("line 14"), a field path ("services[0].quantity") or a file name; empty for the whole input.
    ``line`` is the line on which the field stands, 0 where it isn't known or ``where`` says it.
    """

    code: str
    message: str
    where: str = ""
    todo: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """The line and the field, as far as they are known."""
        return f"line {self.line}, {self.where}" if self.line else self.where

    def at_line(self, lines: Mapping[str, int]) -> Problem:
        """With the line of its field out of ``lines`` (by path); of a field that isn't there, that of what it belongs
        to."""
        path = self.where
        while path and path not in lines:
            path = _INNERMOST.sub("", path)
        return replace(self, line=lines[path]) if path else self

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.where else self.message
        return f"{text} {self.todo}".rstrip() if self.todo else text


class CpdocsError(Exception):
    """Base of every error meant for a person. ``message`` says what happened; ``todo`` what to do next."""

    exit_status: ClassVar[int] = 70

    def __init__(self, message: str, *, todo: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.todo = todo
        self.problems = tuple(problems)


class AnswerIsNo(CpdocsError):
    """The command worked and its answer is no: not accepted, audit broken, check failed, counts differ."""

    exit_status = 1


class UsageFault(CpdocsError):
    """The command was called in a way that makes no sense."""

    exit_status = 2


class InputFault(CpdocsError):
    """An input that can't be used; ``problems`` lists every fault by line or field."""

    exit_status = 3


class WorkspaceFault(CpdocsError):
    """The workspace or its settings are missing, damaged or in the wrong state."""

    exit_status = 4


class NoWorkspace(WorkspaceFault):
    """None was named, and there is none in this folder or above it."""


class Busy(CpdocsError):
    """Another process holds what this one needs."""

    exit_status = 5


class Defect(CpdocsError):
    """A defect of ours: something that can't happen did."""

    exit_status = 70


def required_text(text: str, fault: str, todo: str) -> str:
    """``text`` without the white space around it. Raises UsageFault, which says ``fault`` and ``todo``, where nothing
    is left."""
    if not text.strip():
        raise UsageFault(fault, todo=todo)
    return text.strip()


def required_reason(reason: str) -> str:
    """A decision's reason. Raises UsageFault where there is none: it stays on the record."""
    return required_text(reason, "A decision needs a reason.", "Say with --reason why; it stays on the record.")
