"""Long work says how far it has come, how fast it goes and how long it will take."""

from __future__ import annotations

from cpdocs.cli.progress import in_words, lines


def told(total: int, seconds_each: float, *, verbose: bool = False) -> list[str]:
    said: list[str] = []
    clock = [0.0]
    tell = lines(said.append, "letters", verbose=verbose, clock=lambda: clock[0])
    for done in range(1, total + 1):
        clock[0] += seconds_each
        tell(done, total)
    return said


def test_a_line_for_every_thousand_with_rate_and_time_left() -> None:
    assert told(2500, 0.1) == [
        "1,000 of 2,500 letters made, 10 a second, 2 min left",
        "2,000 of 2,500 letters made, 10 a second, 50 s left",
    ]


def test_small_runs_say_nothing_unless_asked() -> None:
    assert told(250, 0.1) == []
    assert told(250, 0.1, verbose=True)[-1] == "250 of 250 letters made, 10 a second"


def test_no_time_passed_is_no_division() -> None:
    assert told(1000, 0.0) == ["1,000 of 1,000 letters made, 0 a second"]


def test_long_times_are_told_in_hours() -> None:
    assert in_words(7500) == "2 h 5 min"
