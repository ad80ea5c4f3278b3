"""Which plan a returned file belongs to: its pages' codes first, then what it says of itself. For a child process
(``apart``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.scans.reading import get_ready, read_scan
from cpdocs.signing.returned import match

if TYPE_CHECKING:
    from cpdocs.core.page_facts import FilePages
    from cpdocs.signing.index import IssuedIndex, Match


__all__ = ["get_ready", "look_for_plan"]


def look_for_plan(data: bytes, index: IssuedIndex, *, most_pages: int) -> tuple[FilePages, Match]:
    """What its pages show and the plan that they or its metadata name. Never raises for any bytes."""
    reading = read_scan(data, most_pages=most_pages)
    return reading, match(data, index, reading.documents)
