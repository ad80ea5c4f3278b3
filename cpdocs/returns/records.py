"""Returned files as the ledger tells them, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.events import return_subject
from cpdocs.core.return_record import RETURN_EVENTS, ReturnRecord, fold_returns
from cpdocs.errors import CpdocsError, Defect

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from cpdocs.ledger.events import EventStore
    from cpdocs.ledger.reads import Reads


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one part of a file: where the file was found, the part's record, and whether the same bytes had
    come before.

    ``unfiled`` is what kept the plan that it completes from being filed; the return itself is done with.
    """

    file: Path
    record: ReturnRecord
    repeated: bool
    unfiled: CpdocsError | None = None


def find_return(source: Reads, sha256: str) -> tuple[ReturnRecord, ...]:
    """The parts of the returned file with this digest; none where it never came."""
    return fold_returns(source.events(subject=return_subject(sha256), types=RETURN_EVENTS)).get(sha256, ())


def the_returns(ledger: EventStore, sha256s: Collection[str]) -> dict[str, tuple[ReturnRecord, ...]]:
    """The parts of each of these returned files, which are known to be there; as ``the_return``, and quicker for
    many."""
    told = ledger.about("return", sha256s, types=RETURN_EVENTS)
    found = {sha256: fold_returns(events).get(sha256, ()) for sha256, events in told}
    if not all(found.get(sha256) for sha256 in sha256s):
        raise _lost()
    return found


def the_return(source: Reads, sha256: str) -> tuple[ReturnRecord, ...]:
    """The parts of a returned file that is known to be there."""
    parts = find_return(source, sha256)
    if not parts:
        raise _lost()
    return parts


def _lost() -> Defect:
    return Defect("A returned file is in the store without its event.")


def the_part(source: Reads, record: ReturnRecord) -> ReturnRecord:
    """One part of a returned file as it stands now."""
    found = next((each for each in the_return(source, record.sha256) if each.part == record.part), None)
    if found is None:
        raise Defect("A part of a returned file is gone.")
    return found
