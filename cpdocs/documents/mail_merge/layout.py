"""A letter laid out once, and others merged from it: the same tags, other words in the same places.

A letter has a template's geometry where every block whose words differ breaks into as many lines, each at the same
place and of the same height, by WeasyPrint's own line breaker; nothing else in the layout depends on words, or the
block has no slot and has to have the template's very words. What a merged page says is what the full layout of that
letter would draw: ``drawn`` takes both the same way apart, so that the two can be compared byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING

from cpdocs.documents.envelope import MAY_SHOW, UPPER_WINDOW
from cpdocs.documents.layout import shaped_once
from cpdocs.documents.mail_merge.internals.canvas import Canvas, Drawing, Furniture
from cpdocs.documents.mail_merge.internals.engine import LaidOut, Run, Slot, break_again
from cpdocs.documents.mail_merge.internals.text_substitution import Retyping, retyping
from cpdocs.documents.mail_merge.placeholders import Placeholders, collapsed, is_blank, is_ordinary, plain

if TYPE_CHECKING:
    from cpdocs.documents.mail_merge.internals.tagged import TaggedTemplate

_KEPT_DRAWINGS = 1024
_WINDOWS = (max(MAY_SHOW[2], UPPER_WINDOW[2]), max(MAY_SHOW[3], UPPER_WINDOW[3]))
"""Inches from the upper left corner of the sheet: no window opens right of it or below."""
_DEPENDS_ON_WORDS = re.compile(
    r"string-set|target-text|target-counter|leader\s*\(|content\s*\(|:dir\s*\(|attr\s*\(|outline|clamp|max-lines", re.I
)


Words = tuple[str, tuple[tuple[float, float, float, float], ...]]
"""What a block says, and the boxes that it inks, in inches from the upper left."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The part of a page that is the same in many letters: operators in CSS pixels, the pictures that they name (a PDF
    of one page, or empty), and the SHA-256 of both."""

    operators: bytes
    digest: bytes
    pictures: bytes = b""


@dataclass(frozen=True, slots=True)
class Merged:
    """A letter: of every page the shared part and the operators of its own, and what blocks say on the first page where
    an envelope's windows may open."""

    shared: tuple[Shared, ...]
    own: tuple[bytes, ...]
    first_page: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which groups name this letter's person, which don't, and how to take the latter's texts."""

    own: tuple[int, ...]
    others: tuple[int, ...]
    take: Callable[[Sequence[str]], tuple[str, ...]]


def depends_on_words(css: str) -> bool:
    """Whether a style sheet has something by which layout or generated content depends on an element's words or
    attributes."""
    return _DEPENDS_ON_WORDS.search(css) is not None


