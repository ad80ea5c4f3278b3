"""What shares and scanners do to an inbox: very many files, very large ones, a share that drops while files wait."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from cpdocs.returns.inbox import HIDDEN, RETAINED, scan
from cpdocs.returns.write_stability import WriteStability
from tests.crash import images
from tests.flows.test_watch import Desk, desk, watching

__all__ = ["desk"]

LARGE = 2 * 1024**3
MANY = 40_000


@pytest.mark.slow
def test_a_file_of_two_gigabytes_is_held_unread_and_kept_whole(desk: Desk) -> None:
    folder = desk.inbox / desk.practice()
    folder.mkdir(exist_ok=True)
    with (folder / "large.pdf").open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(LARGE - 6)
        file.seek(0, os.SEEK_END)
        file.write(b"%%EOF\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (row,) = desk.intake()
    assert (row["verdict"], [each["code"] for each in row["findings"]]) == ("held", ["too_large"])
    kept = desk.root / "state" / "store" / row["sha256"][:2] / row["sha256"]
    assert kept.stat().st_size == LARGE
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_thousands_of_files_are_seen_at_every_look_and_forgotten_when_they_go(tmp_path: Path) -> None:
    for number in range(5_000):
        (tmp_path / f"{number}.txt").write_bytes(b"a")
    settling = WriteStability(1.0)
    settled = 0
    for look in range(3):
        present = list(scan(tmp_path))
        assert len(present) == 5_000
        settled = sum(settling.settled(seen.spot, seen.look, look * 1.0) for seen in present if seen.look)
    assert settled == 5_000
    settling.forget_all_but(())
    assert len(settling) == 0


def test_files_that_wait_on_a_share_that_dropped_are_taken_when_it_is_back(desk: Desk, tmp_path: Path) -> None:
    away = tmp_path / "away"
    with watching(desk.root) as it:
        desk.drop(b"before", name="a.txt")
        it.next_taken()
        desk.inbox.rename(away)
        assert "isn't there" in it.said.get(timeout=60)
        for number in range(3):
            (away / f"{number}.txt").write_bytes(b"while it was away %d" % number)
        away.rename(desk.inbox)
        assert "back" in it.said.get(timeout=60)
        taken = {it.next_taken().record.sha256 for _ in range(3)}
    assert len(taken) == 3
    assert len(desk.events("return.received")) == 4


def test_a_share_that_is_a_file_system_of_its_own_drops_and_returns(desk: Desk, tmp_path: Path) -> None:
    if why_not := images.why_not():
        pytest.skip(why_not)
    share = tmp_path / "share"
    (share / "S01").mkdir(parents=True)
    taken = []
    with watching(desk.root) as it:
        for visit in ("first", "second"):
            (share / "S01" / "while it was away.txt").write_text(f"before the {visit} visit", "utf-8")
            with images.mounted(share, desk.inbox, "bind"):
                taken.append(it.next_taken().record)
                (share / "now.txt").write_text(f"during the {visit} visit", "utf-8")
                taken.append(it.next_taken().record)
    assert len({record.sha256 for record in taken}) == len(desk.events("return.received")) == 4
    assert [record.practices for record in taken] == [("S01",), ("",)] * 2
    # What was claimed was claimed on the share, where it stays a while for a writer that isn't done.
    assert {path.parents[1].name for path in share.rglob("*") if path.is_file()} == {RETAINED}
    assert [path for path in share.rglob("*") if path.parent.name == HIDDEN] == []


@pytest.mark.slow
def test_forty_thousand_files_waiting_at_the_start_are_all_taken_in_once(desk: Desk) -> None:
    folder = desk.inbox / desk.practice()
    folder.mkdir(exist_ok=True)
    for number in range(MANY):
        (folder / f"{number}.txt").write_bytes(b"%d" % number)
    assert len(desk.intake()) == MANY
    assert not [path for path in desk.inbox.rglob("*") if path.is_file()]
    assert len(desk.events("return.received")) == MANY
