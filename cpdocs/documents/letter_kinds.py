"""Kinds of letter, and the notice of language assistance: data and templates in ``templates/letters/``, not code.

A kind is a folder with a ``kind.toml`` (title, template, optional stylesheets); its name is part of every letter's
identity. The notice's languages are in ``letters/common/notice.toml``, each with its status: nobody here certifies a
translation (mailroom.md, "Languages and formats").
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cpdocs.documents.stated_facts import Fact
from cpdocs.documents.template_files import template_file
from cpdocs.errors import InputFault

LETTERS = "letters"
_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")
_KIND_KEYS = {"title", "template", "stylesheets", "to", "after", "after_days", "rests_on", "fact"}
_FACT_KEYS = {"text", "source"}
SOURCES = {
    "assignment": "the roster line of the member's assignment, as imported",
    "program": "the rules of MassHealth's program (docs/letters.md says where they stand)",
    "settings": "cpdocs.toml",
    "mailed": "the earlier letter's run, logged as mailed",
    "attempt": "an attempt to reach the member in vain (`cpdocs member attempt`)",
    "choice": "the member's own word on record (`cpdocs member decline` or `change-cp`)",
    "notice_sent": "the notice to the health plan, logged as sent (`cpdocs notices sent`)",
    "approved": "the version that both sides approved",
}
"""What a letter may name as the record behind a fact that it states."""
RECIPIENTS = ("assigned", "declined", "changed", "planned")
"""Whom a kind is for: everyone assigned (contract §3), those who said no, who asked for another partner, or whose plan
both sides approved."""
_LANGUAGE_KEYS = {"tag", "name", "direction", "status", "reviewed_by", "reviewed_on", "text"}


@dataclass(frozen=True, slots=True)
class LetterKind:
    """A kind of letter: the folder's name, what people call it, its template and its style sheets (template paths).

    ``to`` is one of RECIPIENTS. With ``after`` it goes to those alone to whom that kind was mailed ``after_days`` ago.
    ``rests_on`` names a record without which nobody gets it: ``attempt`` for "we tried to reach you", ``notice_sent``
    for "we told your health plan". ``facts`` are the sentences that state what was done or is so, each with the record
    behind it: one of ``SOURCES``; ``common_facts`` are those that any letter may state.
    """

    name: str
    title: str
    template: str
    stylesheets: tuple[str, ...]
    to: str
    after: str
    after_days: int
    rests_on: str = ""
    facts: tuple[Fact, ...] = ()
    common_facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeLanguage:
    """One paragraph of the notice: BCP 47 tag, the language's own name, direction, text with {phone} and {tty}."""

    tag: str
    name: str
    direction: str
    text: str
    reviewed: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice of language assistance, in the order in which its languages stand on the page."""

    title: str
    languages: tuple[NoticeLanguage, ...]


def load_kind(name: str, folders: Sequence[Path]) -> LetterKind:
    """The kind called ``name`` from the template ``folders``, the site's first.

    Raises InputFault where there is no such kind, or its kind.toml can't be used.
    """
    where = f"{LETTERS}/{name}/kind.toml"
    if not _NAME.fullmatch(name):
        raise InputFault(
            f"{name!r} is no name for a kind of letter.", todo="Use lower-case letters, digits and hyphens."
        )
    raw = _read(where, folders, f"There is no kind of letter called {name!r}.")
    _known(raw, _KIND_KEYS, where)
    template, sheets = raw.get("template", "letter.html"), raw.get("stylesheets", [])
    if not isinstance(raw.get("title"), str) or not isinstance(template, str) or not _all_text(sheets):
        raise _unusable(where, "title and template are text, stylesheets a list of text")
    to, after, days = raw.get("to", "assigned"), raw.get("after", ""), raw.get("after_days", 0)
    if to not in RECIPIENTS:
        raise _unusable(where, f"to is one of {', '.join(RECIPIENTS)}")
    if not isinstance(after, str) or not isinstance(days, int) or not 0 <= days <= 3660 or (after and to != "assigned"):
        raise _unusable(
            where, "after is the name of a kind, after_days a number of days; both are for letters to = 'assigned'"
        )
    rests_on = raw.get("rests_on", "")
    allowed = {"assigned": ("", "attempt"), "planned": ("",)}.get(to, ("", "notice_sent"))
    if rests_on not in allowed:
        raise _unusable(where, f"rests_on is one of {', '.join(map(repr, allowed))} for letters to = {to!r}")
    proven = {"assignment", "program", "settings", *([rests_on] if rests_on else []), *(["mailed"] if after else [])}
    proven |= {"planned": {"approved"}, "declined": {"choice"}, "changed": {"choice"}}.get(to, set())
    facts = _facts(raw.get("fact", []), proven, where)
    shared = f"{LETTERS}/common/facts.toml"
    common_facts = _read(shared, folders, "The facts that every letter may state are missing from the templates.")
    _known(common_facts, {"fact"}, shared)
    facts_of_all = _facts(common_facts.get("fact", []), {"assignment", "program", "settings"}, shared)
    base = f"{LETTERS}/{name}/"
    common = f"{LETTERS}/common/letter.css"
    return LetterKind(
        name,
        raw["title"],
        base + template,
        (common, *(base + sheet for sheet in sheets)),
        to,
        after,
        days,
        rests_on,
        facts,
        facts_of_all,
    )


def _facts(entries: Any, proven: set[str], where: str) -> tuple[Fact, ...]:
    """The facts that a kind states; each names a source that stands behind every letter of this kind."""
    if not isinstance(entries, list):
        raise _unusable(where, "[[fact]] is a table with text and source")
    found = []
    for entry in entries:
        if not isinstance(entry, dict) or not _all_text([entry.get("text"), entry.get("source")]):
            raise _unusable(where, "every [[fact]] needs text and source")
        _known(entry, _FACT_KEYS, where)
        if entry["source"] not in SOURCES:
            raise _unusable(where, f"the source of a fact is one of {', '.join(SOURCES)}, not {entry['source']!r}")
        if entry["source"] not in proven:
            raise _unusable(
                where,
                f"the source {entry['source']!r} stands behind no letter of this kind: set rests_on, after or to",
            )
        found.append(Fact(" ".join(str(entry["text"]).split()), str(entry["source"])))
    return tuple(found)


def kind_names(folders: Iterable[Path]) -> tuple[str, ...]:
    """The names of every kind of letter that the template folders hold."""
    return tuple(sorted({path.parent.name for folder in folders for path in (folder / LETTERS).glob("*/kind.toml")}))


def load_notice(folders: Sequence[Path]) -> Notice:
    """The notice of language assistance. Raises InputFault where its file is missing or can't be used."""
    where = f"{LETTERS}/common/notice.toml"
    raw = _read(where, folders, "The notice of language assistance is missing from the templates.")
    _known(raw, {"title", "language"}, where)
    languages = raw.get("language")
    if not isinstance(raw.get("title"), str) or not isinstance(languages, list) or not languages:
        raise _unusable(where, "it needs a title and at least one [[language]]")
    return Notice(raw["title"], tuple(_language(entry, where) for entry in languages))


