"""Letters: values → HTML → a tagged PDF/UA, one for each letter (documents.md §4).

A letter names no diagnosis and never the kind of care; a minor's goes to the parent or guardian; the envelope's window
shows the address and nothing else. The same letter, templates, settings and fonts give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont
from jinja2 import Environment

from cpdocs.core.clock import EASTERN
from cpdocs.core.members import Assignment, age_on
from cpdocs.core.phones import phone
from cpdocs.core.reports import contact_by
from cpdocs.core.senders import Sender, Senders
from cpdocs.documents.code39 import reply_code
from cpdocs.documents.envelope import AddressBlock, Measure, city_line, set_address
from cpdocs.documents.fonts import bundled_fonts, uncovered
from cpdocs.documents.hours import hours_in
from cpdocs.documents.html import environment, render, template_folders
from cpdocs.documents.letter_kinds import LetterKind, Notice, load_kind, load_notice
from cpdocs.documents.letter_languages import ENGLISH, RIGHT_TO_LEFT, Catalogue, load_catalogues, written_date
from cpdocs.documents.pdf import to_pdf
from cpdocs.documents.preflight import window_faults
from cpdocs.documents.sheet_text import SheetText, sheet_text

ADULT = 18
"""Years: a younger member's letter goes to the parent or guardian (documents.md §4.12)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to be made: its identity, its date, the language (BCP 47) and the form that the member needs.

    ``barcode``: room is left above the address for an Intelligent Mail barcode, where the address leaves any.
    """

    kind: str
    document_id: str
    on: date
    language: str
    large_print: bool
    assignment: Assignment
    occasion: str = ""
    barcode: bool = False

    @property
    def to_guardian(self) -> bool:
        """Whether the member is a minor on the letter's date."""
        return age_on(self.assignment.dob, self.on) < ADULT


@dataclass(frozen=True, slots=True)
class PrintedLetter:
    """A letter's PDF, its pages (sides with text of its own), and the address as set in the window."""

    pdf: bytes
    pages: int
    address: AddressBlock


@dataclass(frozen=True, slots=True)
class Unprintable:
    """Why a letter can't be made as it should be: a code for the manifest. It is held, never cut or printed with
    boxes."""

    code: str


ADDRESS_TOO_LONG = Unprintable("address_does_not_fit")
UNDRAWABLE = Unprintable("text_not_drawable")
WINDOW = Unprintable("window_preflight")


