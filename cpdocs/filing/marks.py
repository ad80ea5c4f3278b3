"""Notes that lie beside a package, or go where it went: take it out of the chart, or know that another took its place.

They name a document by its id, version, file and digest, and no member: whoever filed it finds it by these.
"""

from __future__ import annotations


def recall_name(document_id: str) -> str:
    """The name of the note that takes a document back; it sorts beside nothing else."""
    return f"RECALL-{document_id}.txt"


def recall_note(document_id: str, version: int, file: str, digest: str, reason: str) -> bytes:
    """What to remove, and why."""
    return _text(
        "RECALL - REMOVE THIS DOCUMENT FROM THE CHART",
        document_id,
        version,
        file,
        digest,
        (f"Why: {reason}", "", "Please remove it, or mark it as entered in error, and tell us when that is done."),
    )


def replaced_name(document_id: str) -> str:
    """The name of the note beside a package that another took the place of."""
    return f"REPLACED-{document_id}.txt"


def replaced_note(document_id: str, version: int, file: str, digest: str, by: str, by_version: int) -> bytes:
    """That a later version was filed."""
    return _text(
        "REPLACED - A LATER VERSION OF THIS DOCUMENT IS FILED",
        document_id,
        version,
        file,
        digest,
        (f"Replaced by: {by}, version {by_version}", "", "Where it is in the chart, mark it as superseded."),
    )


def _text(title: str, document_id: str, version: int, file: str, digest: str, end: tuple[str, ...]) -> bytes:
    lines = (
        title,
        "",
        f"Document id: {document_id}",
        f"Version: {version}",
        f"File as it was sent: {file}",
        f"SHA-256: {digest}",
        *end,
    )
    return ("\r\n".join(lines) + "\r\n").encode()
