"""Several passes over one inbox: each return is reported once; what changes while one works is noticed; an idle start
reads what is new."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cpdocs.returns import receiving
from cpdocs.returns.records import Taken
from cpdocs.returns.watcher import intake_pass
from cpdocs.returns.worker import Failed, Finished, Worker
from cpdocs.sandbox.run import run_sandboxed
from cpdocs.wiring import open_workspace
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes

PASSES = 4


@pytest.fixture
def desk(issued: Office, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("CPDOCS_NOW", RETURN)
    return Desk(issued)


def while_judging(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[str]:
    """Does something in the middle of the first judgement; gives the verdict of each judgement that is made."""
    from cpdocs.returns.judging import judge as real

    judged: list[str] = []

    def judge(*given: Any, **named: Any) -> Any:
        found = real(*given, **named)
        judged.append(found.parts[0].verdict.value)
        if len(judged) == 1:
            act()
        return found

    monkeypatch.setattr(receiving, "judge", judge)
    return judged


def test_a_pass_that_begins_while_another_judges_leaves_that_return_to_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.drop(desk.sign_pcp(desk.issued_file()))
    others: list[object] = []
    while_judging(monkeypatch, lambda: others.extend(intake_pass(open_workspace(desk.root))))
    (taken,) = intake_pass(open_workspace(desk.root))
    assert isinstance(taken, Taken)
    assert taken.record.verdict == "accepted"
    assert others == []


def test_a_return_whose_worker_died_is_reported_once_and_with_its_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped = desk.drop(b"a letter")
    with monkeypatch.context() as dying:
        dying.setattr(receiving, "decide", lambda *_, **__: 1 / 0)
        (failed,) = intake_pass(open_workspace(desk.root))
    assert isinstance(failed, Failed)
    (row,) = desk.intake()
    assert (row["file"], row["repeated"]) == (str(dropped), False)
    assert desk.intake() == []


def die_taking(file: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that is killed when it has recorded that the file came."""
    with monkeypatch.context() as dying:
        dying.setattr(receiving, "decide", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            list(intake_pass(open_workspace(desk.root), (file,)))


def test_what_was_received_and_not_decided_is_finished_without_its_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = tmp_path / "named.txt"
    named.write_bytes(b"a letter")
    die_taking(named, desk, monkeypatch)
    (finished,) = intake_pass(open_workspace(desk.root))
    assert isinstance(finished, Finished)
    assert finished.record.verdict == "held"
    assert list(intake_pass(open_workspace(desk.root))) == []


def test_of_many_passes_at_once_each_return_is_reported_by_one(desk: Desk) -> None:
    by_pcp = desk.sign_pcp(desk.issued_file())
    for name in ("a.pdf", "b.pdf"):
        desk.drop(by_pcp, name=name)
    for number in range(12):
        desk.drop(f"letter {number}".encode(), name=f"{number}.txt")
    command = [sys.executable, "-m", "cpdocs", "--workspace", str(desk.root), "intake", "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": Path(__file__).parents[2]}
    with ExitStack() as passes:
        running = [passes.enter_context(subprocess.Popen(command, **pipes)) for _ in range(PASSES)]  # type: ignore[call-overload]
        answers = [each.communicate(timeout=120)[0] for each in running]
    assert [each.returncode for each in running] == [0] * PASSES
    rows = [row for answer in answers for row in json.loads(answer)]
    assert len(rows) == 14
    twice = [sha for sha, n in Counter(row["sha256"] for row in rows if not row["repeated"]).items() if n > 1]
    assert [row for row in rows if row["sha256"] in twice] == []
    assert sum(row["repeated"] for row in rows) == 1


def test_a_plan_withdrawn_while_its_return_is_judged_is_judged_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.drop(desk.sign_pcp(desk.issued_file()))
    document = desk.office.documents["bh"]
    judged = while_judging(
        monkeypatch, lambda: desk.office.cli("plan", "withdraw", document, "--reason", "wrong goal", now=RETURN)
    )
    (row,) = desk.intake()
    assert judged == ["accepted", "held"]
    assert (row["verdict"], "withdrawn_version" in codes(row)) == ("held", True)
    assert desk.events("slot.filled") == []


def test_what_a_directory_import_changes_while_a_return_is_judged_is_judged_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cpdocs.returns import judging

    read: list[str] = []

    def run(function: str, *given: Any, **named: Any) -> Any:
        read.append(function)
        return run_sandboxed(function, *given, **named)

    monkeypatch.setattr(judging, "run_sandboxed", run)
    desk.drop(desk.sign_pcp(desk.issued_file()))
    judged = while_judging(
        monkeypatch,
        lambda: desk.office.cli("import", "clinicians", desk.office.sample.clinicians, now="2026-11-04T15:00:00Z"),
    )
    desk.intake()
    assert len(judged) == 2
    # The facts of the file are kept: only the decision is made anew.
    assert read == ["cpdocs.signing.reading:read_signed"]


def test_bytes_that_change_while_the_file_is_judged_are_another_return(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped = desk.drop(b"a letter")
    writer = dropped.open("r+b", buffering=0)
    told = dropped.stat()

    def write() -> None:
        # As many bytes, under the same time: only the bytes themselves tell.
        writer.write(b"A LETTER")
        writer.close()
        (claimed,) = (desk.root / "state" / "claims").rglob("return.pdf")
        os.utime(claimed, ns=(told.st_atime_ns, told.st_mtime_ns))

    while_judging(monkeypatch, write)
    rows = desk.intake(dropped) + desk.intake()
    store = desk.root / "state" / "store"
    assert [(store / row["sha256"][:2] / row["sha256"]).read_bytes() for row in rows] == [b"a letter", b"A LETTER"]
    assert [row["repeated"] for row in rows] == [False, False]


def events_read(monkeypatch: pytest.MonkeyPatch, root: Path) -> int:
    """How many events a pass over an empty inbox reads; the first of all is read wherever a workspace is opened."""
    from cpdocs.ledger import events

    real, read = events.decode, [0]

    def counting(body: str) -> Any:
        read[0] += 1
        return real(body)

    with monkeypatch.context() as patched:
        patched.setattr(events, "decode", counting)
        worker = Worker(open_workspace(root))
        assert list(worker.begin()) == []
        assert list(worker.look()) == []
    return read[0] - 1


def test_an_idle_start_reads_what_is_new_and_not_what_ever_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        desk.take(f"letter {number}".encode())
    desk.take(desk.sign_pcp(desk.issued_file()))
    desk.intake()
    assert events_read(monkeypatch, desk.root) == 0
    (desk.root / "state" / "derived" / "intake.json").unlink()
    assert events_read(monkeypatch, desk.root) > 10
    desk.take(b"one more letter")
    events_read(monkeypatch, desk.root)
    assert events_read(monkeypatch, desk.root) == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:20],
        lambda text: "[]",
        lambda text: text.replace('"open_returns": {}', '"returns": 3'),
        lambda text: text.replace('"root": "', '"root": "00'),
        lambda text: json.dumps({**json.loads(text), "as_of": 10_000_000}),
    ],
)
def test_what_is_remembered_of_open_work_counts_only_if_it_is_whole_and_of_this_ledger(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, damage: Callable[[str], str]
) -> None:
    desk.intake()
    remembered = desk.root / "state" / "derived" / "intake.json"
    named = desk.root.parent / "named.txt"
    named.write_bytes(b"a letter")
    die_taking(named, desk, monkeypatch)
    whole = json.loads(remembered.read_text("utf-8"))
    # It claims to have read everything and to know of nothing that is open.
    head = open_workspace(desk.root).ledger.head()
    claimed = json.dumps({**whole, "as_of": head.size, "root": head.root.hex(), "open_returns": {}})
    remembered.write_text(claimed, "utf-8")
    assert list(intake_pass(open_workspace(desk.root))) == []
    remembered.write_text(damage(claimed), "utf-8")
    (finished,) = intake_pass(open_workspace(desk.root))
    assert isinstance(finished, Finished)


