"""What other programs make of a signed plan when they open and save it."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

import pikepdf
import pypdf

from tests.signing import builder as b


def _signed() -> bytes:
    return b.sign(b.issued().data, "PCPSig", b.office().clinician())


def by_pypdf() -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(_signed()))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def by_pypdf_pages() -> bytes:
    """Pages copied into a new file, as splitters and mergers do."""
    writer = pypdf.PdfWriter()
    for page in pypdf.PdfReader(io.BytesIO(_signed())).pages:
        writer.add_page(page)
    writer.add_metadata({"/Title": f"Care Plan {b.DOCUMENT_ID}"})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def by_pikepdf() -> bytes:
    with pikepdf.open(io.BytesIO(_signed())) as document:
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def by_pikepdf_with_object_streams() -> bytes:
    with pikepdf.open(io.BytesIO(_signed())) as document:
        out = io.BytesIO()
        document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, linearize=True)
    return out.getvalue()


def tool(*command: str) -> bytes | None:
    """What a command makes of the signed plan (``IN`` and ``OUT`` in it are file names); None where it isn't
    installed."""
    if shutil.which(command[0]) is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "in.pdf"), Path(folder, "out.pdf")
        source.write_bytes(_signed())
        words = [str(source) if word == "IN" else str(result) if word == "OUT" else word for word in command]
        subprocess.run(words, check=False, capture_output=True, timeout=60)
        return result.read_bytes()


LIBRARIES = (by_pypdf, by_pypdf_pages, by_pikepdf, by_pikepdf_with_object_streams)
TOOLS = (
    ("qpdf", "IN", "OUT"),
    ("qpdf", "--object-streams=generate", "--recompress-flate", "IN", "OUT"),
    ("mutool", "clean", "IN", "OUT"),
    ("mutool", "clean", "-gggg", "-z", "IN", "OUT"),
    ("gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=pdfwrite", "-o", "OUT", "IN"),
)
