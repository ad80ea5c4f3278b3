"""The papers that go with a run: separator sheets for the printer, and the reconciliation for whoever signs it off.

Neither names a member.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment

from cpdocs.core.clock import EASTERN
from cpdocs.core.print_files import Group
from cpdocs.documents.html import environment, render, template_folders
from cpdocs.documents.pdf import to_pdf

_SHEET = "letters/report/report.css"
_SHOWN_LINES = 24


class Papers:
    """Makes a run's papers from one set of templates."""

    def __init__(self, shipped: Path, site: Path | None, run_id: str, on: date) -> None:
        self.folders = template_folders(shipped, site)
        self._places = (shipped, site)
        self.run_id = run_id
        self.on = on

    @cached_property
    def _environment(self) -> Environment:
        return environment(*self._places)

    def separator(self, number: int, groups: Sequence[Group]) -> bytes:
        """The sheet that goes before group ``number`` (from 1) of ``groups``."""
        group = groups[number - 1]
        values = {
            **asdict(group),
            "letters": group.letters,
            "group": number,
            "groups": len(groups),
            "files": groups[-1].file,
        }
        return self._pdf("letters/report/separator.html", values, f"{self.run_id}-separator-{number}")

    def reconciliation(
        self, values: Mapping[str, Any], groups: Sequence[Group], attention: Mapping[tuple[str, str], Sequence[int]]
    ) -> bytes:
        """The report to sign off. ``values`` are its figures, ``attention`` the lines to look at by disposition and
        code."""
        shown = [
            {"disposition": name, "code": code, "lines": _line_list(lines)} for (name, code), lines in attention.items()
        ]
        rows = [{**asdict(group), "letters": group.letters} for group in groups]
        figures = {**values, "groups": rows, "attention": shown}
        return self._pdf("letters/report/reconciliation.html", figures, f"{self.run_id}-reconciliation")

    def _pdf(self, template: str, values: Mapping[str, Any], identifier: str) -> bytes:
        html = render(self._environment, template, {**values, "run_id": self.run_id, "on": self.on})
        rendered = to_pdf(
            html,
            folders=self.folders,
            profile="letter",
            identifier=identifier,
            created=datetime.combine(self.on, time(12), EASTERN),
            stylesheets=(_SHEET,),
        )
        return rendered.pdf


def _line_list(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:_SHOWN_LINES]))
    more = len(lines) - _SHOWN_LINES
    return f"{shown} … and {more} more: see manifest.csv" if more > 0 else shown
