"""The derived index: what the folds say, whatever becomes of the file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cpdocs.core.clock import eastern_date
from cpdocs.core.discharges import DISCHARGE_EVENTS, LIST_EVENTS
from cpdocs.core.events import EventType
from cpdocs.core.worklist import Kind
from cpdocs.index import filling, store
from cpdocs.index import waiting as waiting_rows
from cpdocs.index.lookups import member_names
from cpdocs.index.queries import Page, PlanFilter, plan_ids
from cpdocs.index.tables import TABLES
from cpdocs.index.waiting import WorkFilter, waiting_counts
from cpdocs.people.access import record_access
from cpdocs.wiring import open_workspace
from cpdocs.workspace import Workspace
from tests.conftest import NOW, CommandLine
from tests.flows.conftest import Office, _issued, _peopled, issued, office, sample
from tests.flows.returning import Desk
from tests.flows.test_held import faxed

__all__ = ["_issued", "_peopled", "issued", "office", "sample"]


def workspace(cli: CommandLine) -> Workspace:
    return open_workspace(cli.root)


@pytest.fixture
def ws(issued: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("CPDOCS_NOW", NOW)
    opened = workspace(issued.cli)
    yield opened
    opened.close()


def everything(ws: Workspace) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(tuple(row) for row in ws.index.rows(f"SELECT * FROM {table}")) for table in TABLES}


def live(issued: Office) -> None:
    """Some more history: sent, received, refused, a new roster's import again."""
    bh = issued.documents["bh"]
    issued.cli("plan", "sent", bh, "--to", "K", "--channel", "fax", "--at", "2026-11-02T12:00")
    issued.cli("plan", "received", bh, "--at", "2026-11-02T13:00")
    issued.cli("plan", "return", issued.documents["ltss"], "--reason", "dose", "--at", "2026-11-02T14:00")


def test_it_holds_a_row_for_every_version_person_and_practice(ws: Workspace, issued: Office) -> None:
    rows = everything(ws)
    assert {row[0] for row in rows["plans"]} == set(issued.documents.values())
    assert rows["members"]
    assert rows["practices"]
    assert rows["clinicians"]


def test_caught_up_bit_by_bit_it_is_what_it_is_when_made_anew(ws: Workspace, issued: Office) -> None:
    everything(ws)
    live(issued)
    caught_up = everything(ws)
    ws.index.close()
    store.drop(ws.paths.index)
    assert everything(ws) == caught_up
    assert store.differing(ws.paths.index, ws.ledger) == []


