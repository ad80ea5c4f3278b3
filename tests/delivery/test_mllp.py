"""The MLLP transport by itself: against a second receiver that nobody here wrote, and one that never ends."""

from __future__ import annotations

import socket
import threading
from time import monotonic

import pytest

from cpdocs.core.deliveries import Outcome
from cpdocs.core.places import Place
from cpdocs.delivery import mllp
from cpdocs.delivery.hl7_message import original
from cpdocs.delivery.mllp import send
from cpdocs.delivery.parcel import Content, Parcel
from tests.delivery import receivers
from tests.delivery.test_hl7_message import document


def parcel() -> Parcel:
    made = document()
    return Parcel(made.delivery_id, made.document_id, (Content("message.hl7", original(made, Place(txa2="PR"))),))


def test_a_receiver_that_reads_three_bytes_at_a_time_gets_it_once() -> None:
    with receivers.mllp_hl7apy() as receiver:
        answer = send(parcel(), Place(host="127.0.0.1", port=receiver.port, tls="none"))
    assert answer.outcome is Outcome.ACCEPTED
    assert [each["control_id"] for each in receiver.got] == [parcel().delivery_id]


def test_a_receiver_that_sends_a_byte_now_and_then_is_left_at_the_deadline() -> None:
    stop = threading.Event()

    def trickle(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.1):
                try:
                    connection.sendall(b"\x0b")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=trickle, args=(listener,), daemon=True).start()
        begun = monotonic()
        place = Place(host="127.0.0.1", port=listener.getsockname()[1], tls="none", deadline_seconds=1)
        answer = send(parcel(), place)
        stop.set()
    assert answer.outcome is Outcome.UNKNOWN
    assert monotonic() - begun < 5


def test_a_port_that_speaks_no_tls_is_told_as_such_and_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mllp, "_HANDSHAKE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = Place(host="127.0.0.1", port=silent.getsockname()[1])
        answer = mllp.send(Parcel("ID", "D", (Content("message.hl7", b"MSH|"),)), place)
    assert answer.outcome is Outcome.NOT_SENT
    assert "begins no TLS" in answer.words
