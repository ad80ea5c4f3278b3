"""A workspace with one filed plan, whose settings then name a way out of each kind."""

from __future__ import annotations

from typing import Any

from tests.flows.conftest import Office

SIGNED_AT = "2026-11-03T15:00:00Z"
TARGET = '[[filing.target]]\nname = "chart"\n'


def file_bh(office: Office) -> None:
    """Completes and files the bh plan."""
    office.cli.now = SIGNED_AT
    payer = office.cli("status", "--json").json[0]["payer"]
    more(office, f'[payer."{payer}"]\nchart_notes = true\n')
    said = ("--on", "2026-11-03", "--by", "Test Coordinator")
    document_id = office.documents["bh"]
    office.cli("plan", "approve", document_id, "--slot", "member", "--how", "telephone", *said)
    note = ("--slot", "pcp", "--chart-note", "Reviewed and agreed", "--npi", office.sample.npis["pcp1"])
    office.cli("plan", "approve", document_id, *note, *said)


def more(office: Office, text: str) -> None:
    file = office.cli.root / "cpdocs.toml"
    file.write_text(file.read_text("utf-8") + "\n" + text, "utf-8")


def chart_is(office: Office, keys: str) -> None:
    """The target ``chart``, under which the plan was filed, becomes one of another kind."""
    file = office.cli.root / "cpdocs.toml"
    text = file.read_text("utf-8")
    start = text.index('[[filing.target]]\nname = "chart"')
    end = text.index("\n\n", start)
    file.write_text(text[:start] + TARGET + keys.rstrip("\n") + text[end:], "utf-8")


def the_row(office: Office, target: str = "chart", purpose: str = "package") -> dict[str, Any]:
    """The delivery of the bh plan to a target."""
    rows = office.cli("deliver", "list", "--json").json
    (row,) = (
        each
        for each in rows
        if each["document_id"] == office.documents["bh"] and (each["target"], each["purpose"]) == (target, purpose)
    )
    return dict(row)
