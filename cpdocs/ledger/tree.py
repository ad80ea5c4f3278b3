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
        """Adds a leaf's hash; gives the subtrees it completed as (level, index, hash), lowest first, the leaf left out."""
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
