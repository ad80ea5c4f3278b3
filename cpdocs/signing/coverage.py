"""How much of the file a signature's digest was made over (shared signing rules, check 2)."""

from __future__ import annotations

from os import SEEK_END
from typing import Any

from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from cpdocs.signing.file_facts import Covers


def covers(signature: EmbeddedPdfSignature) -> Covers:
    """How much of the file ``signature``, which was validated, covers."""
    level: Any = signature.coverage  # the library's annotation says None, which it is before the check
    if level not in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION):
        return Covers.UNCLEAR
    end = _end_of_ranges(signature)
    if level is SignatureCoverageLevel.ENTIRE_REVISION:
        return Covers.UNCLEAR if end is None else Covers.REVISION
    return Covers.WHOLE_FILE if end == signature.reader.stream.seek(0, SEEK_END) else Covers.UNCLEAR


def _end_of_ranges(signature: EmbeddedPdfSignature) -> int | None:
    """Where the byte ranges end, if they leave out the value's own digits and nothing else: by their sum alone, which
    the library goes by, they might leave out the file's end instead, where it is the signer who makes them."""
    if len(signature.byte_range) != 4:
        return None
    first, length, second, rest = map(int, signature.byte_range)
    stream = signature.reader.stream
    stream.seek(max(length, 0))
    left_out = stream.read(max(second - length, 0))
    value = (
        left_out[:1] == b"<"
        and left_out[-1:] == b">"
        and bytes.fromhex(left_out[1:-1].decode("ascii")) == signature.pkcs7_content
    )
    return second + rest if first == 0 and rest > 0 and value else None