def test_one_event_touches_its_own_document_alone(
    ws: Workspace, issued: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything(ws)
    monkeypatch.setattr(filling, "fill", lambda *_: pytest.fail("it was made anew"))
    live(issued)
    found = ws.index.rows("SELECT sent_at, state FROM plans ORDER BY seq")
    assert [(bool(sent), state) for sent, state in found] == [(True, "issued"), (False, "returned_with_comments")]


def test_it_is_private_and_its_own_file(ws: Workspace) -> None:
    everything(ws)
    assert ws.paths.index.stat().st_mode & 0o777 == 0o600
    assert ws.paths.derived.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("harm", [b"", b"no database at all" * 500, None])
def test_a_file_that_is_damaged_or_gone_is_made_anew(ws: Workspace, harm: bytes | None) -> None:
    before = everything(ws)
    ws.index.close()
    if harm is None:
        store.drop(ws.paths.index)
    else:
        ws.paths.index.write_bytes(harm)
    assert everything(ws) == before


def test_an_index_of_another_form_is_made_anew(ws: Workspace) -> None:
    before = everything(ws)
    ws.index.close()
    with sqlite3.connect(ws.paths.index) as other:
        other.execute("DROP TABLE plans")
        other.execute("PRAGMA user_version = 999")
    other.close()
    assert everything(ws) == before


def test_an_index_that_was_made_for_another_ledger_is_made_anew(ws: Workspace) -> None:
    before = everything(ws)
    ws.index.close()
    with sqlite3.connect(ws.paths.index) as other:
        other.execute("UPDATE meta SET value = ? WHERE name = 'root'", (os.urandom(32),))
        other.execute("UPDATE plans SET state = 'uploaded'")
    other.close()
    assert everything(ws) == before


def test_an_index_ahead_of_its_ledger_is_made_anew(ws: Workspace) -> None:
    before = everything(ws)
    ws.index.close()
    with sqlite3.connect(ws.paths.index) as other:
        other.execute("UPDATE meta SET value = value + 1000 WHERE name = 'size'")
    other.close()
    assert everything(ws) == before


def test_what_was_made_for_another_beginning_is_seen_when_events_come(ws: Workspace, issued: Office) -> None:
    everything(ws)
    ws.index.close()
    with sqlite3.connect(ws.paths.index) as other:
        (frontier,) = other.execute("SELECT value FROM meta WHERE name = 'frontier'").fetchone()
        other.execute("UPDATE meta SET value = ? WHERE name = 'frontier'", (os.urandom(len(frontier)),))
        other.execute("UPDATE plans SET practice_id = 'X'")
    other.close()
    live(issued)
    assert {row["practice_id"] for row in ws.index.rows("SELECT practice_id FROM plans")} != {"X"}


def test_many_events_are_caught_up_with_in_steps(
    ws: Workspace, issued: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything(ws)
    live(issued)
    monkeypatch.setattr(store, "_AT_ONCE", 1)
    monkeypatch.setattr(store, "_ANEW", 0)
    told = []
    ws.index.progress = lambda done, total: told.append((done, total))
    everything(ws)
    assert len(told) >= 2
    assert store.differing(ws.paths.index, ws.ledger) == []


def test_looks_and_the_like_leave_every_row_as_it_is(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {*filling._PLAN, *filling._RETURN, *filling._MEMBER, *filling._RUN, *filling._DIRECTORY, *filling._DELIVERY}
    told |= {*filling._ADDED, *DISCHARGE_EVENTS, *LIST_EVENTS, EventType.NOTICE_SENT}
    assert not told & store.UNTOLD
    before = everything(ws)
    monkeypatch.setattr(filling, "refold", None)
    record_access(ws, "a look")
    assert everything(ws) == before
    monkeypatch.undo()
    assert store.differing(ws.paths.index, ws.ledger) == []


def test_of_very_many_keys_each_is_found(ws: Workspace) -> None:
    ids = [row[0] for row in ws.index.rows("SELECT member_id FROM members ORDER BY member_id")]
    names = member_names(ws.index, [*ids[:1], *map(str, range(1100)), *ids])
    assert sorted(names) == sorted(set(ids))
    assert member_names(ws.index, ids[-1:]) == {ids[-1]: names[ids[-1]]}


def test_a_page_is_a_part_of_the_whole(ws: Workspace) -> None:
    whole = plan_ids(ws.index, PlanFilter(), Page())
    assert [plan_ids(ws.index, PlanFilter(), Page(1, place))[0] for place in range(len(whole))] == whole


def test_an_audit_names_a_row_that_is_not_what_the_trail_says(issued: Office) -> None:
    issued.cli("status")
    assert issued.cli("audit", "verify", "--json").json["ok"]
    path = Path(issued.cli.root) / "state" / "derived" / "index.db"
    with sqlite3.connect(path) as index:
        index.execute("UPDATE plans SET state = 'uploaded' WHERE program = 'BH'")
        index.execute("DELETE FROM members WHERE program = 'LTSS'")
    index.close()
    found = issued.cli("audit", "verify", "--json", status=1).json
    assert {(each["code"], each["where"]) for each in found["problems"]} == {
        ("index_differs", "index.db: plans"),
        ("index_differs", "index.db: members"),
    }
    for leftover in path.parent.iterdir():
        leftover.unlink()
    assert issued.cli("audit", "verify", "--json").json["ok"]


def test_no_backup_holds_it(issued: Office) -> None:
    from cpdocs.retention.backup import _settings_and_state

    issued.cli("status")
    held = [path.name for path in _settings_and_state(workspace(issued.cli).paths)]
    assert "index.db" not in held
    assert "settings.json" not in held


def test_a_delivery_is_a_row_that_follows_its_events(ws: Workspace, issued: Office, tmp_path: Path) -> None:
    from tests.flows.sent_office import more

    everything(ws)
    drop = tmp_path / "drop"
    for name in ("fax", "sftp", "secure_email"):
        more(issued, f'[channel.{name}]\nkind = "folder"\nfolder = "{drop}"\n')
    bh = issued.documents["bh"]
    (drop / bh[:0]).mkdir()
    issued.cli("plan", "send", bh)
    caught_up = everything(ws)
    ((document_id, state, posting),) = ws.index.rows(
        "SELECT d.document_id, d.state, p.posting FROM deliveries d JOIN plans p USING (document_id)"
    )
    assert (document_id, state, posting) == (bh, "delivered", "")
    assert store.differing(ws.paths.index, ws.ledger) == []
    ws.index.close()
    store.drop(ws.paths.index)
    assert everything(ws) == caught_up
    with sqlite3.connect(ws.paths.index) as index:
        index.execute("UPDATE deliveries SET state = 'held'")
    index.close()
    assert store.differing(ws.paths.index, ws.ledger) == [("deliveries", 1)]


@pytest.mark.parametrize("narrowed", [WorkFilter(coordinator="Dana Sample"), WorkFilter(practice_id="P0041")])
def test_narrowed_work_is_found_by_an_index_and_never_among_all_that_ever_came(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, narrowed: WorkFilter
) -> None:
    asked: list[tuple[str, Any]] = []
    rows = store.Index.rows

    def noted(index: store.Index, statement: str, values: Any = ()) -> list[sqlite3.Row]:
        asked.append((statement, values))
        return rows(index, statement, values)

    monkeypatch.setattr(store.Index, "rows", noted)
    waiting_counts(ws.index, eastern_date(ws.clock.now()), narrowed, plan_days=ws.options.plan_days)
    monkeypatch.undo()
    steps = [row["detail"] for text, values in asked for row in ws.index.rows(f"EXPLAIN QUERY PLAN {text}", values)]
    assert any(step.startswith("SEARCH plans USING INDEX plans_") for step in steps)
    assert [text for text, _ in asked if "FROM plans p" in text] == []
    few = (
        "mine",
        "returns_to_look",
        "returns_to_call",
        "deliveries_waiting",
        "notices_to_send",
        "members_without_plan",
        "plans_to_",
        "plans_not_filed",
    )
    # "SCAN p" is the scan of the few that were found.
    scanned = [
        step
        for step in steps
        if step != "SCAN p" and step.startswith(("SCAN p", "SCAN r ", "SCAN m", "SCAN d", "SCAN n"))
    ]
    assert [step for step in scanned if not any(name in step for name in few)] == []


@pytest.mark.parametrize("kind", waiting_rows._KINDS)
def test_work_is_narrowed_by_the_very_columns_that_are_shown(kind: Kind) -> None:
    rows = waiting_rows._KINDS[kind]
    assert f"{rows.due} due_on" in rows.columns
    shown = rows.columns.replace(" program,", ",") if f"{rows.program} program" in rows.columns else rows.columns
    assert f", {rows.program}," in shown


def test_of_an_items_parts_one_stands_for_it_until_it_is_settled(ws: Workspace, issued: Office) -> None:
    desk = Desk(issued)
    first = desk.take(faxed(desk.issued_file(), standard=True), name="fax.tif")
    second = desk.take(faxed(desk.issued_file("ltss"), standard=True), name="other.tif", plan="ltss")
    again = desk.take(faxed(desk.issued_file(), standard=True) + b" ", name="again.tif")
    query = "SELECT called FROM returns WHERE waits_as = 'returned' ORDER BY seq"
    assert [row[0] for row in ws.index.rows(query)] == [row["sha256"][:12] for row in (first, second)]
    issued.cli("held", "close", str(first["sha256"])[:12], "--reason", "sent twice")
    left = [row[0] for row in ws.index.rows(query)]
    assert str(second["sha256"])[:12] in left
    assert str(first["sha256"])[:12] not in left
    assert again["sha256"] != first["sha256"]
    assert store.differing(ws.paths.index, ws.ledger) == []
