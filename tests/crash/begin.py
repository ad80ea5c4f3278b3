"""Makes a new ledger, in a process of its own, to be killed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cpdocs.ledger.events import EventStore
from tests.ledger.conftest import BEGIN, SetClock

if __name__ == "__main__":
    EventStore.create(Path(sys.argv[1]) / "state" / "ledger.db", BEGIN, clock=SetClock(), user="clerk", host="desk").close()