class Template:
    """One layout, and the letters merged from it. Raises NotMergeable where a page has words in effects, or pictures
    where other words are."""

    def __init__(self, tokens: Placeholders, laid: LaidOut, canvas: Canvas) -> None:
        self.tokens = tokens
        self.pages = laid.pages
        self._laid = laid
        self._canvas = canvas
        owners = _owners(tokens, laid)
        self._slots = [
            _Place(slot, places) for slot in laid.slots if (places := _places(slot, owners, tokens)) is not None
        ]
        changeable = {index for place in self._slots for index in place.tokens}
        fixed = [index for index in range(len(tokens.texts)) if index not in changeable]
        self._fixed = _taker(fixed)
        self._fixed_texts = self._fixed(tokens.texts)
        self._groups = _twins(self._slots)
        frozen = [slot for slot in laid.slots if slot not in {place.slot for place in self._slots}]
        self._furniture = [self._draw_furniture(number, frozen) for number in range(laid.pages)]
        self._kept: list[dict[tuple[str, ...], Drawing | None]] = [{} for _ in self._groups]
        self._retypings: dict[int, Retyping | None] = {}
        self._tagged: dict[str, TaggedTemplate] = {}
        self._plans: dict[frozenset[int], _Plan] = {}
        self._sheets: dict[
            tuple[frozenset[int], tuple[str, ...]], tuple[tuple[Shared, ...], tuple[Words, ...]] | None
        ] = {}

    def _draw_furniture(self, number: int, frozen: Sequence[Slot]) -> Furniture:
        drawn = self._canvas.furniture(self._laid, number)
        parts = [drawn.operators]
        parts += [self._canvas.lines(slot, slot.lines).operators for slot in frozen if slot.page == number]
        return Furniture(b"\n".join(filter(None, parts)), drawn.pictures)

    def merge(self, tokens: Placeholders, own: frozenset[int]) -> Merged | None:
        """The letter of these ``tokens``, which have the template's key; None where its layout isn't the template's.

        ``own`` are the tokens that name this letter's person: what they say stays out of the shared parts. It decides
        what is shared, never what is drawn.
        """
        if self._fixed(tokens.texts) != self._fixed_texts:
            return None
        plan = self._plans.get(own) or self._planned(own)
        sheets = self._shared(tokens, own, plan)
        if sheets is None:
            return None
        mine: list[list[bytes]] = [[] for _ in range(self.pages)]
        first = list(sheets[1])
        for index in plan.own:
            drawing = self._drawing(index, tokens)
            if drawing is None:
                return None
            for page in self._groups[index].pages:
                mine[page].append(drawing.operators)
                if page == 0 and _may_show(drawing):
                    first.append((self._groups[index].said(tokens), drawing.ink))
        return Merged(sheets[0], tuple(b"\n".join(parts) for parts in mine), tuple(first))

    def changes(self, tokens: Placeholders) -> list[tuple[Slot, list[str], Retyping | None]] | None:
        """The slots that say something else in a letter of these tokens, with their words and how they are retyped;
        None where one of them has something out of the ordinary."""
        found = []
        for index, place in enumerate(self._slots):
            texts = [tokens.texts[token] for token in place.tokens]
            if texts != [self.tokens.texts[token] for token in place.tokens]:
                words = place.words(texts)
                if words is None:
                    return None
                found.append((place.slot, words, self._retyping(index)))
        return found

    def tagged(self, moment: str) -> TaggedTemplate:
        """The tagged file of this layout, of this moment; its first use writes it. Raises NotMergeable."""
        from cpdocs.documents.mail_merge.internals.tagged import TaggedTemplate

        if moment not in self._tagged:
            self._tagged[moment] = TaggedTemplate(self._laid, self._canvas, moment)
        return self._tagged[moment]

    def _planned(self, own: frozenset[int]) -> _Plan:
        mine = tuple(index for index, group in enumerate(self._groups) if not own.isdisjoint(group.tokens))
        others = tuple(index for index in range(len(self._groups)) if index not in mine)
        plan = _Plan(mine, others, _taker(token for index in others for token in self._groups[index].tokens))
        if len(self._plans) >= _KEPT_DRAWINGS:
            self._plans.clear()
        self._plans[own] = plan
        return plan

    def _drawing(self, index: int, tokens: Placeholders) -> Drawing | None:
        group, kept = self._groups[index], self._kept[index]
        texts = group.take(tokens.texts)
        if texts not in kept:
            if (retyped := self._substituted(group, texts)) is not None:
                return retyped  # whose lines are kept
            if len(kept) >= _KEPT_DRAWINGS:
                kept.clear()
            kept[texts] = self._draw(group, texts)
        return kept[texts]

    def _shared(
        self, tokens: Placeholders, own: frozenset[int], plan: _Plan
    ) -> tuple[tuple[Shared, ...], tuple[Words, ...]] | None:
        key = (own, plan.take(tokens.texts))
        if key not in self._sheets:
            if len(self._sheets) >= _KEPT_DRAWINGS:
                self._sheets.clear()
            self._sheets[key] = self._drawn_shared(tokens, plan)
        return self._sheets[key]

    def _drawn_shared(self, tokens: Placeholders, plan: _Plan) -> tuple[tuple[Shared, ...], tuple[Words, ...]] | None:
        pages = [[furniture.operators] for furniture in self._furniture]
        first = []
        for index in plan.others:
            drawing, group = self._drawing(index, tokens), self._groups[index]
            if drawing is None:
                return None
            for page in group.pages:
                pages[page].append(drawing.operators)
                if page == 0 and _may_show(drawing):
                    first.append((group.said(tokens), drawing.ink))
        drawn = [b"\n".join(filter(None, parts)) for parts in pages]
        found = zip(drawn, (furniture.pictures for furniture in self._furniture), strict=True)
        shared = tuple(Shared(part, sha256(part + pictures).digest(), pictures) for part, pictures in found)
        return shared, tuple(first)

    def _substituted(self, group: _Group, texts: tuple[str, ...]) -> Drawing | None:
        if texts == group.take(self.tokens.texts):
            return None
        retyped, words = self._retyping(group.member), self._slots[group.member].words(texts)
        return None if retyped is None or words is None else retyped.drawing(words)

    def _retyping(self, member: int) -> Retyping | None:
        if member not in self._retypings:
            self._retypings[member] = retyping(self._canvas, self._slots[member].slot)
        return self._retypings[member]

    def _draw(self, group: _Group, texts: tuple[str, ...]) -> Drawing | None:
        place = self._slots[group.member]
        if texts == group.take(self.tokens.texts):
            return self._canvas.lines(place.slot, place.slot.lines)
        words = place.words(texts)
        if words is None:
            return None
        with shaped_once():
            lines = break_again(self._laid, place.slot, words)
            return None if lines is None else self._canvas.lines(place.slot, lines)


