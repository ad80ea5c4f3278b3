"""Cosignatures, in the form of c2sp.org/tlog-cosignature, and what a witness is asked with."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cpdocs.errors import InputFault
from cpdocs.ledger.checkpoint import CheckpointInvalid, public_bytes, sign_checkpoint, verifier_key, verify_checkpoint
from cpdocs.ledger.tree import Head
from cpdocs.ledger.witness import (
    LOG,
    Request,
    Witness,
    cosign,
    cosigned_at,
    new_witness,
    read_request,
    read_verifier,
    read_witness,
)

LOG_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = Witness("witness.example.org", Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64))))
AT = datetime(2026, 11, 2, 15, 0, 7, tzinfo=UTC)
NOTE = sign_checkpoint(Head(7, b"\x11" * 32), "cpdocs", LOG_KEY)


def test_a_cosignature_is_one_more_line_in_the_published_form():
    note = cosign(NOTE, WITNESS, AT)
    assert note.startswith(NOTE)
    (line,) = note[len(NOTE) :].splitlines()
    name, encoded = line.removeprefix("— ").split(" ")
    raw = base64.b64decode(encoded)
    public = public_bytes(WITNESS.key)
    assert name == "witness.example.org"
    assert raw[:4] == sha256(b"witness.example.org\n\x04" + public).digest()[:4]
    assert int.from_bytes(raw[4:12], "big") == int(AT.timestamp())
    body = NOTE.partition("\n\n")[0] + "\n"
    WITNESS.key.public_key().verify(raw[12:], f"cosignature/v1\ntime {int(AT.timestamp())}\n{body}".encode())


def test_a_cosigned_note_still_is_the_ledgers_and_says_who_signed_when():
    note = cosign(NOTE, WITNESS, AT)
    assert verify_checkpoint(note, [public_bytes(LOG_KEY)]).head == Head(7, b"\x11" * 32)
    assert cosigned_at(note, WITNESS.verifier) == AT
    assert cosigned_at(NOTE, WITNESS.verifier) is None
    assert cosigned_at(note, new_witness("another.example.org").verifier) is None


@pytest.mark.parametrize("change", ["body", "time", "signature"])
def test_a_cosignature_that_was_altered_is_no_signature(change):
    note = cosign(NOTE, WITNESS, AT)
    if change == "body":
        note = note.replace("\n7\n", "\n8\n", 1)
    else:
        head, _, encoded = note.rstrip("\n").rpartition(" ")
        raw = bytearray(base64.b64decode(encoded))
        raw[11 if change == "time" else 40] ^= 1
        note = f"{head} {base64.b64encode(raw).decode()}\n"
    with pytest.raises(CheckpointInvalid, match="witness's signature is wrong"):
        cosigned_at(note, WITNESS.verifier)


def test_keys_are_lines_that_can_be_read_again():
    assert read_verifier(WITNESS.verifier.text() + "\n") == WITNESS.verifier
    again = read_witness(WITNESS.text() + "\n")
    assert (again.name, again.key.private_bytes_raw()) == (WITNESS.name, WITNESS.key.private_bytes_raw())
    log = read_verifier(verifier_key("cpdocs", public_bytes(LOG_KEY)))
    assert (log.name, log.kind, log.public) == ("cpdocs", LOG, public_bytes(LOG_KEY))


@pytest.mark.parametrize(
    "text", ["", "x", "a+b+c", "name+00000000+BAAA", WITNESS.text(), WITNESS.verifier.text().replace("witness.", "w.")]
)
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(InputFault):
        read_verifier(text)


@pytest.mark.parametrize(
    "text", ["", "PRIVATE+KEY+x", WITNESS.verifier.text(), WITNESS.text().replace("witness.", "w.")]
)
def test_what_is_no_private_key_is_refused_and_not_repeated(text):
    with pytest.raises(InputFault) as caught:
        read_witness(text)
    assert base64.b64encode(b"\x04" + bytes(range(32, 64))).decode() not in str(caught.value)


@pytest.mark.parametrize("proof", [(), (b"\x01" * 32,), (b"\x01" * 32, b"\x02" * 32)])
def test_a_request_comes_back_as_it_was_written(proof):
    request = Request(5, proof, NOTE)
    assert read_request(request.text()) == request
    assert read_request(NOTE) == Request(0, (), NOTE)


@pytest.mark.parametrize("lines", ["!!!\n", "AAAA\n", (base64.b64encode(bytes(32)).decode() + "\n") * 64])
def test_a_proof_that_cannot_be_read_is_refused(lines):
    with pytest.raises(CheckpointInvalid, match="proof"):
        read_request(f"old 5\n{lines}\n{NOTE}")
