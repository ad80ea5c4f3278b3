"""What a returned file says, all of it, for a child process (``run``): its signatures, and what its pages are.

A file that begins with a plan's issued bytes is that plan, and its pages are the issued ones (``signing.reading``). Of
any other the pages are looked at, and then held beside each plan that their codes, or the file's metadata, name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cpdocs.core.file_kind import WRAPPERS, kind_of
from cpdocs.scans.likeness import find_likeness
from cpdocs.scans.reading import get_ready, read_handwriting, read_scan
from cpdocs.scans.slips import read_slips
from cpdocs.scans.written import compare_written
from cpdocs.signing.content import beside, read_contents
from cpdocs.signing.reading import ids_named, notes_in, read_signed

if TYPE_CHECKING:
    from cpdocs.core.page_facts import FilePages
    from cpdocs.signing.file_facts import Note, ReturnFacts
    from cpdocs.signing.record import Limits

__all__ = ["get_ready", "hold_beside", "read_but_pages", "read_other", "read_page", "see_ink", "see_ticks", "see_words"]


def read_other(data: bytes, *, limits: Limits, **given: Any) -> ReturnFacts:
    """The facts of a file that begins with no plan's issued bytes. Never raises for any bytes."""
    pages = read_scan(data, most_pages=limits.pages)
    return replace(read_but_pages(data, limits=limits, **given), pages=pages)


def read_but_pages(data: bytes, *, limits: Limits, **given: Any) -> ReturnFacts:
    """What :func:`read_other` finds without a look at the pages."""
    facts = read_signed(data, limits=limits, **given)
    # Ids that stand about in a mail's or an archive's bytes are those of what it holds.
    named = () if kind_of(data) in WRAPPERS else ids_named(data, read_contents(data))
    return replace(facts, named=named)


def read_page(data: bytes, number: int, *, most_pages: int) -> FilePages:
    """The facts of one page of ``data``, from 1; none where there is no such page. Never raises for any bytes."""
    return read_scan(data, most_pages=most_pages, only={number})


def hold_beside(data: bytes, issued: Mapping[str, bytes], facts: ReturnFacts) -> ReturnFacts:
    """``facts`` of ``data`` with how it stands to each of the ``issued`` plans, by document id."""
    return replace(facts, beside={document_id: beside(data, plan) for document_id, plan in issued.items()})


def see_ink(
    data: bytes, issued: Mapping[str, bytes], covers: Mapping[str, bytes], facts: ReturnFacts, *, most_pages: int
) -> ReturnFacts:
    """``facts`` of ``data`` with what a pen left on those of its scanned pages that the ``issued`` plans and their
    ``covers`` have, and what differs on those that a program wrote."""
    pages = find_likeness(data, facts.pages, issued, most_pages=most_pages)
    pages = read_handwriting(data, pages, issued, covers=covers, most_pages=most_pages)
    return replace(facts, pages=compare_written(data, pages, issued, most_pages=most_pages))


def see_ticks(data: bytes, letters: Mapping[str, bytes], facts: ReturnFacts, *, most_pages: int) -> ReturnFacts:
    """``facts`` of ``data`` with what is ticked on the reply slips of these ``letters``, as they were printed."""
    return replace(facts, pages=read_slips(data, facts.pages, letters, most_pages=most_pages))


def see_words(data: bytes) -> tuple[Note, ...]:
    """The comments that readers left in ``data``, for the person who decides on it."""
    return tuple(notes_in(data))
