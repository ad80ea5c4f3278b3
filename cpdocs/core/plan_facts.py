"""What a plan states as done, held against the record before it is sealed (requirements E5, X1, documents.md §3).

A medicine list is reconciled only by a named clinician whose credential allows it; a copy of this version can't have
been given before it was issued, nor on a day that lies ahead. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cpdocs.core.names import may_be
from cpdocs.core.plans import Plan, Reconciliation
from cpdocs.core.register import Register
from cpdocs.core.signers import DESIGNEE_CREDENTIALS
from cpdocs.errors import Problem


def fact_errors(plan: Plan, register: Register, on: date) -> Iterator[Problem]:
    """What can't be true on the day of issue."""
    yield from reconciliation_errors(plan.medications_reconciled_by, register, on)
    if plan.copy_given is not None and plan.copy_given.date > on:
        yield Problem(
            "copy_given_in_future",
            "the plan says that the member was given a copy on a day that lies ahead.",
            "copy_given.date",
            "Leave it out; record the copy when it is given: `cpdocs plan copy ID`.",
        )


def fact_warnings(plan: Plan, on: date) -> Iterator[Problem]:
    """What the plan says and the paper won't."""
    if plan.copy_given is not None and plan.copy_given.date < on:
        yield Problem(
            "copy_given_before_issue",
            "the plan says that a copy was given before this version was issued; the paper leaves that out.",
            "copy_given.date",
            "Record the copy of this version when it is given: `cpdocs plan copy ID`.",
        )


def may_reconcile(credential: str) -> bool:
    """Whether a clinician with this credential reconciles medicines: RN, MD, DO, NP or PA, as for all that a PCP hands
    on (requirements D5, D6). Of several one is enough.

    >>> may_reconcile("R.N., BSN"), may_reconcile("MSW"), may_reconcile("FNP-BC")
    (True, False, True)
    """
    plain = credential.upper().replace(".", "")
    words = {_ALSO.get(word, word) for word in re.findall(r"[A-Z]+", plain)}
    return bool(words & DESIGNEE_CREDENTIALS)


_ALSO = {
    **dict.fromkeys(("APRN", "FNP", "ANP", "AGNP", "PNP", "PMHNP", "CNP", "DNP", "CRNP"), "NP"),
    "APN": "NP",
    "BSN": "",
}
"""Credentials that say a nurse practitioner in other letters."""


def reconciliation_errors(
    said: Reconciliation | None, register: Register, on: date, path: str = "medications_reconciled_by"
) -> Iterator[Problem]:
    """Why what is said at ``path`` of who reconciled the medicines can't stand; nothing where it says nobody."""
    if said is None:
        return
    if not said.name.strip():
        yield _reconciler(path, "name", "the medicines are said to be reconciled, and nobody is named who did it.")
    if not may_reconcile(said.credential):
        yield _reconciler(
            path,
            "credential",
            f"medicines are reconciled by an RN, MD, DO, NP or PA; here it is “{said.credential.strip()}”.",
        )
    if said.on > on:
        yield _reconciler(path, "on", "the medicines are said to be reconciled on a day that lies ahead.")
    rows = register.directory.rows_of(said.npi) if said.npi else ()
    if rows and not any(may_reconcile(row.credential) for row in rows):
        yield _reconciler(path, "npi", f"the record says that this clinician is {rows[0].credential}.")
    if rows and said.name.strip() and not any(may_be(said.name, row.first_name, row.last_name) for row in rows):
        yield _reconciler(path, "npi", "the record has another clinician under this NPI.")


def _reconciler(path: str, field: str, message: str) -> Problem:
    return Problem(
        "reconciler_not_eligible",
        message,
        f"{path}.{field}",
        "Name the clinician who reconciled this list, or leave it out: then it is the list as reported.",
    )
