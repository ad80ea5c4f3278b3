"""What came of a benchmark's pages, kept in files and joined again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """What came of one channel's pages."""

    counts: Counter[Any] = field(default_factory=Counter)
    kinds: Counter[Any] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, other: Tally) -> None:
        self.counts += other.counts
        self.kinds += other.kinds
        self.seconds += other.seconds


Found = dict[str, dict[str, Tally]]
"""By part (pages, boxes, marks, slips) and channel."""


def kept(found: Found) -> str:
    """``found`` as JSON."""
    return json.dumps(
        {
            part: {
                name: {"counts": _pairs(tally.counts), "kinds": _pairs(tally.kinds), "seconds": tally.seconds}
                for name, tally in tallies.items()
            }
            for part, tallies in found.items()
        }
    )


def opened_again(text: str) -> Found:
    """What :func:`kept` wrote."""
    return {
        part: {
            name: Tally(_counter(tally["counts"]), _counter(tally["kinds"]), tally["seconds"])
            for name, tally in tallies.items()
        }
        for part, tallies in json.loads(text).items()
    }


def joined(slices: Sequence[Found]) -> Found:
    """The slices of one benchmark as one."""
    whole: Found = {}
    for found in slices:
        for part, tallies in found.items():
            for name, tally in tallies.items():
                whole.setdefault(part, {}).setdefault(name, Tally()).add(tally)
    return whole


def _pairs(counter: Counter[Any]) -> list[Any]:
    return [[list(key) if isinstance(key, tuple) else key, count] for key, count in counter.items()]


def _counter(pairs: list[Any]) -> Counter[Any]:
    return Counter({tuple(key) if isinstance(key, list) else key: count for key, count in pairs})
