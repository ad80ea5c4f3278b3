"""Which extensions of PDF a signing program may name in the catalog (ISO 32000-2, 7.12), so that it says nothing else
there."""

from __future__ import annotations

import re

from cpdocs.signing.signature_rules import equal
from cpdocs.signing.syntax import Name, Unclear, Value

_EXTENSION = frozenset({"Type", "BaseVersion", "ExtensionLevel", "ExtensionRevision", "URL"})
_EXTENDERS = frozenset({"ADBE", "ESIC", "ISO_"})
_ADDRESS = re.compile(rb"https?://www\.iso\.org/[!-~]{0,80}\Z")
_EDITION = re.compile(rb":[0-9]{4}\Z")


def check_extensions(old: Value, new: Value) -> None:
    """Whether ``new`` names the extensions that ``old`` did, and others only as such are named. Raises Unclear."""
    old, new = old or {}, new or {}
    words = "a setting of the whole plan was changed"
    if not isinstance(old, dict) or not isinstance(new, dict):
        raise Unclear(words)
    if any(key not in new or not equal(old[key], new[key]) for key in old):
        raise Unclear(words)
    for key in new.keys() - old.keys():
        named = new[key]
        for each in named if isinstance(named, list) else [named]:
            if key not in _EXTENDERS or not isinstance(each, dict) or not _is_extension(each):
                raise Unclear(words)


def _is_extension(entries: dict[str, Value]) -> bool:
    """Whether it names an extension of PDF, and nothing else (ISO 32000-2, 7.12)."""
    address, edition = entries.get("URL", b"https://www.iso.org/"), entries.get("ExtensionRevision", b":2000")
    return (
        entries.keys() <= _EXTENSION
        and entries.get("Type", Name("DeveloperExtensions")) == Name("DeveloperExtensions")
        and entries.get("BaseVersion") in (Name("1.7"), Name("2.0"))
        and type(entries.get("ExtensionLevel")) is int
        and isinstance(address, bytes)
        and _ADDRESS.match(address) is not None
        and isinstance(edition, bytes)
        and _EDITION.match(edition) is not None
    )
