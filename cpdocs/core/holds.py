"""Held roster lines that a person releases: which holds may be lifted at all, and how long that stands.

``HOLD_RELEASED`` carries member_id, assignment (its key), code, reason, by, and for a hold of the mail the address (its
fingerprint). A release answers one code for one assignment, and only while what it was given for stays as it was:
another address or another plan is looked at anew. It never touches what is suppressed or rejected, nor a need that
paper can't meet (contract §3, rules 2, 4 and 5).
"""

from __future__ import annotations

from collections.abc import Mapping

from cpdocs.core.members import Assignment

ADDRESS_RETURNED = "address_returned"
"""Held because a letter came back from that address; a letter that comes back again undoes the release."""

RELEASABLE: Mapping[str, tuple[str, ...]] = {
    "plan_not_eligible": ("plan_type", "dmh_accs", "plan_name"),
    "excluded_from_auto_assignment": ("exclusion_flags", "assignment_source"),
    "name_damaged": (
        *("last_name", "first_name", "middle_name", "suffix", "guardian_name"),
        *("address1", "address2", "city", "state", "plan_name", "cp_org", "coordinator"),
    ),
    "undeliverable_address": ("address1", "address2", "city", "state", "zip"),
    "minor_without_guardian": ("dob", "guardian_name"),
    "possible_same_person": ("last_name", "first_name", "dob"),
    "assignments_overlap": ("assigned_on", "end_on"),
    ADDRESS_RETURNED: (),
}
"""Code of a hold that a person may release → the fields that it was judged by."""


def still_holds(code: str, then: Assignment, now: Assignment) -> bool:
    """Whether a release of ``code`` that was given for ``then`` is good for the assignment as it is on record now."""
    return all(getattr(then, name) == getattr(now, name) for name in RELEASABLE[code])
