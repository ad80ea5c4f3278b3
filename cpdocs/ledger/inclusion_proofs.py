"""Proofs from a stored tree: a few hundred stored hashes are read for one, however many events there are."""

from __future__ import annotations

from sqlalchemy import Connection, select

from cpdocs.ledger.faults import LedgerDamaged
from cpdocs.ledger.schema import events, subtrees
from cpdocs.ledger.tree import SUBTREE_LEVELS, RangeHash, node_hash

_REMEMBERED = 10_000


def stored_hashes(connection: Connection, known: dict[tuple[int, int], bytes]) -> RangeHash:
    """The hashes of complete subtrees, from the nearest level that is kept. Raises LedgerDamaged where one is missing.

    ``known`` remembers what was read, for ever if need be: a complete subtree never changes.
    """

    def complete(start: int, stop: int) -> bytes:
        node = known.get((start, stop))
        if node is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            node = known[start, stop] = read(start, stop)
        return node

    def read(start: int, stop: int) -> bytes:
        level = (stop - start).bit_length() - 1
        kept = level // SUBTREE_LEVELS * SUBTREE_LEVELS
        first, count = start >> kept, (stop - start) >> kept
        if kept == 0:
            query = (
                select(events.c.leaf).where(events.c.seq > first, events.c.seq <= first + count).order_by(events.c.seq)
            )
        else:
            query = (
                select(subtrees.c.hash)
                .where(subtrees.c.level == kept, subtrees.c.place >= first, subtrees.c.place < first + count)
                .order_by(subtrees.c.place)
            )
        nodes = list(connection.execute(query).scalars())
        if len(nodes) != count:
            raise LedgerDamaged(
                "The ledger's tree lacks hashes.", todo="Run 'cpdocs audit verify'; restore the ledger from a backup."
            )
        while len(nodes) > 1:
            nodes = [node_hash(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=True)]
        return bytes(nodes[0])

    return complete
