"""Letters are made a little ahead of where they are taken, never all at once."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any

from cpdocs.letters.renderers import _in_turn, on_cores


class AtOnce(Executor):
    """Does what it is given at once, and counts."""

    given = 0

    def submit(self, fn: Any, /, *args: Any, **more: Any) -> Future[Any]:
        self.given += 1
        done: Future[Any] = Future()
        done.set_result(fn(*args, **more))
        return done


def test_only_so_many_are_under_way_or_wait_to_be_taken() -> None:
    pool = AtOnce()
    taken = 0
    for number in _in_turn(pool, lambda item: item * 2, iter(range(103)), 6, 4):
        assert number == taken * 2
        taken += 1
        assert pool.given * 4 - taken <= 6 * 4
    assert taken == 103


def test_one_process_takes_them_one_by_one() -> None:
    asked: list[int] = []
    made = on_cores(lambda item: item, (asked.append(number) or number for number in range(5)), 1)
    assert next(made) == 0
    assert asked == [0]
