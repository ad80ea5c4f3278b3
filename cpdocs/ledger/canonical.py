"""Canonical JSON (RFC 8785): the one text that a value has, on every machine, for ever.

orjson gives the same bytes as RFC 8785 for values without floats, with keys in ASCII and integers that a double holds
exactly; those are nearly all. The rest goes through the RFC 8785 package. Property tests hold the two together.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
import rfc8785

from cpdocs.core.events import JSON

_MAX = 2**53 - 1
_SCALARS = frozenset({str, bool, type(None)})
_SORTED = orjson.OPT_SORT_KEYS
_UNUSUAL_NUMBER = re.compile(rb"[:,\[]-?\d+(?:\d{15}|[.eE])")
"""Where a number that an event may not hold would be found; as well as some that it may."""


def canonical(value: JSON) -> bytes:
    """The RFC 8785 text of ``value``, UTF-8; a tuple counts as a list and a text enumeration as its text.

    Raises TypeError for what JSON can't hold and for floats, ValueError for integers beyond ±(2^53 - 1) and for lone
    surrogates.
    """
    return _encoded(value) if _plain(value) else rfc8785.dumps(value)


def parse_canonical(text: bytes) -> JSON:
    """The value that a canonical text holds. Raises ValueError where ``text`` isn't the RFC 8785 text of an event's value."""
    if text.startswith(b"{") and not _UNUSUAL_NUMBER.search(text):
        value: JSON = orjson.loads(text)
        # Without a character outside ASCII no key can have one.
        again = _encoded(value) if text.isascii() else canonical(value)
    else:
        value = _decode(text.decode())
        again = canonical(value)
    if again != text:
        raise ValueError("the text isn't canonical")
    return value


def _encoded(value: JSON) -> bytes:
    try:
        return orjson.dumps(value, option=_SORTED)
    except TypeError:  # a lone surrogate, a key of a text type of our own, or deeper than orjson goes
        return rfc8785.dumps(value)


def _integer(digits: str) -> int:
    value = int(digits)
    if -_MAX <= value <= _MAX:
        return value
    raise ValueError("an integer must fit in 53 bits")


def _refused(literal: str) -> None:
    raise ValueError(f"an event holds no {literal[:10]}")


_decode = json.JSONDecoder(parse_float=_refused, parse_int=_integer, parse_constant=_refused).decode


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
