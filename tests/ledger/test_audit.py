"""The audit: whatever was changed, cut off or lost is found and named, in a file and in a database alike."""

from __future__ import annotations

import errno
import random
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cpdocs.core.events import EventType, NewEvent
from cpdocs.errors import Problem
from cpdocs.ledger import audit_store
from cpdocs.ledger.address import Place
from cpdocs.ledger.audit import Report, verify
from cpdocs.ledger.audit_events import references
from cpdocs.ledger.blobs import BlobStore, write_durably
from cpdocs.ledger.checkpoint import public_bytes, sign_checkpoint
from cpdocs.ledger.events import EventStore
from cpdocs.ledger.pages import load_sums
from cpdocs.ledger.tree import EMPTY_ROOT, Head, leaf_hash
from cpdocs.system.durable import open_plain
from tests.ledger.conftest import BEGIN, SetClock, letter, raw

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FLIPS = 120


class Workspace:
    """A small ledger of 700 events, three checkpoints and four stored files, closed, to be damaged."""

    def __init__(self, root: Path, ledger: Place | None = None) -> None:
        self.ledger = ledger or root / "ledger.db"
        self.blobs, self.folder = BlobStore(root / "store"), root / "checkpoints"

    def fill(self) -> Workspace:
        first = NewEvent(BEGIN.type, BEGIN.subjects, {"checkpoint_key": public_bytes(KEY).hex()})
        store = EventStore.create(self.ledger, first, clock=SetClock(), user="clerk", host="desk")
        for place in range(3):
            sha = self.blobs.put(b"content %d" % place)
            store.append(letter(1000 + place, sha256=sha), *(letter(number) for number in range(233)))
            self.sign(store)
        self.blobs.put(b"mentioned by nobody")
        store.close()
        return self

    def sign(self, store: EventStore) -> None:
        with store.write() as tx:
            head = tx.head()
            note = sign_checkpoint(head, "cpdocs", KEY)
            write_durably(self.folder / f"{head.size}.txt", note.encode())
            tx.add_checkpoint(head.size, note)

    def audit(self, against: dict[str, str] | None = None) -> Report:
        return verify(self.ledger, self.blobs.root, self.folder, [public_bytes(KEY)], against or {})

    def codes(self, **options) -> set[str]:
        return {problem.code for problem in self.audit(**options).problems}

    def where(self, code: str) -> list[str]:
        return [problem.where for problem in self.audit().problems if problem.code == code]

    def tamper(self, *statements: str) -> None:
        """Alters the ledger as somebody with all rights would, the guards taken away and put back.

        ``zeros`` in a statement is 32 bytes of zero, ``hex(…)`` bytes, as the database writes them.
        """
        connection = raw(self.ledger)
        in_file = isinstance(self.ledger, Path)
        if in_file:
            guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            away, back = [f"DROP TRIGGER {name}" for name, _ in guards], [sql for _, sql in guards]
        else:
            tables = ("events", "event_subjects", "subtrees", "checkpoints", "tree_head")
            away = [f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in tables]
            back = [f"ALTER TABLE {table} ENABLE TRIGGER ALL" for table in tables]
            back += [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_guard" for table in tables]
        for statement in (*away, *statements, *back):
            written = statement.replace("zeros", f"hex({bytes(32).hex()})")
            connection.execute(re.sub(r"hex\((\w+)\)", r"x'\1'" if in_file else r"'\\x\1'::bytea", written))
        connection.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def pristine(request, tmp_path_factory) -> Iterator[Workspace]:
    root = tmp_path_factory.mktemp("pristine")
    if request.param == "sqlite":
        yield Workspace(root).fill()
        return
    with request.getfixturevalue("postgres").database() as url:
        yield Workspace(root, url).fill()


@pytest.fixture
def ws(request, pristine, tmp_path) -> Iterator[Workspace]:
    root = tmp_path / "state"
    shutil.copytree(pristine.folder.parent, root, copy_function=shutil.copy2)
    if isinstance(pristine.ledger, Path):
        yield Workspace(root)
        return
    with request.getfixturevalue("postgres").database(template=pristine.ledger) as url:
        yield Workspace(root, url)


in_a_file = pytest.mark.parametrize("pristine", ["sqlite"], indirect=True)
in_a_database = pytest.mark.parametrize("pristine", ["postgresql"], indirect=True)


def flip(path: Path, offset: int, mask: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= mask
    path.write_bytes(data)


def test_a_whole_trail_has_no_problems(ws):
    report = ws.audit()
    assert report.ok
    assert report.problems == ()
    assert (report.events, report.checkpoints, report.files, report.unreferenced) == (703, 3, 4, 1)
    assert report.pages_compared is (True if isinstance(ws.ledger, Path) else None)


@in_a_file
def test_an_audit_changes_nothing(ws):
    def content():
        return {
            path: (path.read_bytes(), path.stat().st_mtime_ns) for path in ws.ledger.parent.rglob("*") if path.is_file()
        }

    before = content()
    ws.audit()
    assert content() == before


@in_a_file
def test_any_one_changed_byte_of_the_ledger_is_found(ws):
    """At random places, room that holds no record included; and in the header, which SQLite half ignores."""
    good = ws.ledger.read_bytes()
    dice = random.Random(2026)
    places = [dice.randrange(len(good)) for _ in range(FLIPS)] + list(range(16, 100, 6))
    for place in places:
        ws.ledger.write_bytes(good)
        flip(ws.ledger, place, dice.randrange(1, 256))
        report = ws.audit()
        assert not report.ok, f"byte {place}"
        assert all(problem.where and problem.message for problem in report.problems)


@in_a_file
def test_any_one_changed_byte_beside_the_ledger_is_found(ws):
    dice = random.Random(7)
    for path in [*ws.blobs.root.rglob("*"), *ws.folder.iterdir(), ws.ledger.with_suffix(".pages")]:
        if path.is_file():
            good = path.read_bytes()
            for place in {0, len(good) - 1, *(dice.randrange(len(good)) for _ in range(4))}:
                flip(path, place, dice.randrange(1, 256))
                report = ws.audit()
                assert any(path.name in problem.where for problem in report.problems), f"{path.name}, byte {place}"
                path.write_bytes(good)
    assert ws.audit().ok


def test_a_changed_text_is_named_by_its_event(ws):
    ws.tamper("UPDATE events SET body = replace(body, '\"number\":5', '\"number\":6') WHERE seq = 8")
    assert ws.where("event_altered") == ["event 8"]
    assert {"tree_altered", "checkpoint_contradicts"} <= ws.codes()


def test_a_changed_text_with_its_leaf_made_anew_breaks_the_tree_and_every_checkpoint_after(ws):
    connection = raw(ws.ledger)
    (body,) = connection.execute("SELECT body FROM events WHERE seq = 300").fetchone()
    connection.close()
    forged = body.replace('"number":', '"number":1')
    ws.tamper(f"UPDATE events SET body = '{forged}', leaf = hex({leaf_hash(forged.encode()).hex()}) WHERE seq = 300")
    assert ws.where("event_altered") == []
    assert ws.where("checkpoint_contradicts") == [
        "checkpoint 2",
        "checkpoint 3",
        "checkpoints/469.txt",
        "checkpoints/703.txt",
    ]


@pytest.mark.parametrize("column", ["type = 'plan.issued'", "at = '2020-01-01T00:00:00+00:00'"])
def test_a_column_that_says_something_else_than_the_text_is_named(ws, column):
    ws.tamper(f"UPDATE events SET {column} WHERE seq = 3")
    assert ws.where("event_column_altered") == ["event 3"]


def test_a_text_that_is_not_an_events_is_named(ws):
    ws.tamper(
        "UPDATE events SET body = '[]' WHERE seq = 2",
        "UPDATE events SET body = body || ' ' WHERE seq = 3",
        "UPDATE events SET body = replace(body, '\"v\":1}', '\"v\":2}') WHERE seq = 4",
    )
    assert ws.where("event_malformed") == ["event 2", "event 3", "event 4"]


def test_an_event_of_an_unknown_kind_is_named(ws):
    ws.tamper(
        "UPDATE events SET body = replace(body, 'letter.staged', 'letter.burned'), type = 'letter.burned' WHERE seq = 4"
    )
    assert ws.where("event_type_unknown") == ["event 4"]


def test_events_taken_out_of_the_middle_are_named(ws):
    ws.tamper("DELETE FROM event_subjects WHERE seq IN (10, 20, 21)", "DELETE FROM events WHERE seq IN (10, 20, 21)")
    assert ws.where("event_missing") == ["event 10", "events 20 to 21"]


def test_an_end_that_was_cut_off_is_seen_from_the_checkpoints(ws):
    ws.tamper(
        "DELETE FROM event_subjects WHERE seq > 600",
        "DELETE FROM events WHERE seq > 600",
        "DELETE FROM checkpoints WHERE number = 3",
    )
    assert "checkpoints/703.txt" in ws.where("events_missing")


def test_an_index_that_hides_or_invents_an_event_is_named(ws):
    ws.tamper(
        "DELETE FROM event_subjects WHERE seq = 5 AND subject LIKE 'run:%'",
        "INSERT INTO event_subjects VALUES ('run:R9', 7)",
    )
    assert ws.where("subjects_altered") == ["event 5", "event 7"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE tree_head SET size = 702",
        "UPDATE tree_head SET root = zeros",
        f"UPDATE tree_head SET root = hex({'ff' * 32})",
        "DELETE FROM tree_head",
        "UPDATE subtrees SET hash = zeros WHERE place = 1",
        "DELETE FROM subtrees WHERE place = 0",
    ],
)
def test_a_tree_that_is_not_the_events_own_is_named(ws, sql):
    ws.tamper(sql)
    assert "tree_altered" in ws.codes()


@in_a_file
@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER events_no_update",
        "DROP INDEX events_by_type",
        "CREATE TABLE notes (x)",
        "CREATE TRIGGER t AFTER INSERT ON events BEGIN SELECT 1; END",
    ],
)
def test_tables_and_guards_that_are_not_as_we_made_them_are_named(ws, sql):
    connection = raw(ws.ledger)
    connection.execute(sql)
    connection.close()
    assert "structure_altered" in ws.codes()


