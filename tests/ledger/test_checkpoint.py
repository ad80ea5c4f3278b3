"""Checkpoints as C2SP signed notes."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.errors import WorkspaceFault
from cpdocs.ledger.checkpoint import (
    Checkpoint,
    CheckpointInvalid,
    load_checkpoint_key,
    new_checkpoint_key,
    public_bytes,
    read_checkpoint_key,
    sign_checkpoint,
    sign_note,
    unverified_checkpoint,
    verifier_key,
    verify_checkpoint,
    verify_note,
)
from cpdocs.ledger.tree import Head

# The key pair and note that the signed-note format's first implementation (Go's sumdb/note) documents.
PUBLIC_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PUBLIC_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLIC_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PUBLIC_NOTE = (
    PUBLIC_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEAD = Head(20852163, bytes(range(32, 64)))
NOTE = sign_checkpoint(HEAD, "example.org/ledger", KEY)


def test_the_public_note_is_signed_and_verified_byte_for_byte():
    key = Ed25519PrivateKey.from_private_bytes(PUBLIC_SEED)
    assert verifier_key("PeterNeumann", public_bytes(key)) == PUBLIC_VERIFIER
    assert sign_note(PUBLIC_TEXT, "PeterNeumann", key) == PUBLIC_NOTE
    assert verify_note(PUBLIC_NOTE, [public_bytes(key)]) == PUBLIC_TEXT


def test_a_checkpoint_says_whose_tree_how_large_and_which_root():
    assert NOTE.split("\n")[:4] == ["example.org/ledger", "20852163", base64.b64encode(HEAD.root).decode(), ""]
    assert verify_checkpoint(NOTE, [public_bytes(KEY)]) == Checkpoint("example.org/ledger", HEAD)
    assert unverified_checkpoint(NOTE).head == HEAD


def test_a_second_signature_by_a_witness_is_let_be_and_its_own_key_verifies_it():
    witness = Ed25519PrivateKey.from_private_bytes(bytes(32))
    text = verify_note(NOTE, [public_bytes(KEY)])
    both = NOTE + sign_note(text, "witness.example", witness).split("\n\n")[1]
    for known in ([KEY], [witness], [KEY, witness]):
        assert verify_checkpoint(both, [public_bytes(key) for key in known]).head == HEAD


@given(st.integers(min_value=0, max_value=len(NOTE.encode()) - 1), st.integers(min_value=1, max_value=255))
def test_one_changed_byte_anywhere_is_refused(place, flip):
    damaged = bytearray(NOTE.encode())
    damaged[place] ^= flip
    try:
        text = damaged.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(text, [public_bytes(KEY)])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "a\n1\n\n",
        NOTE.rstrip("\n"),
        NOTE + "\n",
        NOTE.replace("—", "-"),
        NOTE + "— x\n",
        "\n\n— a AAAA\n",
        NOTE + "— x ÄÄÄÄ\n",
    ],
)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(note, [public_bytes(KEY)])


@pytest.mark.parametrize(
    "text",
    [
        "o\n01\nAAAA\n",
        "o\n-1\nAAAA\n",
        "o\n1\nAAAA\n",
        "o\n1\n\n",
        "o\n1\n",
        f"o\nx\n{base64.b64encode(HEAD.root).decode()}\n",
        f"\n1\n{base64.b64encode(HEAD.root).decode()}\n",
        "o\n1\nÄÄÄÄ\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text):
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(sign_note(text, "o", KEY), [public_bytes(KEY)])


def test_a_checkpoint_by_an_unknown_key_is_refused():
    with pytest.raises(CheckpointInvalid, match="none of the known keys"):
        verify_checkpoint(NOTE, [bytes(32)])


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "a\nb"])
def test_an_origin_that_would_break_the_note_is_refused(origin):
    with pytest.raises(ValueError, match="origin"):
        sign_checkpoint(HEAD, origin, KEY)


def test_a_key_is_kept_as_text_and_read_again(tmp_path):
    path = tmp_path / "checkpoint.key"
    path.write_bytes(new_checkpoint_key())
    key = load_checkpoint_key(path)
    assert verify_checkpoint(sign_checkpoint(HEAD, "o", key), [public_bytes(key)]).head == HEAD


def test_keys_that_cannot_be_used_are_named(tmp_path):
    rsa = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for pem in (b"", b"nonsense", rsa, new_checkpoint_key()[:60]):
        with pytest.raises(WorkspaceFault, match="damaged"):
            read_checkpoint_key(pem)
    with pytest.raises(WorkspaceFault, match="no such file"):
        load_checkpoint_key(tmp_path / "absent.key")


def test_a_checkpoint_for_keeping_elsewhere_carries_its_proofs_and_what_it_doesnt_know_is_passed_over() -> None:
    head = Head(9, bytes(32))
    proof = (b"a" * 32, b"b" * 32)
    note = sign_checkpoint(head, "cpdocs", KEY, {4: proof, 8: ()})
    assert verify_checkpoint(note, [public_bytes(KEY)]) == Checkpoint("cpdocs", head, ((4, proof), (8, ())))
    text = note.partition("\n\n")[0]
    for line in ("since 4", "since four AAAA", "since 4 !", "since 4 ÄÄÄÄ", "another thing"):
        read = unverified_checkpoint(sign_note(f"{text}\n{line}\n", "cpdocs", KEY))
        assert read.since[:2] == ((4, proof), (8, ()))
        assert all(size == 4 for size, _ in read.since[2:])


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n\n1\n",
        f"\n1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"a\n01\n{base64.b64encode(bytes(32)).decode()}\n",
        "a\n1\nÄÄÄÄ\n",
        "a\n1\n*\n",
        f"a\n1\n{base64.b64encode(bytes(31)).decode()}\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused_and_not_fallen_over(text):
    note = sign_note(text, "example.org/ledger", KEY)
    with pytest.raises(CheckpointInvalid):
        verify_checkpoint(note, [public_bytes(KEY)])
    with pytest.raises(CheckpointInvalid):
        unverified_checkpoint(note)
