"""Which way a package goes, and whether it may: the route by the practice's EHR, the MRN by the EHR it belongs to.

Missing or mismatching is held, never guessed (ehr.md, "Delivery", "The package").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cpdocs.core.options import FilingTarget

_DAMAGED = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+|#+[A-Z/0-9]*[!?]?|[0-9]+[.,]0+")
"""What a spreadsheet makes of a long number: ``1.23E+09``, ``####``, ``#N/A``, ``1234567.0``."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a package waits for a person: a stable code, the sentence, and what to do."""

    code: str
    message: str
    todo: str


def choose_target(targets: Sequence[FilingTarget], ehr: str) -> FilingTarget | None:
    """The target that names the practice's EHR; else one that serves every EHR; else None."""
    wanted = ehr.strip().casefold()
    for target in targets:
        if wanted and wanted in {name.strip().casefold() for name in target.ehrs}:
            return target
    return next((target for target in targets if not target.ehrs), None)


def route_doubts(
    *, target: FilingTarget | None, ehr: str, mrn: str, mrn_ehr: str, mrn_shared: bool, mrn_length: int = 0
) -> tuple[Doubt, ...]:
    """Every reason why this chart can't be reached for certain.

    ``mrn`` is the member's on the roster, ``mrn_ehr`` the EHR that the roster's MRNs belong to (empty: every one),
    ``mrn_shared`` whether somebody else on record has the same, ``mrn_length`` how many characters each has (0: any).
    """
    doubts = []
    if target is None:
        doubts.append(
            Doubt(
                "no_route",
                f"No filing target serves the practice's EHR ({ehr or 'none named'}).",
                "Add its name to a [[filing.target]] in cpdocs.toml.",
            )
        )
    if not mrn.strip():
        doubts.append(Doubt("mrn_missing", "The member has no MRN on record.", "Import a roster that has it."))
    elif mrn_ehr and mrn_ehr.strip().casefold() != ehr.strip().casefold():
        doubts.append(
            Doubt(
                "mrn_of_other_ehr",
                f"The roster's MRNs belong to {mrn_ehr}; the practice's EHR is {ehr or 'not named'}.",
                "File this plan by hand, or mend filing.mrn_ehr or the practice's ehr.",
            )
        )
    if _DAMAGED.fullmatch(mrn.strip()):
        doubts.append(
            Doubt(
                "mrn_damaged",
                "The member's MRN was turned into a number by a spreadsheet; its digits are lost.",
                "Export the roster anew with MRNs as text and import it.",
            )
        )
    elif mrn.strip() and len(mrn.strip()) < mrn_length:
        doubts.append(
            Doubt(
                "mrn_short",
                f"The member's MRN has {len(mrn.strip())} characters and not {mrn_length}: leading zeros were lost, or "
                "it is another number.",
                "Export the roster anew with MRNs as text and import it.",
            )
        )
    if mrn.strip() and mrn_shared:
        doubts.append(
            Doubt(
                "mrn_shared",
                "Somebody else on record has the same MRN.",
                "Find out whose it is and import a mended roster.",
            )
        )
    return tuple(doubts)


def document_type(target: FilingTarget, program: str, title: str, *, part2: bool) -> str:
    """What the site calls such a document: its table's word for Part 2 plans or for the program, else its one word,
    else ``title``."""
    table = target.document_types
    if table:
        return (part2 and table.get("part2")) or table[program]
    return target.document_type or title


def upload_name(template: str, *, document_id: str, mrn: str, document_type: str, day: str, version: int) -> str:
    """The upload PDF's name: opaque by default, else the site's pattern, whose ``{date}`` is YYYYMMDD."""
    values = {
        "document_id": document_id,
        "mrn": _safe(mrn),
        "type": _safe(document_type),
        "date": day.replace("-", ""),
        "version": str(version),
    }
    name = template
    for key, value in values.items():
        name = name.replace("{" + key + "}", value)
    return name


def _safe(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-")
