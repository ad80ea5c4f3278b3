"""Checks a package with nothing but Python's own library, and openssl for signatures: a package carries this program.

    python check/check.py [KEY.pem]

1. manifest.json lists every file with its SHA-256: each is computed anew, and nothing else may lie here.
2. The manifest's signature is Ed25519 over the line "cpdocs.package/1" and the manifest without its signature (RFC
   8785: keys sorted, no spaces).
3. audit.jsonl begins with a checkpoint, the root of a Merkle tree (RFC 9162) over everything that was recorded; each
   further line is an event with the hashes that lead from it to that root.

KEY.pem is the organization's public key, had from the organization itself; without it the key in the package is taken,
which shows that the package is whole but not who made it. Exit status: 0 whole and signed; 1 something is wrong; 2 the
signatures can't be checked on this machine.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

WHOLE, WRONG, NOT_CHECKED = 0, 1, 2


def check(package: Path, key: Path) -> tuple[list[str], bool]:
    """What is wrong with the package in a folder, in words, and whether signatures could be checked."""
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    wrong = _files(package, manifest)
    body = {name: value for name, value in manifest.items() if name != "signature"}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    signed = b"cpdocs.package/1\n" + text.encode()
    answer = _signature_holds(signed, base64.b64decode(manifest["signature"]["value"]), key)
    if answer is False:
        wrong.append("manifest.json isn't signed by this key, or was changed")
    head, *events = [json.loads(line) for line in (package / "audit.jsonl").read_text("utf-8").splitlines()]
    note, _, signatures = head["checkpoint"].partition("\n\n")
    lines = note.split("\n")
    size, root = int(lines[1]), base64.b64decode(lines[2])
    wrong += [f"event {each['seq']} isn't in the record" for each in events if not _proven(each, size, root)]
    # The last word of a signature's line is base64 of four bytes that name the key, then the signature.
    value = base64.b64decode(signatures.splitlines()[0].split(" ")[-1])[4:]
    vouched = _signature_holds(note.encode() + b"\n", value, key)
    if vouched is False:
        wrong.append("the checkpoint in audit.jsonl isn't signed by this key, or was changed")
    return wrong, answer is not None and vouched is not None


def _files(package: Path, manifest: dict[str, Any]) -> list[str]:
    listed = {each["name"]: each["sha256"] for each in manifest["files"]}
    here = {path.relative_to(package).as_posix() for path in package.rglob("*") if not path.is_dir()}
    wrong = [f"{name} is missing" for name in sorted(listed.keys() - here)]
    wrong += [f"{name} isn't in the manifest" for name in sorted(here - listed.keys() - {"manifest.json"})]
    for name in sorted(listed.keys() & here):
        if hashlib.sha256((package / name).read_bytes()).hexdigest() != listed[name]:
            wrong.append(f"{name} isn't what was packed")
    return wrong


def _proven(event: dict[str, Any], size: int, root: bytes) -> bool:
    """RFC 9162, 2.1.3.2: from a leaf, by the hashes beside its path, to the root."""
    place, last = event["seq"] - 1, size - 1
    node = hashlib.sha256(b"\x00" + event["entry"].encode()).digest()
    for sibling in map(bytes.fromhex, event["proof"]):
        if last == 0:
            return False
        if place % 2 or place == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        place, last = place // 2, last // 2
    return last == 0 and 0 < event["seq"] <= size and node == root


def _signature_holds(text: bytes, signature: bytes, key: Path) -> bool | None:
    """Whether the key signed the text; None where there is no openssl that can tell."""
    with tempfile.TemporaryDirectory() as folder:
        value = Path(folder, "signature")
        value.write_bytes(signature)
        said = Path(folder, "signed")
        said.write_bytes(text)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin", "-in", str(said)]
        try:
            done = subprocess.run([*command, "-sigfile", str(value)], capture_output=True, check=False)  # noqa: S603
        except OSError:
            return None
    if b"Verified Successfully" in done.stdout:
        return True
    return False if b"Verification Failure" in done.stdout + done.stderr else None


def main() -> int:
    package = Path(__file__).resolve().parent.parent
    given = len(sys.argv) > 1
    wrong, checked = check(package, Path(sys.argv[1]) if given else package / "check" / "public-key.pem")
    lines = [f"WRONG: {each}" for each in wrong]
    if not checked:
        lines.append("NOT CHECKED: there is no openssl here that checks Ed25519 signatures")
    elif not wrong:
        lines.append("WHOLE: every file is as it was packed, signed by " + ("this key" if given else "the key in it"))
    if not given:
        lines.append("Compare check/public-key.pem with the organization's own: a package can't vouch for itself.")
    sys.stdout.write("\n".join(lines) + "\n")
    return WRONG if wrong else WHOLE if checked else NOT_CHECKED


if __name__ == "__main__":
    sys.exit(main())
