"""Reads the cells of one directory row, gathering every fault instead of stopping at the first (contract §3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date

from cpdocs.core.cells import is_forbidden_name, parse_date, parse_flag, split_list, tidy
from cpdocs.core.ids import is_member_id, is_npi
from cpdocs.core.zips import is_deliverable_zip, repad_zip
from cpdocs.errors import Problem
from cpdocs.intake.tables import Row, Table

_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(10))}
)
_PRACTICE_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?")
_EMAIL = re.compile(r"[^@\s<>()\",;:]+@[^@\s<>()\",;:]+\.[^@\s<>()\",;:]+")
_LONGEST = 200


class Fields:
    """One row being read. A fault is added to ``problems`` and the cell reads as empty; the row is then not used."""

    def __init__(self, row: Row, problems: list[Problem]) -> None:
        self._row = row
        self._problems = problems

    def fault(self, code: str, message: str, todo: str = "") -> None:
        """Adds a fault of this row."""
        self._problems.append(Problem(code, message, f"line {self._row.line}", todo))

    def text(self, column: str, *, required: bool = False) -> str:
        """Plain text without control characters."""
        raw = self._row.cells[column]
        text = tidy(raw)
        if not text and required:
            self.fault(f"{column}_missing", f"{column} is empty.")
        elif text and is_forbidden_name(raw):
            self.fault(
                f"{column}_has_forbidden_characters",
                f"{column} has control characters, or begins with = + - or @.",
                "Type it afresh.",
            )
        elif len(text) > _LONGEST:
            self.fault(f"{column}_too_long", f"{column} has more than {_LONGEST} characters.")
        return text

    def practice_id(self) -> str:
        """A practice's id, which also names its folders."""
        text = tidy(self._row.cells["practice_id"])
        if not text:
            self.fault("practice_id_missing", "practice_id is empty.")
        elif text.partition(".")[0].upper() in _RESERVED:
            self.fault(
                "practice_id_reserved",
                "practice_id is a name that Windows keeps for a device: no share can have a folder of that name.",
                "Choose another, such as one with a letter more.",
            )
        elif not _PRACTICE_ID.fullmatch(text) or ".." in text:
            self.fault(
                "practice_id_invalid",
                "practice_id may have letters, digits, and . _ - between them, at most 40 characters in all.",
            )
        return text

    def npi(self, column: str) -> str:
        """A National Provider Identifier with a right check digit."""
        text = tidy(self._row.cells[column])
        if not text:
            self.fault(f"{column}_missing", f"{column} is empty.")
        elif not is_npi(text):
            self.fault(
                "npi_invalid", f"{column} is no NPI: ten digits beginning with 1 or 2, and its check digit must fit."
            )
        return text

    def flag(self, column: str, *, default: bool | None = None) -> bool:
        """Y or N; ``default`` holds where the cell is empty."""
        raw = self._row.cells[column]
        value = default if default is not None and not raw.strip() else parse_flag(raw)
        if value is None:
            self.fault(f"{column}_invalid", f"{column} must be Y or N.")
        return bool(value)

    def choice(self, column: str, allowed: Collection[str]) -> str:
        """One of the ``allowed`` codes, in any case."""
        code = tidy(self._row.cells[column]).casefold().replace(" ", "_").replace("-", "_")
        if code not in allowed:
            self.fault(f"{column}_unknown", f"{column} must be one of: {', '.join(sorted(allowed))}.")
        return code

    def codes(self, column: str, allowed: Collection[str]) -> frozenset[str]:
        """At least one of the ``allowed`` codes, separated by semicolons."""
        codes = frozenset(
            part.casefold().replace(" ", "_").replace("-", "_") for part in split_list(self._row.cells[column])
        )
        if not codes or codes - set(allowed):
            self.fault(f"{column}_unknown", f"{column} must name one or more of: {'; '.join(sorted(allowed))}.")
        return codes

    def member_ids(self, column: str) -> frozenset[str]:
        """Member ids, separated by semicolons; may be empty."""
        ids = frozenset(split_list(self._row.cells[column]))
        if not all(is_member_id(one) for one in ids):
            self.fault(f"{column}_invalid", f"{column} must list member ids of twelve digits, separated by semicolons.")
        return ids

    def day(self, column: str) -> date | None:
        """A date; None where the cell is empty."""
        raw = self._row.cells[column]
        day = parse_date(raw)
        if day is None and raw.strip():
            self.fault(
                "date_invalid", f"{column} is no date.", "Write 2026-11-02 or 11/2/2026, with a four-digit year."
            )
        return day

    def required_day(self, column: str) -> date:
        """A date that must be there."""
        if not self._row.cells[column].strip():
            self.fault(f"{column}_missing", f"{column} is empty.")
        return self.day(column) or date.min

    def zip_code(self, state: str) -> str:
        """Five or nine digits, a lost leading zero put back."""
        text, _ = repad_zip(self.text("zip", required=True), state)
        if text and not is_deliverable_zip(text):
            self.fault("zip_invalid", "zip must have 5 or 9 digits.")
        return text

    def email(self, column: str) -> str:
        """An e-mail address, or empty."""
        text = self.text(column)
        if text and not _EMAIL.fullmatch(text):
            self.fault(f"{column}_invalid", f"{column} is no e-mail address.")
        return text


def usable_rows(table: Table, problems: list[Problem]) -> Iterator[Row]:
    """The rows that are neither blank nor out of line with the header; the latter are faults."""
    for row in table.rows:
        if row.misaligned:
            problems.append(
                Problem(
                    "cells_misaligned",
                    "this line has not as many cells as the header.",
                    f"line {row.line}",
                    "Put cells that hold a separator into quotation marks.",
                )
            )
        elif not row.blank:
            yield row
