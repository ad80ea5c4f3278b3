"""A reviewer's marked page as cells, for a child process: text alone, whatever a browser or anybody put around it.

It may be slow to read, or crash what reads it: then there is no answer, and nothing is taken.
"""

from __future__ import annotations

from html.parser import HTMLParser

MAX_BYTES = 4_000_000
MOST_CELLS = 20_000
MOST_TEXT = 20_000
"""Characters of one cell: ten times the longest text that a letter has."""


def get_ready() -> None:
    """Nothing beside this module is needed."""


def read_cells(data: bytes) -> dict[str, str]:
    """The text of each marked cell (``data-text`` of a table cell), by its mark; empty where the file has none, or more
    than any page that was sent out. Never raises for any bytes."""
    reader = _Cells()
    reader.feed(data.decode("utf-8", errors="replace"))
    reader.close()
    if len(reader.cells) > MOST_CELLS or any(len(text) > MOST_TEXT for text in reader.cells.values()):
        return {}
    return reader.cells


class _Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.cells: dict[str, str] = {}
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td":
            self._open = dict(attrs).get("data-text") or ""
            if self._open:
                self.cells[self._open] = ""
        elif self._open:
            self.cells[self._open] += " " if tag in ("br", "div", "p") else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.cells[self._open] += data