class LetterRenderer:
    """Makes letters from one set of templates and one site's names. Cheap to keep, dear to make: one a process."""

    def __init__(self, shipped: Path, site: Path | None, senders: Senders) -> None:
        self.senders = senders
        self.folders = template_folders(shipped, site)
        self._places = (shipped, site)
        self._environments: dict[str, Environment] = {}
        self._untranslated: set[str] = set()
        self._kinds: dict[str, LetterKind] = {}
        self._drawable: set[str] = set()
        self._notice_texts: dict[Sender, list[dict[str, str]]] = {}

    def kind(self, name: str) -> LetterKind:
        """The kind of letter called ``name``; raises InputFault where it can't be used."""
        if name not in self._kinds:
            self._kinds[name] = load_kind(name, self.folders)
        return self._kinds[name]

    @cached_property
    def catalogues(self) -> dict[str, Catalogue]:
        """Every language but English in which letters have texts; raises InputFault where a catalogue can't be used."""
        return load_catalogues(self.folders)

    def untranslated(self, kind: str, language: str, letters: Iterable[Letter]) -> set[str]:
        """The messages of a kind of letter that have no translation into ``language``, found by making ``letters``."""
        self._untranslated.clear()
        for letter in letters:
            address = self.address(letter)
            if address is not None:
                self.html(replace(letter, kind=kind, language=language), address)
        return set(self._untranslated)

    def environment(self, language: str) -> Environment:
        """What renders templates in ``language``."""
        if language not in self._environments:
            catalogue = self.catalogues[language] if language != ENGLISH else None
            self._environments[language] = self._with_messages(environment(*self._places), catalogue)
        return self._environments[language]

    def _with_messages(self, env: Environment, catalogue: Catalogue | None) -> Environment:
        """``env`` with ``{% trans %}``: the templates' English, or its translation; what has none is noted and stays
        English."""

        def gettext(text: str) -> str:
            if catalogue is None:
                return text
            if text not in catalogue.messages:
                self._untranslated.add(text)
            return catalogue.messages.get(text, text)

        def ngettext(one: str, many: str, number: int) -> str:
            return gettext(one if number == 1 else many)

        env.add_extension("jinja2.ext.i18n")
        env.policies["ext.i18n.trimmed"] = True
        env.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
        return env

    @cached_property
    def notice(self) -> Notice:
        """The notice of language assistance."""
        return load_notice(self.folders)

    @property
    def sheet_text(self) -> SheetText:
        """What writes sheets' texts, in the letters' own face."""
        return sheet_text(self._face)

    @cached_property
    def _face(self) -> Path:
        return next(path for path in bundled_fonts(self.folders) if path.name == "NotoSans-Regular.ttf")

    @cached_property
    def _measure(self) -> Measure:
        return _ruler(self._face)

    def make(self, letter: Letter) -> PrintedLetter | Unprintable:
        """The letter's PDF, or why it has to be held. Raises InputFault for a fault of a template."""
        address = self.addressed(letter)
        if isinstance(address, Unprintable):
            return address
        rendered = to_pdf(
            self.html(letter, address),
            folders=self.folders,
            profile="letter",
            identifier=letter.document_id,
            created=datetime.combine(letter.on, time(12), EASTERN),
            stylesheets=self.kind(letter.kind).stylesheets,
            template=self.kind(letter.kind).template,
        )
        if window_faults(rendered.pdf, address, self.return_lines(letter)):
            return WINDOW
        return PrintedLetter(rendered.pdf, rendered.pages, address)

    def addressed(self, letter: Letter) -> AddressBlock | Unprintable:
        """The letter's address as set in the window, or why the letter has to be held before it is laid out."""
        address = self.address(letter)
        if address is None:
            return ADDRESS_TOO_LONG
        unknown = set(_own_text(letter.assignment)) - self._drawable
        if unknown and uncovered("".join(sorted(unknown)), self.folders):
            return UNDRAWABLE
        self._drawable |= unknown
        return address

    def address(self, letter: Letter) -> AddressBlock | None:
        """The address as set in the window; None where it doesn't fit at any size that may be used."""
        member = letter.assignment
        names = ["To the parent or guardian of", member.full_name] if letter.to_guardian else [member.full_name]
        last = city_line(member.city, member.state, member.zip)
        return set_address(names, [member.address1, member.address2], last, self._measure, barcode=letter.barcode)

    def return_lines(self, letter: Letter) -> list[str]:
        """The sender's street address, without the name: it shows through the envelope's upper window."""
        sender = self.senders.for_cp(letter.assignment.cp_org)
        return [
            line
            for line in (sender.address1, sender.address2, city_line(sender.city, sender.state, sender.zip))
            if line
        ]

    def html(self, letter: Letter, address: AddressBlock) -> str:
        """The letter's HTML. Raises InputFault, naming template, line and name, for a fault of a template."""
        return self.rendered(letter.kind, letter.language, self.values(letter, address))

    def rendered(self, kind: str, language: str, values: Mapping[str, Any]) -> str:
        """The HTML of a kind of letter with these values. Raises as ``html``."""
        return render(self.environment(language), self.kind(kind).template, values)

    def values_for(self, letter: Letter) -> Mapping[str, Any]:
        """The values of a letter whose address fits its window. Raises ValueError where it doesn't."""
        address = self.address(letter)
        if address is None:
            raise ValueError("the address doesn't fit")
        return self.values(letter, address)

    def values(self, letter: Letter, address: AddressBlock) -> Mapping[str, Any]:
        """What a letter's template can read, all of it plain text or lists of text (docs/letters.md)."""
        member, senders = letter.assignment, self.senders
        sender = senders.for_cp(member.cp_org)
        right_to_left = letter.language.split("-")[0] in RIGHT_TO_LEFT
        texts = {
            "document_id": letter.document_id,
            "date": written_date(letter.on, letter.language),
            "member_name": member.full_name,
            "cp_org": member.cp_org,
            "assigned_on": _kept_together(written_date(member.assigned_on, letter.language)),
            "plan_name": member.plan_name,
            "coordinator": member.coordinator,
            "coordinator_phone": _number(senders.phone_of(member.coordinator, member.cp_org)),
            **_sender_texts(sender, senders, letter.language),
            **_health_plan(senders, member.plan_name),
            "contact_by": _kept_together(self._contact_by(letter)),
            "reply_to": ", ".join((sender.name, *self.return_lines(letter))),
        }
        if not letter.large_print:  # there a whole day's hours may be wider than the letterhead
            for name in ("sender_hours", "masshealth_hours"):
                texts[name] = ", ".join(map(_kept_together, texts[name].split(", ")))
        if right_to_left:
            texts = {name: _isolated(text) for name, text in texts.items()}
        return {
            **texts,
            **_hours_language("sender_hours", sender.hours, letter.language),
            **_hours_language("masshealth_hours", senders.masshealth_hours, letter.language),
            "reply_code": reply_code(letter.document_id),
            "language": letter.language,
            "direction": "rtl" if right_to_left else "ltr",
            "large_print": letter.large_print,
            "guardian": letter.to_guardian,
            "program": member.program.value,
            "return_lines": self.return_lines(letter),
            "address_lines": address.lines,
            "address_size": f"{address.size:g}",
            "address_leading": f"{address.leading:g}",
            "address_top": f"{address.top - TOP_MARGIN:.4f}",
            "notice_title": self.notice.title,
            "notices": self._notices(sender),
        }

    def _contact_by(self, letter: Letter) -> str:
        """The last day for a first call or visit (X2) as the letter's readers write it; empty once it is past."""
        day = contact_by(letter.assignment.assigned_on)
        return written_date(day, letter.language) if letter.on <= day else ""

    def _notices(self, sender: Sender) -> list[dict[str, str]]:
        """The notices with the sender's numbers: the same list for the same sender."""
        if sender not in self._notice_texts:
            self._notice_texts[sender] = self._with_numbers(sender)
        return self._notice_texts[sender]

    def _with_numbers(self, sender: Sender) -> list[dict[str, str]]:
        number = _number(sender.phone)
        return [
            {
                "language": item.tag,
                "direction": item.direction,
                "name": item.name,
                "text": item.text.replace("{phone}", number).replace("{tty}", sender.tty),
            }
            for item in self.notice.languages
        ]


