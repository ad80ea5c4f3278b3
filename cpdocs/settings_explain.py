"""What each key of ``cpdocs.toml`` means, what it takes, and what it is here.

Meanings come from the documented settings file, types and defaults from the schema: neither is written twice.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cpdocs.errors import UsageFault
from cpdocs.settings import default_text, schema

NAME = "NAME"
"""Stands in a key for a name that the site chooses: ``payer.NAME.due_days``."""

_TABLE = re.compile(r"^(?:# )?\[\[?([a-z_]+(?:\.(?:[A-Za-z_]+|\"[^\"]*\"))*)\]\]?(?:\s+# (.*))?$")
_KEY = re.compile(r"^(?:# )?([A-Za-z0-9_]+|\"[^\"]*\") = (?:\"[^\"]*\"|\[.*?\]|\{.*\}|[^\s#]+)(?:\s+# (.*))?$")
_PROSE = re.compile(r"^# (.*)$")


@dataclass(frozen=True, slots=True)
class Setting:
    """One key.

    ``kind`` is the kind of target or channel that has it, empty where all have it; ``about`` is what its table is for.
    ``default`` is TOML, empty where the key may be left out, None where it has to be there. ``here`` has each place
    that sets it, with its value as TOML.
    """

    key: str
    kind: str
    meaning: str
    about: str
    takes: str
    default: str | None
    here: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Comments:
    """The words of the documented settings file, by key and kind, and by table."""

    keys: dict[tuple[str, str], str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)

    def of(self, key: str, kind: str) -> str:
        table, _, last = key.rpartition(".")
        # A Community Partner's own letterhead has the organization's keys; some kinds of target share theirs.
        shared = next((text for (each, _), text in self.keys.items() if each == key and text), "")
        inherited = self.keys.get((f"organization.{last}", ""), "") if table.startswith("cp_org") else ""
        return self.keys.get((key, kind), "") or shared or inherited


def every_setting(raw: dict[str, Any] | None = None) -> list[Setting]:
    """Every key in the order of the file. ``raw`` is what a cpdocs.toml says, as TOML reads it."""
    whole, comments = schema(), _comments()
    found = []
    for key, kind, rule, required in _leaves(whole, whole, ()):
        shown = ".".join(key)
        usual = rule.get("default", "")
        default = None if required else "" if usual is None else json.dumps(usual, ensure_ascii=False)
        here = tuple((place, json.dumps(value, ensure_ascii=False)) for place, value in _set(raw or {}, key, kind))
        table = shown.rpartition(".")[0]
        # A table may be written as one key's value: then the words are that key's, or its own table's.
        about = (
            comments.tables.get(table) or comments.of(table, kind) or comments.tables.get(table.rpartition(".")[0], "")
        )
        found.append(Setting(shown, kind, comments.of(shown, kind), about, _takes(rule, whole), default, here))
    return found


def explained(asked: str, raw: dict[str, Any] | None = None) -> list[Setting]:
    """The settings that ``asked`` names: a key, a table (all its keys), or a key's last word where it is the only one.

    Raises UsageFault where there is none, with those whose names are near.
    """
    every = every_setting(raw)
    wanted = re.sub(r"\.(?=$)", "", asked.strip().strip("[]"))
    named = re.sub(r"^(cp_org|coordinator|payer|channel|token)\.(\"[^\"]*\"|[^.]+)", rf"\1.{NAME}", wanted)
    for chosen in (
        [each for each in every if each.key in (wanted, named)],
        [each for each in every if each.key.startswith((f"{wanted}.", f"{named}."))],
        [each for each in every if each.key.rpartition(".")[2] == wanted],
    ):
        if chosen:
            return chosen
    keys = {each.key for each in every}
    near = difflib.get_close_matches(wanted, sorted({*keys, *(key.rpartition(".")[2] for key in keys)}), n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`cpdocs config explain` lists every key."
    raise UsageFault(f"cpdocs.toml has no key {asked!r}.", todo=hint)


def _leaves(
    whole: dict[str, Any], rule: dict[str, Any], path: tuple[str, ...], kind: str = "", *, required: bool = False
) -> Iterator[tuple[tuple[str, ...], str, dict[str, Any], bool]]:
    """(path, kind, schema, required) of every key below ``rule``."""
    plain = _plain(rule, whole)
    if "oneOf" in plain:
        for each in plain["oneOf"]:
            choice = _plain(each, whole)
            yield from _leaves(whole, choice, path, str(choice["properties"]["kind"].get("const", "")))
        return
    if "properties" in plain:
        for name, inner in plain["properties"].items():
            yield from _leaves(whole, inner, (*path, name), kind, required=name in plain.get("required", ()))
        return
    inner = plain.get("additionalProperties") or next(iter(plain.get("patternProperties", {}).values()), None)
    if isinstance(inner, dict) and path[-1] != "tags":
        yield from _leaves(whole, inner, (*path, NAME), kind, required=True)
        return
    items = _plain(plain.get("items", {}), whole)
    if "properties" in items or "oneOf" in items:
        yield from _leaves(whole, items, path, kind)
        return
    yield path, kind, {**plain, **({"default": rule["default"]} if "default" in rule else {})}, required


def _plain(rule: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """``rule`` with its reference followed, and what may be left out taken for what it is when it is there."""
    if "anyOf" in rule:
        kept = [each for each in rule["anyOf"] if each.get("type") != "null"]
        if len(kept) == 1:
            return {**_plain(kept[0], whole), "default": ""}
    if "$ref" in rule:
        found: dict[str, Any] = whole["$defs"][rule["$ref"].rpartition("/")[2]]
        return found
    return rule


def _set(raw: Any, path: tuple[str, ...], kind: str, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each place of a read cpdocs.toml that sets the key at ``path``, and its value."""
    if isinstance(raw, list) and path:
        for number, each in enumerate(raw, 1):
            yield from _set(each, path, kind, f"{place}[{number}]")
    elif not path:
        yield place, raw
    elif isinstance(raw, dict):
        if kind and raw.get("kind", "folder") != kind and "kind" in raw:
            return
        names = list(raw) if path[0] == NAME else [path[0]] if path[0] in raw else []
        for name in names:
            shown = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
            yield from _set(raw[name], path[1:], kind, f"{place}.{shown}" if place else shown)