def test_a_reminder_that_falls_due_after_the_days_reminders_were_written_is_written(desk: Desk) -> None:
    document = desk.office.documents["bh"]
    today = "2026-11-05T18:00:00Z"
    desk.intake(now=today)
    assert desk.notices(desk.practice()) == []
    desk.office.cli(
        "plan", "sent", document, "--to", "front desk", "--channel", "fax", "--at", "2026-11-02T10:00", now=today
    )
    desk.intake(now=today)
    assert len(desk.notices(desk.practice())) == 1


SIDECARS = (
    "Thumbs.db",
    "desktop.ini",
    ".DS_Store",
    "return.pdf:Zone.Identifier",
    "return.pdf.uploading",
    "return.bak",
    "~$return.pdf",
    "return.pdf.crdownload",
    "return.pdf~",
)


def test_sidecar_files_are_left_alone_and_counted_where_a_person_looks(desk: Desk) -> None:
    for name in SIDECARS:
        desk.drop(b"%PDF-1.7 %%EOF", name=name)
    (desk.inbox / "System Volume Information").mkdir()
    (desk.inbox / "System Volume Information" / "tracking.log").write_bytes(b"its own")
    result = desk.office.cli("intake", "--json")
    assert result.json == []
    assert f"{len(SIDECARS) + 1} names are left alone" in result.err
    assert {path.name for path in (desk.inbox / desk.practice()).iterdir()} == set(SIDECARS)
