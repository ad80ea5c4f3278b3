from __future__ import annotations

import errno
import fcntl
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.returns.write_stability import LOOKS, PASS, WATCH, Extent, Look, WriteStability, look_at, no_writer

QUIET = 2.0
LOOK = Look(device=1, inode=2, size=300, mtime_ns=4, ctime_ns=5)

steps = st.lists(st.tuples(st.floats(0.0, 3.0), st.integers(0, 2), st.sampled_from(Extent)), max_size=25)


@given(steps)
def test_what_settles_was_the_same_at_every_look_of_the_whole_settling_time(
    course: list[tuple[float, int, Extent]],
) -> None:
    settling = WriteStability(QUIET)
    now = 100.0
    seen: list[tuple[float, Look]] = []
    for wait, size, extent in course:
        now += wait
        look = replace(LOOK, size=size, extent=extent)
        seen.append((now, look))
        if settling.settled("file", look, now):
            same = []
            for when, earlier in reversed(seen):
                if earlier != look:
                    break
                same.append(when)
            assert len(same) >= LOOKS
            assert now - same[-1] >= QUIET * WATCH.of(look)


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


def test_every_part_of_the_settling_time_counts_however_often_one_looks() -> None:
    moments = [tenth / 10 for tenth in range(0, 21, 4)]
    for age in (0.0, 1e9):
        settling = WriteStability(QUIET)
        answers = [settling.settled("file", replace(LOOK), now, age) for now in moments]
        assert answers == [False] * 5 + [True]
    tiff = replace(LOOK, extent=Extent.MAY_GROW, written=False)
    settling = WriteStability(QUIET, PASS)
    assert [settling.settled("fax", replace(tiff), now) for now in moments] == [False] * 5 + [True]


def test_one_that_changed_settles_after_as_many_looks_as_a_new_one() -> None:
    settling = WriteStability(QUIET)
    other = replace(LOOK, size=301)
    looks = [(0.0, LOOK), (10.0, other), (20.0, other), (30.0, other)]
    assert [settling.settled("file", replace(look), now) for now, look in looks] == [False, False, False, True]


def taken_at(look: Look, *, settling: WriteStability, age: float = 0.0) -> int:
    """The second at which a file that is looked at every second is taken."""
    return next(now for now in range(2000) if settling.settled("file", look, float(now), age))


def test_what_may_go_on_is_waited_for_longer_than_a_scanner_pauses() -> None:
    cut, tiff, blank = (replace(LOOK, extent=each) for each in (Extent.CUT, Extent.MAY_GROW, Extent.BLANK))
    assert taken_at(LOOK, settling=WriteStability(QUIET)) == QUIET
    for look in (cut, tiff, replace(cut, written=False), replace(tiff, written=False)):
        assert taken_at(look, settling=WriteStability(QUIET)) == 120
    for look in (blank, replace(blank, written=False), replace(LOOK, written=True), replace(tiff, written=True)):
        assert taken_at(look, settling=WriteStability(QUIET)) == 600


def test_one_pass_takes_what_is_known_to_be_closed_for_what_it_is() -> None:
    cut, tiff = (replace(LOOK, extent=each, written=False) for each in (Extent.CUT, Extent.MAY_GROW))
    assert taken_at(tiff, settling=WriteStability(QUIET, PASS)) == QUIET
    assert taken_at(cut, settling=WriteStability(QUIET, PASS)) == 2 * QUIET
    assert taken_at(replace(cut, written=None), settling=WriteStability(QUIET, PASS)) == 120
    assert taken_at(replace(tiff, written=None), settling=WriteStability(QUIET, PASS)) == 120


def test_a_files_age_counts_towards_a_long_wait_and_never_towards_the_settling_time() -> None:
    blank = replace(LOOK, extent=Extent.BLANK)
    assert taken_at(blank, settling=WriteStability(QUIET, PASS), age=600.0) == QUIET
    assert taken_at(blank, settling=WriteStability(QUIET, PASS), age=599.0) == 600
    assert taken_at(LOOK, settling=WriteStability(QUIET, PASS), age=1e9) == QUIET


