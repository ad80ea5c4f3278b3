"""Only plain pictures reach a browser: the child that drew them had a stranger's file in its hands."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from cpdocs.returns.album import album, shot


def png(mode: str = "L", size: tuple[int, int] = (3, 2)) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG")
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + zlib.crc32(kind + body).to_bytes(4)


def made(head: bytes, pixels: bytes, *more: bytes) -> bytes:
    packed = chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(more) + packed + chunk(b"IEND", b"")


GRAY = struct.pack(">IIBBBBB", 3, 2, 8, 0, 0, 0, 0)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_plain_picture_is_taken_with_its_size(mode: str) -> None:
    taken = shot(png(mode))
    assert taken is not None
    assert (taken.width, taken.height) == (3, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg onload='alert(1)'/>",
        png()[:-1],
        png() + b"<script>",
        png("P"),
        png("RGBA"),
        made(GRAY, b"\0" * 8, chunk(b"tEXt", b"Comment\0<script>")),
        made(GRAY, b"\0" * 7),
        made(GRAY, b"\0" * 9),
        made(struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0), b"\0"),
        made(struct.pack(">IIBBBBB", 3, 2, 16, 0, 0, 0, 0), b"\0" * 14),
        made(GRAY, b"\0" * 8).replace(b"IHDR", b"IHDX"),
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", GRAY) + chunk(b"IDAT", b"no zlib") + chunk(b"IEND", b""),
    ],
)
def test_anything_else_is_not(data: bytes) -> None:
    assert shot(data) is None


def test_what_cannot_be_drawn_has_no_pages() -> None:
    assert album(None).leaves == ()
