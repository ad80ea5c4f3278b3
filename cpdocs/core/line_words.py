"""What a line's code means, in words for whoever has to do something about it (contract §3; docs/input-files.md).

Every code of a disposition has a sentence that says why, and what to do; nothing to do is an empty string.
"""

from __future__ import annotations

from collections.abc import Mapping

_CORRECT = "Correct it in the roster and import it again."
_UNREAD = "The line couldn't be read: "

REASONS: Mapping[str, tuple[str, str]] = {
    "blank_line": ("Every cell is empty.", ""),
    "hidden_row": ("The spreadsheet hides this row, and it was said to be left out.", ""),
    "member_id_missing": (f"{_UNREAD}it has no member id.", "Find the id."),
    "member_id_damaged_by_spreadsheet": (
        f"{_UNREAD}a spreadsheet made a number of the member id, and digits are lost.",
        "Export it again with that column as text.",
    ),
    "member_id_invalid": (f"{_UNREAD}the member id hasn't twelve digits.", _CORRECT),
    "name_missing": (f"{_UNREAD}the first or last name is empty.", "Complete it."),
    "name_has_forbidden_characters": (
        f"{_UNREAD}a name has control or invisible characters, or begins with = + - @.",
        "Type the name afresh.",
    ),
    "program_unknown": (f"{_UNREAD}the program is neither BH nor LTSS.", _CORRECT),
    "date_invalid": (f"{_UNREAD}a date is missing or is none.", "Write dates with four-digit years: 2026-11-02."),
    "date_in_future": (f"{_UNREAD}the date of birth lies in the future.", _CORRECT),
    "dates_out_of_order": (f"{_UNREAD}the assignment ends before it begins.", _CORRECT),
    "cells_misaligned": (
        f"{_UNREAD}it has more or fewer cells than the header, so nothing stands surely under its name.",
        "Put cells that hold a separator into quotation marks.",
    ),
    "cell_too_long": (f"{_UNREAD}a cell has more than 400 characters.", "Shorten it."),
    "same_assignment": ("This assignment is lettered already, or stands on an earlier line.", ""),
    "deceased": (
        "A roster says that the member died.",
        "Nothing; where it isn't so, `cpdocs member correct deceased`.",
    ),
    "declined": ("The member said no.", ""),
    "disenrolled": ("The member left, or asked for a different Community Partner.", ""),
    "no_mail": ("The member may not be written to.", "Call; never write."),
    "span_ended": ("The assignment has ended, or ended on the day on which it began.", ""),
    "suppression_list": ("The member is on the list of those never written to.", "Call; never write."),
    "plan_not_eligible": ("The health plan isn't one of the program (PCC or FFS, without DMH ACCS).", "Check it."),
    "excluded_from_auto_assignment": (
        "An exclusion flag stands against an automatic assignment.",
        "Ask for a referral.",
    ),
    "name_damaged": (
        "A name, or another cell that a letter prints, looks damaged.",
        "Type it afresh, or release the letter if it is right.",
    ),
    "format_not_printable": ("The member needs braille, audio, or a format that isn't known.", "Send it another way."),
    "undeliverable_address": ("The address is none that mail reaches.", "Find the address."),
    "minor_without_guardian": ("The member is under 18 and no guardian is named.", "Find the guardian."),
    "possible_same_person": (
        "Somebody of the same name and date of birth has another member id.",
        "Find out which id holds; if they are two people, release the letter.",
    ),
    "assignments_overlap": (
        "Another assignment of the member in this program is for the same days.",
        "Find out which holds.",
    ),
    "status_unknown": ("The status is none that is known, or is missing.", _CORRECT),
    "safe_contact_unknown": ("How the member may be reached can't be understood; mail might do harm.", _CORRECT),
    "address_returned": (
        "Mail to this address came back.",
        "Find another address, or release the letter if it is right.",
    ),
    "address_does_not_fit": (
        "The address is too long for the envelope's window, at the smallest type too.",
        "Shorten the address in the roster.",
    ),
    "text_not_drawable": (
        "No font has a character of the name or address.",
        "Correct it, or add a font to templates/fonts/.",
    ),
    "window_preflight": ("Something else than the address would show in the envelope's window.", "Mend the template."),
}
"""Code → why, and what to do."""


WARNINGS: Mapping[str, str] = {
    "language_fallback": (
        "asked for a language whose text nobody has reviewed; they get English with the notice of language assistance. "
        "How to review a text: docs/letters.md, “Languages”"
    ),
    "draft_translation": "get a translation that nobody has reviewed",
    "zip_repadded": "had lost leading zeros of their ZIP; they were put back",
    "zip_of_another_state": "have a ZIP that lies in another state than the address",
    "pcp_npi_invalid": "have a PCP number (NPI) whose check digit doesn't fit",
    "pcp_npi_missing": "have no PCP number (NPI)",
    "age_outside_program": "are younger or older than the program takes",
    "cp_org_unknown": "have a Community Partner that cpdocs.toml doesn't name; the organization's letterhead is used",
    "invisible_characters_dropped": "had invisible characters in their names; they were dropped",
    "address_not_confirmed": "have an address that the address service didn't confirm",
    "address_standardized": "have an address as the address service writes it",
    "barcode_no_room": "have an address that leaves no room for a barcode",
    "barcode_no_serial": "get no barcode: no serial is left",
}
"""Warning on a mailed line → what its members have, get or asked for."""


def why(code: str) -> str:
    """Why a line became what it is; the code itself where it has no words."""
    return REASONS[code][0] if code in REASONS else code


def what_to_do(code: str) -> str:
    """What somebody can do about it; empty where nothing is to be done."""
    return REASONS[code][1] if code in REASONS else ""
