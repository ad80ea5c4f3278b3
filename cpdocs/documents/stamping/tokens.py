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
class Tokens:
    """``key``: every tag with its attributes, every blank text as it is, and of other texts whether white space begins and
    ends them: what the element tree and the cascade depend on. ``texts``: what stands before, between and behind the tags,
    character references and all. ``page`` is the HTML itself."""

    page: str
    key: tuple[str, tuple[str | int, ...]]
    texts: tuple[str, ...]


def tokens_of(page: str) -> Tokens:
    """The tokens of an HTML page."""
    parts = _TAG.split(page)
    texts = tuple(parts[0::2])
    shape = tuple([_shape(text) if text else "" for text in texts])
    return Tokens(page, ("".join(parts[1::2]), shape), texts)


def _shape(text: str) -> str | int:
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
    """Whether nothing in ``text`` has a meaning of its own before lines are broken: no controls, separators or soft hyphens."""
    return text.isprintable() or all(char.isprintable() or char in " \n\t" or _is_harmless(char) for char in text)


def _is_harmless(char: str) -> bool:
    """Spaces that aren't ASCII, joiners and marks of direction: the line breaker itself gives them their meaning."""
    return unicodedata.category(char) in ("Zs", "Cf") and char != "\u00ad"
