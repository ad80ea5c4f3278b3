"""A telephone number is written one way, on every paper and in every message."""

from __future__ import annotations

from collections.abc import Iterator

_TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})


def phone(text: str) -> str:
    """A US number as ``(508) 555-0145``, a toll-free one as ``800-841-2900``, wherever it stands; anything that isn't
    ten digits (an extension, a short code) as written."""
    digits = "".join(_digits(text))
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    plain = all(char.isdigit() or char in " ()-.+" for char in text)
    if not plain or len(digits) != 10:
        return text.strip()
    area, rest = digits[:3], f"{digits[3:6]}-{digits[6:]}"
    return f"{area}-{rest}" if area in _TOLL_FREE else f"({area}) {rest}"


def _digits(text: str) -> Iterator[str]:
    return (char for char in text if char in "0123456789")
