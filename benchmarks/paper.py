"""What is read of paper that comes back: pages matched, ink in the boxes, handwriting elsewhere; against the goals.

    python benchmarks/paper.py [--pages 2106] [--boxes 2106] [--marks 650] [--slips 650] [--jobs N] [--minutes M]
    python benchmarks/paper.py --slice 1/4 --out slice1.json ...    one quarter of all that, kept
    python benchmarks/paper.py --join slice1.json slice2.json ...   the tables of what was kept

Plans and letters are issued by the demo; printers, pens, fax machines, scanners and phones are simulated (``_pens``,
``_channels``): every channel gets the same number of pages. The mixes of boxes and slips are stated below. No real
machine and no real hand stands behind these numbers; a few hundred real faxes would say more. Times are the
processor's, not the clock's, so that other work on the machine counts for little.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pypdfium2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks import _channels, _paper_tables, _pens, _slips
from benchmarks._tally import Tally, joined, kept, opened_again
from cpdocs.scans.codes import first_seen_by
from cpdocs.scans.issued import IssuedPages
from cpdocs.scans.pages import sheets
from cpdocs.scans.reading import get_ready, read_handwriting, read_scan

MIX = (("signed", 8), ("empty", 6), ("initials", 1), ("odd pen", 2), ("odd mark", 3))
"""What is in a box of the benchmark, by share of 20: many odd ones, to see what becomes of them."""
FAX = 204
"""Dots an inch across: every Group 3 machine's."""


@cache
def plans(folder: str) -> dict[str, bytes]:
    """The issued plans by document id."""
    found = sorted(Path(folder).glob("outbox/plans/*/*.pdf"))
    return {path.stem: path.read_bytes() for path in found if not path.stem.endswith("cover")}


@cache
def sides(folder: str) -> tuple[tuple[str, int], ...]:
    """Every page of every plan."""
    return tuple((name, page + 1) for name, data in plans(folder).items() for page in range(len(opened(data))))


@cache
def opened(data: bytes) -> IssuedPages:
    return IssuedPages(data)


@cache
def printed(folder: str, name: str, number: int) -> np.ndarray:
    """A page as it is printed."""
    with pypdfium2.PdfDocument(plans(folder)[name]) as document:
        bitmap = document[number - 1].render(scale=_pens.DOTS / 72, grayscale=True, may_draw_forms=False)
        return np.asarray(bitmap.to_pil().convert("L"))[: 11 * _pens.DOTS, : int(8.5 * _pens.DOTS)].copy()


def match(folder: str, channel: _channels.Channel, seeds: Iterable[int]) -> Tally:
    """Pages sent and looked at for their codes alone."""
    get_ready()
    tally = Tally()
    for seed in seeds:
        name, number = sides(folder)[seed % len(sides(folder))]
        # What is fed to a fax machine lies upright or upside down, never on its side.
        ways = (0, 0, 180) if channel.across == FAX else (0, 0, 0, 180, 90, 270)
        turn = random.Random(seed).choice(ways)
        page = _channels.sent(printed(folder, name, number), channel, seed, turn=turn)
        data = _channels.as_file([page], channel)
        start = time.process_time()
        (facts,) = read_scan(data, most_pages=2).pages
        tally.seconds += time.process_time() - start
        right = (facts.document_id, facts.plan_page) == (name, number)
        tally.counts["right" if right else "unread" if facts.document_id is None else "WRONG"] += 1
        (sheet,) = sheets(data, most_pages=2)
        tally.kinds[first_seen_by(np.asarray(sheet.picture)) or "no look"] += 1
    return tally


