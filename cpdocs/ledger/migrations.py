"""How a ledger of an older form is brought to this one's. Tables may be added; what was recorded is never touched.

Each step is a function from a connection to nothing, under the number of the form that it leads from. The forms that a
ledger has gone through are the rows of ``schema_version``: one is added by each step, in the step's own transaction, so
a kill leaves the one form or the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from sqlalchemy import Connection, insert

from cpdocs.errors import WorkspaceFault
from cpdocs.ledger.faults import DAMAGED_TODO, LedgerDamaged
from cpdocs.ledger.reading import SCHEMA_VERSION
from cpdocs.ledger.schema import form_of, schema_version

STEPS: Mapping[int, Callable[[Connection], None]] = {}
"""Form → what leads to the next one. The first form needs none."""


def bring_up(writing: Callable[[], AbstractContextManager[Connection]], form: int | None, name: str) -> None:
    """Takes every step that a ledger of ``form`` still lacks, each in a transaction of ``writing``. ``name`` is what
    errors call it.

    Raises LedgerDamaged where there is no form at all, WorkspaceFault where a later cpdocs wrote it.
    """
    if form == SCHEMA_VERSION:
        return
    if form is None:
        raise LedgerDamaged(f"{name} is no ledger: it has none of its tables.", todo=DAMAGED_TODO)
    while form < SCHEMA_VERSION:
        with writing() as connection:
            # Another process may have been quicker.
            form = form_of(connection) or form
            if form < SCHEMA_VERSION:
                STEPS[form](connection)
                form += 1
                connection.execute(insert(schema_version).values(version=form))
    if form > SCHEMA_VERSION:
        raise WorkspaceFault(
            f"The ledger {name} is of version {form}; this cpdocs reads version {SCHEMA_VERSION}.",
            todo="Use the cpdocs that wrote it, or a later one.",
        )
