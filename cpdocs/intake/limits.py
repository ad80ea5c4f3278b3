"""How large a table may be. Generous for any real export; a file beyond them is a mistake or an attack."""

from __future__ import annotations

from cpdocs.errors import InputFault

MAX_BYTES = 128 * 1024 * 1024
MAX_DIRECTORY_BYTES = 16 * 1024 * 1024
MAX_LINES = 250_000
MAX_COLUMNS = 300
MAX_CELL = 32_767
"""The most characters that a spreadsheet itself keeps in one cell."""
HEADER_WITHIN = 20
"""The header stands in one of this many first rows; above it may be titles."""

SPLIT = "Split it into several files."


def check_size(name: str, line: int, columns: int) -> None:
    """Raises InputFault where ``line`` or the number of cells in it is beyond what a table may have."""
    if line > MAX_LINES + 1:
        raise InputFault(f"{name} has more than {MAX_LINES} lines.", todo=SPLIT)
    if columns > MAX_COLUMNS:
        raise InputFault(
            f"{name}: line {line} has more than {MAX_COLUMNS} cells.",
            todo="Export only the columns that are asked for.",
        )
