"""Issued plans as paper: printed, signed with a pen, scanned or faxed; and as a program saves them anew."""

from __future__ import annotations

import io
import random
from functools import cache

import pikepdf
import pypdfium2
from PIL import Image, ImageDraw

DPI = 200


@cache
def printed(pdf: bytes) -> tuple[Image.Image, ...]:
    """Each page in gray."""
    with pypdfium2.PdfDocument(pdf) as document:
        return tuple(page.render(scale=DPI / 72, grayscale=True).to_pil().convert("L") for page in document)


def box_of(pdf: bytes, field: str) -> tuple[int, tuple[float, float, float, float]]:
    """The page (from 0) of a signature field, and its left, top, right and bottom in dots."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for number, page in enumerate(document.pages):
            high = float(page.mediabox[3])
            for annotation in page.obj.get("/Annots", ()):
                if str(annotation.get("/T", "")) == field:
                    left, bottom, right, top = (float(value) for value in annotation.Rect)
                    dots = DPI / 72
                    return number, (left * dots, (high - top) * dots, right * dots, (high - bottom) * dots)
    raise AssertionError(f"no field {field}")


@cache
def signed(pdf: bytes, *fields: str) -> tuple[Image.Image, ...]:
    """The pages with a pen's strokes in these boxes."""
    pages = [page.copy() for page in printed(pdf)]
    for field in fields:
        number, (left, top, right, bottom) = box_of(pdf, field)
        chance = random.Random(field)
        points = [
            (left + (right - left) * step / 26, (top + bottom) / 2 + chance.uniform(-0.38, 0.38) * (bottom - top))
            for step in range(27)
        ]
        ImageDraw.Draw(pages[number]).line(points, fill=20, width=5, joint="curve")
    return tuple(pages)


def fax(pages: tuple[Image.Image, ...]) -> bytes:
    """What a fine fax makes of them."""
    lines = [page.resize((1728, 2156)).point([0] * 150 + [255] * 106).convert("1") for page in pages]
    out = io.BytesIO()
    lines[0].save(out, "TIFF", save_all=True, append_images=lines[1:], compression="group4", dpi=(204, 196))
    return out.getvalue()


def scanned(pages: tuple[Image.Image, ...]) -> bytes:
    """What a scanner makes of them: a PDF of pictures."""
    out = io.BytesIO()
    # Pillow leaves on a picture how it was saved, and would save it so again; these are kept for many tests.
    first, *others = (page.copy() for page in pages)
    first.save(out, "PDF", resolution=DPI, save_all=True, append_images=others)
    return out.getvalue()


def scanned_in(pdf: bytes, page: Image.Image, *, altered: bytes = b"") -> bytes:
    """The plan as a program saves it anew with a scanned last page; ``altered`` is drawn on its second one."""
    with pikepdf.open(io.BytesIO(pdf)) as document, pikepdf.open(io.BytesIO(scanned((page,)))) as last:
        del document.Root.AcroForm
        if "/Perms" in document.Root:
            del document.Root.Perms
        for each in document.pages:
            if "/Annots" in each.obj:
                del each.obj.Annots
        if altered:
            document.pages[1].contents_add(altered)
        del document.pages[-1]
        document.pages.extend(last.pages)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()


def endless(pdf: bytes, page: int) -> bytes:
    """The file with a page (from 1) that no program draws to its end: forms that draw each other forty times over, six
    deep, of a few hundred bytes."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        inner = document.make_stream(b"0 0 9 9 re f")
        inner.Type, inner.Subtype, inner.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, [0, 0, 612, 792]
        for _ in range(6):
            outer = document.make_stream(b"/F Do " * 40)
            outer.Type, outer.Subtype, outer.BBox = pikepdf.Name.XObject, pikepdf.Name.Form, [0, 0, 612, 792]
            outer.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=inner))
            inner = outer
        document.pages[page - 1].obj.Resources = inner.Resources
        document.pages[page - 1].obj.Contents = document.make_stream(b"/F Do " * 40)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()
