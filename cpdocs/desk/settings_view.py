"""The settings: what each key means and what it is here, to look at. They are changed in the file alone."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from flask import Blueprint

from cpdocs.desk.pages import page, workspace

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from cpdocs.settings_explain import Setting

part = Blueprint("settings_view", __name__)
_SECRET = re.compile(r"(://[^/:@\s]*):[^/@\s]*@")
"""A password in the address of a database."""


@part.get("/settings")
def settings() -> ResponseReturnValue:
    ws = workspace()
    return page("settings.html", here="Settings", tables=_tables(ws.settings_text), file=ws.paths.settings.name)


@lru_cache(maxsize=1)
def _tables(text: bytes) -> list[tuple[str, str, list[Setting], list[tuple[str, str]]]]:
    """Each table of the settings: its name, what it is for, its keys, and what is set here by place."""
    from cpdocs.settings_explain import every_setting

    found = []
    every = every_setting(tomllib.loads(text.decode()))
    for name, keys in groupby(every, lambda each: (each.key.rpartition(".")[0], each.kind)):
        rows = list(keys)
        here = [(place, _SECRET.sub(r"\1:…@", value)) for each in rows for place, value in each.here]
        title = f"{name[0]}, kind {name[1]}" if name[1] else name[0]
        found.append((title, rows[0].about, rows, here))
    return found
