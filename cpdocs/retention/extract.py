"""A part of the trail for somebody who may see no more: what was recorded of one plan, one practice's or one payer's.

An event's text can't be changed without breaking its proof, so one that also tells of another plan or member is left
out whole, and counted. What is there is proven as in a package's ``audit.jsonl``: each event by the hashes that lead to
the root in the signed checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.events import document_subject
from cpdocs.core.ids import parse_document_id
from cpdocs.errors import InputFault, UsageFault
from cpdocs.filing.outsiders import public_pem
from cpdocs.filing.trail import Entry, trail_html, trail_jsonl
from cpdocs.index.queries import Page, PlanFilter, plan_ids
from cpdocs.ledger.checkpoint import load_checkpoint_key, public_bytes
from cpdocs.ledger.events import decode
from cpdocs.people.access import record_access
from cpdocs.plans.records import the_plan
from cpdocs.system.durable import write_durably
from cpdocs.trail.audit import sign_now

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_MEMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{12}(?![0-9A-Za-z])")
_DOCUMENT = re.compile(r"(?<![0-9A-Z])[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{3}(?![0-9A-Z])")
_README = """\
A part of a cpdocs ledger: {what}
================================================================

audit.html      what happened, in words
audit.jsonl     first a signed checkpoint, then an event a line with its exact text and the hashes that lead to the root
                in the checkpoint (RFC 9162 section 2.1.3)
public-key.pem  the key that signed the checkpoint; compare it with the organization's own (`cpdocs doctor` shows it)

{events} events are here. {left_out} more are about this too and tell of others as well: those were left out, since an
event can't be shortened without losing its proof.
This folder holds members' data. Keep it as you keep the charts.
"""


@dataclass(frozen=True, slots=True)
class Extract:
    """What was written: where, how many events, and how many were left out since they tell of others too."""

    folder: Path
    events: int
    left_out: int


def extract(ws: Workspace, folder: Path, *, plan: str = "", practice: str = "", payer: str = "") -> Extract:
    """Writes the part about one plan, or about every plan of a practice or payer, into ``folder``, new or empty.

    Raises UsageFault where the folder isn't so, InputFault where there is no such plan.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageFault(f"{folder} isn't an empty folder.", todo="Name a new folder; nothing is ever written over.")
    documents = _documents(ws, plan, practice, payer)
    what = f"plan {plan}" if plan else f"practice {practice}" if practice else f"payer {payer}"
    record_access(ws, "audit export", *map(document_subject, documents if plan else ()))
    signed = sign_now(ws)
    members = {the_plan(ws.ledger, each).member_id for each in documents}
    allowed = {*documents, *members}
    found: dict[int, str] = {}
    left_out: set[int] = set()
    for document_id in documents:
        for seq, text in ws.ledger.texts(subject=document_subject(document_id)):
            if seq > signed.head.size:
                continue
            if all(named in allowed for named in _named(text)):
                found[seq] = text
            else:
                left_out.add(seq)
    entries = [Entry(seq, found[seq], ws.ledger.inclusion_proof(seq, signed.head.size)) for seq in sorted(found)]
    note, size = signed.note, signed.head.size
    events = [decode(each.text) for each in entries]
    key = public_bytes(load_checkpoint_key(ws.paths.keys / "checkpoint.key"))
    write_durably(folder / "audit.jsonl", trail_jsonl(what, entries, checkpoint=note, size=size, sandbox=ws.sandbox))
    write_durably(folder / "audit.html", trail_html(what, "", events, checkpoint=note, sandbox=ws.sandbox))
    write_durably(folder / "public-key.pem", public_pem(key))
    readme = _README.format(what=what, events=len(entries), left_out=len(left_out))
    write_durably(folder / "README.txt", readme.encode())
    return Extract(folder, len(entries), len(left_out))


def _documents(ws: Workspace, plan: str, practice: str, payer: str) -> list[str]:
    if plan:
        return [the_plan(ws.ledger, plan).document_id]
    if practice:
        found = plan_ids(ws.index, PlanFilter(practice_id=practice), Page())
    else:
        rows = ws.index.rows("SELECT document_id FROM plans WHERE payer = ? ORDER BY seq", (payer,))
        found = [row[0] for row in rows]
    if not found:
        raise InputFault(f"No plan of {practice or payer} was ever issued.", todo="Check its name: `cpdocs status`.")
    return found


def _named(text: str) -> Iterator[str]:
    """The members and documents that an event's text names anywhere."""
    yield from _MEMBER.findall(text)
    yield from (each for each in _DOCUMENT.findall(text) if parse_document_id(each))
