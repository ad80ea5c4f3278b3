"""Printers, fax machines, scanners and phones, simulated: a page and its ink come out as they would arrive.

No real machine stands behind these numbers. A channel first lays the page askew, scales and shifts it as a printer and
a feeder do, then blurs, samples, adds noise and cuts to black and white as its kind does; Group 3 and 4 are libtiff's.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from benchmarks._pens import DOTS


@dataclass(frozen=True)
class Channel:
    """``across`` and ``down`` dots an inch; ``level`` where black begins (0: gray); ``noise`` the share of spots turned
    over, or the grain's deviation for gray; ``lost`` how many of a thousand rows are lost or repeated."""

    name: str
    across: int
    down: int
    level: int = 0
    noise: float = 0.0
    lost: float = 0.0
    blur: float = 0.6
    tags: bool = True
    photo: bool = False
    askew: float = 1.5

    @property
    def kind(self) -> str:
        """``scan``, ``fax``, ``bad fax`` or ``photo``, as the goals go."""
        if self.photo:
            return "photo"
        return "bad fax" if self.lost > 5 else "fax" if self.across == 204 else "scan"


CHANNELS = (
    Channel("fax standard", 204, 98, 140, 0.0004, 0.5),
    Channel("fax standard, no tags", 204, 98, 140, 0.0004, 0.5, tags=False),
    Channel("fax fine", 204, 196, 140, 0.0004, 0.5),
    Channel("bad fax", 204, 98, 128, 0.012, 14),
    Channel("bad fax, fine", 204, 196, 128, 0.02, 14),
    Channel("100 dpi gray", 100, 100, 0, 3),
    Channel("150 dpi gray", 150, 150, 0, 3),
    Channel("200 dpi bitonal", 200, 200, 128, 0.0002),
    Channel("200 dpi gray", 200, 200, 0, 3),
    Channel("300 dpi bitonal", 300, 300, 128, 0.0002),
    Channel("300 dpi gray", 300, 300, 0, 4),
    Channel("600 dpi bitonal", 600, 600, 128, 0.0001),
    Channel("photo", 180, 180, 0, 4, photo=True),
)


def printed(page: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """The page (gray at ``DOTS`` an inch) with the ink on it, 0 black to 255."""
    return np.clip(page.astype(np.float32) * (1 - ink), 0, 255).astype(np.uint8)


def sent(page: np.ndarray, channel: Channel, seed: int, *, turn: int = 0) -> np.ndarray:
    """What arrives of a printed page: gray, or only 0 and 255. The same seed lays and spoils two pages alike."""
    chance = random.Random(seed)
    noise = np.random.default_rng(seed)
    wide, high = round(8.5 * channel.across), round(11 * channel.down)
    size = (wide, high)
    lie = _lie(channel, chance, size)
    if channel.across < DOTS:
        # A lens sees the mean of what falls on each spot.
        page = cv2.GaussianBlur(
            page, (0, 0), max(0.01, 0.42 * DOTS / channel.across), sigmaY=0.42 * DOTS / channel.down
        )
    out = cv2.warpPerspective(page, lie, size, flags=cv2.INTER_CUBIC, borderValue=(90 if channel.photo else 255))
    out = cv2.GaussianBlur(out, (0, 0), channel.blur)
    if channel.photo:
        shade = np.linspace(1.0, chance.uniform(0.55, 0.85), wide, dtype=np.float32)[None, :]
        out = (out * shade).astype(np.uint8)
    if channel.level:
        level = channel.level + chance.uniform(-18, 18)
        out = cv2.threshold(out, level, 255, cv2.THRESH_BINARY)[1]
        spots = noise.integers(0, out.size, noise.binomial(out.size, channel.noise))
        out.reshape(-1)[spots] = 255 - out.reshape(-1)[spots]
        out = _lines(out, channel, chance)
    else:
        cv2.setRNGSeed(seed)
        grain = np.empty(out.shape, np.int16)
        out = np.clip(out + cv2.randn(grain, 0, channel.noise), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.rot90(out, -turn // 90))


def _lie(channel: Channel, chance: random.Random, size: tuple[int, int]) -> np.ndarray:
    """From the printed page's spots to those that arrive: printers shrink, feeders turn and shift."""
    wide, high = size
    scale = chance.choice((1.0, 1.0, 0.97, 0.94)) * chance.uniform(0.996, 1.004)
    angle = chance.uniform(-channel.askew, channel.askew)
    to_inches = np.diag([1 / DOTS, 1 / DOTS, 1.0])
    middle = cv2.getRotationMatrix2D((4.25, 5.5), angle, scale)
    middle = np.vstack((middle, [0, 0, 1]))
    middle[0, 2] += chance.uniform(-0.08, 0.08)
    middle[1, 2] += chance.uniform(-0.08, 0.08)
    lie = np.diag([channel.across, channel.down, 1.0]) @ middle @ to_inches
    if channel.photo:
        move = 0.05
        corners = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], np.float32)
        inset = np.array([(0.07, 0.07), (0.93, 0.07), (0.93, 0.93), (0.07, 0.93)])
        shaken = np.array(
            [((x + chance.uniform(-move, move)) * wide, (y + chance.uniform(-move, move)) * high) for x, y in inset],
            np.float32,
        )
        lie = cv2.getPerspectiveTransform(corners, shaken) @ lie
    return lie


def _lines(out: np.ndarray, channel: Channel, chance: random.Random) -> np.ndarray:
    """Rows lost (the row before again, as decoders do), whited out, or smeared in bursts."""
    count = round(out.shape[0] * channel.lost / 1000)
    for _ in range(count):
        row = chance.randrange(1, out.shape[0] - 4)
        how = chance.random()
        if how < 0.5:
            out[row] = out[row - 1]
        elif how < 0.8:
            out[row] = 255
        elif how < 0.95:
            start = chance.randrange(out.shape[1])
            out[row, start : start + chance.randrange(20, 300)] = 0
        else:
            out[row : row + 3] = np.roll(out[row : row + 3], chance.randrange(-30, 30), axis=1)
    return out


def as_file(pages: Sequence[np.ndarray], channel: Channel) -> bytes:
    """The pages in the kind of file that such a machine sends."""
    pictures = [Image.fromarray(page) for page in pages]
    out = io.BytesIO()
    if channel.level:
        black = [picture.convert("1", dither=Image.Dither.NONE) for picture in pictures]
        tags = {"dpi": (channel.across, channel.down)} if channel.tags else {}
        black[0].save(out, "TIFF", compression="group4", save_all=True, append_images=black[1:], **tags)
    elif len(pictures) == 1 and channel.photo:
        pictures[0].save(out, "JPEG", quality=82)
    else:
        pictures[0].save(out, "PDF", resolution=channel.across, save_all=True, append_images=pictures[1:], quality=75)
    return out.getvalue()
