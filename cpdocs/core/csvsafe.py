"""CSV that a spreadsheet can't be made to run: every cell that we write goes through here (contract §2).

A cell that starts with ``=``, ``+``, ``-``, ``@``, tab or carriage return would be taken for a formula. It gets a
leading apostrophe, which spreadsheets show as plain text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

_STARTS = ("=", "+", "-", "@", "\t", "\r")


def neutral(cell: str) -> str:
    """``cell``, made harmless where it starts with what a spreadsheet runs."""
    return f"'{cell}" if cell.startswith(_STARTS) else cell


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """A CSV file: header, then ``rows`` by column name; CRLF, minimal quoting, every cell neutralized.

    A missing or None value is an empty cell. Raises ValueError for a value under a name that is no column.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([neutral(column) for column in columns])
    known = set(columns)
    for row in rows:
        if unknown := row.keys() - known:
            raise ValueError(f"no such column: {sorted(unknown)}")
        writer.writerow([neutral("" if (value := row.get(column)) is None else str(value)) for column in columns])
    return out.getvalue()
