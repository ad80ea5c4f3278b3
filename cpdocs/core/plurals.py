"""How many of a thing, in words: one form for one, another for any other number."""

from __future__ import annotations


def counted(number: int, thing: str, things: str = "") -> str:
    """``3 letters``, ``1 letter``; ``things`` where the plural is more than an s."""
    return f"{number} {plural(number, thing, things)}"


def plural(number: int, one: str, many: str = "") -> str:
    """The word alone, or any words that follow the number: ``was`` or ``were``. ``many`` is ``one`` with an s where it
    isn't given."""
    return one if number == 1 else many or f"{one}s"
