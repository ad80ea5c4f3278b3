"""The languages of letters: gettext catalogues with their status, and who may be written to in which.

``templates/letters/locale/<language>.po``, the site's first. **Nobody here certifies a translation**: the header says
``X-Status: draft`` until somebody who is fluent has read all of it, then ``reviewed`` with ``X-Reviewed-By`` and
``X-Reviewed-On``. Where a kind of letter has no complete, reviewed text in a language it is printed in English, with
the notice of language assistance and the warning language_fallback (mailroom.md, "Languages and formats").
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import PoFileError, read_po

from cpdocs.documents.html import long_date
from cpdocs.documents.template_files import check_file
from cpdocs.documents.words import language_tag
from cpdocs.errors import InputFault

ENGLISH = "en"
LOCALE = "letters/locale"
RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur"})

_HEADER = re.compile(r'^"(X-[\w-]+):(.*?)\\n"$', re.MULTILINE)
_VALUES = re.compile(r"%\(\w+\)s|<[^>]+>")

_ALSO = {
    "brazilian portuguese": "pt-BR",
    "portuguese (brazil)": "pt-BR",
    "pt": "pt-BR",
    "haitian": "ht",
    "haitian kreyol": "ht",
    "haitian kreyòl": "ht",
    "cape verdean": "kea",
    "kabuverdianu": "kea",
    "kriolu": "kea",
    "simplified chinese": "zh-Hans",
    "traditional chinese": "zh-Hant",
    "zh": "zh-Hans",
    "zh-cn": "zh-Hans",
    "zh-tw": "zh-Hant",
    "cambodian": "km",
}
"""Names and tags of our languages that rosters use besides those of ``words``."""

_MONTHS = {
    "ht": ("janvye", "fevriye", "mas", "avril", "me", "jen", "jiyè", "out", "septanm", "oktòb", "novanm", "desanm"),
}
"""Months of languages that CLDR has no dates for; written day, month, year."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language: ``tag`` (BCP 47), ``reviewed``, and message → translation, untranslated ones left
    out."""

    tag: str
    reviewed: bool
    messages: Mapping[str, str] = field(default_factory=dict)

    @property
    def right_to_left(self) -> bool:
        return self.tag.split("-")[0] in RIGHT_TO_LEFT


@dataclass(frozen=True, slots=True)
class Printable(Container[str]):
    """The languages that a kind of letter can be printed in, asked by the names that rosters use."""

    tags: Collection[str]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.tag_for(name) is not None

    def tag_for(self, name: str) -> str | None:
        """The language to print for the roster's ``name`` of one; None where there is no text in it."""
        plain = name.strip().casefold().replace("_", "-")
        tag = _ALSO.get(plain) or language_tag(name) or plain
        wanted = (tag.casefold(), tag.split("-")[0].casefold())
        return next((known for want in wanted for known in self.tags if known.casefold() == want), None)


def load_catalogues(folders: Sequence[Path]) -> dict[str, Catalogue]:
    """Every language but English by tag. Raises InputFault, naming file and fault, where one can't be used."""
    return {tag: _load(tag, path) for tag, path in _files(folders).items()}


def catalogue_tags(folders: Sequence[Path]) -> tuple[str, ...]:
    """The languages but English that have a catalogue, complete or not."""
    return tuple(_files(folders))


def catalogue_file(folders: Sequence[Path], tag: str) -> Path:
    """Where a language's catalogue lies. Raises InputFault where there is none."""
    found = _files(folders).get(tag)
    if found is None:
        raise InputFault(f"There is no catalogue for {tag!r}.", todo=f"Name one of {', '.join(_files(folders))}.")
    return found


def load_catalogue(folders: Sequence[Path], tag: str) -> Catalogue:
    """One of them; read again where its file has changed. Raises as ``load_catalogues``."""
    path = _files(folders)[tag]
    state = path.stat()
    return _kept(tag, path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=32)
def _kept(tag: str, path: Path, _changed: int, _size: int) -> Catalogue:
    return _load(tag, path)


def _files(folders: Sequence[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted((folder / LOCALE).glob("*.po")):
            check_file(folder, path)
            found.setdefault(path.stem.replace("_", "-"), path)
    return dict(sorted(found.items()))


def _load(tag: str, path: Path) -> Catalogue:
    where = f"{LOCALE}/{path.name}"
    try:
        text = path.read_text("utf-8")
        catalogue = read_po(io.StringIO(text), abort_invalid=True)
    except (PoFileError, ValueError, LookupError) as fault:
        raise _unusable(where, f"{type(fault).__name__}: not a PO file in UTF-8") from fault
    # Babel keeps the headers that gettext knows and no others.
    headers = {match[1].casefold(): match[2].strip() for match in _HEADER.finditer(text)}
    status = headers.get("x-status", "")
    if status not in ("draft", "reviewed"):
        raise _unusable(where, "its header needs X-Status: draft or reviewed")
    if status == "reviewed" and not (headers.get("x-reviewed-by") and headers.get("x-reviewed-on")):
        raise _unusable(where, "it is reviewed and doesn't say by whom and on which day")
    messages = {
        message.id: message.string
        for message in catalogue
        if isinstance(message.id, str)
        and isinstance(message.string, str)
        and message.id
        and message.string
        and not message.fuzzy
    }
    for message_id, translation in messages.items():
        check_values(where, message_id, translation)
    return Catalogue(tag, status == "reviewed", messages)


def check_values(where: str, message_id: str, text: str) -> None:
    """Raises InputFault where a translation lacks a value or a tag of its English, or has another."""
    if sorted(_VALUES.findall(message_id)) != sorted(_VALUES.findall(text)):
        raise _unusable(where, f"the translation of {message_id[:60]!r} has other values or tags than the English")
    if "%" in re.sub(r"%\(\w+\)s|%%", "", text):
        raise _unusable(where, f"the translation of {message_id[:60]!r} has a stray percent sign")


def _unusable(where: str, fault: str) -> InputFault:
    return InputFault(
        f"{where} can't be used: {fault}.", todo="Mend it, or remove it to use the one that came with cpdocs."
    )


@lru_cache(maxsize=4096)
def written_date(value: date, tag: str) -> str:
    """``value`` in words as readers of that language write it."""
    months = _MONTHS.get(tag)
    return f"{value.day} {months[value.month - 1]} {value.year}" if months else long_date(value, tag)