@in_a_database
@pytest.mark.parametrize(
    "sql",
    [
        "DROP TRIGGER events_guard ON events",
        "ALTER TABLE events DISABLE TRIGGER events_guard",
        "ALTER TABLE events ENABLE TRIGGER events_guard",
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "DROP INDEX events_by_type",
        "CREATE TABLE notes (x int)",
        "CREATE VIEW names AS SELECT subject FROM event_subjects",
        "CREATE RULE quietly AS ON UPDATE TO events DO INSTEAD NOTHING",
        "ALTER TABLE event_subjects DROP CONSTRAINT event_subjects_seq_fkey",
        "ALTER TABLE events ALTER COLUMN body DROP NOT NULL",
        "ALTER TABLE events ADD COLUMN note text",
        "ALTER TABLE checkpoints ENABLE ROW LEVEL SECURITY",
    ],
)
def test_whatever_in_the_schema_is_not_as_we_made_it_is_named(ws, sql):
    with raw(ws.ledger) as connection:
        connection.execute(sql)
    assert ws.codes() == {"structure_altered"}


@in_a_file
def test_a_file_rewritten_with_the_same_records_is_seen(ws):
    connection = sqlite3.connect(ws.ledger)
    connection.execute("VACUUM")
    connection.close()
    assert ws.codes() == {"page_altered"}


