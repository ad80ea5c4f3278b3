"""Marks that machines read on paper: a page's code in two of its corners.

Drawn as vectors after the page's own content, and as artifacts: a screen reader passes over them. QR, level M, 0.8
inch, two a page in different corners, is what survives a fax best (mailroom.md, codes that survive a fax).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import segno

from cpdocs.core.marks import PageMark, Paper, parse_mark
from cpdocs.documents.tags import Painter

__all__ = ["CODE_SIZE", "EDGE", "PageMark", "Paper", "code", "page_codes", "parse_mark"]

CODE_SIZE = 0.8
"""Inches, both ways, the quiet zone not counted."""
EDGE = 0.4
"""Inches from the paper's edge: what printers and fax machines leave alone."""
_WIDTH, _HEIGHT = 8.5, 11.0
_PX_PER_INCH = 96
_MASK = 3
"""Choosing the best of eight masks costs five times the rest; one for all reads as well (performance.md, traps)."""
_OVERLAP = 1.02
"""Rows reach a little into each other, or a viewer that smooths edges shows white lines between them."""


def page_codes(document_id: str, page: int, pages: int, paper: Paper = Paper.PLAN) -> tuple[Painter, ...]:
    """The code of ``page`` (from 1) of the ``pages`` of a document's ``paper``, upper right and lower left on letter
    paper."""
    text = PageMark(document_id, page, pages, paper).text
    return (
        code(text, left=_WIDTH - EDGE - CODE_SIZE, top=EDGE),
        code(text, left=EDGE, top=_HEIGHT - EDGE - CODE_SIZE),
    )


def code(text: str, *, left: float, top: float, size: float = CODE_SIZE) -> Painter:
    """Draws ``text`` as a QR symbol of ``size`` inches whose upper left corner is at ``left``, ``top`` inches on the
    page."""
    rows = _runs(text)
    module = size * _PX_PER_INCH / len(rows)

    def paint(stream: Any, _page_height: float) -> None:
        with stream.artifact(), stream.stacked():
            stream.set_color_rgb(0, 0, 0)
            for row, runs in enumerate(rows):
                for start, length in runs:
                    x = left * _PX_PER_INCH + start * module
                    stream.rectangle(x, top * _PX_PER_INCH + row * module, length * module, module * _OVERLAP)
            stream.fill()

    return paint


@lru_cache(maxsize=256)
def _runs(text: str) -> Sequence[Sequence[tuple[int, int]]]:
    """For each row of the symbol, the dark runs as (start, length) in modules."""
    symbol = segno.make(text, error="m", micro=False, boost_error=False, mask=_MASK)
    rows = []
    for line in symbol.matrix:
        runs: list[tuple[int, int]] = []
        for place, dark in enumerate(line):
            if dark and runs and sum(runs[-1]) == place:
                runs[-1] = (runs[-1][0], runs[-1][1] + 1)
            elif dark:
                runs.append((place, 1))
        rows.append(tuple(runs))
    return tuple(rows)