def boxes(folder: str, channel: _channels.Channel, seeds: Iterable[int]) -> Tally:
    """Signature pages with something in each box, and what is read there."""
    get_ready()
    tally = Tally()
    pages = [(name, page) for name, page in sides(folder) if opened(plans(folder)[name]).page(page).boxes]  # type: ignore[union-attr]
    for seed in seeds:
        name, number = pages[seed % len(pages)]
        issued = opened(plans(folder)[name]).page(number)
        assert issued is not None
        clean = printed(folder, name, number)
        chance = random.Random(seed * 7 + 1)
        layer, truth = _pens.paper(), {}
        for slot, place in issued.boxes.items():
            box = (place.left * 8.5, place.top * 11, place.right * 8.5, place.bottom * 11)
            truth[slot] = (_filled(layer, box, chance), box)
        seen, bare = (_channels.sent(each, channel, seed) for each in (_channels.printed(clean, layer), clean))
        data = _channels.as_file([seen], channel)
        start = time.process_time()
        found = read_handwriting(
            data, read_scan(data, most_pages=2), {name: plans(folder)[name]}, most_pages=2, elsewhere=False
        )
        tally.seconds += time.process_time() - start
        for slot, (kind, box) in truth.items():
            ink = arrived(seen, bare, channel, seed, box)
            reading = found.pages[0].boxes.get(slot)
            if kind == "empty" and _has_ink(layer, box):
                kind = "odd mark"  # what passes through the other box runs on into this one
            tally.counts[_class(kind, ink), reading] += 1
            tally.kinds[kind, reading] += 1
    return tally


def _has_ink(layer: np.ndarray, box: _pens.Box) -> bool:
    left, top, right, bottom = (round(each * _pens.DOTS) for each in box)
    return bool(layer[top:bottom, left:right].any())


def _filled(layer: np.ndarray, box: _pens.Box, chance: random.Random) -> str:
    kind = chance.choices([name for name, _ in MIX], [share for _, share in MIX])[0]
    if kind == "odd mark":
        _pens.ODD[chance.choice(sorted(_pens.ODD))](layer, box, chance)
    elif kind != "empty":
        pen = chance.choice(_pens.PENS[4:] if kind == "odd pen" else _pens.ORDINARY)
        strokes = _pens.initials(box, chance) if kind == "initials" else _pens.signature(box, chance)
        for stroke in strokes:
            _pens.stroke(layer, stroke, pen, chance)
    return kind


