"""Whether a returned part came back with comments: notes in the file, on scanned pages too, or words on the cover.

Such a part is held for a person, who records them as the practice's return, and is never rejected (contract §8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cpdocs.core.findings import finding
from cpdocs.core.page_facts import BoxReading, PageFacts, PageKind
from cpdocs.core.parts import PageGroup
from cpdocs.core.verdicts import Finding, Verdict
from cpdocs.signing.field_names import SLOT_OF_FIELD
from cpdocs.signing.file_facts import Note, ReturnFacts

_OF_A_NOTE = frozenset(
    {"changed_after_signing", "additions_unclear", "not_whole_file", "damaged_resaved", "drawn_on", "no_signature"}
    | {"pages_read_differently"}
)
"""What a comment that a reader left in the file makes of it besides."""


def comments_on(facts: ReturnFacts, group: PageGroup) -> Iterator[Finding]:
    """All comments on a part as one finding, if there are any. ``group``: the part's pages, none where its file is
    known as a whole.

    A note on a page that names another document is that one's. A tick at "Approve" stands, as a rule, on a cover
    beside a signed page: writing there is remarked on, and no comment by itself.
    """
    mine = {page.number: page for page in group.pages}
    others = {page.number for page in facts.pages.pages if page.document_id not in (None, group.document_id)} - {*mine}
    cover = group.written_on_cover and BoxReading.SIGNED not in group.boxes.values()
    pages: set[int] = set()
    for note in facts.notes:
        page = mine.get(note.page)
        if (mine and note.page in others) or (page and not _is_comment(note, page)):
            continue
        if page and page.kind is PageKind.COVER:
            cover = True
        else:
            pages.add((page.plan_page if page else None) or note.page)
    if not group.scanned:
        # A viewer that printed the plan to PDF anew has made them part of the pages.
        pages |= {page.plan_page or page.number for page in group.pages if page.marks_elsewhere}
    if pages or cover:
        yield finding("comments", on_pages(sorted(pages), cover=cover))
    if pages and not cover and not group.scanned and _may_be_a_signature(facts):
        yield finding("picture_added", on_pages(sorted(pages), cover=False))


_PUT_DOWN = frozenset({"Stamp", "Ink"})
"""What viewers make of a picture of a signature, and of one drawn with the mouse or a finger."""


def _may_be_a_signature(facts: ReturnFacts) -> bool:
    """Whether all that was added is pictures and lines without a word, and no slot has a digital signature: nobody can
    say by rule whether that is a comment or meant as a signature."""
    signed = any(each.field in SLOT_OF_FIELD for each in facts.signed.signatures)
    drawn = all(note.kind in _PUT_DOWN and not note.words.strip() for note in facts.notes)
    return bool(facts.notes) and drawn and not signed


def _is_comment(note: Note, page: PageFacts) -> bool:
    """Over a picture of paper an annotation without words is what it draws: a signature in its box is no comment."""
    return bool(note.words.strip()) or not page.scanned or page.marks_elsewhere is not False


def beside_comments(findings: Iterable[Finding], *, signed: bool) -> Iterator[Finding]:
    """The other findings on a file with comments in it: what only says that there are some is said already; beside a
    signature it is for a person, who reads them."""
    for each in findings:
        if each.code not in _OF_A_NOTE:
            yield each
        elif signed:
            yield replace(each, softened=Verdict.HELD)


def on_pages(pages: Sequence[int], *, cover: bool) -> str:
    """Where something stands, in words: on these pages, on the cover sheet."""
    on = [f"on page {', '.join(map(str, pages))}"] if pages else []
    return " and ".join([*on, *(["on the cover sheet"] if cover else [])])
