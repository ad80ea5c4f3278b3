"""Canonical JSON (RFC 8785): the one text that a value has, on every machine, for ever.

orjson gives the same bytes as RFC 8785 for values without floats, with keys in ASCII and integers that a double holds
exactly; those are nearly all. The rest goes through the RFC 8785 package. Property tests hold the two together.
"""

from __future__ import annotations

from typing import Any

import orjson
import rfc8785

from cpdocs.core.events import JSON

_MAX = 2**53 - 1
_SCALARS = frozenset({str, bool, type(None)})
_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_CONTAINERS = frozenset({dict, list})


def canonical(value: JSON) -> bytes:
    """The RFC 8785 text of ``value``, UTF-8; a tuple counts as a list and a text enumeration as its text.

    Raises TypeError for what JSON can't hold and for floats, ValueError for integers beyond ±(2^53 - 1) and for lone
    surrogates.
    """
    return _encoded(value) if _plain(value) else rfc8785.dumps(value)


def parse_canonical(text: bytes) -> JSON:
    """The value that a canonical text holds. Raises ValueError where ``text`` isn't the RFC 8785 text of an event's
    value."""
    value: JSON = orjson.loads(text)
    if not _without_floats(value):
        raise ValueError("an event holds no fractions, and no integer beyond 53 bits")
    # Without a character outside ASCII no key can have one.
    again = _encoded(value) if text.isascii() else canonical(value)
    if again != text:
        raise ValueError("the text isn't canonical")
    return value


def _without_floats(value: Any) -> bool:
    if type(value) not in _CONTAINERS:
        return type(value) is not float
    items = value.values() if type(value) is dict else value
    kinds = set(map(type, items))
    if float in kinds:
        return False
    if dict in kinds or list in kinds:
        return all(_without_floats(item) for item in items if type(item) in _CONTAINERS)
    return True


def _encoded(value: JSON) -> bytes:
    try:
        return orjson.dumps(value, option=_CANONICAL)
    except (
        TypeError
    ):  # an integer too large, a lone surrogate, a key of a text type of our own, or deeper than orjson goes
        return rfc8785.dumps(value)


def _plain(value: Any) -> bool:
    """Whether the quick encoder's text is canonical for ``value``. Raises for what an event may not hold."""
    kind = type(value)
    if kind in _SCALARS:
        return True
    plain = True
    if kind is dict:
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError("a key must be text")
            plain = plain and key.isascii()
            if type(item) not in _SCALARS:
                plain = _plain(item) and plain
    elif kind is list or kind is tuple:
        for item in value:
            if type(item) not in _SCALARS:
                plain = _plain(item) and plain
    elif isinstance(value, str):
        return True
    elif kind is not int:
        raise TypeError(f"an event can't hold a {kind.__name__}")
    elif not -_MAX <= value <= _MAX:
        raise ValueError("an integer must fit in 53 bits")
    return plain
