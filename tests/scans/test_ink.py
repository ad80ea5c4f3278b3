"""What a bad line leaves in a signature box is told from what a pen leaves, and print from specks."""

from __future__ import annotations

import random
from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks import _channels, _pens
from cpdocs.core.page_facts import BoxReading
from cpdocs.core.verdicts import Slot
from cpdocs.scans.ink import print_on
from cpdocs.scans.registration import Registration, laid
from tests.scans import returned

BAD = returned.CHANNELS["bad fax"]
MACHINE = replace(BAD, lost=0.0)
"""A bad line's noise, and none of its rows lost by chance."""


def read_on_a_bad_fax(page: np.ndarray) -> BoxReading | None:
    return returned.seen(_channels.as_file([page], BAD)).boxes[Slot.MEMBER]


def faxed(ink: np.ndarray) -> np.ndarray:
    return _channels.sent(_channels.printed(returned.printed(2), ink), MACHINE, 4)


@pytest.fixture(scope="module")
def nothing_written() -> np.ndarray:
    return faxed(_pens.paper())


def smeared(page: np.ndarray, *rows: int, slope: float = 0.0) -> np.ndarray:
    """Rows of the fax made black over 12 mm in the member's box."""
    page = page.copy()
    for row in rows:
        for step in range(100):
            page[row + round(step * slope), 340 + step] = 0
    return page


def test_a_row_that_the_line_smeared_is_no_ink(nothing_written: np.ndarray) -> None:
    assert read_on_a_bad_fax(nothing_written) is BoxReading.EMPTY
    assert read_on_a_bad_fax(smeared(nothing_written, 310)) is BoxReading.EMPTY
    assert read_on_a_bad_fax(smeared(nothing_written, 300, 325)) is BoxReading.EMPTY


def test_more_rows_than_a_line_smears_or_one_aslant_are_a_persons_to_judge(nothing_written: np.ndarray) -> None:
    assert read_on_a_bad_fax(smeared(nothing_written, 300, 315, 330)) is BoxReading.UNSURE
    assert read_on_a_bad_fax(smeared(nothing_written, 310, slope=0.1)) is BoxReading.UNSURE


def test_ink_in_crumbs_that_runs_over_the_boxs_edge_is_no_noise() -> None:
    """The crumbs outside are no measure of the paper's specks."""
    layer, chance = _pens.paper(), random.Random(2)
    for _ in range(140):
        x, y = chance.uniform(3.1, 4.7), chance.uniform(2.6, 3.9)
        at = (round(x * _pens.DOTS), round(y * _pens.DOTS))
        cv2.circle(layer, at, round(0.22 * _pens.MM), 1.0, -1)
    assert read_on_a_bad_fax(faxed(layer)) is BoxReading.UNSURE


def test_the_feet_of_print_beyond_a_parts_edge_are_print() -> None:
    page = np.full((400, 400), 255, np.uint8)
    page[90:100, 50:350] = 0
    printed = print_on(page, (40, 100, 360, 300), 0.45)
    assert printed[0, 20:300].all()
    assert not printed[10:].any()
    assert printed.shape == (200, 320)


def test_a_page_that_lies_flat_is_laid_as_one_with_hardly_a_bend() -> None:
    picture = returned.printed(1)
    matrix = np.array([[290.0, 9.0, 20.0], [-8.0, 295.0, 60.0], [0.0001, 0.0, 1.0]])
    flat = Registration(matrix, 0.1, 60, 0.9, np.zeros((6, 2)))
    bent = replace(flat, bend=np.full((6, 2), 1e-9))
    region = (100, 300, 900, 700)
    apart = np.abs(laid(picture, flat, region).astype(int) - laid(picture, bent, region))
    assert apart.mean() < 1.5
    assert laid(picture, flat, region).shape == (400, 800)