def test_files_that_are_gone_are_forgotten() -> None:
    settling = WriteStability(QUIET)
    for now in (0.0, 1.0):
        settling.settled("gone", LOOK, now)
    settling.forget_all_but(["other"])
    assert not settling.settled("gone", LOOK, 50.0)


def test_files_that_dont_settle_are_named_after_a_while() -> None:
    settling = WriteStability(QUIET)
    for now in range(100):
        settling.settled("growing", replace(LOOK, size=now), float(now))
        settling.settled("blank", replace(LOOK, extent=Extent.BLANK), float(now))
    settling.settled("new", LOOK, 99.0)
    assert settling.seen_for(99.0, 60.0) == ("growing", "blank")
    assert settling.seen_for(99.0, 99.0) == ()


def look_at_bytes(folder: Path, data: bytes) -> Look:
    path = folder / "file"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return look_at(descriptor)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("data", "extent"),
    [
        (b"%PDF-1.7\n" + b"x" * 5000 + b"%%EOF\n", Extent.WHOLE),
        (b"%PDF-1.7\n%%EOF" + b"x" * 5000, Extent.CUT),
        (b"%PDF-1.7\n" + b"x" * 50 + b"%%EOF" + b"x" * 1019, Extent.WHOLE),
        (b"%PDF-1.7\n" + b"x" * 50 + b"%%EOF" + b"x" * 1020, Extent.CUT),
        (b"RIFF\x10\0\0\0WEBPVP8 " + b"x" * 50, Extent.WHOLE),
        (b"%PDF-1.7\n", Extent.CUT),
        (b"%PDF-1.7\n" + b"x" * 50 + b"%%EOF\n" + b"\0" * 1024, Extent.CUT),
        (b"\x89PNG\r\n" + b"x" * 50, Extent.CUT),
        (b"\x89PNG\r\n" + b"x" * 50 + b"IEND\xaeB`\x82", Extent.WHOLE),
        (b"\xff\xd8\xff\xe0" + b"x" * 50, Extent.CUT),
        (b"\xff\xd8\xff\xe0" + b"x" * 50 + b"\xff\xd9", Extent.WHOLE),
        (b"II*\0" + b"x" * 50, Extent.MAY_GROW),
        (b"MM\0*" + b"x" * 50, Extent.MAY_GROW),
        (b"a letter", Extent.WHOLE),
        (b"", Extent.BLANK),
        (b"\0" * 3, Extent.BLANK),
        (b"\0" * 1024 + b"%PDF-1.7 %%EOF", Extent.BLANK),
        (b"\0" * 1023 + b"x", Extent.WHOLE),
    ],
)
def test_how_much_of_a_file_seems_to_be_there_is_told_by_its_first_and_last_kib(
    tmp_path: Path, data: bytes, extent: Extent
) -> None:
    assert look_at_bytes(tmp_path, data).extent is extent


def test_a_look_tells_whether_a_program_has_the_file_open_for_writing(tmp_path: Path) -> None:
    assert look_at_bytes(tmp_path, b"a letter").written is False
    with (tmp_path / "file").open("ab"):
        descriptor = os.open(tmp_path / "file", os.O_RDONLY)
        try:
            assert look_at(descriptor).written is True
        finally:
            os.close(descriptor)


def test_a_look_says_so_where_the_system_doesnt_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EINVAL, "no leases here")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    assert look_at_bytes(tmp_path, b"a letter").written is None


def test_whoever_opens_a_file_for_writing_during_a_look_is_not_turned_away_and_ends_no_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a letter")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    opened: list[int] = []
    writer = threading.Thread(target=lambda: opened.append((tmp_path / "file").open("ab").write(b"!")))
    with no_writer(descriptor) as none:
        assert none is True
        with pytest.raises(BlockingIOError):
            os.open(tmp_path / "file", os.O_WRONLY | os.O_NONBLOCK)
        writer.start()
    writer.join(60)
    os.close(descriptor)
    assert opened == [1]
