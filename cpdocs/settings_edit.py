"""Changes to ``cpdocs.toml`` that cpdocs itself makes: a value set, and nothing else in the text touched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from cpdocs.errors import WorkspaceFault
from cpdocs.settings import load


def with_ledger_url(text: str, url: str) -> str:
    """The text of a cpdocs.toml with ``[ledger] url`` set to ``url``, and nothing else in it changed.

    Raises WorkspaceFault where it is written so that a person must do it.
    """
    line = f"url = {json.dumps(url)}"
    table = re.search(r"^\[ledger\][^\n]*\n(?:(?!\s*\[)[^\n]*(?:\n|\Z))*", text, re.MULTILINE)
    if table is None:
        changed = f"{text.rstrip()}\n\n[ledger]\n{line}\n"
    else:
        found = table.group()
        lines, count = re.subn(r"^\s*url\s*=.*$", lambda _: line, found, count=1, flags=re.MULTILINE)
        if not count:
            lines, count = re.subn(r"^\s*#\s*url\s*=.*$", lambda _: line, found, count=1, flags=re.MULTILINE)
        if not count:
            head, _, rest = found.partition("\n")
            lines = f"{head}\n{line}\n{rest}"
        changed = text[: table.start()] + lines + text[table.end() :]
    if load(changed).options.ledger_url != url:
        raise WorkspaceFault(
            "cpdocs.toml is written so that its [ledger] url can't be set here.",
            todo=f"Write it there yourself: {line}",
        )
    return changed


def with_organization(text: str, values: Mapping[str, str]) -> str:
    """The text of a cpdocs.toml with these keys of ``[organization]`` set, and nothing else in it changed.

    Raises WorkspaceFault for values that can't be used, or where it is written so that a person must do it.
    """
    table = re.search(r"^\[organization\][^\n]*\n(?:(?!\s*\[)[^\n]*(?:\n|\Z))*", text, re.MULTILINE)
    found = table.group() if table else ""
    changed = found
    for key, value in values.items():
        line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
        pattern = rf"^\s*{re.escape(key)}\s*=.*$"
        changed, count = re.subn(pattern, line.replace("\\", r"\\"), changed, count=1, flags=re.MULTILINE)
        if not count:
            changed = f"{changed.rstrip()}\n{line}\n\n"
    whole = text.replace(found, changed, 1)
    read = load(whole).senders.organization
    if not found or any(getattr(read, key, None) != value for key, value in values.items()):
        raise WorkspaceFault(
            "cpdocs.toml is written so that its [organization] can't be set here.", todo="Write it there yourself."
        )
    return whole
