"""MDM messages: plain text, quick, valid by a library that nobody here wrote, and no name can end a field."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, date, datetime

import pytest

from cpdocs.core.places import Place
from cpdocs.delivery.document import Document
from cpdocs.delivery.hl7_message import cancel, escaped, original
from cpdocs.delivery.mllp import read_acknowledgement

PLACE = Place(sending_application="CPDOCS", mrn_authority="EPIC", txa2="PR", txa17="AU")


def document(**changes: object) -> Document:
    values: dict[str, object] = {
        "document_id": "7K3M-9QXW-2RC",
        "delivery_id": "0123456789ABCDEF0123",
        "version": 1,
        "program": "BH",
        "document_type": "BH Plan",
        "title": "Treatment Plan",
        "description": "Treatment Plan (BH CP)",
        "plan_date": date(2026, 11, 1),
        "signed_on": date(2026, 11, 3),
        "queued_at": datetime(2026, 11, 3, 15, tzinfo=UTC),
        "mrn": "12345678",
        "last_name": "O'Sample",
        "first_name": "Ana",
        "middle_name": "",
        "dob": date(1980, 1, 2),
        "sex": "F",
        "signer": "Sample Clinician",
        "signer_npi": "1234567893",
        "practice_id": "P1",
        "practice": "Sample Practice",
        "organization": "Example Community Partners",
        "part2": False,
        "file_name": "7K3M-9QXW-2RC.pdf",
        "pdf": b"%PDF-1.7 " + b"x" * 2000,
        "pages": 3,
        **changes,
    }
    return Document(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("event", ["T02", "T10", "T11"])
def test_a_library_that_nobody_here_wrote_finds_it_valid(event: str) -> None:
    pytest.importorskip("hl7apy")
    from hl7apy.consts import VALIDATION_LEVEL
    from hl7apy.parser import parse_message

    made = document(supersedes="3QWM-7XKR-9DC" if event == "T10" else "")
    data = cancel(made, PLACE, "F" * 20) if event == "T11" else original(made, PLACE)
    message = parse_message(data.decode(), validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=True)
    assert message.validate()
    assert message.msh.msh_9.to_er7() == f"MDM^{event}^MDM_{'T01' if event == 'T11' else 'T02'}"
    assert message.txa.txa_12.to_er7() == "7K3M-9QXW-2RC^CPDOCS"
    assert bool(message.txa.txa_13.to_er7()) is (event == "T10")


@pytest.mark.parametrize("name", ["A|B", "A^B", "A~B", "A&B", "A\\B", "A\rMSH|x", "A\nB", "Núñez"])
def test_no_name_ends_a_field_and_the_bytes_out_are_the_bytes_in(name: str) -> None:
    text = original(document(last_name=name), PLACE).decode()
    segments = text.rstrip("\r").split("\r")
    assert [each[:3] for each in segments] == ["MSH", "EVN", "PID", "PV1", "TXA", "OBX"]
    pid = segments[2].split("|")
    assert len(pid[5].split("^")) == 2
    assert "~" not in pid[5]
    assert b64decode(segments[5].split("|")[5].split("^")[4]) == document().pdf


def test_escapes_are_those_of_the_standard() -> None:
    assert escaped("a|b^c&d~e\\f") == r"a\F\b\S\c\T\d\R\e\E\f"


def test_what_is_no_acknowledgement_is_none() -> None:
    good = b"MSH|^~\\&|A|B\rMSA|AA|X1\rERR||PID^1|101^Required\r"
    assert read_acknowledgement(good) == ("AA", "X1", "101")
    for bad in (b"", b"MSH", b"MSH|", b"PID|1\rMSA|AA|X1", b"MSH|^~\\&\rMSA|AA", b"\xff\xfe" * 40):
        assert read_acknowledgement(bad) is None or not re.match("AA", read_acknowledgement(bad)[0])  # type: ignore[index]
