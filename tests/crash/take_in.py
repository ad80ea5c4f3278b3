"""What every use case does with a file, alone: store it, record it, say so. Run in a process of its own, to be killed.

``python take_in.py STATE [early]``: with ``early`` it records first and stores afterwards, which is the bug that the sweep
must find.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cpdocs.core.events import EventType, NewEvent, return_subject
from cpdocs.ledger.blobs import BlobStore
from cpdocs.ledger.events import EventStore
from tests.ledger.conftest import SetClock

CONTENT = b"a returned file " * 4000


def main(state: Path, early: bool) -> None:
    store = EventStore.open(state / "ledger.db", clock=SetClock(), user="clerk", host="desk")
    blobs = BlobStore(state / "store")
    sha = sha256(CONTENT).hexdigest() if early else blobs.put(CONTENT)
    with store.write() as tx:
        if not any(tx.events(subject=return_subject(sha))):
            tx.append(NewEvent(EventType.RETURN_RECEIVED, (return_subject(sha),), {"sha256": sha}))
    print("recorded", flush=True)
    if early:
        blobs.put(CONTENT)
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), early=sys.argv[2:] == ["early"])
