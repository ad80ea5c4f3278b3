"""Our own words on a member's papers: in the member's language with the English beside them (contract §11).

A plan is one document for everybody who signs it: labels, fixed statements, rights and the meaning of each signature
stand in the member's language, from the same catalogues as the letters, and in English beside it, so that one signature
covers what each of them read. What people wrote stays as they wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_time

from cpdocs.core.clock import EASTERN
from cpdocs.core.moments import clock_text
from cpdocs.documents.hours import hours_in
from cpdocs.documents.html import long_date, short_date
from cpdocs.documents.letter_languages import Catalogue, written_date
from cpdocs.documents.words import ENGLISH

_DATES_READ_ALIKE = frozenset({"es", "pt-BR", "fr", "ht", "kea", "it"})
"""Languages whose dates a reader of English reads without help: Latin letters, the month by its name."""
_NO_CLDR_DATES = frozenset({"ht"})
_NUMBER = re.compile(r"\(\d{3}\) \d{3}-\d{4}|\b\d{3}-\d{3}-\d{4}\b")
_BARE = {0x2066: None, 0x2068: None, 0x2069: None, 0xA0: " "}
"""What keeps a value together, taken away."""
_ONE_LINE = 28
"""Characters up to which a value isn't broken."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text of ours: ``text`` in ``lang`` (BCP 47), and its ``english`` where the two differ, else empty. Where
    ``beside`` is False a reader of English reads the text itself, and the English isn't shown. ``place`` names what
    holds only until the paper is approved (``core.filed_copy``)."""

    text: str
    english: str = ""
    lang: str = ENGLISH
    dir: str = "ltr"
    beside: bool = True
    place: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def in_english(self) -> str:
        """What it says in English."""
        return self.english or self.text


Value = str | Said
NOTHING = Said("")


class Phrases:
    """Says our words in one language. ``missing`` are the messages that were asked for and that it lacks: a paper is
    made in a language only where there are none."""

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self.catalogue = catalogue
        self.missing: set[str] = set()
        self.tag = catalogue.tag if catalogue else ENGLISH
        self.direction = "rtl" if catalogue and catalogue.right_to_left else "ltr"

    def __call__(self, message: str, **values: Value) -> Said:
        """``message`` with its ``%(name)s`` replaced, each value in the language of the text around it."""
        english = message % {name: _english(value) for name, value in values.items()} if values else message
        if self.catalogue is None:
            return Said(english)
        translation = self.catalogue.messages.get(message)
        if translation is None:
            self.missing.add(message)
            return Said(english)
        own = {name: self.kept_together(_own(value)) for name, value in values.items()}
        return self._both(translation % own if values else translation, english)

    def marked_up(self, message: str) -> str:
        """The HTML of a message of a template, its ``%(name)s`` left in place, for an element that says its language
        itself (``ours()`` in plan/macros.html)."""
        if self.catalogue is None:
            return message
        translation = self.catalogue.messages.get(message)
        if translation is None:
            self.missing.add(message)
            return message
        if translation == message:
            return message
        turned = ' dir="ltr"' if self.direction == "rtl" else ""
        return f'{translation}\n<span class="en" lang="{ENGLISH}"{turned}>{message}</span>'

    def name_of(self, message: str) -> Said:
        """As a call, of a text that a site may have chosen: where there is no translation it stands as it is, and
        nothing is missing."""
        if self.catalogue is None or message not in self.catalogue.messages:
            return Said(message)
        return self(message)

    def day(self, value: date | None, *, long: bool = False) -> Said:
        """A date: ``October 6, 2026``, in tables ``Oct 6, 2026``; empty for None."""
        if value is None:
            return NOTHING
        english = long_date(value) if long else short_date(value)
        if self.catalogue is None:
            return Said(english)
        spelled_out = long or self.tag in _NO_CLDR_DATES
        own = written_date(value, self.tag) if spelled_out else short_date(value, self.tag)
        return self._both(own, english, beside=self.tag not in _DATES_READ_ALIKE)

    def moment(self, value: datetime) -> Said:
        """A day and time in Massachusetts: ``Oct 6, 2026, 2:00 PM``, the only way in which a plan writes one."""
        local = value.astimezone(EASTERN)
        day = self.day(local.date())
        english = f"{short_date(local.date())}, {clock_text(value)}"
        if self.catalogue is None:
            return Said(english)
        own = format_time(local.time(), "short", locale="en_US" if self.tag in _NO_CLDR_DATES else _locale(self.tag))
        return self._both(f"{day.text}, {own}", english, beside=self.tag not in _DATES_READ_ALIKE)

    def hours(self, text: str) -> Said:
        """Office hours, translated where they are written as days and hours; a sentence's own point ends them."""
        plain = text.rstrip(".")
        own, _tag = hours_in(plain, self.tag)
        return self._both(own.rstrip("."), plain) if self.catalogue else Said(plain)

    def joined(self, separator: str, parts: Iterable[Value]) -> Said:
        """The parts that say something, one after the other, in each language apart."""
        filled = [part for part in parts if part]
        english = separator.join(_english(part) for part in filled)
        if self.catalogue is None:
            return Said(english)
        return self._both(separator.join(self.kept_together(_own(part)) for part in filled), english)

    def kept_together(self, text: str) -> str:
        """A value within right-to-left text, kept in its own direction (UAX #9, isolates); a short one, and a telephone
        number in a long one, on one line too, since an isolate doesn't outlast the end of a line."""
        if not text or self.direction != "rtl":
            return text
        if len(text) <= _ONE_LINE:
            return f"\u2068{text.replace(' ', chr(0xA0))}\u2069"
        numbers = _NUMBER.sub(lambda found: f"\u2066{found[0].replace(' ', chr(0xA0))}\u2069", text)
        return f"\u2068{numbers}\u2069"

    def _both(self, own: str, english: str, *, beside: bool = True) -> Said:
        if own.translate(_BARE) == english:
            return Said(own)
        return Said(own, english, self.tag, self.direction, beside)


def _english(value: Value) -> str:
    return value.in_english if isinstance(value, Said) else value


def _own(value: Value) -> str:
    return value.text if isinstance(value, Said) else value


def _locale(tag: str) -> str:
    return tag.replace("-", "_")