def arrived(seen: np.ndarray, bare: np.ndarray, channel: _channels.Channel, seed: int, box: _pens.Box) -> float:
    """The square millimetres of a box that the ink darkened on what arrived: the same page sent with and without."""
    lie = _channels._lie(channel, random.Random(seed), (round(8.5 * channel.across), round(11 * channel.down)))
    corners = np.array([(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])]) * _pens.DOTS
    corners = cv2.perspectiveTransform(corners.reshape(-1, 1, 2), lie).reshape(-1, 2)
    mask = np.zeros(seen.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), 1)
    mask = cv2.erode(mask, np.ones((max(3, channel.down // 20), max(3, channel.across // 20)), np.uint8))
    darker = bare.astype(np.int16) - seen > (128 if channel.level else 40)
    return float((darker & (mask > 0)).sum()) / channel.across / channel.down * 25.4**2


def _class(kind: str, ink: float) -> str:
    if kind in ("empty", "odd mark"):
        return kind
    return "ink" if ink >= _paper_tables.VISIBLE else "little ink" if ink >= 0.5 else "none arrived"


def marks(folder: str, channel: _channels.Channel, seeds: Iterable[int]) -> Tally:
    """Pages with a remark, a crossing-out, a struck line or nothing on them."""
    get_ready()
    tally = Tally()
    pages = [(name, page) for name, page in sides(folder) if not opened(plans(folder)[name]).page(page).boxes]  # type: ignore[union-attr]
    for seed in seeds:
        name, number = pages[seed % len(pages)]
        clean = printed(folder, name, number)
        chance = random.Random(seed)
        kind = chance.choice(("clean", "clean", "remark", "crossed out", "struck"))
        layer, pen = _pens.paper(), chance.choice(_pens.ORDINARY)
        if kind == "remark":
            strokes = _pens.words((chance.uniform(0.8, 5.5), chance.uniform(2, 9.3)), chance)
        elif kind == "crossed out":
            y = chance.uniform(2.5, 7)
            strokes = [np.array([(1.2, y), (6.5, y + 1.6)]), np.array([(1.2, y + 1.6), (6.5, y)])]
        elif kind == "struck":
            strokes = _line_of_print(clean, chance)
        else:
            strokes = []
        for stroke in strokes:
            _pens.stroke(layer, stroke, pen, chance)
        data = _channels.as_file([_channels.sent(_channels.printed(clean, layer), channel, seed)], channel)
        start = time.process_time()
        found = read_handwriting(data, read_scan(data, most_pages=2), {name: plans(folder)[name]}, most_pages=2)
        tally.seconds += time.process_time() - start
        tally.counts[kind, found.pages[0].marks_elsewhere] += 1
    return tally


def _line_of_print(page: np.ndarray, chance: random.Random) -> list[np.ndarray]:
    """A line through the middle of some line of words."""
    left, right = int(0.9 * _pens.DOTS), int(4.2 * _pens.DOTS)
    dark = (page[:, left:right] < 128).mean(axis=1) > 0.08
    rows = [row for row in np.flatnonzero(dark) if 500 < row < 2800]
    row = chance.choice(rows) if rows else 1500
    return _pens.struck((0.9, row / _pens.DOTS - 0.01, 4.2, row / _pens.DOTS + 0.01), chance)


Work = Callable[[str, _channels.Channel, Iterable[int]], Tally]


def run(work: Work, folder: str, count: int, part: tuple[int, int], jobs: int, until: float) -> dict[str, Tally]:
    """The slice ``part`` (which, of how many) of ``count`` pages over all channels, as many of each; fewer where
    ``until`` (monotonic seconds) comes first."""
    each = -(-count // len(_channels.CHANNELS))
    tallies = {channel.name: Tally() for channel in _channels.CHANNELS}
    pieces = [
        (channel, list(range(start, min(start + _AT_ONCE, each))))
        for start in range(0, each, _AT_ONCE)
        for channel in _channels.CHANNELS
    ]
    with ProcessPoolExecutor(jobs) as pool:
        names = {
            pool.submit(work, folder, channel, seeds): channel.name for channel, seeds in pieces[part[0] - 1 :: part[1]]
        }
        with suppress(TimeoutError):
            for future in as_completed(names, max(until - time.monotonic(), 0)):
                tallies[names[future]].add(future.result())
        pool.shutdown(wait=True, cancel_futures=True)
    return tallies


_AT_ONCE = 9
"""Pages of a channel that one process takes at a time."""
PARTS: dict[str, tuple[Work, int]] = {
    "pages": (match, 1),
    "boxes": (boxes, 2),
    "marks": (marks, 1),
    "slips": (_slips.slips, 1),
}
"""The parts: how each is worked, and how many of what is counted lie on a page."""


def _slice(text: str) -> tuple[int, int]:
    which, of = (int(each) for each in text.split("/"))
    if not 1 <= which <= of:
        raise ValueError(text)
    return which, of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for part, most in (("pages", 2106), ("boxes", 2106), ("marks", 650), ("slips", 650)):
        parser.add_argument(f"--{part}", type=int, default=most)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--slice", type=_slice, default=(1, 1), metavar="K/N", help="work only the K-th of N slices")
    parser.add_argument("--out", type=Path, help="keep what was found in this file, and print nothing")
    parser.add_argument("--join", type=Path, nargs="+", help="print what these files keep, and work nothing")
    parser.add_argument(
        "--minutes", type=float, default=600, help="stop each part after so long, and print what it has"
    )
    asked = parser.parse_args()
    if asked.join:
        _paper_tables.show(joined([opened_again(path.read_text()) for path in asked.join]))
        return
    found: dict[str, dict[str, Tally]] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = str(Path(made) / "demo")
        cpdocs = Path(sys.executable).parent / "cpdocs"
        subprocess.run([cpdocs, "demo", folder], check=True, capture_output=True)
        for part, (work, on_page) in PARTS.items():
            count = -(-getattr(asked, part) // on_page)
            if count:
                until = time.monotonic() + asked.minutes * 60
                found[part] = run(work, folder, count, asked.slice, asked.jobs, until)
                if asked.out:
                    asked.out.write_text(kept(found))
    if not asked.out:
        _paper_tables.show(found)


if __name__ == "__main__":
    main()
