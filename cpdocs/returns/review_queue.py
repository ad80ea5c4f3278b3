"""The review queue, out of the index: what is in it, and which item somebody means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.ids import parse_document_id
from cpdocs.core.return_record import ReturnRecord
from cpdocs.core.review_queue import Item, items
from cpdocs.errors import InputFault
from cpdocs.index.queries import Page, items_around, items_named, items_waiting, waiting_items
from cpdocs.returns.records import the_returns

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

SHORT = 12
"""Digits of a file's SHA-256 by which it is named in the queue."""
_SHORTEST = 6


def queue(ws: Workspace, page: Page | None = None) -> list[Item]:
    """What is held and nothing has resolved, all of it or a page: one item for one document's paper, in order of
    arrival."""
    found = waiting_items(ws.index, page or Page())
    returns = the_returns(ws.ledger, [sha256 for parts in found for sha256, _ in parts])
    return [_made(parts, returns) for parts in found]


def how_many(ws: Workspace) -> int:
    """How many items wait for review."""
    return items_waiting(ws.index)


@dataclass(frozen=True, slots=True)
class Around:
    """Where an item stands in the queue: its ``place``, from 1 (0: it isn't in it), ``of`` how many; the ids of the one
    before and the one after (empty: none)."""

    place: int
    of: int
    before: str
    after: str


def around(ws: Workspace, item: Item) -> Around:
    """Where ``item`` stands in the queue, without reading the rest of it."""
    place, of, before, after = items_around(ws.index, item.first.sha256, item.first.part)
    named = [item_id(_item(ws, parts).first) if parts else "" for parts in (before, after)]
    return Around(place, of, *named)


def _item(ws: Workspace, parts: Sequence[tuple[str, int]]) -> Item:
    """The item that these parts make (each a file's SHA-256 and which part), as they stand now."""
    return _made(parts, the_returns(ws.ledger, [sha256 for sha256, _ in parts]))


def _made(parts: Sequence[tuple[str, int]], returns: Mapping[str, tuple[ReturnRecord, ...]]) -> Item:
    records = [next(each for each in returns[sha256] if each.part == part) for sha256, part in parts]
    (found,) = items(records)
    return found


def item_id(record: ReturnRecord) -> str:
    """How an item is named: by the first digits of its file's SHA-256, and by its part where the file has several."""
    several = record.decision is not None and record.decision.of > 1
    return f"{record.sha256[:SHORT]}:{record.part}" if several else record.sha256[:SHORT]


def find_held(ws: Workspace, which: str, *, resolved: bool = False) -> Item:
    """The item that ``which`` names: the first digits of the SHA-256 of one of its files (with ``:2`` the second part
    of that file), or its plan's document id.

    ``resolved`` takes accepted items too (for a page's second signature). Raises InputFault for none or several.
    """
    digits, _, part = which.strip().lower().partition(":")
    named = items_named(
        ws.index,
        parse_document_id(which) or "",
        digits if len(digits) >= _SHORTEST else "",
        int(part) if part.isdecimal() else 0,
        resolved=resolved,
    )
    found = [_item(ws, parts) for parts in named]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(item_id(each.first) for each in found)
        raise InputFault(f"That names {len(found)} held items.", todo=f"Name one of them: {names}")
    raise InputFault(
        "That names nothing that is held.",
        todo=f"See what is with `cpdocs held list`; give at least {_SHORTEST} digits of a file's name.",
    )
