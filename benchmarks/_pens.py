"""Pens and other things that leave marks on paper, made by a generator: nobody's real hand is in the repository.

Everything is drawn on a layer of ink, 0 (none) to 1 (black), of a page at ``DOTS`` an inch; positions are in inches.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import cv2
import numpy as np

DOTS = 300
MM = DOTS / 25.4


@dataclass(frozen=True)
class Pen:
    """How wide a pen writes (mm), how dark (share of black that a scanner sees), and how unevenly."""

    name: str
    width: float
    dark: float
    uneven: float = 0.0


PENS = (
    Pen("black gel", 0.5, 0.95),
    Pen("blue gel", 0.5, 0.80),
    Pen("black ballpoint", 0.35, 0.80, 0.25),
    Pen("blue ballpoint", 0.35, 0.62, 0.3),
    Pen("felt tip", 0.9, 0.9),
    Pen("faint ballpoint", 0.25, 0.42, 0.4),
    Pen("pencil", 0.4, 0.35, 0.4),
)
ORDINARY = PENS[:4]
"""What most offices write with; the rest are the odd ones."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in inches."""


def paper(size: tuple[int, int] = (int(8.5 * DOTS), 11 * DOTS)) -> np.ndarray:
    """An empty layer."""
    return np.zeros((size[1], size[0]), np.float32)


