"""What can be wrong with a ledger as a whole, for whoever reads it."""

from __future__ import annotations

from cpdocs.errors import WorkspaceFault

DAMAGED_TODO = "Run 'cpdocs audit verify' to see what is damaged; restore the ledger from a backup."


class LedgerMissing(WorkspaceFault):
    """There is no ledger where one must be."""


class LedgerDamaged(WorkspaceFault):
    """The ledger can't be read as what it was written."""
