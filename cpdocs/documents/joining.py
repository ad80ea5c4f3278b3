"""Papers laid behind one another in one file to print; nothing in it can be filled in or signed."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pikepdf


def joined(parts: Iterable[bytes]) -> bytes:
    """The pages of our own PDFs in order. Signature fields are left out: what is signed is the file as issued."""
    out = pikepdf.Pdf.new()
    for data in parts:
        with pikepdf.open(io.BytesIO(data)) as part:
            for page in part.pages:
                out.pages.append(page)
                for key in ("/Annots", "/StructParents", "/Tabs"):
                    if key in out.pages[-1].obj:
                        del out.pages[-1].obj[key]
    made = io.BytesIO()
    out.save(made, deterministic_id=True)
    return made.getvalue()
