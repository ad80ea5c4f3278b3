"""Work in a child that may die, hang, bomb or be taken over, and takes nothing with it."""

from __future__ import annotations

import io
import os
import pickle
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cpdocs.core.verdicts import Verdict
from cpdocs.sandbox import run as apart
from cpdocs.sandbox.confinement import LANDLOCK, SECCOMP, measures
from cpdocs.sandbox.run import Stopped, run_sandboxed
from tests.sandbox import child_work

WORK = "tests.sandbox.child_work:"
ROOT = str(Path(__file__).parent.parent.parent)


@pytest.fixture(scope="module", autouse=True)
def _server_knows_the_tests() -> Any:
    """The server finds this folder's work."""
    patch = pytest.MonkeyPatch()
    original = apart.python_path
    patch.setattr(apart, "python_path", lambda: f"{ROOT}{os.pathsep}{original()}")
    apart.stop()
    yield
    patch.undo()
    apart.stop()


def do(name: str, *given: Any, seconds: float = 20, megabytes: int = 200) -> Any:
    return run_sandboxed(WORK + name, *given, seconds=seconds, megabytes=megabytes)


def test_the_answer_comes_back_however_large() -> None:
    assert do("echo", "x" * 5_000_000) == "x" * 5_000_000


def test_values_of_ours_come_back_as_themselves() -> None:
    assert do("a_finding") == child_work.a_finding()


@pytest.mark.parametrize("work", ["spin", "sleep"])
def test_what_hangs_is_killed_at_its_time(work: str) -> None:
    with pytest.raises(Stopped, match="limit"):
        do(work, seconds=0.3)


def test_what_only_waits_for_its_turn_is_given_longer_than_what_works() -> None:
    """A busy machine is no fault of the file's: seconds are of processor time."""
    assert do("sleep", 1.0, seconds=0.5) is None


def test_what_fills_memory_is_stopped_and_the_next_piece_of_work_is_done() -> None:
    with pytest.raises(Stopped, match="limit"):
        do("fill_memory", 900, megabytes=100)
    assert do("echo", 1) == 1


def test_an_abort_takes_only_itself_along() -> None:
    with pytest.raises(Stopped, match="limit"):
        do("die")
    assert do("echo", 1) == 1


def test_an_error_comes_back_as_its_name_and_never_its_text() -> None:
    with pytest.raises(Stopped) as caught:
        do("fail")
    assert caught.value.why == "KeyError"


def test_no_file_grows_by_a_byte(tmp_path: Path) -> None:
    target = tmp_path / "file"
    assert do("attempt", "write_file", str(target)) in {"OSError", "PermissionError"}
    assert not target.exists() or target.stat().st_size == 0


def test_what_the_child_prints_is_not_seen(capfd: pytest.CaptureFixture[str]) -> None:
    do("print_something")
    assert capfd.readouterr() == ("", "")


def test_a_thread_of_the_childs_own_is_bound_as_the_child_is(tmp_path: Path) -> None:
    assert do("work_in_a_thread", "echo", 7) == "7"
    if SECCOMP in measures():
        assert do("work_in_a_thread", "write_file", str(tmp_path / "new")) == "PermissionError"
        assert do("work_in_a_thread", "connect") == "PermissionError"
        assert do("work_in_a_thread", "fork") == "PermissionError"


@pytest.mark.skipif(SECCOMP not in measures(), reason="this kernel doesn't let a process filter its system calls")
@pytest.mark.parametrize(
    "work", ["connect", "run_a_program", "fork", "signal_the_parent", "signal_a_thread_of_the_parent"]
)
def test_the_child_reaches_neither_network_nor_other_processes(work: str) -> None:
    assert do("attempt", work) in {"PermissionError", "RuntimeError"}


@pytest.mark.skipif(SECCOMP not in measures(), reason="this kernel doesn't let a process filter its system calls")
def test_the_child_leaves_nothing_behind_where_others_might_find_it() -> None:
    assert do("attempt", "leave_in_shared_memory") == "PermissionError"


@pytest.mark.skipif(SECCOMP not in measures(), reason="this kernel doesn't let a process filter its system calls")
def test_the_child_removes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"x")
    assert do("attempt", "remove_file", str(target)) == "PermissionError"
    assert do("attempt", "set_times", str(target)) == "PermissionError"
    assert target.exists()


@pytest.mark.skipif(LANDLOCK not in measures(), reason="this kernel has no Landlock")
def test_the_child_reads_no_file_of_ours(tmp_path: Path) -> None:
    target = tmp_path / "secret"
    target.write_bytes(b"x")
    assert do("attempt", "read_file", str(target)) == "PermissionError"
    assert do("attempt", "read_file", os.__file__) == ""


@pytest.mark.parametrize("answer", ["a_stranger_class", "a_function", "booby_trap", "an_exception"])
def test_an_answer_that_is_no_value_of_ours_is_none(answer: str) -> None:
    with pytest.raises(Stopped, match="answer"):
        do(answer)


def as_attribute(module: str, kind: str, name: str) -> bytes:
    """An answer as Python up to 3.11.3 writes a member of an enumeration: the attribute ``name`` of the class
    ``kind``."""
    return (
        pickle.PROTO
        + b"\4"
        + f"cbuiltins\ngetattr\n(c{module}\n{kind}\nX".encode()
        + len(name).to_bytes(4, "little")
        + name.encode()
        + b"tR."
    )


def test_a_member_of_an_enumeration_comes_back_however_python_writes_it() -> None:
    assert apart._Answer(io.BytesIO(as_attribute("cpdocs.core.verdicts", "Verdict", "HELD"))).load() is Verdict.HELD


@pytest.mark.parametrize(
    ("kind", "name"), [("Verdict", "__init_subclass__"), ("Verdict", "mro"), ("Finding", "__init__")]
)
def test_an_answer_gets_no_attribute_but_a_member(kind: str, name: str) -> None:
    with pytest.raises((pickle.UnpicklingError, KeyError)):
        apart._Answer(io.BytesIO(as_attribute("cpdocs.core.verdicts", kind, name))).load()


@pytest.mark.parametrize(
    ("module", "name"), [("cpdocs.core.csvsafe", "csv.DictWriter"), ("cpdocs.scans.pages", "io.FileIO")]
)
def test_an_answer_names_no_class_that_our_modules_only_import(module: str, name: str) -> None:
    """A child that was taken over could have one called, with arguments of its own."""
    words = b"".join(pickle.SHORT_BINUNICODE + bytes([len(word)]) + word.encode() for word in (module, name))
    with pytest.raises(pickle.UnpicklingError):
        apart._Answer(io.BytesIO(pickle.PROTO + b"\4" + words + pickle.STACK_GLOBAL + pickle.STOP)).load()


def test_several_threads_have_their_work_done_side_by_side() -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda number=number: answers.append(do("echo", number))) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(6))


def test_a_server_that_died_is_replaced() -> None:
    assert do("echo", 1) == 1
    apart._server[0].process.kill()
    apart._server[0].process.wait()
    assert do("echo", 2) == 2


def test_what_looking_at_pages_takes_is_imported_once_and_not_by_every_child() -> None:
    until = time.monotonic() + 60
    while not do("imported", "zxingcpp") and time.monotonic() < until:
        time.sleep(0.05)
    assert do("imported", "pypdfium2")
