"""A FHIR bundle's JSON as a tree that remembers what was read of it, under limits, for a child process.

Whatever nobody read is listed afterwards by its path, so that nothing is lost in silence.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_BYTES = 48 * 1024 * 1024
MAX_DEPTH = 40
MAX_ENTRIES = 50_000
MAX_TEXT = 4_000
_STRUCTURE = frozenset(
    {"resourceType", "id", "meta", "text", "implicitRules", "language", "status", "intent", "active"}
)
"""What tells of the resource and nothing of the member, or decided whether it is taken; narrative repeats what the
elements say."""


class Unreadable(Exception):  # a signal inside these modules, not an error for anyone
    """The bundle can't be read; the text says why, for a person."""


@dataclass(slots=True)
class Node:
    """One value of a resource: its path, and what of it was taken so far (shared by the whole resource)."""

    value: Any
    path: str
    taken: set[str] = field(default_factory=set)

    def get(self, *keys: str) -> Node:
        """The value under these keys, one below the other; an empty one where there is none."""
        value, path = self.value, self.path
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
            path = f"{path}.{key}"
        return Node(value, path, self.taken)

    def each(self, key: str) -> list[Node]:
        """The values of a list, or the one value where it isn't a list."""
        found = self.get(key)
        if isinstance(found.value, list):
            return [Node(one, f"{found.path}[{place}]", self.taken) for place, one in enumerate(found.value)]
        return [found] if found.value is not None else []

    def take(self) -> None:
        """Everything in it was read."""
        self.taken.add(self.path)

    def raw(self) -> str:
        """A code or number as text, whatever its kind; taken."""
        if isinstance(self.value, bool):
            self.take()
            return "true" if self.value else "false"
        if isinstance(self.value, (str, int)):
            self.take()
            return str(self.value)
        return ""

    @property
    def code(self) -> str:
        """A code, to be compared with others; empty where it is none. Not taken by that."""
        return self.value if isinstance(self.value, str) else ""

    def words(self) -> str:
        """A text for people: normalized, without what a plan file refuses. What can't be taken whole isn't taken."""
        if not isinstance(self.value, str) or not self.value.strip():
            return ""
        text = unicodedata.normalize("NFC", self.value).strip().replace("\r\n", "\n")
        if len(text) > MAX_TEXT or any(
            unicodedata.category(char) in ("Cc", "Cs", "Co", "Cf") and char not in "\n\t\u200c\u200d" for char in text
        ):
            return ""
        self.take()
        return " ".join(text.split())

    @property
    def kind(self) -> str:
        """The type of a resource."""
        value = self.value.get("resourceType") if isinstance(self.value, dict) else None
        return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{1,40}", value) else "(no type)"


def read_json(data: bytes) -> Any:
    """The JSON in ``data``. Raises Unreadable."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"has more than {MAX_BYTES // 1024**2} MB.")
    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_float=str, parse_constant=_no)
    except RecursionError:
        raise Unreadable("is nested too deeply.") from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise Unreadable("is no JSON in UTF-8.") from None
    _measure(value)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("holds a key twice: who reads it may read either.")
    return found


def _no(_: str) -> Any:
    raise Unreadable("holds a number that JSON doesn't have.")


def _measure(value: Any) -> None:
    """Depth without recursion. Raises Unreadable."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise Unreadable("is nested too deeply.")


def untaken(resource: Node, known: Callable[[Any], bool]) -> list[str]:
    """The paths in a resource that nobody read; the resource's own path alone where nothing of it was. What only refers
    to something ``known`` is no content."""
    if not resource.taken:
        return [resource.path]
    return list(_untaken(resource.value, resource.path, resource.taken, known, top=True))


def _untaken(
    value: Any, path: str, taken: set[str], known: Callable[[Any], bool], *, top: bool = False
) -> Iterator[str]:
    if path in taken or (isinstance(value, dict) and known(value.get("reference"))):
        return
    inner: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        inner = [(f"{path}.{_key(key)}", one) for key, one in value.items() if not (top and key in _STRUCTURE)]
    elif isinstance(value, list):
        inner = [(f"{path}[{place}]", one) for place, one in enumerate(value)]
    if not inner:
        yield path
        return
    parts = [(at, list(_untaken(one, at, taken, known))) for at, one in inner]
    if not top and all(found == [at] for at, found in parts):
        yield path
    else:
        for _, found in parts:
            yield from found


def _key(key: str) -> str:
    return key if re.fullmatch(r"_?[A-Za-z][A-Za-z0-9]{0,60}", key) else "(no name)"