def test_a_checkpoint_that_was_altered_or_taken_out_is_named(ws):
    ws.tamper("UPDATE checkpoints SET note = replace(note, '469', '468') WHERE number = 2")
    assert "checkpoint 2" in ws.where("checkpoint_invalid")
    ws.tamper("DELETE FROM checkpoints WHERE number = 2")
    assert "checkpoint 3" in ws.where("checkpoint_missing")


def test_a_checkpoint_beside_a_wrong_size_is_named(ws):
    ws.tamper("UPDATE checkpoints SET size = 5 WHERE number = 1")
    assert ws.where("checkpoint_invalid") == ["checkpoint 1"]


def test_a_checkpoint_whose_file_is_gone_is_named(ws):
    (ws.folder / "469.txt").unlink()
    assert ws.where("checkpoint_file_missing") == ["checkpoint 2"]


def test_a_checkpoint_file_that_the_ledger_does_not_know_is_good_if_it_agrees(ws):
    (ws.folder / "235-2.txt").write_text(sign_checkpoint(ws_head(ws, 235), "another-name", KEY))
    assert ws.audit().ok


def ws_head(ws: Workspace, size: int):
    store = EventStore.open(ws.ledger, clock=SetClock(), user="clerk", host="desk")
    head = Head(size, store.root_at(size))
    store.close()
    return head


