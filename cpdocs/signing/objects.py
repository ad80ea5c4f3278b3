"""Python values as pyHanko's PDF objects, so that what is written into a file can be read at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pyhanko.pdf_utils import generic

Value: TypeAlias = "int | float | str | Sequence[Value] | Mapping[str, Value] | generic.PdfObject"


def pdf(value: Value) -> generic.PdfObject:
    """``value`` as a PDF object: text that begins with ``/`` is a name; mappings' keys are names without it."""
    if isinstance(value, generic.PdfObject):
        return value
    if isinstance(value, str):
        return generic.pdf_name(value) if value.startswith("/") else generic.pdf_string(value)
    if isinstance(value, int):
        return generic.NumberObject(value)
    if isinstance(value, float):
        return generic.FloatObject(value)
    if isinstance(value, Mapping):
        return generic.DictionaryObject({generic.pdf_name("/" + name): pdf(item) for name, item in value.items()})
    return generic.ArrayObject([pdf(item) for item in value])


def stream(data: bytes, **entries: Value) -> generic.StreamObject:
    """A compressed stream with these dictionary entries."""
    made = generic.StreamObject(
        {generic.pdf_name("/" + name): pdf(value) for name, value in entries.items()}, stream_data=data
    )
    made.compress()
    return made
