"""A tree of text to frozen dataclasses: the dataclasses are the schema, and every fault is told at once.

A field without a default is required, and required text mustn't be empty. A null counts as an absent key. Messages
name the path, the line and the fault, and never repeat a value: it may be about a person.
"""

from __future__ import annotations

import difflib
import re
import types
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from cpdocs.core.cells import parse_date
from cpdocs.core.damage import has_too_many_marks
from cpdocs.errors import Problem
from cpdocs.intake.trees import Entries, Items, Node, Scalar, shown

T = TypeVar("T")

MAX_TEXT = 8_000
MAX_ITEMS = 300

_YES = frozenset({"true", "yes", "y"})
_NO = frozenset({"false", "no", "n"})
_WHOLE = re.compile(r"[0-9]{1,6}")
_AMOUNT = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?")
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that make text look other than it reads: nobody should sign what they hide."""


class _Unusable(Exception):  # a signal inside this module, not an error for anyone
    """The value at hand was faulty and its fault is noted."""


def bind(node: Node, schema: type[T]) -> tuple[T | None, tuple[Problem, ...]]:
    """The value that ``node`` states, or None, and every fault that stands in its way."""
    binder = _Binder()
    try:
        value = binder.read(node, schema, "")
    except _Unusable:
        return None, tuple(binder.problems)
    return (None if binder.problems else value), tuple(binder.problems)


def bind_around(node: Node, schema: type[T]) -> tuple[T, ...]:
    """Two values of what ``node`` states where it has faults: what can't be used is filled in, in each with something
    else; empty where not even its keys can be read. What is true of both doesn't hang on what is filled in."""
    found = []
    for stand_in in range(len(_STAND_INS[bool])):
        try:
            found.append(_Binder(stand_in).read(node, schema, ""))
        except _Unusable:
            return ()
    return tuple(found)


def certain(found: Sequence[Iterable[Problem]], faults: Iterable[Problem]) -> list[Problem]:
    """What was found in every value of :func:`bind_around`, without what is at a field that has a fault already."""
    first, *others = [list(each) for each in found] or [[]]
    spoiled = [fault.where for fault in faults]
    return [
        each
        for each in first
        if all(each in other for other in others) and not any(_touch(each.where, path) for path in spoiled)
    ]


def _touch(one: str, other: str) -> bool:
    """Whether two paths are the same field, or one is inside the other."""
    short, long = sorted((one, other), key=len)
    return long == short or (long.startswith(short) and long[len(short)] in ".[")


@cache
def _shape(schema: type) -> tuple[tuple[str, Any, Field[Any]], ...]:
    hints = get_type_hints(schema)
    return tuple((item.name, hints[item.name], item) for item in fields(schema))


_STAND_INS: dict[type, tuple[Any, Any]] = {
    str: ("-", "?"),
    bool: (False, True),
    int: (1, 2),
    Decimal: (Decimal(1), Decimal(2)),
    date: (date(1970, 1, 1), date(2970, 1, 1)),
    datetime: (datetime(1970, 1, 1, tzinfo=UTC), datetime(2970, 1, 1, tzinfo=UTC)),
}
"""What :func:`bind_around` puts where nothing usable stands, by type."""


