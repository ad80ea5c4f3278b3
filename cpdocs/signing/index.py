"""What was issued, ready to be found by a returned file's bytes or by an id in it. Parses nothing."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from cpdocs.core.issued import IssuedPlan


class IssuedIndex:
    """What has been issued, ready to be found by bytes or by id."""

    def __init__(self, plans: Iterable[tuple[str, str, int]]) -> None:
        """``plans`` gives (document id, SHA-256 in hexadecimal, size in bytes) of each issued file."""
        self._by_size: dict[int, dict[bytes, str]] = {}
        self._ids: set[str] = set()
        for document_id, digest, size in plans:
            self._by_size.setdefault(size, {})[bytes.fromhex(digest)] = document_id
            self._ids.add(document_id)

    @classmethod
    def of(cls, plans: Iterable[IssuedPlan]) -> IssuedIndex:
        """The index of these plan versions."""
        return cls((plan.document_id, plan.sha256, plan.size) for plan in plans)

    def by_bytes(self, data: bytes) -> str | None:
        """The plan with whose issued bytes ``data`` begins; the longest, where there are several. One pass."""
        running = sha256()
        done = 0
        found = None
        view = memoryview(data)
        for size in sorted(self._by_size):
            if size > len(data):
                break
            running.update(view[done:size])
            done = size
            found = self._by_size[size].get(running.digest(), found)
        return found

    def known(self, document_ids: Iterable[str]) -> tuple[str, ...]:
        """Those of ``document_ids`` that were issued, each once, in order."""
        return tuple(dict.fromkeys(each for each in document_ids if each in self._ids))
