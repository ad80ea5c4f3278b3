"""A stranger's scan as plain page pictures in a new PDF.

What goes to a chart shows the ink and carries nothing else of the file: no script, no form, no hidden layer.
"""

from __future__ import annotations

import io
from time import gmtime

from cpdocs.scans.pages import DPI, UnreadablePages, page_pictures


def draw(data: bytes, *, most_pages: int) -> bytes:
    """The PDF of page pictures; for a child process with limits. Raises UnreadablePages, TooManyPages."""
    pictures = page_pictures(data, most_pages=most_pages)
    first = next(pictures, None)
    if first is None:
        raise UnreadablePages
    out = io.BytesIO()
    when = gmtime(0)
    first.save(
        out,
        "PDF",
        resolution=DPI,
        save_all=True,
        append_images=pictures,
        quality=80,
        creationDate=when,
        modDate=when,
        producer="cpdocs",
    )
    return out.getvalue()
