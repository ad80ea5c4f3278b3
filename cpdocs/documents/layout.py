"""Lays a document out as WeasyPrint does, without two things that cost time and change nothing.

1. Right to left, WeasyPrint 70.0 lays every line out twice: whether a line moved is asked of its right edge, and held
   against its left one (``inline.get_next_linebox``). Where nothing floats no line moves, and once is enough.
2. A layout makes some hundred thousand objects that all live until it is done: looking through them again and again for
   garbage finds none.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from weasyprint.formatting_structure import boxes
from weasyprint.layout import inline

_avoid_collisions = inline.avoid_collisions


def _where_it_stands(context: Any, box: Any, containing_block: Any, outer: bool = True) -> tuple[float, float, float]:
    """WeasyPrint's own answer, for a line from right to left by its left edge."""
    x, y, width = _avoid_collisions(context, box, containing_block, outer=outer)
    if not outer and not context.excluded_shapes and containing_block.style["direction"] == "rtl":
        left = x - box.width
        # Only where the caller's sum gives the right edge again, to the last bit.
        if isinstance(box, boxes.LineBox) and left + box.width == x:
            x = left
    return x, y, width


@contextmanager
def lines_once() -> Iterator[None]:
    """While this lasts, a line from right to left is laid out once, and no garbage is looked for (one thread at a
    time)."""
    collecting = gc.isenabled()
    gc.disable()
    inline.avoid_collisions = _where_it_stands
    try:
        yield
    finally:
        inline.avoid_collisions = _avoid_collisions
        if collecting:
            gc.enable()
