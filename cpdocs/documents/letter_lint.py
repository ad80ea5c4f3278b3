"""Refuses a kind of letter that doesn't say what every letter must (requirements C3, C7, A9; documents.md §4).

A template marks what it says with ``data-says``: ``change-cp`` (a different Community Partner at any time), ``decline``
(no at any time), ``contact`` (phone and TTY of the sender), ``masshealth`` (MassHealth Customer Service). A reply slip
marks what each of its boxes stands for with ``data-answer``. The lint makes the HTML of letters to invented members,
adult and minor, of both programs, and reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import product
from typing import TYPE_CHECKING

from cpdocs.core.ids import format_document_id, luhn_mod_n
from cpdocs.core.members import Assignment, Program
from cpdocs.core.reply_slips import TICKS
from cpdocs.documents.letter_languages import ENGLISH, Printable
from cpdocs.documents.stated_facts import CONDITION, SENTENCE, STATES_A_FACT
from cpdocs.errors import InputFault, Problem

if TYPE_CHECKING:
    from cpdocs.documents.letter_kinds import LetterKind
    from cpdocs.documents.letters import Letter, LetterRenderer

MUST_SAY = {
    "change-cp": "that the member can ask for a different Community Partner at any time",
    "decline": "that the member can say no at any time",
    "contact": "whom to call, with the TTY",
    "masshealth": "the MassHealth Customer Service line, with its TTY",
}
"""What every letter must say, by its ``data-says`` mark."""

_NEVER = re.compile(
    r"behaviou?ral|addict|substance use|mental (health|illness)|psychiatr|alcohol|diagnos", re.IGNORECASE
)
"""What no letter says (documents.md §4.12). Names of organizations are not looked at: the sample ones are neutral."""
_PRESSURE = re.compile(r"\b(must|lose|required|penalt\w*|have to stay|should stay)\b", re.IGNORECASE)
"""What has no place next to the member's choice (requirement C7)."""
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)

_BLOCKS = frozenset({"p", "li"})
_HEADINGS = frozenset({"h1", "h2", "h3"})

SAMPLE = Assignment(
    member_id="000000000000",
    last_name="Sample",
    first_name="Robin",
    middle_name="",
    suffix="",
    dob=date(1980, 1, 1),
    sex="",
    language_spoken="English",
    language_written="English",
    format_need="standard",
    address1="1 Sample Street",
    address2="",
    city="Boston",
    state="MA",
    zip="02108",
    county="",
    phone="",
    safe_contact="mail",
    guardian_name="",
    guardian_relation="",
    plan_name="Sample Health Plan",
    plan_type="ACPP",
    program=Program.BH,
    cp_org="Sample Community Partners",
    assigned_on=date(2026, 1, 1),
    end_on=None,
    status="assigned",
    assignment_source="auto",
    exclusion_flags=(),
    dmh_accs=False,
    pcp_npi="",
    practice_id="",
    coordinator="Casey Sample",
    mrn="",
)
"""An invented member, for samples and for the lint."""


def sample_letters(kind: str, on: date, language: str = "en") -> Iterator[Letter]:
    """Letters of one kind to invented members: both programs, adult and minor, with and without a coordinator."""
    from cpdocs.documents.letters import Letter

    for number, (program, dob, coordinator) in enumerate(
        product(Program, (SAMPLE.dob, date(on.year - 9, 1, 1)), (SAMPLE.coordinator, "")), start=2
    ):
        assigned = on if coordinator else SAMPLE.assigned_on  # some while the first visit is due, some after
        member = replace(SAMPLE, program=program, dob=dob, coordinator=coordinator, assigned_on=assigned)
        payload = f"22SAMPLE2{number}"
        document_id = format_document_id(payload + luhn_mod_n(payload))
        yield Letter(kind, document_id, on, language, large_print=False, assignment=member)


def check_kind(press: LetterRenderer, kind: str, on: date, language: str = "en") -> None:
    """Raises InputFault, naming everything that is missing or has no place, where this kind of letter can't be sent; or
    the file that it asks for and that isn't in the template folders."""
    from cpdocs.documents.pdf import check_asked

    problems: dict[str, Problem] = {}
    laid_out = False
    stated: set[str] = set()
    for letter in sample_letters(kind, on, language):
        address = press.address(letter)
        if address is None:
            continue
        page = _Reader()
        html = press.html(letter, address)
        page.feed(html)
        pictured = check_asked(html, press.folders, press.kind(kind).stylesheets, press.kind(kind).template)
        if pictured and language == ENGLISH and not laid_out:
            laid_out = True
            press.make(letter)  # a file that is there may be no picture
        for problem in (*_problems(page, press, letter), *(_fact_problems(page, press.kind(kind), stated, language))):
            problems.setdefault(problem.code + problem.where, problem)
    if language == ENGLISH:
        for fact in press.kind(kind).facts:
            if fact.text not in stated:
                text = f"its kind.toml names a fact that no letter of it states: “{fact.text}”"
                problems[fact.text] = Problem(
                    "fact_not_said", text, todo="Take it out, or write it as the letter has it."
                )
    if problems:
        raise InputFault(
            f"The kind of letter {kind!r} lacks what every letter must say, or says what none may.",
            todo="Mend its template: letters/common/ has the parts that every letter shares.",
            problems=tuple(problems.values()),
        )


