"""``index.csv``: one line for each document to be indexed in the chart (documents.md §8, "Media index out")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from cpdocs.core.csvsafe import csv_text

COLUMNS = (
    "mrn", "member_id", "document_id", "version", "doc_type", "doc_date", "signed_on", "signer", "file", "sha256",
    "pages", "description",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IndexLine:
    """One document: dates are ISO, ``file`` is relative to the package, ``sha256`` and ``pages`` are the upload
    PDF's."""

    mrn: str
    member_id: str
    document_id: str
    version: int
    doc_type: str
    doc_date: str
    signed_on: str
    signer: str
    file: str
    sha256: str
    pages: int
    description: str


def index_csv(lines: Sequence[IndexLine]) -> bytes:
    """The file: UTF-8, CRLF, every cell neutralized."""
    return csv_text(COLUMNS, [asdict(line) for line in lines]).encode()