def _is_required(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _keys_of(kind: Any) -> frozenset[str]:
    """The keys of a block; none of what is no block."""
    inner = next((part for part in get_args(kind) if part is not types.NoneType), kind)
    if get_origin(kind) is tuple or not (isinstance(inner, type) and is_dataclass(inner)):
        return frozenset()
    return frozenset(name for name, _, _ in _shape(inner))


class _Binder:
    """``stand_in`` is which stand-ins fill in what can't be used; None where nothing is filled in."""

    def __init__(self, stand_in: int | None = None) -> None:
        self.problems: list[Problem] = []
        self._stand_in = stand_in

    def _instead(self, kind: Any) -> Any:
        """A stand-in of this type. Raises _Unusable where nothing is filled in."""
        if self._stand_in is None:
            raise _Unusable
        origin = get_origin(kind)
        if origin in (Union, types.UnionType):
            return None
        if origin is tuple:
            return ()
        if is_dataclass(kind) and isinstance(kind, type):
            needed = [(name, inner) for name, inner, item in _shape(kind) if _is_required(item)]
            return kind(**{name: self._instead(inner) for name, inner in needed})
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return list(kind)[-self._stand_in]
        return _STAND_INS[kind][self._stand_in]

    def fault(self, path: str, message: str, node: Node | None = None, todo: str = "") -> _Unusable:
        """Notes a fault; the caller raises what this gives, or goes on."""
        where = path or "the file"
        line = node.line if node is not None else 0
        self.problems.append(Problem("schema_invalid", f"{message}.", where, todo, line))
        return _Unusable()

    def read(self, node: Node, kind: Any, path: str) -> Any:
        """The value of type ``kind`` at ``path``. Raises _Unusable once its faults are noted."""
        origin = get_origin(kind)
        if origin in (Union, types.UnionType):
            inner = next(part for part in get_args(kind) if part is not types.NoneType)
            return None if isinstance(node, Scalar) and node.is_null else self.read(node, inner, path)
        if origin is tuple:
            return self._items(node, get_args(kind)[0], path)
        if is_dataclass(kind) and isinstance(kind, type):
            return self._entries(node, kind, path)
        if not isinstance(node, Scalar):
            raise self.fault(path, "must be one value, not a list or mapping", node, "Write it after the colon.")
        return self._scalar(node, kind, path)

    def _items(self, node: Node, kind: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(node, Items):
            raise self.fault(path, "must be a list (begin each entry with a hyphen)", node)
        if len(node.items) > MAX_ITEMS:
            raise self.fault(path, f"has more than {MAX_ITEMS} entries", node, "Leave some out.")
        values = []
        for place, item in enumerate(node.items):
            try:
                values.append(self._filled(item, kind, f"{path}[{place}]"))
            except _Unusable:
                if self._stand_in is not None:
                    values.append(self._instead(kind))  # so that those behind it keep their places
        return tuple(values)

    def _entries(self, node: Node, schema: type, path: str) -> Any:
        if not isinstance(node, Entries):
            raise self.fault(path, "must have keys of its own", node, "Indent them under it.")
        known = {name for name, _, _ in _shape(schema)}
        for key in [key for key in node.entries if key not in known]:
            near = difflib.get_close_matches(key, known, n=1)
            under = [name for name, kind, _ in _shape(schema) if key in _keys_of(kind)]
            hint = "Take it out; docs/input-files.md lists the keys."
            if near or under:
                hint = f"Did you mean {near[0]}?" if near else f"It belongs under {under[0]}."
            self.fault(path, f"has an unknown key, {shown(key)}", node.entries[key], hint)
        values: dict[str, Any] = {}
        complete = True
        for name, kind, field in _shape(schema):
            at = f"{path}.{name}" if path else name
            child = node.entries.get(name)
            required = _is_required(field)
            try:
                if child is None or (isinstance(child, Scalar) and child.is_null):
                    if required:
                        raise self._lacking(at, child, node)
                elif required:
                    values[name] = self._filled(child, kind, at)
                else:
                    values[name] = self.read(child, kind, at)
            except _Unusable:
                if required and self._stand_in is not None:
                    values[name] = self._instead(kind)
                complete = complete and self._stand_in is not None
        if not complete:
            raise _Unusable
        return schema(**values)

    def _filled(self, node: Node, kind: Any, path: str) -> Any:
        value = self.read(node, kind, path)
        if value == "":
            raise self._lacking(path, node, node)
        return value

    def _lacking(self, path: str, child: Node | None, parent: Node) -> _Unusable:
        if child is None:
            return self.fault(path, "is missing", parent, "Add it; docs/input-files.md says what it holds.")
        return self.fault(path, "is empty", child, "Fill it in.")

    def _scalar(self, node: Scalar, kind: Any, path: str) -> Any:
        text = node.text.strip()
        if kind is str:
            return self._text(node, path)
        if kind is bool:
            if text.casefold() in _YES | _NO:
                return text.casefold() in _YES
            raise self.fault(path, "must be true or false", node)
        if kind is int:
            if _WHOLE.fullmatch(text):
                return int(text)
            raise self.fault(path, "must be a whole number", node)
        if kind is Decimal:
            if _AMOUNT.fullmatch(text):
                return Decimal(text)
            raise self.fault(path, "must be a number such as 14 or 1.5", node)
        if kind is date:
            if (day := parse_date(text)) is not None:
                return day
            raise self.fault(path, "is no date", node, "Write it like 2026-11-02.")
        if kind is datetime:
            return self._moment(node, text, path)
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return self._code(node, text, kind, path)
        raise TypeError(f"the schema has a type that can't be bound: {kind!r}")

    def _text(self, node: Scalar, path: str) -> str:
        text = "" if node.is_null else unicodedata.normalize("NFC", node.text).strip()
        if len(text) > MAX_TEXT:
            raise self.fault(path, f"has more than {MAX_TEXT} characters", node, "Shorten it.")
        if not text.isprintable() and any(
            char in _TURNING or (unicodedata.category(char) in ("Cc", "Cs", "Co") and char not in "\n\t")
            for char in text
        ):
            raise self.fault(
                path, "has control characters, or marks that turn the direction of the text", node, "Type it afresh."
            )
        if has_too_many_marks(text):
            raise self.fault(
                path, "has a letter with more marks over or under it than any script has", node, "Type it afresh."
            )
        return text

    def _moment(self, node: Scalar, text: str, path: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or parse_date(moment.date().isoformat()) is None or len(text) <= len("2026-11-02"):
            raise self.fault(path, "is no date with time", node, "Write it like 2026-10-12T15:30:00-04:00.")
        if moment.utcoffset() is None:
            raise self.fault(path, "has no offset from UTC", node, "Add it: -05:00 in winter, -04:00 in summer.")
        return moment

    def _code(self, node: Scalar, text: str, kind: type[StrEnum], path: str) -> StrEnum:
        wanted = text.casefold().replace(" ", "_").replace("-", "_")
        for code in kind:
            if code.value.casefold() == wanted:
                return code
        raise self.fault(path, f"must be one of: {', '.join(code.value for code in kind)}", node)
