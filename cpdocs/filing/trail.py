"""The audit trail of one document, for people (``audit.html``) and for machines (``audit.jsonl``).

``audit.jsonl`` begins with a line ``{format, document_id, sandbox, size, checkpoint}``: a signed checkpoint of the
ledger when it had ``size`` events. Each further line is ``{seq, entry, proof}``: an event's exact text, and the hashes
(hex) that show it to be leaf ``seq - 1`` of the tree under that checkpoint (RFC 9162 §2.1.3). What comes after the
checkpoint is not in it, and nothing here can show that nothing came.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from cpdocs.core.events import Event, EventType
from cpdocs.core.moments import eastern_text
from cpdocs.core.verdicts import Evidence

FORMAT = "cpdocs.trail/1"
_STYLE = """
body { font: 16px/1.45 sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #767676; padding: .35em .6em; text-align: left; vertical-align: top }
td { overflow-wrap: anywhere }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event's exact recorded text, its number, and the proof that the tree holds it (32-byte hashes)."""

    seq: int
    text: str
    proof: tuple[bytes, ...]


def trail_jsonl(document_id: str, entries: Sequence[Entry], *, checkpoint: str, size: int, sandbox: bool) -> bytes:
    """``audit.jsonl``: the checkpoint, then every event with its proof."""
    head = {"format": FORMAT, "document_id": document_id, "sandbox": sandbox, "size": size, "checkpoint": checkpoint}
    lines = [
        head,
        *({"seq": entry.seq, "entry": entry.text, "proof": [node.hex() for node in entry.proof]} for entry in entries),
    ]
    return "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines).encode()


def read_trail(data: bytes) -> tuple[Mapping[str, Any], list[Entry]]:
    """The first line and the entries of an ``audit.jsonl``, unchecked. Raises ValueError where it isn't one."""
    try:
        head, *lines = [json.loads(line) for line in data.decode().splitlines()] or [None]
    except RecursionError:
        raise ValueError("not an audit trail") from None
    if not isinstance(head, dict) or head.get("format") != FORMAT or not isinstance(head.get("checkpoint"), str):
        raise ValueError("not an audit trail")
    head["checkpoint"].encode()  # an escaped half of a character is no text, and a ValueError
    return head, [_entry(line) for line in lines]


def _entry(line: Any) -> Entry:
    try:
        seq, text, proof = line["seq"], line["entry"], line["proof"]
        hashes = tuple(bytes.fromhex(node) for node in proof)
    except (KeyError, TypeError):
        raise ValueError("an audit trail with a damaged line") from None
    if not (isinstance(seq, int) and isinstance(text, str)):
        raise ValueError("an audit trail with a damaged line")  # noqa: TRY004 the fault is the file's, not the caller's
    text.encode()
    return Entry(seq, text, hashes)


def trail_html(document_id: str, title: str, events: Iterable[Event], *, checkpoint: str, sandbox: bool) -> bytes:
    """``audit.html``: one row for each event, oldest first, in words; it needs nothing but itself."""
    rows = "".join(
        f"<tr><td>{event.seq}</td><td>{escape(eastern_text(event.at))}</td><td>{escape(sentence(event))}</td>"
        f"<td>{escape(event.recorded_by)}</td></tr>\n"
        for event in events
    )
    mark = "<p><strong>SANDBOX: invented data.</strong></p>\n" if sandbox else ""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("No.", "When", "What", "Recorded by"))
    page = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Audit trail of {escape(document_id)}</title>
