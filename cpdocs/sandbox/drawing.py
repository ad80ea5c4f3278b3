"""What is made of strangers' files for the chart, in a confined child: a scan as plain page pictures, the upload
PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cpdocs.errors import Defect, InputFault
from cpdocs.sandbox.run import Stopped, run_sandboxed

if TYPE_CHECKING:
    from cpdocs.core.page_facts import NamedPage
    from cpdocs.filing.rendition import Upload
    from cpdocs.scans.flat import FlatScan
    from cpdocs.scans.page_pictures import PagePictures
    from cpdocs.signing.record import Limits

SECONDS = 120.0
MEGABYTES = 1024


def flat_scan(
    files: Sequence[bytes],
    issued: bytes = b"",
    document_id: str = "",
    *,
    most_pages: int,
    named: Sequence[Mapping[int, NamedPage]] = (),
) -> FlatScan:
    """The pages of ``files`` (PDF, TIFF, PNG, JPEG, WebP, HEIC) that belong to the plan ``document_id``, as plain
    pictures in one PDF: see ``cpdocs.scans.flat``.

    The same bytes give the same PDF. Raises InputFault where one can't be drawn within the limits.
    """
    try:
        drawn: FlatScan | None = run_sandboxed(
            "cpdocs.scans.flat:draw",
            list(files),
            issued,
            document_id,
            most_pages=most_pages,
            named=named,
            seconds=SECONDS,
            megabytes=MEGABYTES,
        )
    except Stopped:
        drawn = None
    if drawn is None or not drawn.pdf.startswith(b"%PDF-"):
        raise InputFault(
            "The returned scan can't be drawn page by page.", todo="Ask for it again, or file the original by hand."
        )
    return drawn


def page_pictures(data: bytes) -> PagePictures | None:
    """The pages of ``data`` upright, as gray pixels; see ``cpdocs.scans.page_pictures``. None where they can't be drawn
    within the limits."""
    try:
        drawn: PagePictures = run_sandboxed(
            "cpdocs.scans.page_pictures:draw", data, seconds=SECONDS, megabytes=MEGABYTES
        )
    except Stopped:
        return None
    sound = all(len(page.pixels) == page.width * page.height > 0 for page in drawn.pages)
    return drawn if sound else None


def what_acts(data: bytes, limits: Limits) -> tuple[str, ...]:
    """Why a chart may not be given ``data``, a file as it came: see ``cpdocs.signing.gate.what_acts``. A search that
    gives no answer is such a reason too."""
    try:
        found: tuple[str, ...] = run_sandboxed(
            "cpdocs.signing.gate:what_acts", data, limits, seconds=SECONDS, megabytes=MEGABYTES
        )
    except Stopped:
        return ("more than can be searched",)
    return found


def stamp(upload: bytes, bands: bytes) -> bytes:
    """The rendition with its lines; see ``cpdocs.filing.rendition.stamp``. Raises Defect where that can't be done."""
    try:
        made: bytes = run_sandboxed(
            "cpdocs.filing.rendition:stamp", upload, bands, seconds=SECONDS, megabytes=MEGABYTES
        )
    except Stopped as why:
        raise Defect(f"The upload PDF can't be stamped ({why.why}).") from None
    return made


def fax_edition(files: Sequence[bytes]) -> bytes:
    """Our own papers as a fax machine carries them; see ``cpdocs.documents.fax_edition``. Raises Defect where a stored
    one can't be drawn."""
    try:
        made: bytes = run_sandboxed(
            "cpdocs.documents.fax_edition:fax_edition", list(files), seconds=SECONDS, megabytes=MEGABYTES
        )
    except Stopped as why:
        raise Defect(
            f"The fax edition can't be drawn ({why.why}); `cpdocs audit verify` tells whether the store is whole."
        ) from None
    return made


def compose(issued: bytes, *, signed: Sequence[bytes], scan: FlatScan | None, certificate: bytes, title: str) -> Upload:
    """The rendition of one complete version; see ``cpdocs.filing.rendition.compose``. What was accepted is a stranger's
    still.

    Raises Defect where it can't be made: a stored file is damaged, or something active would be left in it.
    """
    given: dict[str, Any] = {"signed": list(signed), "certificate": certificate, "title": title}
    if scan is not None:
        given |= {"scan": scan.pdf, "places": scan.places}
    try:
        made: Upload = run_sandboxed(
            "cpdocs.filing.rendition:compose", issued, **given, seconds=SECONDS, megabytes=MEGABYTES
        )
    except Stopped as why:
        raise Defect(
            f"The upload PDF can't be made of what was signed ({why.why}); `cpdocs audit verify` tells whether "
            "it is whole."
        ) from None
    return made
