"""Seven ways in which an answer about a document goes wrong, against two FHIR servers that nobody here wrote: after the
next attempt there is exactly one document, and none is called accepted that the server didn't give back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cpdocs.core.deliveries import Answer, Outcome
from cpdocs.core.places import Place
from cpdocs.delivery.document import Document
from cpdocs.delivery.fhir import send
from cpdocs.delivery.fhir_resources import document_reference, identifier_of, provenance
from cpdocs.delivery.parcel import Content, Parcel
from tests.delivery import proxy
from tests.delivery.fhir_servers import MRN_SYSTEM, FhirServer, medplum, sekmet
from tests.delivery.test_hl7_message import document


@pytest.fixture(scope="module", params=["medplum", "sekmet"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FhirServer]:
    folder = tmp_path_factory.mktemp(request.param)
    with (medplum if request.param == "medplum" else sekmet)(folder) as running:
        made = document()
        running.patient(made.mrn, made.last_name, made.dob.isoformat())
        yield running


def parcel(made: Document) -> Parcel:
    details = {
        "mrn": made.mrn,
        "dob": made.dob.isoformat(),
        "last_name": made.last_name,
        "supersedes": made.supersedes,
        "pdf_sha256": made.sha256,
    }
    parts = (
        Content("document.json", document_reference(made)),
        Content("provenance.json", provenance(made)),
    )
    return Parcel(made.delivery_id, made.document_id, parts, details=details)


def attempt(port: int, made: Document, *, again: bool = False, seconds: int = 20) -> Answer:
    place = Place(url=f"http://127.0.0.1:{port}/fhir", mrn_system=MRN_SYSTEM, deadline_seconds=seconds)
    return send(replace(parcel(made), look_first=again), place, 0)


def there(server: FhirServer, made: Document) -> int:
    identifier = identifier_of(made.document_id)
    return sum(any(each["value"] == identifier for each in found["identifier"]) for found in server.documents())


def posts(request: bytes) -> bool:
    return request.startswith(b"POST /fhir/DocumentReference")


SPOILT: dict[str, proxy.Spoil] = {
    "dropped": lambda _: None,
    "half": lambda answer: answer[: len(answer) // 2],
    "bad gateway": lambda _: b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    "garbage": lambda _: b"\x00\x01 nothing that HTTP knows\r\n\r\n",
}


@pytest.mark.parametrize("fault", SPOILT)
def test_after_an_answer_that_went_wrong_there_is_one_document(server: FhirServer, fault: str) -> None:
    made = document(document_id=f"FAULT-{fault.replace(' ', '-')}")
    with proxy.between(server.port) as middle:
        middle.matches, middle.spoil, middle.faults = posts, SPOILT[fault], 1
        first = attempt(middle.port, made)
        assert first.outcome in (Outcome.UNKNOWN, Outcome.ACCEPTED)
        assert attempt(middle.port, made, again=True).outcome is Outcome.ACCEPTED
    assert there(server, made) == 1


def test_half_a_request_leaves_none_and_the_next_one(server: FhirServer) -> None:
    made = document(document_id="FAULT-request-cut")
    with proxy.between(server.port) as middle:
        middle.matches, middle.request_limit, middle.faults = posts, 600, 1
        assert attempt(middle.port, made, seconds=2).outcome in (Outcome.UNKNOWN, Outcome.NOT_SENT)
        middle.request_limit = None
        assert attempt(middle.port, made, again=True).outcome is Outcome.ACCEPTED
    assert there(server, made) == 1


def test_a_late_answer_isnt_waited_for(server: FhirServer) -> None:
    made = document(document_id="FAULT-late")
    with proxy.between(server.port) as middle:
        middle.matches, middle.faults, middle.hold = posts, 1, threading.Event()
        assert attempt(middle.port, made, seconds=2).outcome is Outcome.UNKNOWN
        middle.hold.set()
        assert attempt(middle.port, made, again=True).outcome is Outcome.ACCEPTED
    assert there(server, made) == 1


def test_an_answer_that_its_retry_overtakes_leaves_one_document(server: FhirServer) -> None:
    made = document(document_id="FAULT-overtaken")
    with proxy.between(server.port) as middle:
        middle.matches, middle.faults, middle.hold = posts, 1, threading.Event()
        answers: list[Answer] = []
        slow = threading.Thread(target=lambda: answers.append(attempt(middle.port, made)))
        slow.start()
        assert attempt(server.port, made, again=True).outcome is Outcome.ACCEPTED
        middle.hold.set()
        slow.join(30)
    assert [each.outcome for each in answers] == [Outcome.ACCEPTED]
    assert there(server, made) == 1
