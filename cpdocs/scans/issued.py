"""The pages of a plan as issued, made ready to be compared with what came back: pictures, and the signature boxes.

Pictures are gray at ``DPI``; places are in fractions of the page from its upper left, as in
:class:`~cpdocs.core.page_facts.Place`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cpdocs.core.page_facts import Place
from cpdocs.core.verdicts import Slot

if TYPE_CHECKING:
    from cpdocs.scans.codes import Picture

DPI = 200
"""Dots an inch of a page as issued: what is read from a fax has no more."""
PATCHES = 60
"""Places of print by which a page is registered: with 30 the median error is the same and a quarter more photos fail;
more than 60 change nothing and cost 1 ms each (shared ``paper.md``, "Registration")."""
_APART = 0.7
"""Inches between two such places: they must be spread over the page to tell a slant from a shift."""
_BLOCK = 0.24
"""Inches: how much print around a place is judged."""
_MARGIN = 0.35
"""Inches from the paper's edge from which print is used: machines cut the rest off."""
_CAPTION = 0.9
"""Inches below a box that belong to it: its caption and ticks."""
_FIELDS = {"MemberSig": Slot.MEMBER, "PCPSig": Slot.PCP}


@dataclass(eq=False)
class IssuedPage:
    """One page as issued: its ``picture`` at ``DPI`` and its signature ``boxes``."""

    picture: Picture
    boxes: Mapping[Slot, Place]

    @cached_property
    def half(self) -> Picture:
        """The picture at half its dots, by which it is registered."""
        import cv2

        return cv2.resize(self.picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)

    @cached_property
    def places(self) -> Picture:
        """The places of print that tell most, as an array of x and y on :attr:`half`: n by 2."""
        import numpy as np

        mask = np.zeros(self.half.shape, np.uint8)
        edge = round(_MARGIN * DPI / 2)
        mask[edge:-edge, edge:-edge] = 255
        high, wide = self.half.shape
        for box in self.boxes.values():
            # What a pen may cover is no print to go by.
            mask[
                round(box.top * high) + 4 : round(box.bottom * high) - 4,
                round(box.left * wide) + 4 : round(box.right * wide) - 4,
            ] = 0
        return telling_places(self.half, mask, _APART)

    @cached_property
    def panels(self) -> tuple[tuple[int, int, int, int], ...]:
        """For each box the panel that it stands in, with the lines and ticks that belong to it: left, top, right,
        bottom in dots. Where no frame is printed around a box, the row that it stands in."""
        import cv2
        import numpy as np

        # Every second dot of lines made one wider: no line breaks, and it is a quarter of the work.
        dark = cv2.erode(self.picture, np.ones((2, 2), np.uint8))[::2, ::2] < 200
        _, _, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=8)
        stats = stats * 2
        high, wide = self.picture.shape
        found = []
        for box in self.boxes.values():
            left, top, right, bottom = box.left * wide, box.top * high, box.right * wide, box.bottom * high
            around = [
                (int(x), int(y), int(x + w), int(y + h))
                for x, y, w, h, _ in stats[1:]
                if x < left and y < top and x + w > right + DPI and y + h > bottom and h < high / 2
            ]
            row = (round(left), round(top), round(wide - _MARGIN * DPI), round(bottom + _CAPTION * DPI))
            found.append(min(around, key=lambda each: each[3] - each[1], default=row))
        return tuple(found)


def telling_places(half: Picture, mask: Picture, apart: float) -> Picture:
    """The places of print on a page at half its dots that tell most, so many inches apart and where ``mask`` is set."""
    import cv2
    import numpy as np

    # Looked for once more at half the size: where a patch is taken need not be told to the dot, and it is a quarter of
    # the work.
    high, wide = (side // 2 for side in half.shape)
    soft = cv2.GaussianBlur(half, (0, 0), 1.5)
    soft, mask = (cv2.resize(each, (wide, high), interpolation=cv2.INTER_AREA) for each in (soft, mask))
    dots = DPI / 4
    block = round(_BLOCK * dots) | 1
    found = cv2.goodFeaturesToTrack(soft, PATCHES, 0.02, apart * dots, mask=mask, blockSize=block)
    return np.empty((0, 2), np.float32) if found is None else found.reshape(-1, 2) * 2


class IssuedPages:
    """The pages of one issued plan, each drawn when it is first asked for. Raises what pdfium and pikepdf do for a file
    that can't be read; it is ours."""

    def __init__(self, data: bytes) -> None:
        import pypdfium2 as pdfium

        self._document = pdfium.PdfDocument(data)
        self._boxes = _boxes(data)
        self._drawn: dict[int, IssuedPage] = {}

    def __len__(self) -> int:
        return len(self._document)

    def page(self, number: int) -> IssuedPage | None:
        """Page ``number`` from 1; None where there is none."""
        import numpy as np

        if not 1 <= number <= len(self._document):
            return None
        if number not in self._drawn:
            bitmap = self._document[number - 1].render(scale=DPI / 72, grayscale=True, may_draw_forms=False)
            picture = np.asarray(bitmap.to_pil().convert("L"))
            self._drawn[number] = IssuedPage(picture, self._boxes.get(number, {}))
        return self._drawn[number]


def _boxes(data: bytes) -> dict[int, dict[Slot, Place]]:
    """The signature fields' rectangles by page number."""
    import pikepdf

    found: dict[int, dict[Slot, Place]] = {}
    with pikepdf.open(io.BytesIO(data)) as document:
        for number, page in enumerate(document.pages, 1):
            left, bottom, right, top = (float(value) for value in page.mediabox)
            for annotation in page.obj.get("/Annots", ()):
                slot = _FIELDS.get(str(annotation.get("/T", "")))
                if slot is None:
                    continue
                x0, y0, x1, y1 = _ordered(annotation.Rect)
                wide, high = right - left, top - bottom
                place = Place((x0 - left) / wide, (top - y1) / high, (x1 - left) / wide, (top - y0) / high)
                found.setdefault(number, {})[slot] = place
    return found


def _ordered(rectangle: Any) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(value) for value in rectangle)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
