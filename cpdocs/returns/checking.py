"""``verify``: the verdict on any file by the procedure that ``intake`` follows, and nothing recorded or written."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.return_record import Decision
from cpdocs.errors import InputFault
from cpdocs.plans.decision_context import DecisionContext
from cpdocs.plans.records import find_plan
from cpdocs.returns.judging import judge, judge_oversized
from cpdocs.returns.wrapped import unwrapped
from cpdocs.system.durable import open_plain

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict that each part of a file would get now; ``hint`` says more where a plain word helps."""

    sha256: str
    parts: tuple[Decision, ...]
    hint: str = ""


def check_file(ws: Workspace, file: Path) -> Checked:
    """What ``intake`` would say of ``file`` now. Raises InputFault only where it can't be read from disk."""
    now = ws.clock.now()
    try:
        # A person names this file on purpose: a link to it will do.
        with open(open_plain(file.resolve()), "rb") as stream:  # noqa: PTH123 an open file has no path
            size = os.fstat(stream.fileno()).st_size
            if size > ws.options.max_return_bytes:
                digest = file_digest(stream, "sha256").hexdigest()
                return Checked(digest, judge_oversized(ws, size, practice_id="").parts)
            data = stream.read()
    except OSError as error:
        raise InputFault(
            f"The file can't be read: {os.strerror(error.errno or 0).lower()}.",
            todo="Check its name and its permissions.",
        ) from None
    context = DecisionContext(ws)
    digest = sha256(data).hexdigest()
    inner = unwrapped(ws, data)
    held = [
        part
        for each in (inner.files if inner else ())
        for part in judge(ws, each, practice_id="", received_at=now, context=context).parts
    ]
    if held:
        parts = tuple(replace(part, part=number, of=len(held)) for number, part in enumerate(held, 1))
        return Checked(digest, parts, "It holds other files; this is what they would come to.")
    parts = judge(ws, data, practice_id="", received_at=now, context=context).parts
    return Checked(digest, parts, _hint(ws, digest, parts[0]))


def _hint(ws: Workspace, digest: str, decision: Decision) -> str:
    plan = find_plan(ws.ledger, decision.document_id) if decision.document_id else None
    if plan is not None and plan.sha256 == digest:
        return "This is the plan exactly as it was issued; nobody has signed it yet."
    return ""
