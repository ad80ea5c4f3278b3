"""The bytes of a text table to text: UTF-8 with or without BOM, or Windows code page 1252; anything else is named
(contract §3).

A wrong guess here would put wrong names on letters, so a file that is neither clearly one nor clearly the other is
refused.
"""

from __future__ import annotations

import codecs
import re

from cpdocs.errors import InputFault, Problem

_SAVE_AS = "Save it again as “CSV UTF-8” and import that."
_SIGNATURES = (
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old .xls workbook, or an .xlsx with a password"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"{\\rtf", "a word-processor document"),
)
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def decode(data: bytes, name: str) -> tuple[str, str]:
    """The text of a table and which encoding it was in: ``utf-8`` or ``cp1252``.

    Raises InputFault: empty, another kind of file, UTF-16, both encodings mixed, or bytes that are neither, with the
    line.
    """
    if not data.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise InputFault(f"{name} is empty.", todo="Export it again; nothing was recorded.")
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise InputFault(f"{name} is {what}, not a table.", todo="Give a .csv or .xlsx file.")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise InputFault(f"{name} is in UTF-16 (“Unicode text”), which isn't read.", todo=_SAVE_AS)
    if (place := data.find(b"\x00")) >= 0:
        raise InputFault(
            f"{name} holds bytes that no text has.",
            todo=_SAVE_AS,
            problems=[_at(data, place, "binary_content", "a zero byte stands here")],
        )
    if data.startswith(codecs.BOM_UTF8):
        return _strict_utf8(data[len(codecs.BOM_UTF8) :], name, "its first bytes say UTF-8, but this isn't"), "utf-8"
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    if _MULTIBYTE.search(data):
        return _strict_utf8(data, name, "most of the file is UTF-8, but this isn't"), "utf-8"
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError as error:
        raise InputFault(
            f"{name} is neither UTF-8 nor Windows-1252 text.",
            todo=_SAVE_AS,
            problems=[
                _at(data, error.start, "undecodable", f"the byte 0x{data[error.start]:02X} means nothing in either")
            ],
        ) from None


def _strict_utf8(data: bytes, name: str, why: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputFault(
            f"{name} mixes encodings: reading on would spoil names.",
            todo=_SAVE_AS,
            problems=[_at(data, error.start, "undecodable", f"{why} (byte 0x{data[error.start]:02X})")],
        ) from None


def _at(data: bytes, place: int, code: str, what: str) -> Problem:
    before = data[:place]
    line = before.count(b"\n") + 1 if b"\n" in before else before.count(b"\r") + 1
    column = place - max(before.rfind(b"\n"), before.rfind(b"\r"))
    return Problem(code, f"{what}, at byte {column} of the line.", f"line {line}")