def test_an_insiders_rewrite_with_the_key_is_seen_only_from_outside(ws, pristine, tmp_path):
    """Somebody with the disk and the key makes a new ledger and signs it: all is well, but for the checkpoint kept
    elsewhere."""
    outside = (pristine.folder / "469.txt").read_text()
    forged = Workspace(tmp_path / "forged").fill()
    assert forged.audit().ok
    problems = forged.audit(against={"the officer's checkpoint": outside}).problems
    assert [(problem.code, problem.where) for problem in problems] == [
        ("checkpoint_contradicts", "the officer's checkpoint")
    ]
    assert ws.audit(against={"the officer's checkpoint": outside}).ok


def test_another_key_in_the_checkpoint_keys_place_is_seen(ws):
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    report = verify(ws.ledger, ws.blobs.root, ws.folder, [public_bytes(other)], {})
    assert {"key_differs", "checkpoint_invalid"} == {problem.code for problem in report.problems}


def test_a_ledger_that_is_gone_is_named_with_what_is_left(ws):
    if isinstance(ws.ledger, Path):
        ws.ledger.unlink()
    else:
        raw(ws.ledger).execute("DROP SCHEMA cpdocs CASCADE")
    report = ws.audit()
    (problem,) = [problem for problem in report.problems if problem.code == "ledger_missing"]
    assert "4 stored files and 3 checkpoint files" in problem.message
    assert {"ledger_missing", "events_missing"} == {problem.code for problem in report.problems}


@in_a_file
@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + bytes(200), b"something else entirely" * 400])
def test_a_ledger_that_is_no_database_is_named(ws, content):
    ws.ledger.write_bytes(content)
    assert ws.codes() & {"structure_damaged", "structure_altered", "ledger_unreadable"}


