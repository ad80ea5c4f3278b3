"""The bytes of a text table to text: UTF-8 with or without BOM, or Windows code page 1252; anything else is named
(contract §3).

A wrong guess here would put wrong names on letters, so a file that is neither clearly one nor clearly the other is
refused.
"""

from __future__ import annotations

import codecs
import re

from cpdocs.core.damage import is_damaged_text, is_sound_word
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
_OTHERS = {
    "cp437": "DOS text (code page 437)",
    "cp850": "DOS text (code page 850)",
    "mac_roman": "text from a Macintosh (Mac Roman)",
}
"""Encodings that old exports are in, and how a person knows them. None is read: each takes the other's accents for its
own."""
_WORD = re.compile(
    rb"[A-Za-z\x80-\xff]*[A-Za-z][\x80-\xff][A-Za-z\x80-\xff]*|[\x80-\xff][A-Za-z]{2,}[A-Za-z\x80-\xff]*"
)
_USUAL = frozenset("áéíóúñüçãõâêôàèÁÉÍÓÚÑÜÇÃÕ")
_WORDS_LOOKED_AT = 20_000
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
    likely, place = _another_encoding(data)
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        looks = f" It looks like {_OTHERS[likely]}." if likely else ""
        raise InputFault(
            f"{name} is neither UTF-8 nor Windows-1252 text.{looks}",
            todo=_SAVE_AS,
            problems=[
                _at(data, error.start, "undecodable", f"the byte 0x{data[error.start]:02X} means nothing in either")
            ],
        ) from None
    if likely:
        raise InputFault(
            f"{name} looks like {_OTHERS[likely]}: as Windows-1252 its names would be spoiled. Nothing was recorded.",
            todo=_SAVE_AS,
            problems=[_at(data, place, "encoding_doubtful", "a sign that no word has stands in a word")],
        )
    return text, "cp1252"


def _another_encoding(data: bytes) -> tuple[str, int]:
    """The encoding that makes words of what Windows-1252 makes none of, and the place of the first such word; empty
    where there is none, or where the file also has words that only Windows-1252 makes."""
    words: dict[bytes, int] = {}
    for match in _WORD.finditer(data):
        words.setdefault(match[0], match.start())
        if len(words) == _WORDS_LOOKED_AT:
            break
    doubtful = {word: place for word, place in words.items() if not _is_word(word, "cp1252")}
    if not doubtful:
        return "", 0
    certain = [word for word in words if word not in doubtful]

    def fits(encoding: str) -> tuple[int, int]:
        explained = [word.decode(encoding) for word in doubtful if _is_word(word, encoding)]
        against = sum(not _is_word(word, encoding) for word in certain)
        return len(explained) - against, sum(char in _USUAL for text in explained for char in text)

    best = max(_OTHERS, key=fits)
    if fits(best)[0] <= 0:
        return "", 0
    return best, min(place for word, place in doubtful.items() if _is_word(word, best))


def _is_word(word: bytes, encoding: str) -> bool:
    """Whether these bytes, read in this encoding, are letters as words have them; quotes and dashes may stand at its
    edges, an apostrophe within."""
    try:
        text = word.decode(encoding).replace("\u00a0", " ")
    except UnicodeDecodeError:
        return False
    inner = text.lstrip("“‘«(–—").rstrip("”’»…–—®™©°ºª ")
    return (
        all(char.isalpha() or char in "’–—· " for char in inner) and is_sound_word(inner) and not is_damaged_text(inner)
    )


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
