"""Text that an encoding, an export or a spreadsheet damaged (contract §3, rule 2, second edition).

A wrong name on paper tells a member that nobody looked, and a wrong street sends the letter to somebody else. So a name
is taken to be sound only where every sign in it is one that names have; an address only where none of the marks that
damage leaves stands in it. What is doubtful is held for a person.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MARK = "\ufffd"
"""The replacement character: it stands where a reader met what can't be text of that cell."""

_LETTERS_IN_1252 = "ŠšŽžŒœŸƒ"
_SIGNS_OF_1252 = "€‚„…†‡ˆ‰‹•˜™›"
_LATIN_SIGNS = "".join(map(chr, range(0x80, 0xC0))).replace("ª", "").replace("º", "").replace("µ", "")
_CLEAR = f"[{_LATIN_SIGNS}{_SIGNS_OF_1252}]"
_ANY = f"[\x80-\xbf{_SIGNS_OF_1252}{_LETTERS_IN_1252}‘’“”–—]"
_MOJIBAKE = re.compile(
    # A byte that leads in UTF-8 and one that follows, each read as a letter of Windows-1252 or Latin-1.
    f"[ÃÂ]{_ANY}|[Ä-ß]{_CLEAR}|[à-ï]{_CLEAR}{_ANY}|[√‚Ä][†©±≠≥∫ºè]|â€|Ã[\u00a0 ](?=[a-z])"
)
_ENTITY = re.compile(r"&#?\w{2,};|_x[0-9A-Fa-f]{4}_|%[CcDdEe][0-9A-Fa-f]%[89ABab][0-9A-Fa-f]|\\[ux][0-9a-fA-F]{2}")
_ERROR_VALUE = re.compile(r"#(N/?A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|ERROR!?|#+)", re.IGNORECASE)
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"\d{{4}}-\d\d?-\d\d?([ T].*)?|\d\d?/\d\d?/\d{{2,4}}( .*)?|\d\d?-{_MONTH}(-\d{{2,4}})?|{_MONTH}-\d\d?(\d\d)?"
    rf"|\d\d?[ .]{_MONTH}[ .]?\d{{2,4}}",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[<>{}]|://|\$\(|%s\b")
_BETWEEN_LETTERS = re.compile(r"[^\W\d_][¡¿¤¢£¥§¨¬¯±¹²³×÷†‡•…‰™®©€‚„‹›«»ˆ˜|^~][^\W\d_]?")

_PUNCTUATION = frozenset(" '’‘ʻʼʹ´`.-‐‑–—·,\u00a0׳״־་՚")
_ORDINAL = re.compile(r"\b\d{1,2}(st|nd|rd|th)\b", re.IGNORECASE)
_REMARK = re.compile(
    r"\b(deceased|decd|do not|dont (use|call|mail)|duplicate|dup record|unknown|estate of|no name|no last name"
    r"|no first name|not given|test (patient|member|record)|delete|deleted|error|invalid|void|see notes"
    r"|merged|inactive|expired|name missing|lname|fname|last name|first name|lnu|fnu)\b"
)
_PLACE_ONLY = frozenset({"na", "none given", "unk", "dnu", "nn", "xx", "xxx", "xxxx", "zz", "zzz", "zzzz", "tbd"})
_PARTICLE = "".join(rf"(?<!\b{part})" for part in ("De", "Di", "Da", "La", "Le", "Mc", "Mac", "Van", "Von"))
_CAPITAL = "[ŠŽŒŸÀ-ÖØ-Þ]"
_WRONG_CASE = re.compile(rf"[a-zß-öø-ÿ]{_PARTICLE}{_CAPITAL}|[A-Z]{_PARTICLE}{_CAPITAL}(?=[a-z])|[A-Z][à-ðò-öø-ÿ][A-Z]")
_DASH_INSIDE = re.compile(r"[^\W\d_][–—][a-zß-ÿ]")
_QUOTE_INSIDE = re.compile(
    r"[a-z][bcdfghjklmnpqrstvwxz]’[aeiouy]|[bcdfghjklmnpqrstvwxz]’[bcdfghjklmnpqrstvwxz][aeiouy]"
)
_LATIN_RUN = re.compile(r"[À-ÖØ-öø-ÿ]{4,}")
MOST_MARKS = 4
"""Combining marks that one letter may carry in any living script; more draw over the lines above and below."""
_FORMATTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")


@lru_cache(maxsize=65536)
def is_damaged_name(text: str) -> bool:
    """Whether a name (last, first, middle, suffix, a guardian's) holds what no name has: a lost or mistaken sign, an
    entity, an error value, a date, mark-up, a remark in place of a name, or no letter at all. Empty is no name, and not
    damaged."""
    if not text:
        return False
    if text.isascii() and text.replace(" ", "").replace("-", "").replace("'", "").isalpha():
        return _is_remark(text)
    if is_damaged_text(text) or _is_remark(text) or not any(char.isalpha() for char in text):
        return True
    plain = _ORDINAL.sub("", text)
    if not all(char in _PUNCTUATION or char in _JOINERS or unicodedata.category(char)[0] in "LM" for char in plain):
        return True
    return not is_sound_word(text)


def is_sound_word(text: str) -> bool:
    """Whether the letters of ``text`` stand as they do in words: what a wrong code page makes of accents puts capitals
    after small letters, small ones among capitals, dashes and quotes inside words."""
    if text.isascii():
        return True
    found = _WRONG_CASE.search(text) or _DASH_INSIDE.search(text) or _QUOTE_INSIDE.search(text)
    return not found and not _LATIN_RUN.search(text)


@lru_cache(maxsize=65536)
def is_damaged_text(text: str) -> bool:
    """Whether a printed cell that is no name (a street, a city, a plan, a partner) bears a mark of damage: a lost or
    mistaken sign, an entity, an error value, a date that a spreadsheet made, mark-up, hidden characters, or more
    combining marks than any script has."""
    if text.isascii() and text.isprintable():
        return (
            "?" in text
            or ("&" in text and _ENTITY.search(text) is not None)
            or ("_x" in text and _ENTITY.search(text) is not None)
            or ("%" in text and _ENTITY.search(text) is not None)
            or ("\\" in text and _ENTITY.search(text) is not None)
            or ("#" in text and _ERROR_VALUE.match(text) is not None)
            or _MARKUP.search(text) is not None
            or _DATE.fullmatch(text) is not None
        )
    return (
        any(sign in text for sign in (MARK, "?", "¿", "¡"))
        or _MOJIBAKE.search(text) is not None
        or _ENTITY.search(text) is not None
        or _MARKUP.search(text) is not None
        or _BETWEEN_LETTERS.search(text) is not None
        or any(unicodedata.category(char) in _FORMATTING and char not in _JOINERS for char in text)
        or has_too_many_marks(text)
    )


def has_too_many_marks(text: str) -> bool:
    """Whether a letter in ``text`` carries more combining marks than any living script stacks."""
    if text.isascii():
        return False
    run = 0
    for char in unicodedata.normalize("NFD", text):
        run = run + 1 if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me") else 0
        if run > MOST_MARKS:
            return True
    return False


def _is_remark(text: str) -> bool:
    words = " ".join(re.sub(r"[^\w ]+", " ", text.casefold().replace("'", "").replace("’", "")).split())
    return words in _PLACE_ONLY or _REMARK.search(words) is not None
