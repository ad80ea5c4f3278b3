"""What a signature's dictionary may say (ISO 32000-1, table 252), and when two values say the same."""

from __future__ import annotations

import re

from cpdocs.signing.drawn_rules import Follow
from cpdocs.signing.syntax import Name, Ref, Stream, Unclear, Value, names

_SIGNATURE = names(
    "Type Filter SubFilter Contents ByteRange Reference M Name Reason Location ContactInfo Cert R V Changes Prop_Build "
    "Prop_AuthTime Prop_AuthType"
)
_TIME_STAMP = names("Type Filter SubFilter Contents ByteRange M V Reference Prop_Build")
"""Anybody can have a time stamp made; so it says when, and nothing in words."""
_REFERENCE = frozenset({"Type", "TransformMethod", "TransformParams", "Data", "DigestMethod"})
_PARAMETERS = frozenset({"Type", "Action", "Fields", "V", "P"})
_BUILD_DEEP = 4
_LONGEST_TEXT = 500
_DRAWN_WITH = re.compile(rb"/[A-Za-z0-9+_,-]{1,60} [0-9.]{1,8} Tf(?: [0-9.]{1,8}){1,4} (?:g|rg|k) ?\Z")


def check_signature(value: Value, kind: str, new: Follow) -> None:
    """Whether ``value`` is a signature dictionary of that ``kind`` (``Sig`` or ``DocTimeStamp``) that says what such
    say, and refers to new objects alone, which ``new`` gives. Raises Unclear."""
    words = "a signature in it says more than a signature does"
    entries = new(value) if isinstance(value, Ref) else value
    if not isinstance(entries, dict) or not entries.keys() <= (_TIME_STAMP if kind == "DocTimeStamp" else _SIGNATURE):
        raise Unclear(words)
    # ``Type`` may be left out in a signature, not in a time stamp (ISO 32000-2, tables 255 and 257).
    if entries.get("Type", Name("Sig")) != Name(kind) or not isinstance(entries.get("Contents"), bytes):
        raise Unclear(words)
    if not is_short(entries, "Reference", "Contents", "Cert", "Prop_Build") or not is_build(
        entries.get("Prop_Build", {})
    ):
        raise Unclear(words)
    listed = entries.get("Reference", [])
    for each in listed if isinstance(listed, list) else [None]:
        found = new(each) if isinstance(each, Ref) else each
        if not isinstance(found, dict) or not found.keys() <= _REFERENCE or not is_short(found, "TransformParams"):
            raise Unclear(words)
        limits = found.get("TransformParams", {})
        limits = new(limits) if isinstance(limits, Ref) else limits
        if not isinstance(limits, dict) or not limits.keys() <= _PARAMETERS or not is_short(limits):
            raise Unclear(words)


def equal(one: Value, other: Value) -> bool:
    """Whether two values say the same: kinds too, so that no name passes for a text. Streams are never equal."""
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    if type(one) is not type(other) or isinstance(one, Stream):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other


def is_style(value: Value) -> bool:
    """Whether ``value`` says with which font fields are drawn, and nothing else."""
    return isinstance(value, bytes) and _DRAWN_WITH.match(value) is not None


def is_short(entries: dict[str, Value], *besides: str) -> bool:
    """Whether every entry is a number, a name, a reference, or a text of a length that signing programs write, or a
    list of such."""
    for key, value in entries.items():
        if key in besides:
            continue
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, list | Stream) or (isinstance(each, dict) and each):
                return False
            if isinstance(each, bytes | Name) and len(each) > _LONGEST_TEXT:
                return False
    return True


def is_build(value: Value, depth: int = 0) -> bool:
    """Whether ``value`` is a build dictionary: which program signed, in nested dictionaries of short values."""
    if isinstance(value, dict):
        return depth <= _BUILD_DEEP and all(is_build(each, depth + 1) for each in value.values())
    if isinstance(value, list):
        return depth <= _BUILD_DEEP and len(value) <= 16 and all(is_build(each, depth + 1) for each in value)
    return not isinstance(value, Ref | Stream) and not (isinstance(value, bytes) and len(value) > _LONGEST_TEXT)
