"""Which files a page of HTML and its style sheets ask for, read without laying them out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser

_ASKING = frozenset({"src", "href", "data", "poster", "background", "xlink:href", "srcset"})
_IN_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]*)['\"]?\s*\)|@import\s+['\"]([^'\"]+)['\"]", re.IGNORECASE)


def asked_for(html: str, sheets: Sequence[str]) -> list[str]:
    """The addresses, each once and in order; what a reader may follow (``<a href>``) isn't asked for."""
    page = _Page()
    page.feed(html)
    found = [*page.found, *(address for sheet in sheets for address in _in_style(sheet))]
    return list(dict.fromkeys(address.strip() for address in found if address.strip()))


def _in_style(text: str) -> Iterator[str]:
    return (match[1] or match[2] or "" for match in _IN_STYLE.finditer(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        for name, value in attrs:
            if name in _ASKING and tag not in ("a", "area"):
                self.found += (
                    [part.split()[0] for part in (value or "").split(",") if part.strip()]
                    if (name == "srcset")
                    else [value or ""]
                )
            elif name == "style":
                self.found += _in_style(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if self._style:
            self.found += _in_style(data)
