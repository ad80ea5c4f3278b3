"""Witnesses: a second organization that signs a checkpoint only where it continues the one that it signed last.

A cosignature is one more line of the signed note, over the checkpoint and the time (c2sp.org/tlog-cosignature, v1:
Ed25519). Keys are lines of text as tools for signed notes take them. What a witness is asked with is the request of
c2sp.org/tlog-witness: the size that it saw last, the proof that the new tree continues that one, the checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cpdocs.errors import InputFault
from cpdocs.ledger.checkpoint import NAME, CheckpointInvalid, key_id, open_note, public_bytes, signature_line

LOG, WITNESS = b"\x01", b"\x04"
_PRIVATE = "PRIVATE+KEY+"
_MOST_PROOF_LINES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key by its name; ``kind`` is LOG or WITNESS."""

    name: str
    kind: bytes
    public: bytes

    def text(self) -> str:
        """The key as one line, without its newline."""
        return (
            f"{self.name}+{key_id(self.name, self.public, self.kind).hex()}+"
            f"{base64.b64encode(self.kind + self.public).decode()}"
        )


@dataclass(frozen=True, slots=True)
class Witness:
    """Who cosigns: a name, such as ``witness.example.org``, and a key used for nothing else."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, WITNESS, public_bytes(self.key))

    def text(self) -> str:
        """The private key as one line, without its newline."""
        seed = WITNESS + self.key.private_bytes_raw()
        return (
            f"{_PRIVATE}{self.name}+{key_id(self.name, public_bytes(self.key), WITNESS).hex()}+"
            f"{base64.b64encode(seed).decode()}"
        )


@dataclass(frozen=True, slots=True)
class Request:
    """What a witness is asked: to sign ``note``, which ``proof`` shows to continue the tree of ``old`` events."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        lines = [f"old {self.old}\n", *(f"{base64.b64encode(node).decode()}\n" for node in self.proof)]
        return f"{''.join(lines)}\n{self.note}"


def new_witness(name: str) -> Witness:
    """A witness with a new key. Raises InputFault for a name with spaces or a plus sign."""
    if not NAME.fullmatch(name):
        raise InputFault(
            "A witness's name has no spaces and no plus sign.", todo="Use a domain of yours, like witness.example.org."
        )
    return Witness(name, Ed25519PrivateKey.generate())


def read_witness(text: str) -> Witness:
    """The witness whose private key ``text`` holds. Raises InputFault, whose text never holds it."""
    found = _read(text.removeprefix(_PRIVATE)) if text.startswith(_PRIVATE) else None
    if found is None or found[1] != WITNESS:
        raise InputFault("This is no witness's private key.", todo="Make one with `cpdocs audit witness-key`.")
    name, _, seed, given = found
    witness = Witness(name, Ed25519PrivateKey.from_private_bytes(seed))
    if key_id(name, public_bytes(witness.key), WITNESS) != given:
        raise InputFault("A witness's private key is damaged.", todo="Restore the file from its copy.")
    return witness


def read_verifier(text: str) -> Verifier:
    """The public key that ``text`` holds. Raises InputFault."""
    found = _read(text)
    if found is None or key_id(found[0], found[2], found[1]) != found[3]:
        raise InputFault(
            "This is no public key for checkpoints.", todo="Give the one line that its owner published, all of it."
        )
    return Verifier(*found[:3])


def read_log_key(text: str) -> Verifier:
    """The public key of a ledger that ``text`` holds. Raises InputFault, also for a witness's."""
    log = read_verifier(text)
    if log.kind != LOG:
        raise InputFault(
            "The ledger's key is a witness's key.", todo="Give the line that the ledger's owner published."
        )
    return log


def read_request(text: str) -> Request:
    """The request, or the plain checkpoint (which asks to be signed as the first). Raises CheckpointInvalid."""
    begin = _OLD.match(text)
    if begin is None:
        return Request(0, (), text)
    # The empty line behind the proof, which may have no lines itself.
    lines, _, note = text[begin.end() - 1 :].partition("\n\n")
    try:
        proof = tuple(base64.b64decode(line, validate=True) for line in lines.split("\n") if line)
    except (binascii.Error, ValueError):
        proof = (b"",)
    if len(proof) > _MOST_PROOF_LINES or any(len(node) != 32 for node in proof):
        raise CheckpointInvalid("A request to a witness has a proof that can't be read.")
    return Request(int(begin.group(1)), proof, note)


def cosign(note: str, witness: Witness, at: datetime) -> str:
    """``note`` with the witness's line behind it. ``at`` is aware. Raises CheckpointInvalid where it is no signed
    note."""
    text, _ = open_note(note)
    seconds = int(at.timestamp())
    signature = witness.key.sign(_message(text, seconds))
    raw = key_id(witness.name, public_bytes(witness.key), WITNESS) + seconds.to_bytes(8, "big") + signature
    return f"{note}{signature_line(witness.name, raw)}"


def cosigned_at(note: str, by: Verifier) -> datetime | None:
    """When the witness signed ``note``; None where it didn't. Raises CheckpointInvalid where a line of its is wrong."""
    text, signatures = open_note(note)
    found = None
    for name, raw in signatures:
        if name != by.name or raw[:4] != key_id(by.name, by.public, WITNESS):
            continue
        seconds = int.from_bytes(raw[4:12], "big")
        try:
            Ed25519PublicKey.from_public_bytes(by.public).verify(raw[12:], _message(text, seconds))
            found = datetime.fromtimestamp(seconds, UTC)
        except (InvalidSignature, ValueError, OverflowError, OSError):
            raise CheckpointInvalid(
                "A witness's signature is wrong: the checkpoint was altered after it, or it isn't the witness's."
            ) from None
    return found


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _read(line: str) -> tuple[str, bytes, bytes, bytes] | None:
    """Name, kind, 32 bytes of key and the key id that the line gives; None where it is none of ours."""
    name, _, rest = line.strip().partition("+")
    digits, _, encoded = rest.partition("+")
    try:
        raw, given = base64.b64decode(encoded, validate=True), bytes.fromhex(digits)
    except (binascii.Error, ValueError):
        return None
    if not NAME.fullmatch(name) or len(raw) != 33 or raw[:1] not in (LOG, WITNESS) or len(given) != 4:
        return None
    return name, raw[:1], raw[1:], given
