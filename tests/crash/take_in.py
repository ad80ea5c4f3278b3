"""What every use case does with a file, alone: store it, record it, say so; and the bugs that a suite of crash tests
must catch."""

from __future__ import annotations

import os
from functools import partial
from hashlib import sha256
from pathlib import Path

from cpdocs.core.events import EventType, NewEvent, return_subject
from cpdocs.errors import CpdocsError
from cpdocs.ledger import blobs
from cpdocs.ledger.audit import verify
from cpdocs.ledger.blobs import BlobStore
from cpdocs.ledger.events import EventStore
from cpdocs.system import durable
from tests.ledger.conftest import BEGIN, SetClock, letter

CONTENT = b"a returned file " * 4000
SHA = sha256(CONTENT).hexdigest()
SAID = b"recorded\n"


def take_in(root: Path, *, early: bool = False) -> None:
    """Stores the file and records it. ``early`` records it first, which is the first of the three bugs."""
    store = EventStore.open(root / "state" / "ledger.db", clock=SetClock(), user="clerk", host="desk")
    kept = BlobStore(root / "state" / "store")
    sha = SHA if early else kept.put(CONTENT)
    with store.write() as tx:
        if not any(tx.events(subject=return_subject(sha))):
            tx.append(NewEvent(EventType.RETURN_RECEIVED, (return_subject(sha),), {"sha256": sha}))
    os.write(2, SAID)
    if early:
        kept.put(CONTENT)
    store.close()


early_state = partial(take_in, early=True)


def without_folder_fsync() -> None:
    """The second bug: the names in a folder are never made durable."""
    for module in (durable, blobs):
        module.fsync_folder = lambda _: None  # type: ignore[attr-defined]


def with_short_writes() -> None:
    """The third bug: what a write didn't write is forgotten."""

    def once(descriptor: int, data: bytes | memoryview) -> None:
        os.write(descriptor, data)

    for module in (durable, blobs):
        module.write_all = once  # type: ignore[attr-defined]


def begin(root: Path) -> None:
    """Makes a new ledger."""
    EventStore.create(root / "state" / "ledger.db", BEGIN, clock=SetClock(), user="clerk", host="desk").close()


def some_history(root: Path) -> Path:
    """A ledger of some size in ``root``."""
    begin(root)
    store = EventStore.open(root / "state" / "ledger.db", clock=SetClock(), user="clerk", host="desk")
    store.append(*(letter(number) for number in range(300)))
    store.close()
    BlobStore(root / "state" / "store").put(b"an earlier file")
    return root


def recorded(root: Path) -> int:
    """How often the file is on record."""
    store = EventStore.open(root / "state" / "ledger.db", clock=SetClock(), user="clerk", host="desk")
    try:
        return sum(1 for _ in store.events(subject=return_subject(SHA)))
    finally:
        store.close()


def faults(root: Path, *, said: bool) -> list[str]:
    """What is wrong after the disaster, and after the next run; ``said`` is whether it had said that it was done."""
    found = [f"at once: {problem}" for problem in _problems(root)]
    try:
        if said and recorded(root) != 1:
            found.append("it said that it had recorded the file, and hadn't")
        take_in(root)
        if BlobStore(root / "state" / "store").get(SHA) != CONTENT or recorded(root) != 1:
            found.append("the next run didn't finish it")
    except CpdocsError as error:
        found.append(error.message)
    return [*found, *(f"afterwards: {problem}" for problem in _problems(root))]


def _problems(root: Path) -> list[str]:
    state = root / "state"
    return [
        str(problem) for problem in verify(state / "ledger.db", state / "store", state / "checkpoints", (), {}).problems
    ]
