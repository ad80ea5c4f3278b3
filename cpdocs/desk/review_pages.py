"""The pages that a reviewer looks at: the returned file's beside the issued one's, as pictures.

Drawn in a confined child, packed as PNG here, and kept in memory for the few files at hand; never on the disk.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.sandbox.drawing import page_pictures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpdocs.scans.page_pictures import PagePicture
    from cpdocs.workspace import Workspace

_KEPT = 8
"""Files whose pages are kept."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page as PNG, and which page of the plan it is (0: unknown)."""

    number: int
    plan_page: int
    png: bytes


@dataclass(frozen=True, slots=True)
class Beside:
    """One page of the plan as issued (its place in ``issued``; 0 for none), and the returned ones that are it: file
    and place."""

    plan_page: int
    issued: int
    returned: tuple[tuple[str, int], ...]


class Leaves:
    """The drawn pages of files, by their SHA-256."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Leaf, ...]] = OrderedDict()

    def of(self, ws: Workspace, sha256: str) -> tuple[Leaf, ...]:
        """The pages of a stored file; none where it can't be drawn within the limits."""
        if sha256 not in self._kept:
            drawn = None
            if ws.blobs.path(sha256).stat().st_size <= ws.options.max_return_bytes:
                drawn = page_pictures(ws.blobs.get(sha256))
            self._kept[sha256] = tuple(map(_leaf, drawn.pages)) if drawn else ()
        self._kept.move_to_end(sha256)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[sha256]


def _leaf(page: PagePicture) -> Leaf:
    from PIL import Image

    out = io.BytesIO()
    Image.frombytes("L", (page.width, page.height), page.pixels).save(out, "PNG", compress_level=1)
    return Leaf(page.number, page.plan_page, out.getvalue())


def side_by_side(issued: Sequence[Leaf], returned: Sequence[tuple[str, Sequence[Leaf]]]) -> list[Beside]:
    """Each page of the plan with what came back as it, the last page first, since it bears the signatures; then what is
    no page of the plan."""
    by_page: dict[int, list[tuple[str, int]]] = {}
    for sha256, leaves in returned:
        for place, leaf in enumerate(leaves, 1):
            by_page.setdefault(leaf.plan_page, []).append((sha256, place))
    loose = by_page.pop(0, [])
    pages = [
        Beside(leaf.plan_page, place, tuple(by_page.pop(leaf.plan_page, ()))) for place, leaf in enumerate(issued, 1)
    ]
    pages = [pages[-1], *pages[:-1]] if pages else []
    others = [each for found in by_page.values() for each in found]
    return [*pages, *(Beside(0, 0, (each,)) for each in (*others, *loose))]
