"""Thirteen ways in which an acknowledgement goes wrong, against receivers that nobody here wrote: a message is called
accepted only by the receiver's own matching word, and each attempt leaves at most one message there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from cpdocs.core.deliveries import Outcome
from cpdocs.core.places import Place
from cpdocs.delivery.hl7_message import original
from cpdocs.delivery.mllp import send
from cpdocs.delivery.parcel import Content, Parcel
from tests.delivery import proxy, receivers
from tests.delivery.node_receivers import node
from tests.delivery.test_hl7_message import document


@dataclass
class Receiver:
    """What every receiver is to these tests: a port, and how often a message came to it."""

    port: int
    count: Callable[[str], int]
    digests: Callable[[], set[str]] = field(default=set)


@pytest.fixture(scope="module", params=["PyPI hl7", "npm simple-hl7", "npm @medplum/hl7"])
def receiver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    if request.param == "PyPI hl7":
        with receivers.mllp() as running:
            yield Receiver(
                running.port,
                lambda control: sum(each["control_id"] == control for each in running.got),
                lambda: {each["sha256"] for each in running.got},
            )
        return
    kind = "simple" if "simple" in request.param else "medplum"
    with node(kind, tmp_path_factory.mktemp(kind)) as other:
        yield Receiver(
            other.port,
            lambda control: sum(each["control"] == control for each in other.got()),
            lambda: {each["sha256"] for each in other.got()},
        )


def parcel(control: str) -> Parcel:
    made = document(delivery_id=control, pdf=b"%PDF-1.7 " + b"x" * 20_000)
    return Parcel(control, made.document_id, (Content("message.hl7", original(made, Place(txa2="PR"))),))


def attempt(port: int, control: str, **keys: object) -> Outcome:
    place = Place(host="127.0.0.1", port=port, tls="none", **keys)  # type: ignore[arg-type]
    return send(parcel(control), place).outcome


def test_without_a_fault_it_is_there_once_with_its_bytes(receiver: Receiver) -> None:
    assert attempt(receiver.port, "PLAIN000000000000000") is Outcome.ACCEPTED
    assert receiver.count("PLAIN000000000000000") == 1
    assert document(pdf=b"%PDF-1.7 " + b"x" * 20_000).sha256 in receiver.digests()


SPOILT: dict[str, tuple[proxy.Spoil, Outcome]] = {
    "lost": (lambda _: None, Outcome.UNKNOWN),
    "half": (lambda answer: answer[: len(answer) // 2], Outcome.UNKNOWN),
    "without its end": (lambda answer: answer[:-2], Outcome.UNKNOWN),
    "to another message": (lambda answer: answer.replace(b"|AA|", b"|AA|X"), Outcome.UNKNOWN),
    "to another, then ours": (lambda answer: answer.replace(b"|AA|", b"|AR|0") + answer, Outcome.ACCEPTED),
    "doubled": (lambda answer: answer * 2, Outcome.ACCEPTED),
    "an error, then accepted": (lambda answer: answer.replace(b"|AA|", b"|AE|") + answer, Outcome.REFUSED),
    "a code that HL7 doesn't know": (lambda answer: answer.replace(b"|AA|", b"|ZZ|"), Outcome.UNKNOWN),
    "no acknowledgement at all": (lambda _: b"\x0bnothing\x1c\r", Outcome.UNKNOWN),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_an_answer_that_went_wrong_is_taken_for_what_it_is(receiver: Receiver, fault: str) -> None:
    control = f"{fault.upper().replace(' ', '')[:14]:A<20}".replace("'", "0").replace(",", "1")
    spoil, expected = SPOILT[fault]
    with proxy.between(receiver.port) as middle:
        middle.spoil = spoil
        assert attempt(middle.port, control) is expected
    assert receiver.count(control) == 1


def test_a_late_answer_isnt_waited_for(receiver: Receiver) -> None:
    with proxy.between(receiver.port) as middle:
        middle.hold = threading.Event()
        assert attempt(middle.port, "LATE0000000000000000", deadline_seconds=1) is Outcome.UNKNOWN
        middle.hold.set()
    assert receiver.count("LATE0000000000000000") == 1


def test_a_late_answer_to_the_message_before_isnt_taken_for_this_ones(receiver: Receiver) -> None:
    before: list[bytes] = []
    with proxy.between(receiver.port) as middle:
        middle.spoil = lambda answer: before.append(answer)  # type: ignore[func-returns-value]
        assert attempt(middle.port, "BEFORE00000000000000") is Outcome.UNKNOWN
        middle.spoil = lambda _: before[0]
        assert attempt(middle.port, "AFTER000000000000000") is Outcome.UNKNOWN


def test_half_a_message_is_none(receiver: Receiver) -> None:
    with proxy.between(receiver.port) as middle:
        middle.request_limit = 1000
        assert attempt(middle.port, "HALFSENT000000000000") in (Outcome.NOT_SENT, Outcome.UNKNOWN)
    assert receiver.count("HALFSENT000000000000") == 0


def test_a_refused_connection_sent_nothing(receiver: Receiver) -> None:
    assert attempt(receivers.free_port(), "REFUSED0000000000000") is Outcome.NOT_SENT
    assert receiver.count("REFUSED0000000000000") == 0