TOP_MARGIN = 0.7
"""Inches: the page's upper margin in letter.css, from which the address block's place is counted."""


def _isolated(text: str) -> str:
    """``text`` kept together in its own direction within right-to-left text (UAX #9, isolates)."""
    return f"\u2068{text}\u2069" if text else ""


def _hours_language(name: str, hours: str, language: str) -> dict[str, str]:
    """In which language hours stand on the page, and its direction."""
    tag = hours_in(hours, language)[1]
    return {f"{name}_lang": tag, f"{name}_dir": "rtl" if tag.split("-")[0] in RIGHT_TO_LEFT else "ltr"}


def _kept_together(text: str) -> str:
    """``text`` (a number, a date) so that no line ends inside it."""
    return text.replace(" ", "\u00a0")


def _number(text: str) -> str:
    """A telephone number, never broken between two lines."""
    return _kept_together(phone(text))


def _health_plan(senders: Senders, name: str) -> dict[str, str]:
    """The health plan as members call it, and its number for them; empty where the settings name none."""
    payer = senders.payer(name)
    return {"health_plan_name": payer.member_name or name, "health_plan_phone": _number(payer.phone)}


def _sender_texts(sender: Sender, senders: Senders, language: str) -> dict[str, str]:
    return {
        "sender_name": sender.name,
        "sender_phone": _number(sender.phone),
        "sender_tty": sender.tty,
        "sender_hours": hours_in(sender.hours, language)[0],
        "masshealth_phone": _number(senders.masshealth_phone),
        "masshealth_tty": senders.masshealth_tty,
        "masshealth_hours": hours_in(senders.masshealth_hours, language)[0],
        "ombudsman_name": senders.ombudsman_name,
        "ombudsman_phone": _number(senders.ombudsman_phone),
    }


def _own_text(member: Assignment) -> str:
    """Every value of the member's own that a letter prints."""
    parts = (member.full_name, member.address1, member.address2, member.city, member.state, member.zip)
    return " ".join((*parts, member.cp_org, member.coordinator, member.plan_name))


def _ruler(font: Path) -> Measure:
    """Measures a line in ems from the advance widths of ``font``; a character that it lacks counts as one em."""
    with TTFont(font, lazy=True) as face:
        units = face["head"].unitsPerEm
        advances = {code: face["hmtx"][name][0] / units for code, name in face.getBestCmap().items()}
    by_char = {chr(code): advance for code, advance in advances.items()}
    return lambda text: sum([by_char.get(char, 1.0) for char in text])
