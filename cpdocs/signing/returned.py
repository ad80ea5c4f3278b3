"""Which issued plan a returned file is: by its bytes if it still begins with ours, else by the ids in it.

Bytes prove; an id only says where to look. Nothing is accepted because an id matched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cpdocs.core.ids import parse_document_id
from cpdocs.core.issued import IssuedPlan
from cpdocs.signing.content import Contents, ids_in_text, read_contents

_SEARCHED = 4 * 1024 * 1024


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


@dataclass(frozen=True, slots=True)
class Match:
    """What a file was matched to: ``document_id`` (None: nothing, or several), ``by_bytes`` or only by an id in it, and
    every issued plan that it names."""

    document_id: str | None
    by_bytes: bool = False
    candidates: tuple[str, ...] = ()


def match(data: bytes, index: IssuedIndex, marks: Iterable[str] = ()) -> Match:
    """Finds the plan that ``data`` is a return of. ``marks`` are document ids that were read from its page codes.

    Reads the file only where its bytes don't begin with a plan of ours. Never raises.
    """
    document_id = index.by_bytes(data)
    if document_id is not None:
        return Match(document_id, True, (document_id,))
    marked = index.known(each for each in map(parse_document_id, marks) if each)
    named = marked or index.known(_named(data))
    return Match(named[0] if len(named) == 1 else None, False, named)


def _named(data: bytes) -> tuple[str, ...]:
    """The ids that the file's metadata name, else those that stand in its raw bytes (a damaged file can't be read)."""
    contents: Contents | None = read_contents(data)
    if contents is not None and contents.document_ids:
        return contents.document_ids
    return tuple(ids_in_text(data[:_SEARCHED].decode("latin-1")))