@in_a_file
def test_a_ledger_cut_short_is_named(ws):
    with ws.ledger.open("r+b") as file:
        file.truncate(ws.ledger.stat().st_size // 2)
    assert {"ledger_unreadable", "events_missing"} <= ws.codes()


@in_a_file
def test_a_ledger_without_its_page_sums_is_named(ws):
    ws.ledger.with_suffix(".pages").unlink()
    assert ws.codes() == {"page_sums_missing"}


@in_a_file
def test_page_sums_that_a_killed_command_left_behind_are_no_fault(ws):
    store = EventStore.open(ws.ledger, clock=SetClock(), user="clerk", host="desk")
    sums = ws.ledger.with_suffix(".pages").read_bytes()
    store.append(letter(1))
    store.close()
    ws.ledger.with_suffix(".pages").write_bytes(sums)
    report = ws.audit()
    assert (report.ok, report.pages_compared) == (True, False)
    store = EventStore.open(ws.ledger, clock=SetClock(), user="clerk", host="desk")
    store.close()
    assert ws.audit().pages_compared


def test_a_ledger_in_use_is_audited_all_the_same(ws):
    store = EventStore.open(ws.ledger, clock=SetClock(), user="clerk", host="desk")
    store.append(letter(1))
    report = ws.audit()
    assert (report.ok, report.events, bool(report.pages_compared)) == (True, 704, False)
    store.close()


@in_a_file
def test_stored_files_are_hashed_and_foreign_ones_named(ws):
    sha = ws.blobs.put(b"content 1")
    ws.blobs.path(sha).write_bytes(b"content X")
    (ws.blobs.root / "notes.txt").write_text("x")
    (ws.blobs.root / sha[:2] / ("0" * 64)).write_text("in the wrong folder")
    (ws.blobs.root / "ab" / "deeper").mkdir(parents=True)
    ws.blobs.path("ab" + "1" * 62).symlink_to(ws.ledger)
    ws.blobs.path(ws.blobs.put(b"content 0")).chmod(0o644)
    assert ws.where("file_damaged") == [f"store/{sha[:2]}/{sha}"]
    assert sorted(ws.where("file_foreign")) == sorted(
        ["store/notes.txt", f"store/{sha[:2]}/{'0' * 64}", "store/ab/deeper", f"store/ab/ab{'1' * 62}"]
    )
    assert len(ws.where("file_open_to_others")) == 1


def test_a_stored_file_that_an_event_mentions_is_missed_by_the_event(ws):
    ws.blobs.path(ws.blobs.put(b"content 2")).unlink()
    assert ws.where("file_missing") == ["event 470"]


@in_a_file
def test_the_temporary_file_of_a_killed_command_is_no_fault(ws):
    (ws.blobs.root / ".cpdocs-0011223344556677.part").write_bytes(b"half")
    (ws.folder / ".cpdocs-0011223344556677.part").write_bytes(b"half")
    assert ws.audit().ok


def test_references_are_found_wherever_they_stand_and_what_was_never_kept_is_not_missed():
    kept = [bytes([place]) * 32 for place in range(6)]
    other = (b"\xee" * 32).hex()
    data = {
        "sha256": kept[0].hex(),
        "packed": [{"name": "a", "pdf_sha256": kept[1].hex()}],
        "pieces_sha256": {"front": kept[2].hex(), "pages": 3, "note": "z" * 64},
        "file": kept[3].hex(),
        "files": {"print.pdf": kept[4].hex(), "part": {"file": "plans/S01/x.pdf"}},
        "roster": kept[5].hex(),
        "external_sha256": other,
        "certificate_sha256": other,
        "fingerprint": other,
        "checkpoint_key": other,
    }
    assert list(references(data)) == kept


def test_every_event_type_can_be_recorded_and_audited(tmp_path):
    ws = Workspace(tmp_path / "state")
    store = EventStore.create(ws.ledger, BEGIN, clock=SetClock(), user="clerk", host="desk")
    store.append(*(NewEvent(kind, ("run:x",)) for kind in EventType))
    store.close()
    assert ws.audit().ok


@in_a_file
def test_a_stored_file_that_cannot_be_read_is_named_with_the_systems_reason(ws, monkeypatch):
    sha = ws.blobs.put(b"content 1")

    def refuse(path):
        if path.name == sha:
            raise OSError(errno.EIO, "some text")
        return open_plain(path)

    monkeypatch.setattr(audit_store, "open_plain", refuse)
    (problem,) = ws.audit().problems
    assert (problem.where, problem.message) == (f"store/{sha[:2]}/{sha}", "It can't be read: input/output error.")


@in_a_file
def test_page_sums_that_cannot_be_read_are_named(ws):
    sums = ws.ledger.with_suffix(".pages")
    kept = sums.rename(sums.with_name("elsewhere"))
    sums.symlink_to(kept)
    assert ws.codes() == {"page_sums_damaged"}


@in_a_file
def test_a_changed_page_is_named_with_the_place_of_its_bytes(ws):
    kept = load_sums(ws.ledger)
    flip(ws.ledger, 2 * kept.page_size + 7, 1)
    messages = [problem.message for problem in ws.audit().problems if problem.code == "page_altered"]
    assert messages == [f"Page 3 of the file (bytes from {2 * kept.page_size}) was changed."]


@in_a_file
def test_where_no_key_is_known_that_is_a_problem_unless_a_checkpoint_kept_elsewhere_vouches_for_it(ws):
    unknown = Problem("key_missing", "There is no key.")

    def found(publics, against):
        report = verify(ws.ledger, ws.blobs.root, ws.folder, publics, against, why_no_key=unknown)
        return [problem.code for problem in report.problems]

    note = (ws.folder / "469.txt").read_text()
    assert found([], {}) == ["key_missing"]
    assert found([], {"elsewhere": note}) == []
    assert found([public_bytes(KEY)], {}) == []


@pytest.mark.parametrize("sql", ["size = 9000", "size = 1", "root = zeros", "frontier = hex(ff)"])
def test_a_tree_head_that_is_not_the_events_own_is_named_whichever_way_it_differs(ws, sql):
    ws.tamper(f"UPDATE tree_head SET {sql}")
    assert "tree head" in ws.where("tree_altered")


def test_a_ledger_that_is_gone_shows_no_events_and_the_empty_trees_root(tmp_path):
    ws = Workspace(tmp_path / "state")
    ws.blobs.put(b"left")
    report = ws.audit()
    assert (report.events, report.root) == (0, EMPTY_ROOT)
