"""Checkpoints: the tree's size and root, signed with a key of their own, as C2SP signed notes.

    cpdocs                                            the origin: whose ledger
    1207                                              how many events
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=      the root over them, base64

    — cpdocs Az3grlgtzPICa5OS…                        key name, base64(key id ‖ Ed25519 signature)

(c2sp.org/signed-note, c2sp.org/tlog-checkpoint; the key's name is the origin.) One that is meant to be kept elsewhere
has lines more, ``since <events> <base64>``, one for each of the last backups: the consistency proof that the tree over
what that backup holds is the beginning of this one (RFC 9162 §2.1.4). After a restore it tells a ledger that lacks what
came after the backup from one that was rewritten. What a checkpoint is worth depends on
where it is kept: one that never leaves the machine can be made anew by whoever rewrites the ledger there.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cpdocs.errors import CpdocsError, InputFault, WorkspaceFault
from cpdocs.ledger.tree import Head
from cpdocs.system.durable import read_plain

_ED25519 = b"\x01"
_DASH = "— "
_MAX_SIGNATURES = 100
_SINCE = "since"
NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointInvalid(InputFault):
    """A text that is no checkpoint, or one that none of the given keys signed."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: whose ledger (``origin``), its head, and for numbers of events before it the hashes that
    show the tree over so many to be the beginning of this one (``since``)."""

    origin: str
    head: Head
    since: tuple[tuple[int, tuple[bytes, ...]], ...] = ()


def new_checkpoint_key() -> bytes:
    """A new private key, as the PEM text that ``load_checkpoint_key`` reads."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_checkpoint_key(pem: bytes) -> Ed25519PrivateKey:
    """The key in ``pem``. Raises WorkspaceFault where it holds none of that kind."""
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise WorkspaceFault(
            "The checkpoint key is damaged or of another kind.", todo="Restore state/keys/checkpoint.key from a backup."
        )
    return key


def load_checkpoint_key(path: Path) -> Ed25519PrivateKey:
    """The key kept at ``path``. Raises WorkspaceFault where it can't be read."""
    try:
        return read_checkpoint_key(read_plain(path))
    except OSError as error:
        raise WorkspaceFault(
            f"The checkpoint key {path} can't be read: {(error.strerror or 'unreadable').lower()}.",
            todo="Restore it from a backup.",
        ) from None


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The public key, 32 raw bytes: what others verify with."""
    return key.public_key().public_bytes_raw()


def verifier_key(origin: str, public: bytes) -> str:
    """The public key as one line of text, as tools for signed notes take it: ``name+key id+base64``."""
    return f"{origin}+{key_id(origin, public).hex()}+{base64.b64encode(_ED25519 + public).decode()}"


def sign_checkpoint(
    head: Head, origin: str, key: Ed25519PrivateKey, since: Mapping[int, Sequence[bytes]] | None = None
) -> str:
    """The signed note for ``head``; ``since`` are consistency proofs by the number of events that they lead from.
    Raises ValueError for an origin with spaces or a plus sign."""
    if not NAME.fullmatch(origin):
        raise ValueError("an origin has no spaces and no plus sign")
    lines = [origin, str(head.size), base64.b64encode(head.root).decode()]
    lines += [f"{_SINCE} {size} {base64.b64encode(b''.join(proof)).decode()}" for size, proof in (since or {}).items()]
    return sign_note("".join(f"{line}\n" for line in lines), origin, key)


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """A note of ``text``, which ends in a newline, with one signature by ``key`` under ``name``."""
    signature = key_id(name, public_bytes(key)) + key.sign(text.encode())
    return f"{text}\n{signature_line(name, signature)}"


def verify_checkpoint(note: str, publics: Collection[bytes]) -> Checkpoint:
    """What ``note`` says, once one of ``publics`` (32 raw bytes each) is shown to have signed it.

    Raises CheckpointInvalid where it is no checkpoint, none of the keys signed it, or a signature that claims to be by
    one of them isn't.
    """
    text = verify_note(note, publics)
    checkpoint = _parse(text)
    if checkpoint is None:
        raise CheckpointInvalid("A signed note isn't a checkpoint.")
    return checkpoint


def verify_note(note: str, publics: Collection[bytes]) -> str:
    """The text of a signed note that one of ``publics`` signed. Raises CheckpointInvalid."""
    text, signatures = open_note(note)
    verified = False
    for name, raw in signatures:
        for public in publics:
            if raw[:4] != key_id(name, public):
                continue
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
            except InvalidSignature:
                raise CheckpointInvalid(
                    "A checkpoint's signature is wrong: it was altered, or not signed here."
                ) from None
            verified = True
    if not verified:
        raise CheckpointInvalid("A checkpoint was signed by none of the known keys.")
    return text


def unverified_checkpoint(note: str) -> Checkpoint:
    """What ``note`` says, its signatures unread. Raises CheckpointInvalid where it is no checkpoint at all."""
    checkpoint = _parse(open_note(note)[0])
    if checkpoint is None:
        raise CheckpointInvalid("A signed note isn't a checkpoint.")
    return checkpoint


def key_id(name: str, public: bytes, kind: bytes = _ED25519) -> bytes:
    """The four bytes by which a signature's line names its key (c2sp.org/signed-note)."""
    return sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def signature_line(name: str, raw: bytes) -> str:
    """One line of a signed note; ``raw`` is the key id and what follows it."""
    return f"{_DASH}{name} {base64.b64encode(raw).decode()}\n"


def open_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """A note's text and its signatures as (name, key id ‖ signature), unverified. Raises CheckpointInvalid."""
    text, separator, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if (
        not separator
        or lines[-1]
        or not 1 < len(lines) <= _MAX_SIGNATURES + 1
        or any(char < " " and char != "\n" for char in note)
    ):
        raise _malformed()
    signatures = []
    for line in lines[:-1]:
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise _malformed() from None
        if (
            not line.startswith(_DASH)
            or not space
            or not NAME.fullmatch(name)
            or len(raw) < 5
            or base64.b64encode(raw).decode() != encoded
        ):
            raise _malformed()
        signatures.append((name, raw))
    return text + "\n", signatures


def _parse(text: str) -> Checkpoint | None:
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
        return None
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
        return None
    steps = (_step(line) for line in lines[3:-1])
    return Checkpoint(lines[0], Head(int(lines[1]), root), tuple(step for step in steps if step))


def _step(line: str) -> tuple[int, tuple[bytes, ...]] | None:
    """A line with a consistency proof; None for any other, which the format leaves to who writes it."""
    word, _, rest = line.partition(" ")
    size, _, encoded = rest.partition(" ")
    if word != _SINCE or not _SIZE.fullmatch(size):
        return None
    try:
        proof = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return int(size), tuple(proof[place : place + 32] for place in range(0, len(proof), 32))


def _malformed() -> CpdocsError:
    return CheckpointInvalid(
        "A text isn't a signed checkpoint.", todo="Give the file as cpdocs wrote it, every byte of it."
    )
