"""ZIP codes as spreadsheets leave them: five or nine digits, and the leading zeros that a number loses."""

from __future__ import annotations

import re
from functools import lru_cache

from cpdocs.core.cells import unwrapped

_FIVE_OR_NINE = re.compile(r"[0-9]{5}(-?[0-9]{4})?")
_ONE_ZERO = frozenset({"", "AE", "CT", "MA", "ME", "NH", "NJ", "PR", "RI", "VT", "VI"})
"""States whose ZIPs begin with 0; an empty state may be one of them."""
_TWO_ZEROS = frozenset({"PR", "VI"})
"""States whose ZIPs begin with 00."""


@lru_cache(maxsize=65536)
def repad_zip(text: str, state: str) -> tuple[str, bool]:
    """``text`` as a ZIP with its lost leading zeros put back, and whether any were; nine digits get their hyphen.

    What a spreadsheet put around it goes: ``="02118"``, a decimal ``.0``, an apostrophe in front, a hyphen that nothing
    follows. Zeros are put back only where the ZIPs of ``state`` (two letters) begin with them: elsewhere four digits
    are a ZIP that lost its end.
    """
    shown = unwrapped(text)
    shown = re.sub(r"\.0+$", "", shown.strip("'’\" ")).rstrip("-. ")
    shown = re.sub(r"\s*[-–]\s*|\s+", "-", shown)
    digits = shown.replace("-", "")
    if not digits.isascii() or not digits.isdigit():
        return text, False
    head, hyphen, tail = shown.partition("-")
    if not hyphen and len(head) > 5:
        head, tail = head[:-4], head[-4:]
    if tail and len(tail) != 4:
        return text, False
    lost = 5 - len(head)
    repadded = (lost == 1 and state.upper() in _ONE_ZERO) or (lost == 2 and state.upper() in _TWO_ZEROS)
    if lost and not repadded:
        return text, False
    return "0" * lost + head + (f"-{tail}" if tail else ""), repadded


def is_deliverable_zip(text: str) -> bool:
    """Five or nine digits, and not the placeholder 00000."""
    return _FIVE_OR_NINE.fullmatch(text) is not None and not text.startswith("00000")
