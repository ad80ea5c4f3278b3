"""A letter's HTML as tags and texts: two letters with the same tags differ in their words alone."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

_TAG = re.compile(r"(<[^>]*>)")
_SPACE = " \t\n\r\f"
_RUNS = re.compile(r"[ \t\n\r]+")


@dataclass(frozen=True, slots=True)
class Placeholders:
    """``key``: every tag with its attributes, every blank text as it is, and of other texts whether white space begins
    and ends them: what the element tree and the cascade depend on. ``texts``: what stands before, between and behind
    the ``tags``, character references and all."""

    tags: tuple[str, ...]
    key: tuple[str, tuple[str | int, ...]]
    texts: tuple[str, ...]

    @property
    def page(self) -> str:
        """The HTML itself."""
        parts = [""] * (len(self.tags) + len(self.texts))
        parts[0::2], parts[1::2] = self.texts, self.tags
        return "".join(parts)


def placeholders_of(page: str) -> Placeholders:
    """The tokens of an HTML page."""
    parts = _TAG.split(page)
    tags, texts = tuple(parts[1::2]), tuple(parts[0::2])
    return Placeholders(tags, ("".join(tags), tuple(map(shape_of, texts))), texts)


def shape_of(text: str) -> str | int:
    """A blank ``text`` as it is; of any other whether white space begins and ends it."""
    bare = text.strip(_SPACE)
    if not bare:
        return text
    return (2 if text[0] in _SPACE else 0) + (1 if text[-1] in _SPACE else 0)


def is_blank(text: str) -> bool:
    """Whether ``text`` is nothing but white space as HTML knows it."""
    return not text.strip(_SPACE)


def plain(text: str) -> str:
    """``text`` with its character references resolved."""
    return html.unescape(text) if "&" in text else text


def collapsed(text: str) -> str:
    """``text`` without white space at its ends and with single spaces inside, as normal white space is laid out."""
    return _RUNS.sub(" ", text.strip(_SPACE))


def is_ordinary(text: str) -> bool:
    """Whether nothing in ``text`` has a meaning of its own before lines are broken: no controls, separators or soft
    hyphens."""
    return text.isprintable() or all(char.isprintable() or char in " \n\t" or _is_harmless(char) for char in text)


def _is_harmless(char: str) -> bool:
    """Spaces that aren't ASCII, joiners and marks of direction: the line breaker itself gives them their meaning."""
    return unicodedata.category(char) in ("Zs", "Cf") and char != "\u00ad"
