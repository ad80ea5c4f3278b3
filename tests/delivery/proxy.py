"""A man in the middle on loopback, between a sender and a real receiver, that loses, cuts or doubles answers."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.delivery.receivers import free_port

Spoil = Callable[[bytes], bytes | None]
"""What becomes of an answer; None: the connection is closed instead."""


@dataclass
class Proxy:
    """``request_limit``: the connection is cut after so many bytes of the request. ``spoil`` changes the answer;
    ``hold`` keeps it back until it is set."""

    port: int
    to: int
    spoil: Spoil = lambda answer: answer
    request_limit: int | None = None
    hold: threading.Event | None = None
    faults: int | None = None
    """How many connections are spoiled; None: all."""
    connections: int = 0
    stop: bool = False
    quiet: float = 0.3
    matches: Callable[[bytes], bool] = lambda request: True
    log: list[bytes] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        while not self.stop:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(client, self.connections), daemon=True).start()

    def _one(self, client: socket.socket, number: int) -> None:
        with client, socket.create_connection(("127.0.0.1", self.to), timeout=10) as server:
            request = self._request(client, server)
            faulty = self.matches(request) and (self.faults is None or self.faults > 0)
            if faulty and self.faults is not None:
                self.faults -= 1
            self.log.append(request[:200])
            if self.request_limit is not None and faulty:
                return
            answer = self._drain(server)
            if faulty and self.hold is not None:
                self.hold.wait(10)
            said = self.spoil(answer) if faulty else answer
            if said:
                with contextlib.suppress(OSError):
                    client.sendall(said)

    def _request(self, client: socket.socket, server: socket.socket) -> bytes:
        client.settimeout(10)
        seen = b""
        with contextlib.suppress(OSError):
            while chunk := client.recv(65536):
                if self.request_limit is not None and len(seen) + len(chunk) > self.request_limit:
                    server.sendall(chunk[: self.request_limit - len(seen)])
                    return seen
                seen += chunk
                server.sendall(chunk)
                if seen.endswith(b"\x1c\r") or _whole_http(seen):
                    break
        return seen

    def _drain(self, server: socket.socket) -> bytes:
        seen = b""
        server.settimeout(10)
        with contextlib.suppress(OSError):
            while chunk := server.recv(65536):
                seen += chunk
                if seen.endswith(b"\x1c\r") or _whole_http(seen):
                    break
        return seen


def _whole_http(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or b"HTTP/" not in head.split(b"\r\n")[0]:
        return False
    lower = head.lower()
    for line in lower.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    if b"transfer-encoding: chunked" in lower:
        return body.endswith(b"0\r\n\r\n")
    return lower.split(b" ")[0] in (b"get", b"delete") or b" 304 " in lower or b" 204 " in lower


@contextlib.contextmanager
def between(to: int) -> Iterator[Proxy]:
    port = free_port()
    listener = socket.create_server(("127.0.0.1", port))
    proxy = Proxy(port, to)
    thread = threading.Thread(target=proxy.serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop = True
        listener.close()
