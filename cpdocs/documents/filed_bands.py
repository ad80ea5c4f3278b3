"""What is laid over the pages of the PDF for the chart: at the head of each what is true of the document now and which
page of how many this is, and on the plan's own pages what took the place of the words that asked for approval.

The lines and boxes that a signer would have filled by hand are filled from the record, and the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cpdocs.core.clock import eastern_date
from cpdocs.core.filed_copy import BOXES, HOW_TO_SIGN, PLAN_STATUS, SEAL_CHECK, FiledPage, PageOrigin, Place
from cpdocs.core.plan_record import SlotFill
from cpdocs.core.verdicts import Evidence, Slot
from cpdocs.documents.html import fill, long_date, short_date, template_folders
from cpdocs.documents.pdf import to_pdf

_SHEETS = ("base/base.css", "filed/filed.css")
_HEIGHT = 792.0
_SMALL = 8.5
"""Points: the letters of what had none on the page issued."""
_DIGITAL = (Evidence.DIGITAL_SIGNATURE, Evidence.WITNESSED_SIGNATURE)
_EVIDENCE = {
    Evidence.DIGITAL_SIGNATURE: "Signed digitally",
    Evidence.WITNESSED_SIGNATURE: "Signed in person before a witness",
    Evidence.INK_SCAN: "Signed in ink on paper",
    Evidence.RECORDED_APPROVAL: "Approval recorded, not a signature",
    Evidence.CHART_NOTE: "Approved by a dated note in the practice's chart",
}
_WHAT = {
    PageOrigin.PLAN: "Copy for the chart; the files that were sealed and signed lie beside it.",
    PageOrigin.PAPER: "Picture of the signed paper as it came back; its own status and count are from before.",
    PageOrigin.CERTIFICATE: "Added for the chart.",
}
_FROM_BEFORE = "What asks to review or sign is from before. The files that were sealed and signed lie beside it."


@dataclass(frozen=True, slots=True)
class FiledBand:
    """What is said: the document, the day of the later approval (as people write it), when it was filed (aware),
    whether it holds Part 2 records, and who approved it."""

    document_id: str
    version: int
    approved_on: str
    built_at: datetime
    part2: bool = False
    fills: Mapping[Slot, SlotFill] = field(default_factory=dict)


def render_bands(band: FiledBand, sheets: Sequence[FiledPage], *, shipped: Path, site: Path | None = None) -> bytes:
    """A page for each of ``sheets`` with nothing but what is laid over it; the same values give the same bytes."""
    # A plan whose template names no places keeps its words; then each page says that they are from before.
    of_plan = _WHAT[PageOrigin.PLAN] if any(sheet.places for sheet in sheets) else _FROM_BEFORE
    view = {
        "document_id": band.document_id,
        "version": str(band.version),
        "approved_on": band.approved_on,
        "part2": band.part2,
        "pages": [
            {
                "number": number,
                "what": of_plan if sheet.origin is PageOrigin.PLAN else _WHAT[sheet.origin],
                "notes": list(_notes(band, sheet, sheets)),
            }
            for number, sheet in enumerate(sheets, start=1)
        ],
        "total": str(len(sheets)),
    }
    html = fill("filed/filed.html", view, shipped=shipped, site=site)
    rendered = to_pdf(
        html,
        folders=template_folders(shipped, site),
        profile="letter",
        identifier=f"{band.document_id}-bands",
        created=band.built_at,
        stylesheets=_SHEETS,
    )
    return rendered.pdf


def _notes(band: FiledBand, sheet: FiledPage, sheets: Sequence[FiledPage]) -> Any:
    """What stands in the named places of one page: lines of text, each with its corner and the size of its letters."""
    words = {
        PLAN_STATUS: [f"Approved {band.approved_on}"],
        HOW_TO_SIGN: [
            f"Approved {band.approved_on}. What is printed in the boxes and on the lines below is from the record; see "
            "the certificate page."
        ],
        SEAL_CHECK: ["The sealed file, originals/issued.pdf, lies beside this copy."],
        **_lines(band.fills),
    }
    for slot, name in BOXES.items():
        if slot in band.fills and name not in sheet.signed:
            words[name] = _box(band.fills[slot], name, sheets)
    for place in sheet.places:
        if lines := [line for line in words.get(place.name, []) if line]:
            yield _note(place, lines)


def _note(place: Place, lines: Sequence[str]) -> dict[str, Any]:
    kind = {PLAN_STATUS: "status", HOW_TO_SIGN: "how", SEAL_CHECK: "seal"}.get(place.name, "line")
    if place.name in BOXES.values():
        kind = "approval"
    elif place.name in _TICKS:
        kind = "tick"
    return {
        "kind": kind,
        "lines": list(lines),
        "left": f"{place.x0:.2f}",
        "top": f"{_HEIGHT - place.y1:.2f}",
        "width": f"{place.x1 - place.x0:.2f}",
        "height": f"{place.y1 - place.y0:.2f}",
        "size": f"{place.size or _SMALL:.2f}",
    }


_TICKS = ("PCPIsPCP", "PCPIsDesignee")


def _lines(fills: Mapping[Slot, SlotFill]) -> dict[str, list[str]]:
    """The lines of the signature page as the record would fill them."""
    said: dict[str, list[str]] = {}
    if member := fills.get(Slot.MEMBER):
        said |= {"MemberName": [member.signer], "MemberDate": [_day(member)], "MemberRelation": [member.on_behalf_of]}
    if pcp := fills.get(Slot.PCP):
        said |= {
            "PCPName": [pcp.signer],
            "PCPCredential": [pcp.credential],
            "PCPNPI": [pcp.npi],
            "PCPDate": [_day(pcp)],
        }
        said[_TICKS[pcp.role != "pcp"]] = ["\u00d7"]
    return said


def _day(fill: SlotFill) -> str:
    on = eastern_date(fill.signed_at) if fill.signed_at else fill.on
    return short_date(on) if on else ""


def _box(fill: SlotFill, name: str, sheets: Sequence[FiledPage]) -> list[str]:
    """Who approved and when, where the box itself shows no signature; and where one is shown."""
    on = eastern_date(fill.signed_at) if fill.signed_at else fill.on
    who = ", ".join(filter(None, (fill.signer, fill.credential)))
    return [
        f"{_EVIDENCE[fill.evidence]}{_shown_on(fill, name, sheets)}",
        who,
        f"on {long_date(on)}" if on else "No date stands with it.",
    ]


def _shown_on(fill: SlotFill, name: str, sheets: Sequence[FiledPage]) -> str:
    if fill.evidence in _DIGITAL:
        pages = [number for number, sheet in enumerate(sheets, start=1) if name in sheet.signed]
    elif fill.evidence is Evidence.INK_SCAN:
        boxes = {sheet.number for sheet in sheets if any(place.name == name for place in sheet.places)}
        papers = [(number, sheet) for number, sheet in enumerate(sheets, start=1) if sheet.origin is PageOrigin.PAPER]
        pages = [number for number, sheet in papers if sheet.number in boxes] or [number for number, _ in papers[:1]]
    else:
        pages = []
    return f": see page {pages[0]}" if pages else ""
