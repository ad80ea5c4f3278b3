"""Pictures that are made to harm whoever opens them, and good ones bent by chance."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

import pikepdf
from hypothesis import strategies as st
from PIL import Image

from cpdocs.core.ids import derive_document_id
from cpdocs.core.marks import PageMark
from tests.scans import fax

DOCUMENT = derive_document_id(b"k" * 32, "hostile")
ENORMOUS = 60_000
"""Dots a side that bombs claim: 3.6 thousand million in all."""


@cache
def page(number: int) -> Image.Image:
    """Page ``number`` of three, as a fine fax."""
    return fax.faxed(fax.printed_page(PageMark(DOCUMENT, number, 3), seed=number))


@cache
def small() -> Image.Image:
    """A picture of which nothing can be read, quickly looked at."""
    return fax.printed_page(None).resize((170, 220)).convert("L")


def saved(picture: Image.Image, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


@cache
def good() -> tuple[bytes, ...]:
    """One small file of every kind and coding that is read."""
    gray, black = small(), small().convert("1")
    return (
        *(saved(black, "TIFF", compression=each, dpi=(204, 98)) for each in ("group3", "group4", "tiff_ccitt")),
        *(saved(gray, "TIFF", compression=each) for each in ("tiff_lzw", "jpeg", "packbits", "tiff_deflate")),
        saved(black, "TIFF", compression="group4", save_all=True, append_images=[black, black]),
        saved(gray, "JPEG", exif=_exif(6)),
        saved(gray, "JPEG", progressive=True),
        saved(gray, "PNG"),
        saved(gray.quantize(16), "PNG", transparency=3),
        saved(gray, "WEBP"),
        saved(gray, "PDF"),
        saved(black, "PDF"),
    )


def _exif(turn: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turn
    return exif.tobytes()


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """A good file with bits turned over, places overwritten, cut out, doubled or cut off, most often near its head,
    where it says what it is."""
    data = bytearray(draw(st.sampled_from(good())))
    for _ in range(draw(st.integers(1, 6))):
        last = max(len(data) - 1, 0)
        at = min(draw(st.one_of(st.integers(0, 300), st.integers(0, last))), last)
        what = draw(st.sampled_from(["bit", "number", "overwrite", "cut", "double", "end"]))
        if what == "bit" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif what == "number":
            data[at : at + 4] = draw(
                st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\1\0\0"])
            )
        elif what == "overwrite":
            put = draw(st.binary(max_size=30))
            data[at : at + len(put)] = put
        elif what == "cut":
            del data[at : at + draw(st.integers(1, 60))]
        elif what == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 60))]
        else:
            del data[max(at, 8) :]
    return bytes(data)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    wide: int, high: int, *chunks: tuple[bytes, bytes], bits: int = 8, colours: int = 0, data: bytes = b""
) -> bytes:
    head = struct.pack(">IIBBBBB", wide, high, bits, colours, 0, 0, 0)
    body = zlib.compress(data)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*each) for each in ((b"IHDR", head), *chunks, (b"IDAT", body), (b"IEND", b""))
    )


def tiff(*entries: tuple[int, int, int, int], after: bytes = b"", following: int = 0) -> bytes:
    """A TIFF of one directory with these entries (tag, type, count, value)."""
    table = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + struct.pack("<I", following) + after


def _unfolds_to(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


def pdf_with(stream: bytes, **keys: object) -> bytes:
    """A PDF of three pages, each a picture: the first and the last are a plan's, the one between has this stream."""
    with pikepdf.new() as pdf:
        for number in (1, 2, 3):
            pdf.add_blank_page(page_size=(612, 792))
            picture = page(number)
            image = pikepdf.Stream(pdf, zlib.compress(picture.tobytes()))
            image.update(
                {
                    "/Type": pikepdf.Name.XObject,
                    "/Subtype": pikepdf.Name.Image,
                    "/Width": picture.width,
                    "/Height": picture.height,
                    "/BitsPerComponent": 1,
                    "/ColorSpace": pikepdf.Name.DeviceGray,
                    "/Filter": pikepdf.Name.FlateDecode,
                }
            )
            if number == 2:
                image.write(stream, filter=keys.pop("filter", pikepdf.Name.FlateDecode))
                image.update({f"/{key}": value for key, value in keys.items()})
            pdf.pages[-1].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
            pdf.pages[-1].Contents = pikepdf.Stream(pdf, b"q 612 0 0 792 0 0 cm /Im0 Do Q")
        out = io.BytesIO()
        pdf.save(out)
        return out.getvalue()


