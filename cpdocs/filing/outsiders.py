"""What a package carries for whoever checks it without cpdocs: digests, two short programs, keys, and how to use them.

SHA256SUMS                     every file but itself and the manifest, for `sha256sum -c`
check/check.sh  check/check.py the whole check: with jq and openssl, or with Python's own library and openssl
check/public-key.pem           the key that signs manifests and checkpoints
check/root-certificate.pem     the organization's root, under which it seals plans and certifies keys
check/README.txt
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from importlib.resources import files

from cpdocs.filing.manifest import PackageFile

SUMS = "SHA256SUMS"
_ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")
"""What stands before an Ed25519 key's 32 bytes in a SubjectPublicKeyInfo (RFC 8410 §4)."""
_README = """\
How to check this package without cpdocs
========================================

    sha256sum -c SHA256SUMS                            no byte was changed
    sh check/check.sh organization-key.pem             the same, nothing added, and the organization signed it
    python3 check/check.py organization-key.pem        the same, and every event in audit.jsonl is proven

organization-key.pem is the organization's public key. Get it from the organization itself: check/public-key.pem lies
here for comparison, and a package can't vouch for itself. In hexadecimal digits it is

    {key}

`cpdocs verify FOLDER-OR-ZIP --key` takes these digits, and `cpdocs doctor` shows them at the organization.

The signatures in originals/ and closed/ are checked in any PDF reader that shows signatures, once
check/root-certificate.pem is among those that it trusts, or with

    pdfsig FILE.pdf

manifest.json says what each file is; audit.html tells what happened, in words.
"""


def public_pem(key: bytes) -> bytes:
    """An Ed25519 key (32 raw bytes) as PEM."""
    return _pem("PUBLIC KEY", _ED25519_SPKI + key)


def check_files(public_key: bytes, root: bytes) -> list[PackageFile]:
    """The programs, keys and words. ``root`` is the root certificate, DER; empty where there is none to give."""
    here = files("cpdocs.filing")
    found = [
        PackageFile("check/README.txt", _README.format(key=public_key.hex()).encode(), "how to check"),
        PackageFile("check/check.sh", here.joinpath("check.sh").read_bytes(), "checks the package"),
        PackageFile("check/check.py", here.joinpath("check_program.py").read_bytes(), "checks the package"),
        PackageFile("check/public-key.pem", public_pem(public_key), "key"),
    ]
    if root:
        found.append(PackageFile("check/root-certificate.pem", _pem("CERTIFICATE", root), "certificate"))
    return found


def sums(packed: Sequence[PackageFile]) -> PackageFile:
    """``SHA256SUMS`` over ``packed``."""
    lines = (f"{each.sha256}  {each.name}\n" for each in sorted(packed, key=lambda each: each.name))
    return PackageFile(SUMS, "".join(lines).encode(), "digests")


def _pem(label: str, der: bytes) -> bytes:
    text = base64.b64encode(der).decode("ascii")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", "")).encode()