def printable(press: LetterRenderer, kind: str, on: date, *, drafts: bool) -> Printable:
    """The languages that this kind can be printed in: texts complete and reviewed, or with ``drafts`` complete.

    Raises InputFault where a translation hides what every letter must say.
    """
    tags = [ENGLISH]
    for tag, catalogue in press.catalogues.items():
        if (catalogue.reviewed or drafts) and not press.untranslated(kind, tag, sample_letters(kind, on)):
            check_kind(press, kind, on, tag)
            tags.append(tag)
    return Printable(tuple(tags))


def reading_grade(press: LetterRenderer, kind: str, on: date) -> float:
    """The school grade at which the English of this kind reads: Flesch-Kincaid over every sample letter's worst."""
    from cpdocs.documents.reading_level import grade

    worst = 0.0
    for letter in sample_letters(kind, on):
        address = press.address(letter)
        if address is not None:
            page = _Reader()
            page.feed(press.html(letter, address))
            worst = max(worst, grade(page.sentences))
    return worst


def _problems(page: _Reader, press: LetterRenderer, letter: Letter) -> Iterator[Problem]:
    values = press.values_for(letter)
    for mark, meaning in MUST_SAY.items():
        if not page.said(mark).strip():
            yield Problem(f"must_say_{mark}", f"it doesn't say {meaning} (data-says={mark!r}).")
    if values["sender_phone"] not in page.said("contact") and values["coordinator_phone"] not in page.said("contact"):
        yield Problem("contact_without_phone", "the part marked contact has no phone number.")
    if values["sender_tty"] not in page.said("contact"):
        yield Problem("contact_without_tty", "the part marked contact has no TTY number.")
    for name in ("masshealth_phone", "masshealth_tty"):
        if values[name] not in page.said("masshealth"):
            yield Problem(f"missing_{name}", f"the part marked masshealth lacks {name}.")
    if letter.document_id not in page.text:
        yield Problem("missing_document_id", "it doesn't show its document id.")
    if found := _NEVER.search(page.text):
        yield Problem("forbidden_word", f"it says {found[0]!r}, which no letter says.")
    if page.said("reply").strip() and page.answers != [each.value for each in TICKS]:
        order = ", ".join(TICKS)
        yield Problem("reply_answers", f"its reply slip's boxes must be marked data-answer, in this order: {order}.")
    if page.said("reply").strip() and values["reply_code"] not in page.said("reply"):
        yield Problem("reply_code", "its reply slip doesn't bear its code (reply_code).")
    if letter.language == "en" and (found := _PRESSURE.search(page.said("choice"))):
        yield Problem("pressure", f"it says {found[0]!r} beside the member's choice, which has to be free.")


def _fact_problems(page: _Reader, kind: LetterKind, stated: set[str], language: str) -> Iterator[Problem]:
    """Sentences that state a fact without a source; ``stated`` gains the declared facts that this page states."""
    if language != ENGLISH:
        return
    declared = {fact.text: fact.pattern for fact in (*kind.facts, *kind.common_facts)}
    for block in page.blocks:
        for sentence in SENTENCE.findall(" ".join(block.split())):
            found = [text for text, pattern in declared.items() if pattern.fullmatch(sentence.strip())]
            stated.update(found)
            if not found and STATES_A_FACT.search(sentence) and not CONDITION.match(sentence.strip()):
                yield Problem(
                    "fact_without_source",
                    f"it states a fact without naming the record behind it: “{sentence.strip()}”",
                    sentence.strip()[:40],
                    f"Name it in letters/{kind.name}/kind.toml: [[fact]] with text and source.",
                )


class _Reader(HTMLParser):
    """All of a page's text, the text of each ``data-says``, of each paragraph of the letter proper, and of its headings
    too (``blocks``); and the answers that its reply slip offers."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.sentences: list[str] = []
        self.blocks: list[str] = []
        self._tags: list[str] = []
        self._open: list[str | None] = []
        self._said: dict[str, str] = {}
        self.answers: list[str] = []

    def said(self, mark: str) -> str:
        return self._said.get(mark, "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if answer := dict(attrs).get("data-answer"):
            self.answers.append(answer)
        if tag not in _VOID:
            self._open.append(dict(attrs).get("data-says"))
            self._tags.append("notice" if ("id", "notice") in attrs else tag)
            if tag in _BLOCKS:
                self.sentences.append("")
            if tag in _BLOCKS | _HEADINGS:
                self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._open:
            self._open.pop()
            self._tags.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if "main" in self._tags and not {"notice"} & {*self._tags} and {*_BLOCKS} & {*self._tags}:
            self.sentences[-1] += data
        if "main" in self._tags and "notice" not in self._tags and (_BLOCKS | _HEADINGS) & {*self._tags}:
            self.blocks[-1] += data
        for mark in self._open:
            if mark:
                self._said[mark] = self._said.get(mark, "") + data