def bad_pages() -> dict[str, Callable[[], bytes]]:
    """What makes PDFs whose second page is a trap, by the trap."""
    grey = pikepdf.Name.DeviceGray
    return {
        "dimensions beyond all paper": lambda: pdf_with(zlib.compress(b"\0" * 64), Width=ENORMOUS, Height=ENORMOUS),
        "no dimensions": lambda: pdf_with(zlib.compress(b"\0" * 64), Width=0, Height=-4),
        "a fax's coding cut off": lambda: pdf_with(
            b"\x26\xa0" * 9, filter=pikepdf.Name.CCITTFaxDecode, DecodeParms=pikepdf.Dictionary(K=-1, Columns=1728)
        ),
        "a fax a mile wide": lambda: pdf_with(
            b"\x26\xa0" * 9,
            filter=pikepdf.Name.CCITTFaxDecode,
            DecodeParms=pikepdf.Dictionary(K=-1, Columns=2_000_000_000, Rows=2_000_000_000),
        ),
        "no JPEG": lambda: pdf_with(b"\xff\xd8\xff\xdb" + b"\7" * 90, filter=pikepdf.Name.DCTDecode, ColorSpace=grey),
        "no JPEG 2000": lambda: pdf_with(b"\0\0\0\x0cjP  \r\n\x87\n" + b"\7" * 90, filter=pikepdf.Name.JPXDecode),
        "no JBIG2": lambda: pdf_with(b"\0\0\0\0\x30\0\1" + b"\xff" * 60, filter=pikepdf.Name.JBIG2Decode),
        "sixteen bits of cyan": lambda: pdf_with(
            zlib.compress(b"\x9c" * 64), BitsPerComponent=16, ColorSpace=pikepdf.Name.DeviceCMYK, Width=2, Height=4
        ),
        "a palette without end": lambda: pdf_with(
            zlib.compress(b"\xff" * 64),
            BitsPerComponent=8,
            Width=8,
            Height=8,
            ColorSpace=pikepdf.Array(
                [pikepdf.Name.Indexed, pikepdf.Name.DeviceRGB, 2_000_000_000, pikepdf.String("x")]
            ),
        ),
        "a picture that unfolds": lambda: pdf_with(_unfolds_to(300), Width=16_000, Height=16_000, BitsPerComponent=8),
    }


def bombs() -> dict[str, Callable[[], bytes]]:
    """What makes pictures that harm, each in a file of its own."""
    big = ENORMOUS
    strips = (256, 4, 1, big), (257, 4, 1, big), (258, 3, 1, 1), (262, 3, 1, 0), (273, 4, 1, 8), (279, 4, 1, 90)
    profile = zlib.compress(struct.pack(">I", 1 << 31) + b"acsp" * 40)
    return {
        "png of an enormous size": lambda: png(big, big),
        "png that unfolds": lambda: png(8_000, 8_000, data=bytes(64 << 20)),
        "png that is larger than it says": lambda: png(9, 9, data=bytes(64 << 20)),
        "png whose profile unfolds": lambda: png(9, 9, (b"iCCP", b"p\0\0" + _unfolds_to(200)), data=bytes(99)),
        "png whose profile lies": lambda: png(9, 9, (b"iCCP", b"p\0\0" + profile), data=bytes(99)),
        "png whose words unfold": lambda: png(9, 9, *[(b"zTXt", b"w\0\0" + _unfolds_to(8))] * 20, data=bytes(99)),
        "png with too large a palette": lambda: png(9, 9, (b"PLTE", bytes(3 * 4000)), colours=3, data=b"\xff" * 99),
        "png of many pictures": lambda: png(
            9, 9, (b"acTL", struct.pack(">II", 1 << 30, 0)), (b"fcTL", bytes(26)), data=bytes(99)
        ),
        "tiff of an enormous size": lambda: tiff(*strips, (259, 3, 1, 4)),
        "tiff without end": lambda: tiff(*strips[2:], (256, 4, 1, 9), (257, 4, 1, 9), (259, 3, 1, 1), following=8),
        "tiff of many tags": lambda: tiff(*[(1000 + each, 4, 1 << 30, 8) for each in range(900)]),
        "tiff with strips beyond its end": lambda: tiff(
            (256, 4, 1, 1728), (257, 4, 1, 2200), (258, 3, 1, 1), (259, 3, 1, 4), (273, 4, 1 << 20, 99), (279, 4, 1, 9)
        ),
        "tiff of one line and all columns": lambda: tiff(
            (256, 4, 1, 79_000_000), (257, 4, 1, 1), (258, 3, 1, 1), (259, 3, 1, 4), (262, 3, 1, 0),
            (273, 4, 1, 8), (279, 4, 1, 60),
        ),
        "jpeg of an enormous size": lambda: saved(small(), "JPEG").replace(
            struct.pack(">HH", 220, 170), b"\xff\xfe\xff\xfe", 1
        ),
        "jpeg that lies sideways in no way there is": lambda: saved(small(), "JPEG", exif=_exif(77)),
        "jpeg in cyan": lambda: saved(small().convert("CMYK"), "JPEG"),
        "sixteen bits": lambda: saved(small().convert("I;16"), "PNG"),
        "webp that moves": lambda: saved(small(), "WEBP", save_all=True, append_images=[small().rotate(9)] * 40),
        "heic without a picture": lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\xff\xff\xff\xffmeta" * 9,
    }  # fmt: skip
