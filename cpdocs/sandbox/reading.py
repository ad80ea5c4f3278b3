"""What a returned file says, all of it, for a child process (``run``): its signatures, and what its pages are.

A file that begins with a plan's issued bytes is that plan, and its pages are the issued ones. Of any other the pages
are looked at, and then held beside each plan that their codes, or the file's metadata, name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cpdocs.core.page_facts import FilePages, PageKind
from cpdocs.scans.reading import read_scan
from cpdocs.signing.content import Contents, beside, read_contents
from cpdocs.signing.reading import ids_named, read_signed

if TYPE_CHECKING:
    from cpdocs.signing.file_facts import ReturnFacts
    from cpdocs.signing.record import Limits


def read_other(data: bytes, *, limits: Limits, **given: Any) -> ReturnFacts:
    """The facts of a file that begins with none. Never raises for any bytes."""
    pages = read_scan(data, most_pages=limits.pages)
    contents = read_contents(data)
    facts = read_signed(data, limits=limits, **given)
    return replace(facts, pages=_as_drawn(pages, contents), named=ids_named(data, contents))


def hold_beside(data: bytes, issued: Mapping[str, bytes], facts: ReturnFacts) -> ReturnFacts:
    """``facts`` of ``data`` with how it stands to each of the ``issued`` plans, by document id."""
    return replace(facts, beside={document_id: beside(data, plan) for document_id, plan in issued.items()})


def _as_drawn(pages: FilePages, contents: Contents | None) -> FilePages:
    """The pages with what each draws: of a picture file every frame is a picture of paper."""
    drawn = contents.pages if contents is not None else ()

    def seen(number: int) -> tuple[bool, bool]:
        if contents is None:
            return True, False
        page = drawn[number - 1] if number <= len(drawn) else None
        return (page.is_picture, page.is_blank) if page else (False, False)

    found = []
    for page in pages.pages:
        picture, blank = seen(page.number)
        kind = PageKind.BLANK if blank and page.document_id is None else page.kind
        found.append(replace(page, scanned=picture, kind=kind))
    return replace(pages, pages=tuple(found))