def _takes(rule: dict[str, Any], whole: dict[str, Any]) -> str:
    """What a value may be, in words."""
    if "anyOf" in rule:
        return ", or ".join(_takes(_plain(each, whole), whole) for each in rule["anyOf"])
    if "const" in rule:
        return json.dumps(rule["const"])
    if "enum" in rule:
        return "one of " + ", ".join(map(json.dumps, rule["enum"]))
    if "properties" in rule:
        return f"a table with {', '.join(rule['properties'])}"
    low, high = rule.get("minimum"), rule.get("maximum")
    between = f" from {low} to {high}" if high is not None else f", at least {low}" if low is not None else ""
    match rule.get("type"):
        case "boolean":
            return "true or false"
        case "integer":
            return f"a whole number{between}"
        case "number":
            return f"a number{between}"
        case "array":
            return f"a list of {_takes(_plain(rule['items'], whole), whole).removeprefix('a ')}"
        case "object":
            return "a table"
    return "text" if rule.get("minLength", 0) == 0 else "text, not empty"


@cache
def _comments() -> _Comments:
    """The documented settings file read for its words: a line above a table or key, or behind a key, is its meaning."""
    comments = _Comments()
    table = ""
    prose: list[str] = []
    lines = default_text().splitlines()
    for number, line in enumerate(lines):
        if match := _TABLE.match(line):
            table = re.sub(r"^(cp_org|coordinator|payer|channel|token)\..*", rf"\1.{NAME}", match[1])
            if prose or match[2]:
                comments.tables.setdefault(table, " ".join([*prose, match[2] or ""]).strip())
            prose = []
        elif match := _KEY.match(line):
            key = f"{table}.{NAME if match[1].startswith(chr(34)) else match[1]}"
            comments.keys.setdefault((key, _kind_near(lines, number)), match[2] or " ".join(prose))
            prose = []
        elif match := _PROSE.match(line):
            prose.append(match[1])
        else:
            prose = []
    return comments


def _kind_near(lines: list[str], number: int) -> str:
    """The kind that the table around line ``number`` is of: its ``kind`` line stands after the table's head."""
    start = next((at for at in range(number, -1, -1) if _TABLE.match(lines[at])), 0)
    for line in lines[start + 1 :]:
        if _TABLE.match(line):
            break
        if match := re.match(r'^(?:# )?kind = "([a-z0-9_]+)"', line):
            return match[1]
    return ""
