"""Which worker has a returned file in hand, so that two of them don't decide on it, answer it and report it twice.

It saves double work and double words only: what may not happen twice is decided in the ledger's transaction. The lock
is a byte of one file, by the return's digest: the stored bytes themselves may get another inode while two workers
store the same file, and each would lock its own.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace

_ASK_AGAIN = 0.05
"""Seconds between two questions whether another machine is done."""
_FILE = "returns.lock"


@contextmanager
def in_hand(ws: Workspace, sha256: str, *, wait: bool) -> Iterator[bool]:
    """Holds the lock on this return; False where somebody else has it. ``wait`` waits for that.

    The system, or the ledger's database, lets go of it when its holder ends, however it ends.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(ws.paths.state / _FILE, flags, 0o600)
    except OSError:
        # Without room or right for a lock the transaction tells workers apart, and says what is wrong with the disk.
        yield True
        return
    try:
        if not _lock(descriptor, int(sha256[:15], 16), wait=wait):
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


def _lock(descriptor: int, place: int, *, wait: bool) -> bool:
    """Locks the byte at ``place`` for this open file (``struct flock``: type, whence, start, length, no process)."""
    wanted = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK, wanted)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        # A file system without locks: the database tells machines apart, and the transaction everybody.
        return True
    return True
