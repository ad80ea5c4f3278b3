"""Canonical JSON (RFC 8785): the one text that a value has, on every machine, for ever.

The standard library's encoder gives the same bytes as RFC 8785 for values without floats, with keys in ASCII and
integers that a double holds exactly, five times as fast as the pure-Python package; those are nearly all. The rest
goes through the package. A property test holds the two together.
"""

from __future__ import annotations

import json
from typing import Any

import rfc8785

_MAX = 2**53 - 1
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(value: Any) -> bytes:
    """The RFC 8785 text of ``value``, UTF-8.

    Raises TypeError for what JSON can't hold, for floats and for keys that aren't text, ValueError for integers
    beyond ±(2^53 - 1) and for lone surrogates.
    """
    if _plain(value):
        return _encode(value).encode()
    return rfc8785.dumps(value)


def _plain(value: Any) -> bool:
    """Whether the standard encoder's text is canonical for ``value``. Raises for what an event may not hold."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is dict:
        plain = True
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError("a key must be text")
            plain = _plain(item) and key.isascii() and plain
        return plain
    if kind is list or kind is tuple:
        plain = True
        for item in value:
            plain = _plain(item) and plain
        return plain
    if kind is int:
        if -_MAX <= value <= _MAX:
            return True
        raise ValueError("an integer must fit in 53 bits")
    if isinstance(value, str):
        return True
    raise TypeError(f"an event can't hold a {kind.__name__}")
