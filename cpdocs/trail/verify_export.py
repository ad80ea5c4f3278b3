"""Checks the exported trail in the folder that this file lies in, without cpdocs.

    python verify.py [CHECKPOINT-KEPT-ELSEWHERE ...]

Exit status: 0 every event is proven by checkpoints of the key in this folder; 1 something is wrong; 2 not proven:
nothing is wrong, but a part that would prove it is missing, or signatures can't be checked here. It needs Python 3.11
or newer, and for the signatures the package "cryptography". README.txt says what it does, step by step.

In cpdocs' own repository this is cpdocs/trail/verify_export.py; an export holds it byte for byte.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

PROVEN, WRONG, NOT_PROVEN = 0, 1, 2
_PARTS = ("README.txt", "events.jsonl", "checkpoint.txt", "checkpoints", "consistency.json", "public-key.txt")
_FILE = re.compile(r"([0-9]{6,})-[0-9]+\.txt")
_Verify = Callable[[bytes, bytes, bytes], bool]


@dataclass(frozen=True)
class Note:
    """One checkpoint: its file's name, what it says (``text``; ``size`` events under ``root``), its signatures as
    (name, 4 bytes of key id and signature)."""

    file: str
    text: bytes
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes], ...]


@dataclass
class Findings:
    """What was found, as sentences."""

    good: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        return WRONG if self.wrong else NOT_PROVEN if self.unproven else PROVEN


def check(folder: Path, outside: Sequence[Path] = (), verify: _Verify | None = None) -> Findings:
    """Everything about the export in ``folder``. ``outside`` are checkpoints that were kept elsewhere; ``verify`` says
    whether (public key, signature, message) fit together, None where nothing here can say so."""
    found = Findings()
    for part in _PARTS:
        if not (folder / part).exists():
            found.unproven.append(f"{part} is missing: this isn't the whole export.")
    notes = _notes(folder, found)
    latest = _note(folder / "checkpoint.txt", found) if (folder / "checkpoint.txt").exists() else None
    apart = [note for path in outside if (note := _note(path, found)) is not None]
    every = [*notes, *([latest] if latest else []), *apart]
    public = _public_key(folder, found)
    roots, count = _roots(folder, {note.size for note in every}, public, found)
    for note in every:
        _check_root(note, roots, count, found)
        _check_signature(note, public, verify, found)
    if verify is None:
        found.unproven.append("Signatures weren't checked: install the package cryptography, and run this again.")
    _check_reach(notes, latest, count, found)
    _check_consistency(folder, roots, found)
    return found


def _notes(folder: Path, found: Findings) -> list[Note]:
    """The checkpoints of the folder; a gap in their numbers is one that was taken away."""
    files = sorted((folder / "checkpoints").iterdir()) if (folder / "checkpoints").is_dir() else []
    numbers = []
    notes = []
    for path in files:
        named = _FILE.fullmatch(path.name)
        if not named:
            found.wrong.append(f"checkpoints/{path.name} is no file of an export.")
            continue
        numbers.append(int(named[1]))
        note = _note(path, found)
        if note is not None:
            notes.append(note)
    if numbers != list(range(1, len(numbers) + 1)):
        found.unproven.append("A file of checkpoints/ is missing: their numbers have a gap.")
    if not notes:
        found.unproven.append("There is no checkpoint in checkpoints/.")
    return notes


def _note(path: Path, found: Findings) -> Note | None:
    """The signed note in ``path``, its signatures unread."""
    try:
        return _parse_note(path.name, path.read_text("utf-8"))
    except (OSError, ValueError):
        found.wrong.append(f"{path.name} can't be read as a checkpoint.")
        return None


def _parse_note(file: str, note: str) -> Note:
    """What a checkpoint says (c2sp.org/tlog-checkpoint). Raises ValueError where it is none."""
    text, separator, tail = note.rpartition("\n\n")
    _, size, root = text.split("\n")[:3]
    signatures = []
    for line in tail.splitlines():
        dash, name, encoded = line.split(" ")
        if dash != "\N{EM DASH}":
            raise ValueError("a signature's line begins with a dash")
        signatures.append((name, base64.b64decode(encoded, validate=True)))
    if not separator or not size.isdecimal():
        raise ValueError("no signed note")
    return Note(file, text.encode() + b"\n", int(size), base64.b64decode(root, validate=True), tuple(signatures))


def _public_key(folder: Path, found: Findings) -> bytes | None:
    """The 32 bytes of the key in public-key.txt: ``name+key id+base64(0x01, key)``; None where there is none."""
    path = folder / "public-key.txt"
    if not path.exists():
        return None
    try:
        name, number, encoded = path.read_text("utf-8").strip().split("+", 2)
        kind_and_key = base64.b64decode(encoded, validate=True)
    except (OSError, ValueError):
        name, number, kind_and_key = "", "", b""
    if len(kind_and_key) == 33 and _key_id(name, kind_and_key[1:]).hex() == number:
        return kind_and_key[1:]
    found.wrong.append("public-key.txt holds no public key.")
    return None


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def _roots(folder: Path, sizes: set[int], public: bytes | None, found: Findings) -> tuple[dict[int, bytes], int]:
    """The root over the first so many events, for each of ``sizes`` that there are; and how many events there are."""
    tree: list[bytes] = []
    roots = {0: sha256(b"").digest()}
    count = 0
    path = folder / "events.jsonl"
    if not path.exists():
        return roots, 0
    for line in _lines(path, found):
        _check_event(line, count + 1, public, found)
        node, index = sha256(b"\x00" + line).digest(), count
        while index & 1:
            node, index = sha256(b"\x01" + tree.pop() + node).digest(), index >> 1
        tree.append(node)
        count += 1
        if count in sizes:
            root = tree[-1]
            for left in reversed(tree[:-1]):
                root = sha256(b"\x01" + left + root).digest()
            roots[count] = root
    if not count:
        found.unproven.append("There is no event in events.jsonl.")
    return roots, count


def _lines(path: Path, found: Findings) -> Iterator[bytes]:
    with path.open("rb") as lines:
        for line in lines:
            if not line.endswith(b"\n"):
                found.wrong.append("events.jsonl ends in the middle of an event.")
            yield line.removesuffix(b"\n")


def _check_event(line: bytes, number: int, public: bytes | None, found: Findings) -> None:
    """An event says its own number; the first also names the key that signs the checkpoints."""
    try:
        event = json.loads(line)
        if event["seq"] != number:
            found.wrong.append(f"Line {number} of events.jsonl holds the event {event['seq']}.")
        named = event["data"].get("checkpoint_key") if number == 1 else None
    except (ValueError, KeyError, TypeError, AttributeError):
        found.wrong.append(f"Line {number} of events.jsonl is no event.")
        return
    if named is not None and public is not None and named != public.hex():
        found.wrong.append("public-key.txt isn't the key that the first event names.")


def _check_root(note: Note, roots: dict[int, bytes], count: int, found: Findings) -> None:
    if note.size > count:
        found.wrong.append(f"{note.file}: signed over {note.size} events, of which {count} are here.")
    elif roots[note.size] != note.root:
        found.wrong.append(f"{note.file}: signed over other events than the first {note.size} of this trail.")
    else:
        found.good.append(f"{note.file}: the root over {note.size} events holds.")


def _check_signature(note: Note, public: bytes | None, verify: _Verify | None, found: Findings) -> None:
    if public is None or verify is None:
        return
    ours = [raw[4:] for name, raw in note.signatures if raw[:4] == _key_id(name, public)]
    if ours and all(verify(public, signature, note.text) for signature in ours):
        found.good.append(f"{note.file}: the signature holds.")
    else:
        found.wrong.append(f"{note.file}: the signature is wrong, or by another key than public-key.txt.")


def _check_reach(notes: Sequence[Note], latest: Note | None, count: int, found: Findings) -> None:
    """The checkpoints reach the last event, and the last of them is the one beside the trail."""
    reach = max((note.size for note in (*notes, *([latest] if latest else []))), default=0)
    if reach < count:
        found.unproven.append(f"Events {reach + 1} to {count} came after the last checkpoint: nothing proves them.")
    if latest and notes and latest.text not in {note.text for note in notes}:
        found.unproven.append("checkpoint.txt is none of checkpoints/: a file there is missing.")


def _check_consistency(folder: Path, roots: dict[int, bytes], found: Findings) -> None:
    """Each proof shows the tree of one checkpoint to be the beginning of the next one's (RFC 9162, 2.1.4.2)."""
    path = folder / "consistency.json"
    if not path.exists():
        return
    try:
        steps = [_step(each) for each in json.loads(path.read_bytes())]
    except (ValueError, KeyError, TypeError):
        found.wrong.append("consistency.json can't be read.")
        return
    for first, second, proof in steps:
        if first not in roots or second not in roots:
            found.unproven.append(f"The checkpoints over {first} and {second} events aren't both here.")
        elif not _continues(first, roots[first], second, roots[second], proof):
            found.wrong.append(f"consistency.json: the step from {first} to {second} events doesn't hold.")


