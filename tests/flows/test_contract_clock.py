"""The seven business days (contract §5), each vector through the commands."""

from __future__ import annotations

from datetime import date

import pytest

from cpdocs.demo.files import write_sample
from tests.conftest import CommandLine
from tests.flows.conftest import Office

ISSUED = "2025-04-10T14:00:00Z"
LATER = "2026-12-31T15:00:00Z"
VECTORS = {
    # plan (the practice of part2 keeps Suffolk County's holidays): received, due
    "bh": ("2025-04-14T10:00", "2025-04-24"),
    "ltss": ("2025-06-11T10:00", "2025-06-23"),
    "part2": ("2025-06-11T10:00", "2025-06-24"),
    "minor": ("2025-12-22T10:00", "2026-01-02"),
    "scripts": ("2026-07-01T10:00", "2026-07-10"),
    "second": ("2026-11-19T10:00", "2026-12-01"),
    "affiliated": ("2026-12-23T10:00", "2027-01-05"),
}


@pytest.fixture(scope="module")
def clocks(tmp_path_factory: pytest.TempPathFactory) -> tuple[CommandLine, dict[str, str]]:
    """Plans issued in April 2025; the document id of each by name (``second``: the second version of ``bh``)."""
    folder = tmp_path_factory.mktemp("clocks")
    cli = CommandLine(folder / "ws", now=ISSUED)
    cli("init", cli.root, "--sandbox", workspace=False)
    sample = write_sample(folder / "sample", date.fromisoformat(ISSUED[:10]))
    for table in ("practices", "clinicians", "designations", "roster"):
        cli("import", table, getattr(sample, table))
    second = folder / "second.yaml"
    source = sample.plans["bh"].read_text("utf-8")
    second.write_text(
        source.replace("version: 1", "version: 2", 1).replace("reason: first", "reason: change", 1), "utf-8"
    )
    names = [name for name in VECTORS if name != "second"]
    rows = cli("plan", "issue", *(sample.plans[name] for name in names), "--json").json
    documents = {name: row["document_id"] for name, row in zip(names, rows, strict=True)}
    for name, (received, _) in VECTORS.items():
        if name == "second":
            documents[name] = cli("plan", "issue", second, "--json").json[0]["document_id"]
        cli("plan", "received", documents[name], "--at", received, now=LATER)
    return cli, documents


@pytest.mark.parametrize("name", VECTORS)
def test_due_on_is_the_seventh_business_day_after_receipt(
    clocks: tuple[CommandLine, dict[str, str]], name: str
) -> None:
    cli, documents = clocks
    row = next(row for row in cli("status", "--json", now=LATER).json if row["document_id"] == documents[name])
    assert (row["due_on"], row["receipt"]) == (VECTORS[name][1], "logged")


@pytest.mark.parametrize(
    ("at", "due"),
    [("2026-11-02T16:59", "2026-11-12"), ("2026-11-02T17:01", "2026-11-13"), ("2026-11-07T09:00", "2026-11-19")],
)
def test_after_hours_and_closed_days_count_as_the_next_business_day(issued: Office, at: str, due: str) -> None:
    document = issued.documents["bh"]
    told = issued.cli("plan", "received", document, "--at", at, "--json", now="2026-11-09T15:00:00Z").json
    assert told["due_on"] == due
    row = next(row for row in issued.cli("due", "--on", "2026-11-20", "--json").json if row["document_id"] == document)
    assert row["overdue"]
