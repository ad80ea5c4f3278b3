"""Sentences that state a fact, and the record behind each: a template that states one without naming it isn't used.

Plans, covers, notices, certificate pages and leaflets name theirs in ``facts.toml`` beside their templates; letters in
their kind.toml (``letter_kinds``). What a template says outside such sentences is a request, a rule or a value, and a
value is chosen by code from the record.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cpdocs.documents.template_files import template_file
from cpdocs.errors import InputFault, Problem

FILE = "facts.toml"
PAPERS = frozenset({"plan", "cover", "notice", "certificate", "leaflets", "filed"})
"""Folders of templates whose facts are named."""
PAPER_SOURCES = {
    "plan_file": "the plan's file as its author wrote it; plan.issued has its SHA-256",
    "medications_file": "the medication list's file as it was given; medications.issued has its SHA-256",
    "issued": "plan.issued of this version, or of the one that takes its place",
    "sent": "plan.sent",
    "approval": "slot.filled, with what it rests on",
    "approval_taken_back": "slot.emptied",
    "withdrawal": "plan.withdrawn, or plan.issued of the next version",
    "copy": "the plan's file for a copy given on the day of issue, plan.copy_given for any other",
    "return": "return.received and return.decided",
    "member_word": "member.declined, member.changed_cp or member.reinstated",
    "filing": "plan.filed",
    "recall": "delivery.queued of the recall",
    "digital_id": "key.issued or key.pinned",
    "catalogue": "the status in the language's catalogue",
    "rule": "a rule of the program, a law or a definition: no event stands behind it",
}
"""What a paper may name as the record behind a fact that it states."""

STATES_A_FACT = re.compile(
    r"\b(?:we|you|they|it|[\w’']+)\s+(?:have|has|had|was|were)\s+(?:\w+\s+){0,2}?(?:been|told|said|sent|given|made|met|chosen|"
    r"done|left|gone|spoken|written|\w+ed)\b"
    r"|\b(?:we|you)\s+(?:\w+\s+)?(?:told|said|tried|wrote|sent|gave|called|visited|spoke|met|asked|received|got|came|"
    r"agreed|signed|issued|withdrew|chose|approved|stopped|recorded|shared|missed|left|could not)\b"
    r"|\breconciled by\b|\bhere is (?:a|your) copy\b|\bwas given\b",
    re.IGNORECASE,
)
"""Wording that says that something happened. It needs a source."""
CONDITION = re.compile(r"^(?:if|when|unless|once)\b", re.IGNORECASE)
"""A sentence that only supposes it."""
SENTENCE = re.compile(r"[^.!?]+(?:[.!?]+(?=\s|$)|[.!?](?=\S)[^.!?]*)*[.!?]*")
_VALUE = re.compile(r"%\(\w+\)s")

_COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->|<style.*?</style>|<head>.*?</head>", re.DOTALL)
_TRANSLATED = re.compile(r"\{%-?\s*(?:end)?trans\b.*?%\}", re.DOTALL)
_PRINTED = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_CONTROL = re.compile(r"\{%.*?%\}", re.DOTALL)
_INLINE = re.compile(r"</?(?:strong|em|code|span|br|sup|b|i)\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence in English that states a fact, ``%(name)s`` where a value stands, and its source."""

    text: str
    source: str

    @property
    def pattern(self) -> re.Pattern[str]:
        """What such a sentence looks like, whatever stands in the place of its values."""
        return re.compile(".+?".join(re.escape(part) for part in _VALUE.split(self.text)))


def stating(text: str) -> Iterator[str]:
    """The sentences of a text that state a fact."""
    for sentence in SENTENCE.findall(" ".join(text.split())):
        if STATES_A_FACT.search(sentence) and not CONDITION.match(sentence.strip()):
            yield sentence.strip()


def template_sentences(source: str) -> Iterator[str]:
    """The sentences of a template that state a fact, ``%(value)s`` in the place of each value."""
    text = _TRANSLATED.sub("", _COMMENT.sub("", source))
    text = _CONTROL.sub("\n\n", _PRINTED.sub("%(value)s", text))
    for block in _TAG.sub("\n\n", _INLINE.sub(" ", text)).split("\n\n"):
        yield from stating(block)


def facts_of(folder: str, folders: Sequence[Path]) -> tuple[Fact, ...]:
    """The facts that the papers of a folder may state. Raises InputFault where their file can't be used."""
    where = f"{folder}/{FILE}"
    path = template_file(folders, where)
    if path is None:
        raise InputFault(f"There is no {where} in the template folders.", todo="Put back the file that came with it.")
    try:
        entries: Any = tomllib.loads(path.read_text("utf-8")).get("fact", [])
        found = tuple(Fact(" ".join(str(each["text"]).split()), str(each["source"])) for each in entries)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as fault:
        raise InputFault(
            f"{where} can't be used: {type(fault).__name__}.", todo="Every [[fact]] needs text and source."
        ) from None
    if unknown := sorted({each.source for each in found} - PAPER_SOURCES.keys()):
        raise InputFault(
            f"{where} can't be used: no source is called {unknown[0]!r}.",
            todo=f"Name one of {', '.join(PAPER_SOURCES)} (docs/templates.md).",
        )
    return found


def require_sources(template: str, folders: Sequence[Path]) -> None:
    """Raises InputFault, naming file and sentence, where a paper in the folder of ``template`` states a fact whose
    source isn't named. What was found sound isn't read again until a file changes."""
    folder = template.partition("/")[0]
    if folder in PAPERS:
        _check(folder, tuple(folders), tuple(_stamps(folder, folders)))


def _stamps(folder: str, folders: Sequence[Path]) -> Iterator[tuple[str, int, int]]:
    for root in folders:
        for path in sorted((root / folder).glob("*")):
            if path.suffix in (".html", ".toml"):
                found = path.lstat()
                yield str(path), found.st_mtime_ns, found.st_size


@lru_cache(maxsize=64)
def _check(folder: str, folders: tuple[Path, ...], stamps: tuple[tuple[str, int, int], ...]) -> None:
    declared = [each.pattern for each in facts_of(folder, folders)]
    problems = []
    for name in sorted({Path(path).name for path, _, _ in stamps if path.endswith(".html")}):
        path = template_file(folders, f"{folder}/{name}")
        source = path.read_text("utf-8", errors="replace") if path else ""
        problems += [
            Problem(
                "fact_without_source",
                f"it states a fact without naming the record behind it: “{sentence}”",
                f"{folder}/{name}",
                f"Name it in {folder}/{FILE}: [[fact]] with text and source.",
            )
            for sentence in template_sentences(source)
            if not any(pattern.fullmatch(sentence) for pattern in declared)
        ]
    if problems:
        raise InputFault(
            f"A template of {folder}/ states what no record is named for; nothing was made.",
            todo="Mend the template, or name the source.",
            problems=problems,
        )
