"""Which issued plan a returned file is: by its bytes if it still begins with ours, else by the ids in it.

Bytes prove; an id only says where to look. Nothing is accepted because an id matched.
"""

from __future__ import annotations

from collections.abc import Iterable

from cpdocs.core.ids import parse_document_id
from cpdocs.signing.content import Contents, ids_in_text, read_contents
from cpdocs.signing.index import IssuedIndex, Match

_SEARCHED = 4 * 1024 * 1024


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