def _step(entry: Any) -> tuple[int, int, list[bytes]]:
    first, second = int(entry["first"]), int(entry["second"])
    if not 0 < first < second:
        raise ValueError
    return first, second, [bytes.fromhex(node) for node in entry["proof"]]


def _continues(first: int, old_root: bytes, second: int, new_root: bytes, proof: list[bytes]) -> bool:
    path = [old_root, *proof] if first & (first - 1) == 0 else proof
    if not path:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = sha256(b"\x01" + node + old).digest(), sha256(b"\x01" + node + new).digest()
            while place & 1 == 0 and place:
                place, last = place >> 1, last >> 1
        else:
            new = sha256(b"\x01" + new + node).digest()
        place, last = place >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def signature_check() -> _Verify | None:
    """What checks an Ed25519 signature, or None where the package for it isn't there or doesn't work."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return None

    def verify(public: bytes, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    return verify


def main(arguments: Sequence[str]) -> int:
    """Says what was found on standard output and gives the exit status."""
    outside = [Path(each) for each in arguments]
    found = check(Path(__file__).resolve().parent, outside, signature_check())
    lines = [*found.good, *(f"WRONG: {each}" for each in found.wrong), *(f"MISSING: {each}" for each in found.unproven)]
    verdicts = {
        PROVEN: "PROVEN: every event is as the key in this folder signed it.",
        WRONG: "WRONG: this trail is not what was signed. Keep it as it is and tell the compliance officer.",
        NOT_PROVEN: "NOT PROVEN: nothing here is wrong, but not everything is proven. It says above what is missing.",
    }
    lines.append(verdicts[found.status])
    if found.status == PROVEN and not outside:
        lines.append("Compare checkpoint.txt with one that was kept elsewhere, or give that one to this program.")
    sys.stdout.write("\n".join(lines) + "\n")
    return found.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