<style>{_STYLE}</style></head>
<body><h1>Audit trail of {escape(document_id)}</h1>
<p>{escape(title)}</p>
{mark}<p>Times are Massachusetts time. The same events, with proofs that the ledger holds them, are in audit.jsonl.</p>
<table><thead><tr>{heads}</tr></thead>
<tbody>
{rows}</tbody></table>
<h2>Checkpoint</h2>
<p>The ledger's signed state when this package was built. It says nothing of what came later.</p>
<pre>{escape(checkpoint)}</pre>
</body></html>
"""
    return page.encode()


def sentence(event: Event) -> str:
    """What happened, in words; kinds without their own words are named."""
    tell = _SENTENCES.get(event.type)
    return tell(event.data) if tell else event.type.value.replace(".", " ").replace("_", " ").capitalize()


def _issued(data: Mapping[str, Any]) -> str:
    supersedes = f"; it supersedes {data['supersedes']}" if data.get("supersedes") else ""
    return f"Version {data['version']} issued and sealed, SHA-256 {data['sha256']}{supersedes}"


def _filled(data: Mapping[str, Any]) -> str:
    who = ", ".join(str(data[key]) for key in ("signer", "credential") if data.get(key))
    npi = f" (NPI {data['npi']})" if data.get("npi") else ""
    evidence = str(data["evidence"]).replace("_", " ")
    source = f"; returned file SHA-256 {data['return_sha256']}" if data.get("return_sha256") else ""
    attested = f"; attested by {data['attested_by']}" if data.get("attested_by") else ""
    witness = "witness " if data["evidence"] == Evidence.WITNESSED_SIGNATURE else ""
    how = f"; {witness}{data['how']}" if data.get("how") else ""
    return f"{_slot(data)} approval: {evidence}, {who}{npi}{how}{attested}{source}"


_PIN_SET = {
    "enrolled": "chosen when they were enrolled",
    "own": "changed by themselves",
    "reset": "a one-time PIN, until they set one of their own",
}


def _slot(data: Mapping[str, Any]) -> str:
    return "PCP's" if data.get("slot") == "pcp" else "Member's"


def _receipt_corrected(data: Mapping[str, Any]) -> str:
    now = f"received by the practice, {data['at']}" if data.get("at") else "never received by the practice"
    return f"Receipt corrected: {now}; {data['was']} was logged. {data['reason']}"


def _held(data: Mapping[str, Any]) -> str:
    return "Not filed: " + " ".join(str(reason.get("message", "")) for reason in data.get("reasons", ()))


_SENTENCES: Mapping[EventType, Callable[[Mapping[str, Any]], str]] = {
    EventType.PLAN_ISSUED: _issued,
    EventType.PLAN_SENT: lambda data: f"Sent to {data['to']} by {data['channel']}, {data['at']}",
    EventType.PLAN_RECEIVED: lambda data: (
        f"Received by the practice, {data['at']}" + (f" ({data['how']})" if data.get("how") else "")
    ),
    EventType.PLAN_RECEIPT_CORRECTED: _receipt_corrected,
    EventType.PLAN_RETURNED: lambda data: f"Returned with comments, {data['at']}: {data['reason']}",
    EventType.CALL_LOGGED: lambda data: f"Telephone call with {data['to']}",
    EventType.PLAN_WITHDRAWN: lambda data: f"Withdrawn: {data['reason']}",
    EventType.SLOT_FILLED: _filled,
    EventType.SLOT_EMPTIED: lambda data: f"{_slot(data)} approval taken back: {data['reason']}",
    EventType.SLOT_REFUSED: lambda data: f"{_slot(data)} refusal, {data['on']}: {data['reason']}",
    EventType.SIGNING_WITNESSED: lambda _: "Signed in person before a witness",
    EventType.RETURN_RECEIVED: lambda _: "A file came back",
    EventType.RETURN_DECIDED: lambda data: f"Decided on a returned file: {data.get('verdict', '')}".rstrip(": "),
    EventType.RETURN_COMPARED: lambda _: "A returned file's pages were drawn beside the issued ones",
    EventType.HELD_RESOLVED: lambda data: f"A person decided on a held file: {data.get('decision', '')}".rstrip(": "),
    EventType.HELD_SPLIT: lambda _: "A person said which pages of the plan some pages of a held file are",
    EventType.HELD_ATTESTED: lambda _: "A first reader attested the ink on a held file",
    EventType.NOTICE_WRITTEN: lambda _: "A notice was written",
    EventType.FILING_HELD: _held,
    EventType.RECORD_ACCESSED: lambda data: f"Looked at with `cpdocs {data['how']}`",
    EventType.USER_ENROLLED: lambda data: (
        f"{data['user']} is {', '.join(data['roles'])} from now on, by {data['by']}"
        if data["roles"]
        else f"{data['user']} has no role any more, by {data['by']}"
    ),
    EventType.PIN_SET: lambda data: f"PIN of {data['user']}: {_PIN_SET.get(data['how'], data['how'])}",
    EventType.PIN_REFUSED: lambda data: f"A wrong PIN was given for {data['user']}",
    EventType.PIN_ACCEPTED: lambda data: f"The right PIN was given for {data['user']} after wrong ones",
    EventType.ISSUING_KEY_LOCKED: lambda data: f"The issuing key opens with the PIN of {data['user']} from now on",
    EventType.CLOCK_CORRECTED: lambda data: (
        f"The machine's clock was said to be right, {data['behind_seconds']} s behind the record: {data['reason']}"
    ),
    EventType.GLASS_BROKEN: lambda data: (
        f"EMERGENCY: `cpdocs {data['how']}` without the role of {data['role']}: {data['reason']}"
    ),
    EventType.SETTINGS_SEEN: lambda data: (
        "Settings in force; changed: " + (", ".join(data["changed"]) or "comments alone")
    ),
}
