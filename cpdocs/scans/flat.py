"""A stranger's scan as plain page pictures in a new PDF, drawn in a child process with limits (as :mod:`cpdocs.scans.child`).

What goes to a chart shows the ink and carries nothing else of the file: no script, no form, no hidden layer.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from time import gmtime

import cpdocs
from cpdocs.errors import InputFault
from cpdocs.scans.pages import DPI, TooManyPages, UnreadablePages, page_pictures

SECONDS = 120
MEGABYTES = 1024


def flat_pdf(data: bytes, *, most_pages: int, seconds: int = SECONDS, megabytes: int = MEGABYTES) -> bytes:
    """Every page of ``data`` (PDF, TIFF, PNG, JPEG) as a gray picture of about 200 dpi, in one PDF.

    The same bytes give the same PDF. Raises InputFault where the file can't be drawn within the limits.
    """
    command = [sys.executable, "-c", "from cpdocs.scans.flat import main; main()", str(most_pages), str(seconds), str(megabytes)]
    child = subprocess.Popen(  # noqa: S603 our own interpreter, our own words
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(Path(cpdocs.__file__).parent.parent), "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
        cwd="/",
    )
    try:
        drawn, _ = child.communicate(data, timeout=seconds)
    except subprocess.TimeoutExpired:
        drawn = b""
    finally:
        child.kill()
        child.wait()
    if child.returncode != 0 or not drawn.startswith(b"%PDF-"):
        raise InputFault("The returned scan can't be drawn page by page.", todo="Ask for it again, or file the original by hand.")
    return drawn


def main() -> None:
    """The child's whole life."""
    import resource

    most_pages, seconds, megabytes = (int(word) for word in sys.argv[1:4])
    for kind, limit in (
        (resource.RLIMIT_AS, megabytes * 1024 * 1024),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    try:
        drawn = draw(sys.stdin.buffer.read(), most_pages=most_pages)
    except (UnreadablePages, TooManyPages):
        raise SystemExit(1) from None
    # A pipe is no file: the limit on file sizes lets this through.
    sys.stdout.buffer.write(drawn)


def draw(data: bytes, *, most_pages: int) -> bytes:
    """The PDF of page pictures, in this process. Raises UnreadablePages, TooManyPages."""
    pictures = page_pictures(data, most_pages=most_pages)
    first = next(pictures, None)
    if first is None:
        raise UnreadablePages
    out = io.BytesIO()
    when = gmtime(0)
    first.save(
        out, "PDF", resolution=DPI, save_all=True, append_images=pictures, quality=80, creationDate=when, modDate=when, producer="cpdocs"
    )
    return out.getvalue()