def stroke(layer: np.ndarray, points: np.ndarray, pen: Pen, chance: random.Random) -> None:
    """Draws one line through ``points`` (inches) as ``pen`` does."""
    scale = 4
    edge = round(pen.width * MM) + 3
    low = np.maximum(np.floor(points.min(axis=0) * DOTS).astype(int) - edge, 0)
    high = np.maximum(np.ceil(points.max(axis=0) * DOTS).astype(int) + edge, low + 1)
    part = layer[low[1] : high[1], low[0] : high[0]]
    path = np.round((points * DOTS - low) * (1 << scale)).astype(np.int32).reshape(-1, 1, 2)
    ink = np.zeros_like(part)
    cv2.polylines(ink, [path], False, 1.0, max(1, round(pen.width * MM)), cv2.LINE_AA, scale)
    if pen.uneven:
        size = (part.shape[1], part.shape[0])
        grain = np.random.default_rng(chance.randrange(1 << 30)).random((size[1] // 6 + 1, size[0] // 6 + 1))
        ink *= 1 - pen.uneven * cv2.resize(grain.astype(np.float32), size)
    np.maximum(part, ink * pen.dark, out=part)


def _smooth(points: np.ndarray, count: int) -> np.ndarray:
    """A curve through few points, by Catmull and Rom."""
    padded = np.vstack((points[:1], points, points[-1:]))
    out = []
    for number in range(len(points) - 1):
        p0, p1, p2, p3 = padded[number : number + 4]
        t = np.linspace(0, 1, count, endpoint=False)[:, None]
        out.append(
            0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
        )
    return np.vstack(out)


def signature(box: Box, chance: random.Random, *, size: float = 1.0) -> list[np.ndarray]:
    """The strokes of an invented signature in ``box``: letters' ups and downs on a slanted line, loops, a flourish."""
    left, top, right, bottom = box
    wide, high = (right - left) * size * chance.uniform(0.45, 0.95), (bottom - top) * size
    x0 = left + chance.uniform(0.02, 0.25) * (right - left)
    base = top + (bottom - top) * chance.uniform(0.5, 0.75)
    letters = chance.randint(5, 13)
    slant, rise = chance.uniform(-0.3, 0.5), chance.uniform(-0.12, 0.12)
    points = []
    for number in range(letters * 2):
        x = x0 + wide * number / (letters * 2)
        tall = chance.random() < 0.25 or number == 0
        up = high * (chance.uniform(0.3, 0.6) if tall else chance.uniform(0.08, 0.25))
        y = base + rise * (x - x0) - (up if number % 2 == 0 else -high * chance.uniform(0, 0.18))
        points.append((x - slant * (y - base) + chance.uniform(-0.3, 0.3) * wide / letters, y))
    strokes = [_smooth(np.array(points), 10)]
    if chance.random() < 0.5:
        y = base + high * chance.uniform(0.05, 0.2)
        ends = [(x0, y), (x0 + wide * 0.5, y - high * 0.1), (x0 + wide, y + high * chance.uniform(-0.2, 0.1))]
        strokes.append(_smooth(np.array(ends), 12))
    return strokes


def initials(box: Box, chance: random.Random) -> list[np.ndarray]:
    """Two or three letters' worth of strokes, small."""
    left, top, right, bottom = box
    x = left + chance.uniform(0.1, 0.6) * (right - left)
    small = (x, top + (bottom - top) * 0.3, x + 0.6, top + (bottom - top) * 0.8)
    return [
        _smooth(np.array([(small[0] + 0.6 * chance.random(), small[1] + 0.5 * chance.random()) for _ in range(7)]), 8)
    ]


def words(at: tuple[float, float], chance: random.Random, *, length: float = 1.6) -> list[np.ndarray]:
    """A handwritten remark of so many inches."""
    return signature((at[0], at[1] - 0.18, at[0] + length, at[1] + 0.12), chance, size=1.0)


def struck(box: Box, chance: random.Random) -> list[np.ndarray]:
    """A line drawn through what is printed in ``box``."""
    left, top, right, bottom = box
    y = (top + bottom) / 2
    return [_smooth(np.array([(left, y), ((left + right) / 2, y + chance.uniform(-0.02, 0.02)), (right, y)]), 20)]


def tick(box: Box, chance: random.Random, *, small: bool = False) -> list[np.ndarray]:
    """A tick or a cross in a small box, as large as it or reaching over it; ``small``: within it."""
    left, top, right, _ = box
    side = right - left
    over = 0.0 if small else chance.uniform(0, 0.6)

    def at(x: float, y: float) -> tuple[float, float]:
        shaken = side * 0.06
        return (
            left + x * side + chance.uniform(-shaken, shaken),
            top + y * side + chance.uniform(-shaken, shaken),
        )

    if chance.random() < 0.5:
        return [_smooth(np.array([at(0.15, 0.5), at(0.4, 0.85), at(0.85 + over, 0.1 - over)]), 8)]
    return [
        np.array([at(0.15 - over / 3, 0.12 - over / 3), at(0.85 + over / 3, 0.88 + over / 3)]),
        np.array([at(0.85 + over / 3, 0.12 - over / 3), at(0.15 - over / 3, 0.88 + over / 3)]),
    ]


def scribble(box: Box, chance: random.Random) -> list[np.ndarray]:
    """A small box scribbled over until it is nearly black."""
    left, top, right, bottom = box
    count = chance.randint(7, 12)
    return [
        np.array(
            [
                (left + (right - left) * number / count, (top if number % 2 else bottom) + chance.uniform(-0.03, 0.03))
                for number in range(count + 1)
            ]
        )
    ]


def circle(box: Box, chance: random.Random) -> list[np.ndarray]:
    """A ring drawn around a small box."""
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    reach = (box[2] - box[0]) * chance.uniform(0.75, 1.1)
    turns = np.linspace(0, 2 * np.pi * chance.uniform(0.95, 1.1), 28) + chance.uniform(0, 6)
    return [middle + reach * np.stack((np.cos(turns) * chance.uniform(1, 1.3), np.sin(turns)), axis=1)]


def ring(layer: np.ndarray, box: Box, chance: random.Random) -> None:
    """A cup's ring that passes through the box, pale."""
    centre = (chance.uniform(box[0], box[2]), chance.uniform(box[1], box[3]) + 0.8)
    cv2.circle(
        layer, (round(centre[0] * DOTS), round(centre[1] * DOTS)), round(1.1 * DOTS), 0.3, round(2.2 * MM), cv2.LINE_AA
    )


def staple(layer: np.ndarray, box: Box, chance: random.Random) -> None:
    """A staple's shadow in the box."""
    x, y = chance.uniform(box[0] + 0.3, box[2] - 0.6), chance.uniform(box[1] + 0.1, box[3] - 0.1)
    end = (x + 0.45, y + chance.uniform(-0.25, 0.25))
    ends = [(round(p[0] * DOTS), round(p[1] * DOTS)) for p in ((x, y), end)]
    cv2.line(layer, ends[0], ends[1], 0.85, round(0.6 * MM), cv2.LINE_AA)


def streak(layer: np.ndarray, box: Box, chance: random.Random) -> None:
    """A dirty scanner's line down the whole page, through the box."""
    x = round(chance.uniform(box[0] + 0.1, box[2] - 0.1) * DOTS)
    cv2.line(layer, (x, 0), (x, layer.shape[0]), 0.7, max(1, round(0.2 * MM)), cv2.LINE_AA)


def dots(layer: np.ndarray, box: Box, chance: random.Random) -> None:
    """A few specks in the box."""
    for _ in range(chance.randint(2, 7)):
        centre = (round(chance.uniform(box[0], box[2]) * DOTS), round(chance.uniform(box[1], box[3]) * DOTS))
        cv2.circle(layer, centre, max(1, round(chance.uniform(0.1, 0.3) * MM)), 0.8, -1, cv2.LINE_AA)


def shadow(layer: np.ndarray, box: Box, chance: random.Random) -> None:
    """A fold's shadow across the box."""
    y = round(chance.uniform(box[1], box[3]) * DOTS)
    band = np.zeros_like(layer)
    cv2.line(band, (0, y), (layer.shape[1], y + chance.randint(-30, 30)), 0.25, round(1.5 * MM))
    np.maximum(layer, cv2.GaussianBlur(band, (0, 0), 8), out=layer)


ODD = {"ring": ring, "staple": staple, "streak": streak, "dots": dots, "shadow": shadow}
