"""Which worker has a returned file in hand, so that two of them don't decide on it, answer it and report it twice.

It saves double work and double words only: what may not happen twice is decided in the ledger's transaction.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cpdocs.system.durable import open_plain

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_ASK_AGAIN = 0.05
"""Seconds between two questions whether another machine is done."""


@contextmanager
def in_hand(ws: Workspace, sha256: str, *, wait: bool) -> Iterator[bool]:
    """Holds the lock on the stored bytes of this return; False where somebody else has it. ``wait`` waits for that.

    The system, or the ledger's database, lets go of it when its holder ends, however it ends.
    """
    try:
        descriptor = open_plain(ws.blobs.path(sha256))
    except OSError:
        # Whoever reads the bytes says what is wrong with them.
        yield True
        return
    try:
        if not _lock(descriptor, wait=wait):
            yield False
            return
        while True:
            with ws.ledger.exclusively(f"return {sha256}") as only_here:
                if only_here or not wait:
                    yield only_here
                    return
            time.sleep(_ASK_AGAIN)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: the database tells machines apart, and the transaction everybody.
        return True
    return True
