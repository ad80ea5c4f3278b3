"""What a pen left on a returned page: seen where it is, never where it isn't, and unsure where nobody could tell."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest

from benchmarks import _pens
from cpdocs.core.page_facts import BoxReading, PageFacts
from cpdocs.core.verdicts import Slot
from cpdocs.scans.reading import read_handwriting, read_scan
from tests.scans import returned

GOOD = ("fax standard", "fax fine", "200 dpi bitonal", "200 dpi gray", "600 dpi bitonal", "photo")
SIGNED, EMPTY, UNSURE = BoxReading.SIGNED, BoxReading.EMPTY, BoxReading.UNSURE


def page2(ink: np.ndarray, channel: str = "fax fine", **how: int) -> PageFacts:
    return returned.seen(returned.sent(2, ink, channel, **how))


@pytest.mark.parametrize("channel", GOOD)
def test_a_signature_is_seen_in_its_own_box_alone(channel: str) -> None:
    assert page2(returned.signed(Slot.PCP), channel).boxes == {Slot.PCP: SIGNED, Slot.MEMBER: EMPTY}


@pytest.mark.parametrize("turn", [90, 180])
def test_it_is_seen_whichever_way_up_the_page_came(turn: int) -> None:
    assert page2(returned.signed(Slot.MEMBER), turn=turn).boxes == {Slot.MEMBER: SIGNED, Slot.PCP: EMPTY}


def test_it_is_seen_on_a_page_that_came_in_negative() -> None:
    from PIL import Image, ImageChops

    with Image.open(io.BytesIO(returned.sent(2, returned.signed(Slot.PCP), "fax fine"))) as page:
        out = io.BytesIO()
        ImageChops.invert(page.convert("L")).convert("1").save(out, "TIFF", compression="group4", dpi=(204, 196))
    assert returned.seen(out.getvalue()).boxes == {Slot.PCP: SIGNED, Slot.MEMBER: EMPTY}


def test_a_bad_fax_never_says_signed() -> None:
    assert page2(returned.signed(Slot.MEMBER, Slot.PCP), "bad fax").boxes == {Slot.MEMBER: UNSURE, Slot.PCP: UNSURE}


@pytest.mark.parametrize("what", sorted(_pens.ODD))
@pytest.mark.parametrize("channel", ["fax fine", "300 dpi gray"])
def test_what_no_pen_left_is_no_signature(what: str, channel: str) -> None:
    layer = _pens.paper()
    _pens.ODD[what](layer, returned.BOXES[Slot.PCP], random.Random(5))
    assert page2(layer, channel).boxes[Slot.PCP] is not SIGNED


def test_faint_pencil_is_for_a_person() -> None:
    pencil = next(pen for pen in _pens.PENS if pen.name == "pencil")
    assert page2(returned.signed(Slot.PCP, pen=pencil), "300 dpi gray").boxes[Slot.PCP] is UNSURE


def test_a_page_that_broke_off_reads_empty_nowhere() -> None:
    whole = returned.sent(2, _pens.paper(), "fax fine")
    facts = read_scan(whole[: len(whole) * 4 // 5], most_pages=3)
    if facts.pages and facts.pages[0].incomplete and facts.pages[0].document_id:
        found = read_handwriting(
            whole[: len(whole) * 4 // 5], facts, {returned.DOCUMENT: returned.issued()}, most_pages=3
        )
        assert EMPTY not in found.pages[0].boxes.values()


def test_pages_of_plans_that_nobody_issued_are_left_alone() -> None:
    data = returned.sent(2, returned.signed(Slot.PCP), "fax fine")
    facts = read_scan(data, most_pages=3)
    assert read_handwriting(data, facts, {}, most_pages=3) == facts


@pytest.mark.parametrize("channel", ["fax standard", "200 dpi bitonal", "200 dpi gray", "photo"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_clean_page_has_no_marks(number: int, channel: str) -> None:
    facts = returned.seen(returned.sent(number, _pens.paper(), channel, seed=4))
    assert facts.marks_elsewhere is False
    assert facts.marks == ()


@pytest.mark.parametrize("channel", ["fax standard", "200 dpi bitonal", "200 dpi gray"])
def test_a_remark_is_pointed_at_where_it_stands(channel: str) -> None:
    facts = returned.seen(returned.sent(1, returned.written((3.0, 9.3)), channel))
    assert facts.marks_elsewhere is True
    (place,) = facts.marks
    assert 2.8 < place.left * 8.5 < 3.6
    assert 8.8 < place.top * 11 < 9.4


def test_what_belongs_beside_a_box_is_no_mark() -> None:
    assert page2(np.maximum(returned.signed(Slot.PCP), returned.written((5.3, 5.9)))).marks_elsewhere is False


def test_a_goal_that_is_crossed_out_is_pointed_at() -> None:
    layer, chance = _pens.paper(), random.Random(2)
    for ends in (((1.2, 4.0), (6.5, 6.0)), ((1.2, 6.0), (6.5, 4.0))):
        _pens.stroke(layer, np.array(ends), _pens.PENS[0], chance)
    assert returned.seen(returned.sent(1, layer, "fax fine")).marks_elsewhere is True


def test_words_that_are_struck_through_are_pointed_at() -> None:
    layer, chance = _pens.paper(), random.Random(2)
    y = (792 - 690 + 11.5 * 5 - 3) / 72
    for stroke in _pens.struck((1.0, y - 0.02, 4.5, y + 0.02), chance):
        _pens.stroke(layer, stroke, _pens.PENS[0], chance)
    assert returned.seen(returned.sent(1, layer, "200 dpi gray")).marks_elsewhere is True


def test_a_bad_fax_isnt_looked_through_for_marks() -> None:
    assert returned.seen(returned.sent(1, _pens.paper(), "bad fax")).marks_elsewhere is None
