"""Reply slips of letters as members send them back, and the answers that are read from them."""

from __future__ import annotations

import csv
import io
import itertools
import random
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2

from benchmarks import _channels, _pens
from benchmarks._tally import Tally
from cpdocs.core.reply_slips import TICKS, Answer, answer_of
from cpdocs.scans.reading import read_scan
from cpdocs.scans.slips import IssuedSlip, get_ready, issued_slip, read_slips

MIX = (("ticked", 10), ("blank", 3), ("two", 2), ("circled", 2), ("beside", 2), ("dot", 1))
"""What is done to a slip, by share of 20: one box ticked or crossed; none; one scribbled over and another ticked; a
ring around a box; a tick beside one; a dot in one, where a pen rested. Of all but the first, the answer isn't told from
the ticks."""


@cache
def letters(folder: str) -> dict[str, bytes]:
    """The letters of the demo's first run that have a slip, by document id."""
    run = min(Path(folder).glob("outbox/letters/*/print.pdf")).parent
    found = {}
    with pikepdf.open(run / "print.pdf") as printed, (run / "manifest.csv").open() as rows:
        for row in csv.DictReader(rows):
            if not row["first_page"]:
                continue
            first, out = int(row["first_page"]) - 1, io.BytesIO()
            with pikepdf.new() as letter:
                letter.pages.extend(printed.pages[first : first + int(row["pages"])])
                letter.save(out)
            if issued(out.getvalue(), row["document_id"]) is not None:
                found[row["document_id"]] = out.getvalue()
    return found


@cache
def issued(letter: bytes, document_id: str) -> IssuedSlip | None:
    found = issued_slip(letter, document_id)
    return found if found is not None and found.ticks else None


@cache
def printed(letter: bytes, number: int) -> np.ndarray:
    """A letter's page as it is printed."""
    with pypdfium2.PdfDocument(letter) as document:
        bitmap = document[number - 1].render(scale=_pens.DOTS / 72, grayscale=True, may_draw_forms=False)
        return np.asarray(bitmap.to_pil().convert("L"))[: 11 * _pens.DOTS, : int(8.5 * _pens.DOTS)].copy()


def slips(folder: str, channel: _channels.Channel, seeds: Iterable[int]) -> Tally:
    """Slips sent back, and the answer read from each: right, unsure, WRONG (an answer that wasn't given), unread."""
    get_ready()
    tally = Tally()
    ids = sorted(letters(folder))
    for seed in seeds:
        document_id = ids[seed % len(ids)]
        letter = letters(folder)[document_id]
        slip = issued(letter, document_id)
        assert slip is not None
        chance = random.Random(seed * 11 + 5)
        layer = _pens.paper()
        kind, given = _filled(layer, slip, chance)
        page = _channels.printed(printed(letter, slip.page), layer)
        data = _channels.as_file([_channels.sent(page, channel, seed)], channel)
        start = time.process_time()
        found = read_slips(data, read_scan(data, most_pages=2), {document_id: letter}, most_pages=2)
        tally.seconds += time.process_time() - start
        tally.counts[kind, _came(found.pages[0].ticks, given)] += 1
    return tally


def _came(ticks: object, given: Answer) -> str:
    if not isinstance(ticks, dict) or not ticks:
        return "unread"
    answer = answer_of(ticks)
    if answer is Answer.UNSURE:
        return "right" if given is Answer.UNSURE else "unsure"
    return "right" if answer is given else "WRONG"


def _filled(layer: np.ndarray, slip: IssuedSlip, chance: random.Random) -> tuple[str, Answer]:
    """Draws what a member does to the slip; gives what kind it is and the answer that it tells."""
    kind = chance.choices([name for name, _ in MIX], [share for _, share in MIX])[0]
    pen = chance.choice((*_pens.ORDINARY * 4, *_pens.PENS[4:]))
    boxes = [(each.left * 8.5, each.top * 11, each.right * 8.5, each.bottom * 11) for each in slip.ticks]
    first, second, _ = chance.sample(range(len(TICKS)), 3)
    strokes: list[np.ndarray] = []
    if kind in ("ticked", "two"):
        strokes += _pens.tick(boxes[first], chance)
    if kind == "two":
        strokes += _pens.scribble(boxes[second], chance)
    elif kind == "circled":
        strokes += _pens.circle(boxes[first], chance)
    elif kind == "beside":
        left, top, right, bottom = boxes[first]
        away = chance.uniform(0.16, 0.25)
        strokes += _pens.tick((left - away, top, right - away, bottom), chance, small=True)
    elif kind == "dot":
        left, top, right, bottom = boxes[first]
        at = np.array([(chance.uniform(left + 0.05, right - 0.05), chance.uniform(top + 0.05, bottom - 0.05))])
        strokes.append(np.vstack((at, at + 0.005)))
    for stroke in strokes:
        fine = np.vstack([np.linspace(a, b, 8) for a, b in itertools.pairwise(stroke)])
        _pens.stroke(layer, fine, pen, chance)
    return kind, TICKS[first] if kind == "ticked" else Answer.UNSURE
