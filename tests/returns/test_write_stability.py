from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cpdocs.returns.write_stability import LOOKS, UNENDED_FACTOR, Look, WriteStability, look_at

QUIET = 2.0
LOOK = Look(device=1, inode=2, size=300, mtime_ns=4, ctime_ns=5)

steps = st.lists(st.tuples(st.floats(0.0, 3.0), st.integers(0, 2), st.booleans()), max_size=25)


@given(steps)
def test_what_settles_was_the_same_at_every_look_of_the_whole_settling_time(
    course: list[tuple[float, int, bool]],
) -> None:
    settling = WriteStability(QUIET)
    now = 100.0
    seen: list[tuple[float, Look]] = []
    for wait, size, ended in course:
        now += wait
        look = replace(LOOK, size=size, ended=ended)
        seen.append((now, look))
        if settling.settled("file", look, now):
            same = []
            for when, earlier in reversed(seen):
                if earlier != look:
                    break
                same.append(when)
            assert len(same) >= LOOKS
            assert now - same[-1] >= QUIET * (1 if ended else UNENDED_FACTOR)


@given(st.lists(st.floats(0.1, 3.0), min_size=30, max_size=30))
def test_a_file_that_is_left_alone_settles(waits: list[float]) -> None:
    settling = WriteStability(QUIET)
    now = 0.0
    answers = []
    for wait in waits:
        now += wait
        answers.append(settling.settled("file", LOOK, now))
    settled_by = next(place for place, answer in enumerate(answers) if answer)
    assert sum(waits[1 : settled_by + 1]) < QUIET + 2 * 3.0 + QUIET
    assert all(answers[settled_by:])


def test_two_looks_are_not_enough_however_far_apart() -> None:
    settling = WriteStability(QUIET)
    assert [settling.settled("file", LOOK, now) for now in (0.0, 1000.0, 1000.1)] == [False, False, True]


def test_another_file_under_the_same_name_starts_over() -> None:
    settling = WriteStability(QUIET)
    assert [settling.settled("file", LOOK, now) for now in (0.0, 1.0)] == [False, False]
    assert [settling.settled("file", replace(LOOK, inode=9), now) for now in (2.0, 3.0)] == [False, False]


def test_a_pdf_without_its_end_is_waited_for_and_then_taken_for_what_it_is() -> None:
    settling = WriteStability(QUIET)
    cut = replace(LOOK, ended=False)
    answers = [settling.settled("file", cut, float(now)) for now in range(22)]
    assert answers.index(True) == QUIET * UNENDED_FACTOR


def test_files_that_are_gone_are_forgotten() -> None:
    settling = WriteStability(QUIET)
    for now in (0.0, 1.0):
        settling.settled("gone", LOOK, now)
    settling.forget_all_but(["other"])
    assert not settling.settled("gone", LOOK, 50.0)


def test_files_that_never_settle_are_named() -> None:
    settling = WriteStability(QUIET)
    for now in range(100):
        settling.settled("growing", replace(LOOK, size=now), float(now))
        settling.settled("still", LOOK, float(now))
    assert settling.changing_since(99.0, 60.0) == ("growing",)


def look_at_bytes(folder: Path, data: bytes) -> Look:
    path = folder / "file"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return look_at(descriptor)
    finally:
        os.close(descriptor)


def test_the_end_of_a_pdf_is_looked_for_in_its_last_kib(tmp_path: Path) -> None:
    assert look_at_bytes(tmp_path, b"%PDF-1.7\n" + b"x" * 5000 + b"%%EOF\n").ended
    assert not look_at_bytes(tmp_path, b"%PDF-1.7\n%%EOF" + b"x" * 5000).ended
    assert not look_at_bytes(tmp_path, b"%PDF-1.7\n").ended


def test_what_is_no_pdf_has_no_end_to_wait_for(tmp_path: Path) -> None:
    assert look_at_bytes(tmp_path, b"II*\0").ended
    assert look_at_bytes(tmp_path, b"").ended