def _language(entry: Any, where: str) -> NoticeLanguage:
    if not isinstance(entry, dict):
        raise _unusable(where, "[[language]] is a table")
    _known(entry, _LANGUAGE_KEYS, where)
    tag = entry.get("tag")
    if not _all_text([tag, entry.get("name"), entry.get("text")]):
        raise _unusable(where, "every language needs tag, name and text")
    if entry.get("status") not in ("draft", "reviewed"):
        raise _unusable(where, f"language {tag}: status is draft or reviewed")
    reviewed = entry["status"] == "reviewed"
    if reviewed and not (entry.get("reviewed_by") and entry.get("reviewed_on")):
        raise _unusable(where, f"language {tag} is reviewed and doesn't say by whom and when")
    text = str(entry["text"])
    if "{phone}" not in text or "{tty}" not in text:
        raise _unusable(where, f"the text in language {tag} lacks {{phone}} or {{tty}}")
    return NoticeLanguage(str(tag), str(entry["name"]), str(entry.get("direction", "ltr")), text, reviewed)


def _read(where: str, folders: Sequence[Path], missing: str) -> dict[str, Any]:
    path = template_file(folders, where)
    if path is not None:
        try:
            return tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
            raise _unusable(where, str(fault)) from None
    raise InputFault(missing, todo=f"Put {where} into the site's templates, or name a kind that is there.")


def _all_text(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) and value for value in values)


def _known(table: dict[str, Any], keys: set[str], where: str) -> None:
    if unknown := sorted(table.keys() - keys):
        raise _unusable(where, f"unknown key {unknown[0]!r}")


def _unusable(where: str, fault: str) -> InputFault:
    return InputFault(
        f"{where} can't be used: {fault}.", todo="Mend it, or remove it to use the one that came with cpdocs."
    )
