"""Pictures of what waits are kept as they were drawn, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cpdocs.core.page_facts import BoxReading, Place
from cpdocs.core.verdicts import Slot
from cpdocs.returns.album import Album, Box, Leaf, Shot, bound
from cpdocs.returns.drawn_albums import _packed, _unpacked

CAME, ISSUED = Shot(b"came", 3, 2), Shot(b"issued", 4, 5)
ALBUM = Album(
    [Leaf("Page 2", 2, CAME, ISSUED, [Place(0.1, 0.2, 0.3, 0.4)], number=1), Leaf("?", 0, CAME, None, [], unread=True)],
    [Box(Slot.PCP, BoxReading.UNSURE, CAME, ISSUED), Box(Slot.MEMBER, None, CAME, None)],
    cut_short=True,
)


def test_an_album_is_read_as_it_was_kept() -> None:
    assert _unpacked(_packed(ALBUM)) == ALBUM


@pytest.mark.parametrize("damage", [lambda data: data[:-30], lambda data: data.replace(b"came", b"CAME"), bytes.hex])
def test_a_damaged_one_is_none(damage: Callable[[bytes], bytes | str]) -> None:
    data = damage(_packed(ALBUM))
    with pytest.raises(Exception, match=r".*"):
        _unpacked(data if isinstance(data, bytes) else data.encode())


def test_the_files_of_an_item_make_one_album_in_the_plans_order() -> None:
    first = Album([Leaf("Page 1", 1, CAME, None)], [Box(Slot.MEMBER, None, CAME, None)])
    found = bound([ALBUM, first], most_pages=9)
    assert [(leaf.plan_page, leaf.file) for leaf in found.leaves] == [(1, 2), (2, 1), (0, 1)]
    assert [box.slot for box in found.boxes] == [Slot.MEMBER, Slot.MEMBER, Slot.PCP]
    assert found.cut_short
    assert [leaf.plan_page for leaf in bound([ALBUM, first], most_pages=1).leaves] == [2]
