"""Writing a plan packs each of its streams once."""

from __future__ import annotations

import pydyf
import pytest

from cpdocs.documents.plans import render_plan
from tests.documents.papers import SHIPPED, paper


def test_no_stream_of_a_plan_is_packed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = pydyf.Stream.data.fget
    packed: list[int] = []

    def counted(stream: pydyf.Stream) -> bytes:
        packed.append(id(stream))
        made: bytes = ordinary(stream)
        return made

    monkeypatch.setattr(pydyf.Stream, "data", property(counted))
    render_plan(paper(), shipped=SHIPPED)
    assert packed
    assert len(packed) == len(set(packed))
