"""YAML or JSON bytes to a tree of plain text, lists and mappings, under limits, with line numbers.

What a scalar means is left to the schema, so that YAML's own guesses (``no``, ``0123``, ``12:30``, ``1.0``) never
happen. Anchors, aliases, tags, merge keys and second documents are refused: a plan needs none of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from cpdocs.errors import InputFault, Problem

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 12
MAX_NODES = 50_000

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it was written. ``plain``: without quotation marks. ``line`` is 0 where it isn't known (JSON)."""

    text: str
    plain: bool
    line: int = 0

    @property
    def is_null(self) -> bool:
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping; its keys in order."""

    entries: dict[str, Node]
    line: int = 0


Node: TypeAlias = Scalar | Items | Entries


def read_tree(data: bytes, name: str) -> Node:
    """The tree in a YAML or JSON file called ``name``. Raises InputFault, naming line and fault."""
    if len(data) > MAX_BYTES:
        raise InputFault(f"{name} has more than {MAX_BYTES // 1024**2} MB.", todo="Check that it is a plan file.")
    text = _decoded(data, name)
    if not text.strip():
        raise InputFault(f"{name} is empty.", todo="Write the plan into it, or leave it out.")
    if name.lower().endswith(".json") or text.lstrip().startswith("{"):
        return _json_tree(text, name)
    return _yaml_tree(text, name)


def lines(node: Node, path: str = "") -> Iterator[tuple[str, int]]:
    """The path and line of everything in a tree whose line is known."""
    if path and node.line:
        yield path, node.line
    if isinstance(node, Entries):
        for key, held in node.entries.items():
            yield from lines(held, f"{path}.{key}" if path else key)
    elif isinstance(node, Items):
        for place, held in enumerate(node.items):
            yield from lines(held, f"{path}[{place}]")


def _decoded(data: bytes, name: str) -> str:
    for signature, what in (
        (b"%PDF", "a PDF"),
        (b"PK\x03\x04", "a zip file or an office document"),
        (b"\xd0\xcf\x11\xe0", "an office document"),
    ):
        if data.startswith(signature):
            raise InputFault(f"{name} is {what}, not a plan file.", todo="Give the plan as YAML or JSON.")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputFault(f"{name} is in UTF-16, which isn't read.", todo="Save it again as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _fail(name, data.count(b"\n", 0, error.start) + 1, "this is not UTF-8.", "Save the file again as UTF-8.")


def _fail(name: str, line: int, message: str, todo: str = "") -> NoReturn:
    where = f"line {line}" if line else ""
    raise InputFault(
        f"{name} can't be read as a plan.", problems=[Problem("schema_invalid", message, where, todo)]
    ) from None


class _Builder:
    """Counts nodes and depth while a tree grows, and refuses a key that comes twice."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes = 0

    def count(self, line: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            _fail(self.name, line, f"the file has more than {MAX_NODES} values.")

    def mapping(self, pairs: Iterable[tuple[str, Node, int]], line: int) -> Entries:
        entries: dict[str, Node] = {}
        for key, node, at in pairs:
            if key in entries:
                _fail(self.name, at, f"the key {shown(key)} stands here a second time.", "Keep one of them.")
            entries[key] = node
        return Entries(entries, line)


def shown(key: str) -> str:
    """A key as it may stand in a message: only if it looks like one of ours, since anything else may be about a
    person."""
    return repr(key) if _KEY.fullmatch(key) else "(not a name)"


def _yaml_tree(text: str, name: str) -> Node:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(name)
    root: list[Node] = []
    # One frame for each open collection: its line, whether it is a mapping, and what it holds so far.
    frames: list[tuple[int, bool, list[Node]]] = []
    documents = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            line = event.start_mark.line + 1 if event.start_mark else 0
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    _fail(name, line, "a second document begins here.", "Put each plan into a file of its own.")
            elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                _fail(
                    name,
                    line,
                    "anchors and aliases (& and *) are not taken.",
                    "Write the value out, or put it in quotation marks.",
                )
            elif isinstance(event, yaml.ScalarEvent):
                _refuse_tag(event.tag, name, line)
                builder.count(line)
                (frames[-1][2] if frames else root).append(Scalar(event.value, event.implicit[0], line))
            elif isinstance(event, yaml.CollectionStartEvent):
                _refuse_tag(event.tag, name, line)
                builder.count(line)
                if len(frames) >= MAX_DEPTH:
                    _fail(name, line, "lists and mappings are nested too deeply.")
                frames.append((line, isinstance(event, yaml.MappingStartEvent), []))
            elif isinstance(event, yaml.CollectionEndEvent):
                began, is_mapping, held = frames.pop()
                node = _yaml_mapping(builder, held, began) if is_mapping else Items(tuple(held), began)
                (frames[-1][2] if frames else root).append(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        problem = getattr(error, "problem", None) or "a character that no text has"
        _fail(name, line, f"this is not YAML ({problem}).", _yaml_advice(text, line, problem))
    if not root:
        raise InputFault(f"{name} is empty.", todo="Write the plan into it, or leave it out.")
    return root[0]


def _yaml_advice(text: str, line: int, problem: str) -> str:
    """What most often is behind a parser's complaint, in words for whoever typed the file."""
    lines = text.split("\n")
    written = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return "The line begins with a tab: use spaces."
    if "mapping values" in problem:
        return 'Put a text with ": " in it into quotation marks, and begin keys of one level in one column.'
    return (
        "Look here and in the lines before for a quotation mark or bracket that isn't closed, and for keys "
        "not in one column."
    )


def _refuse_tag(tag: str | None, name: str, line: int) -> None:
    if tag is not None:
        _fail(name, line, "tags (!) are not taken.", "Write the value alone, or put it in quotation marks.")


def _yaml_mapping(builder: _Builder, held: list[Node], line: int) -> Entries:
    pairs = []
    for key, value in zip(held[::2], held[1::2], strict=True):
        if not isinstance(key, Scalar):
            _fail(builder.name, key.line, "a key must be one word.")
        pairs.append((key.text, value, key.line))
    return builder.mapping(pairs, line)


def _json_tree(text: str, name: str) -> Node:
    builder = _Builder(name)

    def pairs(found: list[tuple[str, Any]]) -> Entries:
        return builder.mapping(((key, _json_node(builder, value, 0), 0) for key, value in found), 0)

    def number(written: str) -> Scalar:
        return Scalar(written, plain=True)

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_int=number, parse_float=number, parse_constant=number)
        return _json_node(builder, value, 0)
    except json.JSONDecodeError as error:
        _fail(name, error.lineno, f"this is not JSON ({error.msg[0].lower()}{error.msg[1:]}).")
    except RecursionError:
        _fail(name, 0, "lists and mappings are nested too deeply.")


def _json_node(builder: _Builder, value: Any, depth: int) -> Node:
    builder.count(0)
    if depth > MAX_DEPTH:
        _fail(builder.name, 0, "lists and mappings are nested too deeply.")
    match value:
        case Scalar() | Items() | Entries():
            return value
        case list():
            return Items(tuple(_json_node(builder, item, depth + 1) for item in value))
        case None:
            return Scalar("null", plain=True)
        case bool():
            return Scalar("true" if value else "false", plain=True)
        case _:
            return Scalar(str(value), plain=False)
