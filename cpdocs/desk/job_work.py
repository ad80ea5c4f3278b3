"""What a job of the desk does: each is one use case of the command that is named, with its answer as JSON."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cpdocs.core.ids import last_four
from cpdocs.core.letters import ASSIGNMENT
from cpdocs.core.line_words import WARNINGS, what_to_do, why
from cpdocs.errors import UsageFault

if TYPE_CHECKING:
    from cpdocs.errors import Problem
    from cpdocs.intake.tables import Choices
    from cpdocs.workspace import Workspace

SHOWN = 200
"""Lines of a long list that a page shows; how many there are stands beside it."""
DIRECTORIES = ("practices", "clinicians", "designations")


@dataclass(frozen=True, slots=True)
class Order:
    """What a job is given: the fields of the form, the file that came, the PIN, and whom to tell how far it is."""

    said: Mapping[str, str]
    upload: Path | None
    secret: Callable[[], bytes]
    tell: Callable[[int, int], None]

    @property
    def file(self) -> Path:
        """The file. Raises UsageFault where none came."""
        if self.upload is None:
            raise UsageFault("No file was chosen.", todo="Choose one.")
        return self.upload

    @property
    def choices(self) -> Choices:
        """How a workbook is read that can be read in more ways than one."""
        from cpdocs.intake.tables import HIDDEN_ROWS, Choices

        hidden = self.said.get("hidden_rows", "")
        return Choices(self.said.get("sheet", "").strip(), hidden if hidden in HIDDEN_ROWS else "")


def look_at_table(ws: Workspace, order: Order) -> dict[str, Any]:
    """What importing the file would record, recording nothing."""
    return _table(ws, order, record=False)


def import_table(ws: Workspace, order: Order) -> dict[str, Any]:
    """``cpdocs import``."""
    return _table(ws, order, record=True)


def _table(ws: Workspace, order: Order, *, record: bool) -> dict[str, Any]:
    from cpdocs.register import imports

    table = order.said.get("table", "")
    if table == "roster":
        return _roster(ws, order, record=record)
    if table not in DIRECTORIES:
        raise UsageFault("What kind of table is it?", todo="Choose one of the four.")
    if table == "practices":
        done = imports.import_practices(ws, order.file, record=record)
    elif table == "clinicians":
        done = imports.import_clinicians(ws, order.file, order.secret, record=record)
    else:
        done = imports.import_designations(ws, order.file, order.secret, record=record)
    return {"table": table, "rows": done.rows, "new": done.new, "changed": done.changed, "unchanged": done.unchanged}


def _roster(ws: Workspace, order: Order, *, record: bool) -> dict[str, Any]:
    from cpdocs.register.imports import import_roster

    done = import_roster(ws, order.file, record=record, choices=order.choices)
    by_line = {one.line: one for one in done.outcomes}
    looked = [one for one in done.outcomes if one.disposition.value in ("rejected", "held")]
    others = [one for one in done.outcomes if one.code and one.disposition.value not in ("rejected", "held")]
    warned = [one for one in done.outcomes if one.warnings]
    return {
        "table": "roster",
        "records_in": done.records_in,
        "counts": done.counts,
        "new": sum(not each for each in done.changes.values()),
        "changed": sum(bool(each) for each in done.changes.values()),
        "lines": [_line(one) for one in (*looked, *others, *warned)[:SHOWN]],
        "lines_in_all": len(looked) + len(others) + len(warned),
        "changes": [
            {"line": line, "name": by_line[line].name, "member": last_four(by_line[line].member_id), "fields": [*names]}
            for line, names in sorted(done.changes.items(), key=lambda each: (not each[1], each[0]))[:SHOWN]
        ],
        "remarks": done.found.remarks,
        "ignored_columns": [*done.ignored_columns],
    }


def _line(one: Any) -> dict[str, Any]:
    return {
        "line": one.line,
        "disposition": one.disposition.value,
        "name": one.name,
        "member": last_four(one.member_id) if one.member_id else "",
        "why": why(one.code)
        if one.code
        else " ".join(f"Members who {WARNINGS.get(each, each)}." for each in one.warnings),
        "todo": what_to_do(one.code) if one.code else "",
    }


def run_letters(ws: Workspace, order: Order) -> dict[str, Any]:
    """``cpdocs letters run``, with or without a roster; a rehearsal where ``dry_run`` is said."""
    from cpdocs.letters.run import run_letters as run

    done = run(
        ws,
        roster=order.upload,
        kind=order.said.get("kind") or ASSIGNMENT,
        again=bool(order.said.get("again")),
        dry_run=bool(order.said.get("dry_run")),
        drafts=bool(order.said.get("drafts")),
        progress=order.tell,
        choices=order.choices,
    )
    left = [line for line in done.not_mailed if line.disposition in ("held", "rejected", "suppressed")]
    left.sort(key=lambda line: ("held", "rejected", "suppressed").index(line.disposition))
    names = ("run_id", "records_in", "pages", "sheets", "codes", "warnings")
    return {
        **{name: done.values[name] for name in names},
        "counts": {name: done.values[name] for name in _DISPOSITIONS},
        "dry_run": bool(order.said.get("dry_run")),
        "remarks": done.roster["remarks"] if done.roster else [],
        "not_mailed": [
            {
                "line": line.line,
                "disposition": line.disposition,
                "name": line.name,
                "member": last_four(line.member_id) if line.member_id else "",
                "why": why(line.code),
                "todo": what_to_do(line.code),
            }
            for line in left[:SHOWN]
        ],
        "not_mailed_in_all": len(left),
    }


_DISPOSITIONS = ("mailed", "held", "suppressed", "duplicate", "rejected", "ignored")


def preview_letter(ws: Workspace, order: Order) -> dict[str, Any]:
    """``cpdocs letters preview``: the letter that one line of the roster would get, its PDF in base64."""
    from cpdocs.letters.preview import preview

    try:
        line = int(order.said.get("line", ""))
    except ValueError:
        raise UsageFault("Which line?", todo="Give the file's own number of the line.") from None
    drafts = bool(order.said.get("drafts"))
    kind = order.said.get("kind") or ASSIGNMENT
    found = preview(ws, order.file, line, kind=kind, drafts=drafts, choices=order.choices)
    return {
        "line": _line(found.outcome) | {"line": line},
        "document_id": found.document_id,
        "language": found.language,
        "format": found.format,
        "pdf": b64encode(found.pdf).decode(),
    }


def check_plan(ws: Workspace, order: Order) -> dict[str, Any]:
    """``cpdocs plan check``."""
    from cpdocs.plans.check import check_files

    (report,) = check_files(ws, [order.file])
    return {"errors": _problems(report.errors), "warnings": _problems(report.warnings)}


def issue_plan(ws: Workspace, order: Order) -> dict[str, Any]:
    """``cpdocs plan issue``."""
    from cpdocs.plans.issue import issue_files

    pin = order.said.get("token_pin", "")

    def token_pin() -> bytes:
        if not pin:
            raise UsageFault("The seal is on a token, which asks for its PIN.", todo="Give the token's PIN.")
        return pin.encode()

    done = issue_files(ws, [order.file], token_pin=token_pin, drafts=bool(order.said.get("drafts")))
    if done.refused:
        raise done.refused
    (issued,) = done.issued
    return {
        "document_id": issued.record.document_id,
        "version": issued.record.version,
        "warnings": _problems(issued.warnings),
    }


def _problems(found: Sequence[Problem]) -> list[dict[str, str]]:
    return [{"code": one.code, "where": one.where, "message": one.message, "todo": one.todo} for one in found]


def chase(ws: Workspace, order: Order) -> dict[str, Any]:
    """``cpdocs chase``; a rehearsal where ``dry_run`` is said."""
    from cpdocs.returns.chase import as_json
    from cpdocs.returns.chase import chase as ask
    from cpdocs.returns.recovery import finish_all

    finish_all(ws)
    rehearsed = bool(order.said.get("dry_run"))
    letters = ask(ws, record=not rehearsed)
    plans, written = sum(len(each.letter.asked) for each in letters), as_json(letters)
    return {"dry_run": rehearsed, "letters": written[:SHOWN], "letters_in_all": len(written), "plans": plans}


def reprint(ws: Workspace, order: Order) -> dict[str, Any]:
    """``cpdocs letters reprint``."""
    from cpdocs.errors import required_text
    from cpdocs.letters.reprints import piece_numbers
    from cpdocs.letters.reprints import reprint as again

    said = order.said
    reason = required_text(said.get("reason", ""), "Why they are printed again is empty.", "Fill it in.")
    made = again(ws, said["run"], piece_numbers(said.get("pieces", "")), reason)
    return {
        "run": said["run"],
        "file": str(made.file.relative_to(ws.paths.root)),
        "pieces": len(made.pieces),
        "sheets": made.sheets,
    }


JOBS: Mapping[str, Callable[[Workspace, Order], dict[str, Any]]] = {
    "look_at_table": look_at_table,
    "import_table": import_table,
    "run_letters": run_letters,
    "preview_letter": preview_letter,
    "check_plan": check_plan,
    "issue_plan": issue_plan,
    "chase": chase,
    "reprint": reprint,
}
