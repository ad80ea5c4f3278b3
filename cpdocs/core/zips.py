"""ZIP codes as spreadsheets leave them: five or nine digits, and the leading zero that a number loses."""

from __future__ import annotations

import re

_FIVE_OR_NINE = re.compile(r"[0-9]{5}(-?[0-9]{4})?")
_LOST_ZERO = re.compile(r"[0-9]{4}(-?[0-9]{4})?")
_ZERO_STATES = frozenset({"", "CT", "MA", "ME", "NH", "NJ", "PR", "RI", "VT", "VI"})
"""States whose ZIPs begin with 0; an empty state may be one of them."""


def repad_zip(text: str, state: str) -> tuple[str, bool]:
    """``text`` with its lost leading zero put back, and whether one was; nine digits get their hyphen.

    Only one zero, and only in a state whose ZIPs begin with it: elsewhere four digits are a ZIP that lost its end.
    """
    repadded = _LOST_ZERO.fullmatch(text) is not None and state.upper() in _ZERO_STATES
    if repadded:
        text = f"0{text}"
    if len(text) == 9 and text.isdecimal():
        text = f"{text[:5]}-{text[5:]}"
    return text, repadded


def is_deliverable_zip(text: str) -> bool:
    """Five or nine digits, and not the placeholder 00000."""
    return _FIVE_OR_NINE.fullmatch(text) is not None and not text.startswith("00000")
