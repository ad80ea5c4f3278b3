"""Plans in large print and in two languages, printed, signed in ink and faxed: both boxes are found and read."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache

import numpy as np
import pypdfium2
import pytest

from benchmarks import _channels, _pens
from cpdocs.core.page_facts import BoxReading
from cpdocs.core.verdicts import Slot
from cpdocs.documents.letter_languages import load_catalogues
from cpdocs.documents.pdf import Box
from cpdocs.documents.plans import render_plan
from cpdocs.scans.reading import read_handwriting, read_scan
from cpdocs.signing.field_names import FIELD_OF_SLOT
from cpdocs.signing.seal import seal_plan
from tests.documents.papers import DOCUMENT_ID, SENDER, SHIPPED, paper
from tests.scans.returned import CHANNELS
from tests.signing.builder import office

SIGNED, EMPTY = BoxReading.SIGNED, BoxReading.EMPTY
FORMS = {"large": ("", True), "arabic": ("ar", False), "vietnamese-large": ("vi", True)}


@cache
def issued(form: str) -> tuple[bytes, dict[Slot, Box]]:
    """A sealed plan in this form, and where its boxes stand."""
    tag, large = FORMS[form]
    made = replace(paper(), catalogue=load_catalogues((SHIPPED,))[tag] if tag else None, large_print=large)
    rendered = render_plan(made, shipped=SHIPPED)
    house = office()
    sealed = seal_plan(
        rendered.pdf, rendered.boxes, house.seal, document_id=DOCUMENT_ID, organization=SENDER.name, now=house.now
    )
    return sealed, {slot: rendered.boxes[name] for slot, name in FIELD_OF_SLOT.items()}


def returned(form: str, channel: str, *slots: Slot) -> bytes:
    """The signature page, printed, signed in these boxes, and sent."""
    sealed, boxes = issued(form)
    page = next(iter(boxes.values())).page
    with pypdfium2.PdfDocument(sealed) as document:
        bitmap = document[page].render(scale=_pens.DOTS / 72, grayscale=True, may_draw_forms=False)
        printed = np.asarray(bitmap.to_pil().convert("L"))[: 11 * _pens.DOTS, : int(8.5 * _pens.DOTS)].copy()
    ink, chance = _pens.paper(), random.Random(5)
    for slot in slots:
        box = boxes[slot]
        for stroke in _pens.signature((box.x0 / 72, 11 - box.y1 / 72, box.x1 / 72, 11 - box.y0 / 72), chance):
            _pens.stroke(ink, stroke, _pens.PENS[0], chance)
    machine = CHANNELS[channel]
    return _channels.as_file([_channels.sent(_channels.printed(printed, ink), machine, 1)], machine)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("slots", [(Slot.MEMBER,), (Slot.MEMBER, Slot.PCP)], ids=["member", "both"])
def test_ink_in_the_boxes_of_every_form_is_read(form: str, slots: tuple[Slot, ...]) -> None:
    data = returned(form, "fax fine", *slots)
    (seen,) = read_handwriting(data, read_scan(data, most_pages=9), {DOCUMENT_ID: issued(form)[0]}, most_pages=9).pages
    assert seen.document_id == DOCUMENT_ID
    assert seen.boxes == {slot: SIGNED if slot in slots else EMPTY for slot in Slot}
    assert not seen.marks_elsewhere
