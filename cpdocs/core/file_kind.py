"""What a returned file is, by its first bytes. A file's name says nothing: strangers choose it."""

from __future__ import annotations

HEAD = 1024
"""How many bytes decide: a PDF may begin anywhere within the first KiB, as readers allow."""

_STARTS = {b"II*\x00": "tif", b"MM\x00*": "tif", b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"PK\x03\x04": "zip"}


def looks_like_pdf(head: bytes) -> bool:
    """Whether ``head``, a file's first bytes or all of them, says that it is a PDF."""
    return b"%PDF-" in head[:HEAD]


def kind_of(head: bytes) -> str:
    """``pdf``, ``tif``, ``png``, ``jpg`` or ``zip``; empty for anything else."""
    if looks_like_pdf(head):
        return "pdf"
    return next((kind for start, kind in _STARTS.items() if head.startswith(start)), "")
