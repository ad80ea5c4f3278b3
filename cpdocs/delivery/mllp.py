"""MLLP: one message a connection, an absolute deadline, and only an acknowledgement of this very message counts.

What is read: MSA-1 and MSA-2 of each block. An acknowledgement whose MSA-2 isn't our MSH-10 is somebody else's, late or
doubled, and is passed over. The end of the block is sent by itself at the end: where the connection breaks before, no
receiver had a whole message.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing

from cpdocs.core.deliveries import Answer, Outcome
from cpdocs.core.places import Place
from cpdocs.delivery.parcel import Deadline, Parcel, accepted, not_sent, refused, unknown
from cpdocs.delivery.tls import client_context, tls_fault

START, END = b"\x0b", b"\x1c\r"
_MOST = 1 << 20
"""An acknowledgement is a few hundred bytes; who sends more than this sends no acknowledgement."""
_HANDSHAKE = 15.0
"""Seconds: who hasn't begun TLS by then speaks none."""
_CODE = re.compile(r"[A-Z0-9]{1,10}")


class NoTLS(OSError):
    """Connected, and the receiver didn't begin TLS in time."""


def send(parcel: Parcel, place: Place) -> Answer:
    """Sends the one message of ``parcel`` and gives what the receiver said."""
    deadline = Deadline(place.deadline_seconds)
    try:
        connection = _connect(place, deadline)
    except ssl.SSLError as error:
        return not_sent(f"No connection: {tls_fault(error)}")
    except NoTLS:
        where = f"{place.host}:{place.port}"
        return not_sent(f"{where} takes connections and begins no TLS: ask for its TLS port, or whether it has one.")
    except OSError as error:
        return not_sent(f"No connection to {place.host}:{place.port}: {error.strerror or 'no answer in time'}.")
    with closing(connection):
        message = parcel.parts[0].data
        try:
            connection.settimeout(deadline.left)
            connection.sendall(START + message)
        except OSError:
            return not_sent("The connection broke before the message was whole.")
        try:
            connection.settimeout(deadline.left)
            connection.sendall(END)
            return _answer(connection, parcel.delivery_id, place, deadline)
        except TimeoutError:
            return unknown(f"No acknowledgement within {place.deadline_seconds} seconds.")
        except OSError:
            return unknown("The connection broke before the message was acknowledged.")


def _connect(place: Place, deadline: Deadline) -> socket.socket:
    plain = socket.create_connection((place.host, place.port), timeout=deadline.left)
    if place.tls == "none":
        return plain
    try:
        context = client_context(place.ca_file, place.cert_file, place.key_file)
        plain.settimeout(min(deadline.left, _HANDSHAKE))
        return context.wrap_socket(plain, server_hostname=place.host)
    except TimeoutError:
        plain.close()
        raise NoTLS from None
    except BaseException:
        plain.close()
        raise


def _answer(connection: socket.socket, control_id: str, place: Place, deadline: Deadline) -> Answer:
    """The first acknowledgement of our message. Raises OSError where none comes."""
    foreign = 0
    for block in _blocks(connection, deadline):
        said = read_acknowledgement(block)
        if said is None or said[1] != control_id:
            foreign += 1
            continue
        return judged(said[0], said[2], retry=place.on_error == "retry")
    more = f" {foreign} answers were to other messages and don't count." if foreign else ""
    return unknown(f"The receiver ended the connection without acknowledging the message.{more}")


def _blocks(connection: socket.socket, deadline: Deadline) -> Iterator[bytes]:
    """Each whole block that arrives. Raises TimeoutError at the deadline."""
    buffer = b""
    while len(buffer) < _MOST:
        connection.settimeout(deadline.left)
        chunk = connection.recv(65536)
        if not chunk:
            return
        buffer += chunk
        while (end := buffer.find(END)) >= 0:
            _, _, block = buffer[:end].rpartition(START)
            buffer = buffer[end + len(END) :]
            yield block


def read_acknowledgement(block: bytes) -> tuple[str, str, str] | None:
    """MSA-1, MSA-2 and the first error code (ERR-3.1, else empty) of a block; None where it is no acknowledgement."""
    segments = re.split(rb"[\r\n]+", block)
    if not segments or not segments[0].startswith(b"MSH") or len(segments[0]) < 5:
        return None
    field, component = segments[0][3:4], segments[0][4:5]
    found: dict[bytes, list[bytes]] = {}
    for segment in segments[1:]:
        fields = segment.split(field)
        found.setdefault(fields[0], fields)
    msa = found.get(b"MSA", [])
    if len(msa) < 3:
        return None
    error = found.get(b"ERR", [])
    code = error[3].split(component)[0] if len(error) > 3 else b""
    text = [each.decode("ascii", "replace").strip() for each in (msa[1], msa[2], code)]
    return text[0], text[1], text[2] if _CODE.fullmatch(text[2]) else ""


def judged(code: str, error: str, *, retry: bool) -> Answer:
    """What an acknowledgement of ours says (HL7 table 0008). An error is tried again only where the site says so: some
    receivers file the document and then answer AE."""
    detail = f", error {error}" if error else ""
    if code in ("AA", "CA"):
        return accepted(f"{code}: acknowledged.")
    if code in ("AE", "CE"):
        if retry:
            return Answer(Outcome.BUSY, f"{code}: the receiver reports an error{detail}.")
        return refused(
            f"{code}: the receiver reports an error{detail}. It may have filed the document all the same; ask there."
        )
    if code in ("AR", "CR"):
        return refused(f"{code}: the receiver rejected the message{detail}.")
    return unknown("The receiver's acknowledgement has no code that HL7 knows.")
