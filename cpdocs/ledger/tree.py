"""The Merkle tree over the ledger's events (RFC 9162 §2.1): hashes, the growing edge, proofs and their checks.

A leaf is SHA-256(0x00 || entry), a node SHA-256(0x01 || left || right). The left part of a tree of n leaves holds the
largest power of two below n. All hashes are 32 raw bytes; everything here is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 §2.1.1)."""

SUBTREE_LEVELS = 8
"""Every how many levels of the tree the roots of complete subtrees are kept."""

RangeHash: TypeAlias = Callable[[int, int], bytes]
"""(start, stop) → the hash of the subtree over those leaves; stop > start."""


@dataclass(frozen=True, slots=True)
class Head:
    """How many events there are and the root over them; ``root`` is 32 raw bytes."""

    size: int
    root: bytes


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry (RFC 9162 §2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side (RFC 9162 §2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The growing edge: the roots of the complete subtrees that make up the tree, largest first.

    There is one for each one-bit of ``size``, so it is at most 64 hashes, and appending costs two on average.
    """

    __slots__ = ("_roots", "size")

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        if len(roots) != size.bit_count():
            raise ValueError("a frontier holds one hash for each one-bit of the tree's size")
        self.size = size
        self._roots = list(roots)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """The frontier written by ``to_bytes``. Raises ValueError where the length can't belong to ``size``."""
        if len(data) != 32 * size.bit_count():
            raise ValueError("a frontier holds 32 bytes for each one-bit of the tree's size")
        return cls(size, [data[place : place + 32] for place in range(0, len(data), 32)])

    def to_bytes(self) -> bytes:
        return b"".join(self._roots)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Adds a leaf's hash; gives the subtrees it completed as (level, index, hash), lowest first, the leaf left
        out."""
        completed = []
        level, index, node = 0, self.size, leaf
        while index & 1:
            node = node_hash(self._roots.pop(), node)
            level += 1
            index >>= 1
            completed.append((level, index, node))
        self._roots.append(node)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._roots:
            return EMPTY_ROOT
        node = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            node = node_hash(left, node)
        return node

    def head(self) -> Head:
        return Head(self.size, self.root())


def split(size: int) -> int:
    """The largest power of two below ``size`` (at least 2): how many leaves the left part holds (RFC 9162 §2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def range_hash(start: int, stop: int, complete: RangeHash) -> bytes:
    """The hash over leaves ``start`` to ``stop`` of a tree, from the hashes of its complete subtrees."""
    size = stop - start
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        return complete(start, stop)
    middle = start + split(size)
    return node_hash(complete(start, middle), range_hash(middle, stop, complete))


def inclusion_proof(index: int, size: int, complete: RangeHash) -> tuple[bytes, ...]:
    """The hashes that show leaf ``index`` (from 0) in the tree of ``size`` leaves, lowest first (RFC 9162 §2.1.3.1).

    Raises ValueError where there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    proof = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + split(stop - start)
        if index < middle:
            proof.append(range_hash(middle, stop, complete))
            stop = middle
        else:
            proof.append(range_hash(start, middle, complete))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(first: int, second: int, complete: RangeHash) -> tuple[bytes, ...]:
    """The hashes that show the tree of ``first`` leaves to be the beginning of that of ``second`` (RFC 9162 §2.1.4.1).

    Raises ValueError unless 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError("a consistency proof leads from a tree that isn't empty to one no smaller")
    proof = []
    start, stop = 0, second
    while first != stop:
        middle = start + split(stop - start)
        if first <= middle:
            proof.append(range_hash(middle, stop, complete))
            stop = middle
        else:
            proof.append(range_hash(start, middle, complete))
            start = middle
    if start:
        proof.append(range_hash(start, stop, complete))
    return tuple(reversed(proof))


def verify_inclusion(leaf: bytes, index: int, head: Head, proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` shows a leaf's hash at ``index`` of the tree under ``head`` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < head.size:
        return False
    place, last, node = index, head.size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while place & 1 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and node == head.root


def verify_consistency(first: Head, second: Head, proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` shows the tree under ``first`` to be the beginning of that under ``second`` (RFC 9162
    §2.1.4.2)."""
    if not 0 < first.size <= second.size:
        return False
    if first.size == second.size:
        return not proof and first.root == second.root
    path = [first.root, *proof] if first.size & (first.size - 1) == 0 else list(proof)
    if not path:
        return False
    place, last = first.size - 1, second.size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while place & 1 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old == first.root and new == second.root
