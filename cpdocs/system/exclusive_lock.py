"""What only one process may do at a time, on whichever machine: told by a lock on a file, and by the shared ledger's
database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from cpdocs.errors import Busy
from cpdocs.system.durable import disk_fault

Exclusively = Callable[[str], AbstractContextManager[bool]]
"""Holds a lock by name among all machines for a block; gives whether it was had."""


@contextmanager
def only_one(exclusively: Exclusively, name: str, lock: Path, busy: str, *, shared: bool) -> Iterator[None]:
    """Does the block under the lock ``name``, whose file is ``lock``. Raises Busy at once, saying ``busy``, where
    somebody has it.

    ``shared``: a database tells machines apart, so that a share without file locks is enough.

    The system, or the database, lets go of the lock when its holder ends, however it ends. A share without file locks
    is enough where a database tells machines and processes apart.
    """
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise disk_fault(error, lock.parent) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = True
        except BlockingIOError:
            mine = False
        except OSError as error:
            if not shared:
                raise disk_fault(error, lock.parent, "lock a file in") from error
            mine = True
        with exclusively(name) as only_here:
            if not (mine and only_here):
                raise Busy(busy, todo="Wait until it is done, then run the command again.")
            yield
    finally:
        os.close(descriptor)
