"""What a transport is handed: the fixed bytes of one delivery, and the moment after which it must stop waiting."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from cpdocs.core.deliveries import Answer, Outcome
from cpdocs.errors import WorkspaceFault


@dataclass(frozen=True, slots=True)
class Content:
    """One file of a parcel: its name at the receiver (POSIX) and its bytes."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery, ready to leave. ``look_first``: an earlier attempt may have reached the receiver.

    ``folder`` is where a target of files lies when its settings name no folder.
    """

    delivery_id: str
    document_id: str
    parts: tuple[Content, ...]
    to: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    look_first: bool = False
    folder: Path = Path()


class NothingSent(WorkspaceFault):
    """A setting or file of ours can't be used, so that nothing was sent."""


class Deadline:
    """An absolute end: a receiver that sends a byte now and then gains nothing by it."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left. Raises TimeoutError where there are none."""
        left = self._end - monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left

    @contextmanager
    def cutting(self, connection: Cut) -> Iterator[None]:
        """Cuts the connection at the deadline, for libraries whose own time limit starts anew with every byte."""
        timer = threading.Timer(max(0.0, self._end - monotonic()), connection)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class Cut(Protocol):
    """Ends a connection from another thread."""

    def __call__(self) -> object: ...


def cut_socket(connection: socket.socket | None) -> None:
    """Ends whatever waits on this socket."""
    if connection is not None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def not_sent(words: str) -> Answer:
    """Certainly nothing reached the receiver whole."""
    return Answer(Outcome.NOT_SENT, words)


def unknown(words: str) -> Answer:
    """The receiver may have it, or not."""
    return Answer(Outcome.UNKNOWN, words)


def refused(words: str) -> Answer:
    """The receiver said no, or what it has differs."""
    return Answer(Outcome.REFUSED, words)


def accepted(words: str) -> Answer:
    """The receiver's own word."""
    return Answer(Outcome.ACCEPTED, words)
