"""A returned page is laid on the issued one to a fraction of a millimetre, or it isn't laid at all."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest

from benchmarks import _channels, _pens
from cpdocs.scans.issued import IssuedPages
from cpdocs.scans.pages import sheets
from cpdocs.scans.reading import read_scan
from cpdocs.scans.registration import register
from tests.scans import returned


@pytest.mark.parametrize(
    "name", ["fax standard", "fax standard, no tags", "bad fax", "100 dpi gray", "300 dpi bitonal", "photo"]
)
def test_every_channels_page_is_laid_within_a_third_of_a_millimetre(name: str) -> None:
    channel = returned.CHANNELS[name]
    data = returned.sent(2, _pens.paper(), name, seed=7)
    (sheet,) = sheets(data, most_pages=2)
    (facts,) = read_scan(data, most_pages=2).pages
    issued = IssuedPages(returned.issued()).page(2)
    assert issued is not None
    assert facts.lies is not None
    picture = np.asarray(sheet.picture)
    found = register(picture, issued, facts.lies)
    assert found is not None
    size = (round(8.5 * channel.across), round(11 * channel.down))
    lie = _channels._lie(channel, random.Random(7), size)
    points = np.array([(0.9, 2.75), (4.4, 3.75), (0.9, 5.0), (4.4, 6.0)]).reshape(-1, 1, 2)
    grown = np.array([picture.shape[1] / size[0], picture.shape[0] / size[1]])
    truly = cv2.perspectiveTransform(points * _pens.DOTS, lie) * grown
    dots = float(np.sqrt(abs(np.linalg.det(found.matrix[:2, :2]))))
    misses = np.linalg.norm(found.pixels(points.reshape(-1, 2)) - truly.reshape(-1, 2), axis=1) / dots * 25.4
    assert float(misses.max()) < 0.35


def test_another_page_of_the_plan_isnt_laid_on_this_one() -> None:
    data = returned.sent(1, _pens.paper(), "fax fine")
    (sheet,) = sheets(data, most_pages=2)
    (facts,) = read_scan(data, most_pages=2).pages
    issued = IssuedPages(returned.issued()).page(2)
    assert issued is not None
    assert facts.lies is not None
    assert register(np.asarray(sheet.picture), issued, facts.lies) is None


def test_the_boxes_are_where_the_plans_fields_are() -> None:
    page = IssuedPages(returned.issued()).page(2)
    assert page is not None
    for slot, (left, top, right, bottom) in returned.BOXES.items():
        box = page.boxes[slot]
        found = (box.left * 8.5, box.top * 11, box.right * 8.5, box.bottom * 11)
        assert found == pytest.approx((left, top, right, bottom), abs=0.02)
    assert len(page.panels) == 2
    assert IssuedPages(returned.issued()).page(3) is None
