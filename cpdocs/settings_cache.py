"""Settings that were read once, kept as plain values: a command that only looks starts without the schema library.

``state/derived/settings.json`` holds what ``cpdocs.toml`` came to, under the SHA-256 of its text and of the reading
code's own state; anything else there is passed over and made anew. It is kept only where reading it back gives the
same values, so a kind of value that this can't write costs time and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import cpdocs
from cpdocs.core.options import Options
from cpdocs.core.senders import Senders
from cpdocs.errors import WorkspaceFault
from cpdocs.system.durable import make_folder, write_durably

_NAME = "settings.json"
_READING = ("settings.py", "settings_delivery.py", "core/options.py", "core/places.py")


def load(text: str, name: str, folder: Path) -> tuple[Senders, Options]:
    """What ``settings.load`` gives for ``text``; kept in ``folder`` and taken from there where it is the same text.

    Raises what ``settings.load`` raises. A folder that can't be written is no fault.
    """
    key = _key(text)
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        kept = json.loads((folder / _NAME).read_text("utf-8"))
        if kept["key"] == key:
            return _value(Senders, kept["senders"]), _value(Options, kept["options"])
    from cpdocs import settings

    read = settings.load(text, name)
    with suppress(OSError, WorkspaceFault, TypeError, ValueError, KeyError):
        plain = {"key": key, "senders": _plain(read.senders), "options": _plain(read.options)}
        same = _value(Senders, plain["senders"]) == read.senders and _value(Options, plain["options"]) == read.options
        if same and folder.parent.is_dir():
            make_folder(folder)
            write_durably(folder / _NAME, json.dumps(plain).encode(), overwrite=True)
    return read.senders, read.options


def _key(text: str) -> str:
    """The text, and the code that would read it: another cpdocs reads for itself."""
    code = [(Path(cpdocs.__file__).parent / part).stat() for part in _READING]
    reader = [cpdocs.__version__, *(f"{each.st_size}-{each.st_mtime_ns}" for each in code)]
    return sha256("\0".join([*reader, text]).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """``value`` as JSON can hold it. Raises TypeError for a kind that it can't."""
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(map(_plain, value))
    if isinstance(value, tuple):
        return list(map(_plain, value))
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a {type(value).__name__} isn't kept")


def _value(kind: Any, plain: Any) -> Any:
    """The value of type ``kind`` that ``_plain`` wrote. Raises TypeError, KeyError, ValueError where it is none."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return None if plain is None else _value(next(part for part in parts if part is not NoneType), plain)
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{part.name: _value(hints[part.name], plain[part.name]) for part in fields(kind)})
    if origin is tuple:
        kinds = [parts[0]] * len(plain) if len(parts) == 2 and parts[1] is ... else parts
        return tuple(_value(each, item) for each, item in zip(kinds, plain, strict=True))
    if origin is frozenset:
        return frozenset(_value(parts[0], item) for item in plain)
    if origin is not None:  # a mapping
        return {key: _value(parts[1], item) for key, item in plain.items()}
    return plain if plain is None or kind is Any else kind(plain)