class _Place:
    """A slot with the tokens that its runs come from."""

    def __init__(self, slot: Slot, tokens: tuple[int, ...]) -> None:
        self.slot = slot
        self.tokens = tokens

    def words(self, texts: Sequence[str]) -> list[str] | None:
        """The runs' texts with white space processed; None where a text has something out of the ordinary."""
        words = []
        for run, text in zip(self.slot.runs, texts, strict=True):
            said = plain(text)
            if not is_ordinary(said):
                return None
            words.append(_processed(run, said))
        return words


def _processed(run: Run, said: str) -> str:
    if run.kept:
        return said
    before = " " if run.text[0] == " " else ""
    after = " " if run.text[-1] == " " else ""
    return before + collapsed(said) + after


@dataclass(frozen=True, slots=True)
class _Group:
    """Slots that look the same for the same words, and how to take those from a letter's texts."""

    member: int
    pages: tuple[int, ...]
    tokens: tuple[int, ...]
    take: Callable[[Sequence[str]], tuple[str, ...]]

    def said(self, tokens: Placeholders) -> str:
        return " ".join(plain(text) for text in self.take(tokens.texts))


def _may_show(drawing: Drawing) -> bool:
    """Whether a block on the first page reaches into the part of it where windows may open, or near it."""
    return any(box[0] < _WINDOWS[0] and box[1] < _WINDOWS[1] for box in drawing.ink)


def _twins(places: Sequence[_Place]) -> list[_Group]:
    found: dict[object, list[int]] = {}
    for index, place in enumerate(places):
        found.setdefault((place.slot.twin, place.tokens), []).append(index)
    groups = []
    for members in found.values():
        pages = tuple(places[member].slot.page for member in members)
        tokens = places[members[0]].tokens
        groups.append(_Group(members[0], pages, tokens, _taker(tokens)))
    return groups


def _taker(indices: Iterable[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    wanted = tuple(indices)
    if len(wanted) > 1:
        return itemgetter(*wanted)
    return lambda texts: tuple(texts[index] for index in wanted)


def _owners(tokens: Placeholders, laid: LaidOut) -> dict[int, list[int]]:
    """Element → the tokens of its own text that aren't blank, in order; empty where tokens and elements don't agree."""
    said = [index for index, text in enumerate(tokens.texts) if not is_blank(text)]
    nodes = [(element, text) for element, text in laid.nodes if not is_blank(text)]
    if len(said) != len(nodes) or any(
        plain(tokens.texts[index]) != text for index, (_, text) in zip(said, nodes, strict=True)
    ):
        return {}
    owners: dict[int, list[int]] = {}
    for index, (element, _) in zip(said, nodes, strict=True):
        owners.setdefault(element, []).append(index)
    return owners


def _places(slot: Slot, owners: dict[int, list[int]], tokens: Placeholders) -> tuple[int, ...] | None:
    """The token of each of the slot's runs; None where one isn't certain."""
    found = []
    counts: dict[int, int] = {}
    for run in slot.runs:
        place = counts.get(run.element, 0)
        counts[run.element] = place + 1
        own = owners.get(run.element, [])
        if place >= len(own) or _processed(run, plain(tokens.texts[own[place]])) != run.text:
            return None
        found.append(own[place])
    if any(len(owners[element]) != number for element, number in counts.items()):
        return None
    return tuple(found)
