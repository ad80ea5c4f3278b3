"""A held file beside the plan as issued: pages side by side with what differs marked, for the person who must decide.

For what a signing service wrote anew, and for what a signing program changed more of than a signature needs, a
comparison is made at once and kept in the store; of every file pictures are drawn (``drawn_albums`` keeps them while it
waits). All are made in a confined child, never lie in a temporary file, and are shown by ``cpdocs held show`` and the
desk. They decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cpdocs.core.events import JSON, EventType, NewEvent, document_subject, return_subject
from cpdocs.core.page_facts import NamedPage
from cpdocs.core.page_names import named_pages
from cpdocs.core.plurals import counted
from cpdocs.core.verdicts import Lane
from cpdocs.plans.records import find_plan
from cpdocs.returns.issued_letters import issued_letter, letter_pages
from cpdocs.sandbox.run import Stopped, run_sandboxed
from cpdocs.scans.compare import Comparison, PageCompared

if TYPE_CHECKING:
    from cpdocs.core.page_facts import FilePages
    from cpdocs.core.return_record import ReturnRecord
    from cpdocs.ledger.reads import Reads
    from cpdocs.scans.pictures import Pictures
    from cpdocs.workspace import Workspace

SECONDS = 60.0
DRAWING_SECONDS = 180.0
"""For the pictures of all files of one item: a page takes half a second, its search and its drawing together."""
MOST_DRAWN = 120
"""Pages of one item that are drawn: six times a long plan with its papers."""
MEGABYTES = 1024
_BY_CODE = frozenset({"changes_unclear", "content_differs"})


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison on record. ``pictures`` is the SHA-256 of the PDF in the store, empty where the pages couldn't be
    drawn; ``words`` of the text on the pages that only the returned file has, empty where there is none."""

    pages: tuple[PageCompared, ...]
    cut_short: bool
    pictures: str
    words: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was found, page by page, in words."""
        if not self.pictures:
            return ("The pages can't be drawn within the limits: look at the file on a machine that may be lost.",)
        told = [_sentence(page) for page in self.pages if page.marked or page.only_in]
        same = len(self.pages) - len(told)
        if same:
            told.append(
                f"{counted(same, 'page looks', 'pages look')} the same." if told else "Every page looks the same."
            )
        return (*told, *(("There are more pages than are drawn.",) if self.cut_short else ()))


def _sentence(page: PageCompared) -> str:
    if page.only_in:
        return (
            f"Page {page.number} is only in the "
            f"{'returned file' if page.only_in == 'returned' else 'plan as issued: it is missing'}."
        )
    return f"Page {page.number} differs in {counted(page.marked, 'place')}."


def is_comparable(record: ReturnRecord) -> bool:
    """Whether a person must compare this file's pages with the issued plan's."""
    decision = record.decision
    if decision is None or not record.waiting or not decision.document_id:
        return False
    if decision.lane is Lane.INK:
        return False  # each of its pages was held beside the issued one already, in whatever order they came
    return decision.lane is Lane.ESIGN_SERVICE or any(each.code in _BY_CODE for each in decision.findings)


def compared(source: Reads, record: ReturnRecord) -> Compared | None:
    """The comparison on record with the plan that the file is held for; None where there is none."""
    events = source.events(subject=return_subject(record.sha256), types=(EventType.RETURN_COMPARED,))
    found = [event.data for event in events if event.data["document_id"] == record.document_id]
    return _read(found[-1]) if found else None


def compare(ws: Workspace, record: ReturnRecord) -> Compared | None:
    """The comparison of a held file with its plan, made and recorded if it wasn't yet; None where there is nothing to
    compare."""
    if not is_comparable(record):
        return None
    known = compared(ws.ledger, record)
    plan = find_plan(ws.ledger, record.document_id)
    if known is not None or plan is None:
        return known
    made = _draw(ws.blobs.get(plan.sha256), ws.blobs.get(record.sha256))
    data: dict[str, JSON] = {
        "sha256": record.sha256,
        "document_id": record.document_id,
        "pictures_sha256": ws.blobs.put(made.pdf) if made else None,
        "words_sha256": ws.blobs.put(made.words.encode()) if made and made.words else None,
        "pages": [{"page": each.number, "marked": each.marked, "only_in": each.only_in or None} for each in made.pages]
        if made
        else [],
        "cut_short": made.cut_short if made else False,
    }
    with ws.ledger.write() as tx:
        meanwhile = compared(tx, record)
        if meanwhile is None:
            about = (return_subject(record.sha256), document_subject(record.document_id))
            tx.append(NewEvent(EventType.RETURN_COMPARED, about, data))
    return meanwhile or _read(data)


def pictures(ws: Workspace, files: Sequence[str], document_id: str) -> Pictures | None:
    """Every page of these files (by SHA-256), upright beside that of the plan (empty: none is known), and its boxes
    enlarged; None where no page can be drawn within the limits. Nothing is recorded."""
    given = to_draw(ws, files, document_id, named_in(ws, files))
    return draw_pictures(given, most_pages=ws.options.max_return_pages)


def named_in(ws: Workspace, files: Sequence[str]) -> list[dict[int, NamedPage]]:
    """For each of these files the pages that a person named."""
    return [
        named_pages(ws.ledger.events(subject=return_subject(each), types=(EventType.HELD_SPLIT,))) for each in files
    ]


@dataclass(frozen=True, slots=True)
class ToDraw:
    """What pictures are drawn of: the files' bytes with the pages ``named`` in each, and of the document that they
    belong to (``document_id``, empty: none is known) the plan as issued and its cover sheet, or the letter whose reply
    slip it is."""

    files: list[bytes]
    document_id: str
    named: Sequence[Mapping[int, NamedPage]]
    issued: bytes = b""
    cover: bytes = b""
    letter: bytes = b""


def to_draw(ws: Workspace, files: Sequence[str], document_id: str, named: Sequence[Mapping[int, NamedPage]]) -> ToDraw:
    """The bytes that the pictures of these files are drawn from. Raises what the store and a print file do."""
    given = ToDraw([ws.blobs.get(each) for each in files], document_id, named)
    plan = find_plan(ws.ledger, document_id) if document_id else None
    if plan is not None:
        cover = ws.blobs.get(plan.cover_sha256) if plan.cover_sha256 else b""
        return replace(given, issued=ws.blobs.get(plan.sha256), cover=cover)
    if document_id and issued_letter(ws, document_id) is not None:
        return replace(given, letter=letter_pages(ws, document_id))
    return given


def draw_pictures(given: ToDraw, *, most_pages: int) -> Pictures | None:
    """As :func:`pictures`, of bytes."""
    return _drawn("cpdocs.scans.pictures:draw_pictures", given.files, given, most_pages, named=given.named)


def draw_file(given: ToDraw, pages: FilePages | None, *, most_pages: int) -> Pictures | None:
    """The pictures of the one file given, on no sheets; ``pages`` is what was read of it, where that is known. For who
    draws beside other work: it asks for nothing but a child process."""
    (data,), (named,) = given.files, given.named
    return _drawn("cpdocs.scans.pictures:draw_file", data, given, most_pages, pages=pages, named=named)


def _drawn(
    function: str, files: bytes | Sequence[bytes], given: ToDraw, most_pages: int, **more: Any
) -> Pictures | None:
    """What a child draws; None where it ran into its limit."""
    try:
        made: Pictures = run_sandboxed(
            function,
            files,
            given.issued,
            given.document_id,
            most_pages=min(most_pages, MOST_DRAWN),
            cover=given.cover,
            letter=given.letter,
            seconds=DRAWING_SECONDS,
            megabytes=MEGABYTES,
            **more,
        )
    except Stopped:
        return None
    return made


def _draw(issued: bytes, returned: bytes) -> Comparison | None:
    try:
        made: Comparison = run_sandboxed(
            "cpdocs.scans.compare:compare", issued, returned, seconds=SECONDS, megabytes=MEGABYTES
        )
    except Stopped:
        return None
    return made


def _read(data: Any) -> Compared:
    return Compared(
        pages=tuple(PageCompared(each["page"], each["marked"], each["only_in"] or "") for each in data["pages"]),
        cut_short=data["cut_short"],
        pictures=data["pictures_sha256"] or "",
        words=data["words_sha256"] or "",
    )
