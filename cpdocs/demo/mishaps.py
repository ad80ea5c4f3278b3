"""What happens to signed files on their way, for the demo and the tests: each takes a file's bytes and gives what
arrives."""

from __future__ import annotations

import io


def resaved(pdf: bytes) -> bytes:
    """Opened and saved by an ordinary PDF program, which rewrites every byte and so breaks every signature."""
    import pikepdf

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(out)
    return out.getvalue()


def faxed(pdf: bytes, dpi: int = 200) -> bytes:
    """Printed and faxed: every page a black-and-white picture."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [
            document[number].render(scale=dpi / 72, may_draw_forms=True).to_pil().convert("L").convert("1")
            for number in range(len(document))
        ]
    finally:
        document.close()
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=dpi)
    return out.getvalue()
