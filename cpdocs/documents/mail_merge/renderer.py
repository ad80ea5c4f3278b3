"""Merges letters: a full layout for the first of its kind, and for every one that isn't laid out just like it.

A merged letter is what its full layout, taken apart the same way, draws; one letter in ``_SAMPLED`` is laid out in
full besides and compared byte by byte. The envelope's window is preflighted on the finished page of every layout, and
in the boxes and words of every letter merged from it. On a difference nothing of the run is believed
(``MailMergeDiffers``) and the caller makes it in full.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from hashlib import sha256
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING

from weasyprint import HTML

from cpdocs.core.clock import EASTERN
from cpdocs.documents.envelope import MAY_SHOW, UPPER_WINDOW, VISIBLE, AddressBlock
from cpdocs.documents.mail_merge.forms import Forms
from cpdocs.documents.mail_merge.internals import canvas, engine
from cpdocs.documents.mail_merge.internals.canvas import NotMergeable
from cpdocs.documents.mail_merge.layout import Merged, Template, Words, depends_on_words
from cpdocs.documents.mail_merge.merged import TO_PIXELS, MergedLetter, SharedPart, Side
from cpdocs.documents.mail_merge.placeholders import Placeholders, placeholders_of
from cpdocs.documents.pdf import judged, moment_of, toolbox
from cpdocs.documents.preflight import BARCODE_ZONE, Region, bare, inside, overlap, window_faults

if TYPE_CHECKING:
    from cpdocs.documents.letter_kinds import LetterKind
    from cpdocs.documents.letters import Letter, LetterRenderer, PrintedLetter, Unprintable

_SAMPLED = 1000
_TEMPLATES = 96
_VARIANTS = 8
"""Templates of one key that are tried: they differ in the lines of some block."""


_BEGIN = TO_PIXELS + b"\n/S Do\n"
"""The shared part comes first; the page's own operators follow."""


_PERSONAL = frozenset({"document_id", "member_name", "coordinator", "address_lines"})
"""Values of a letter that belong to its person: what ``_names`` has, by the names that templates know."""


class MailMergeDiffers(Exception):
    """A merged letter isn't what its full layout is: mail merge can't be trusted with these templates or fonts."""


class MailMerge:
    """Merges the letters of one LetterRenderer. Cheap to keep; the first letter of each kind takes a full layout."""

    def __init__(self, renderer: LetterRenderer) -> None:
        self._renderer = renderer
        self._canvas = canvas.Canvas()
        self._forms = Forms(renderer, _PERSONAL)
        self._templates: OrderedDict[tuple[object, ...], list[Template]] = OrderedDict()
        self._checked: dict[tuple[str, ...], bool] = {}
        self.fresh: dict[bytes, SharedPart] = {}
        self._known: set[bytes] = set()
        self._made: tuple[Template, Placeholders] | None = None
        self.layouts = 0

    def make(self, letter: Letter) -> MergedLetter | Unprintable:
        """The letter's pages, or why it has to be held.

        Raises NotMergeable for a letter that can't be taken apart, MailMergeDiffers, InputFault for a template's fault.
        """
        address = self._renderer.addressed(letter)
        if not isinstance(address, AddressBlock):
            return address
        kind = self._renderer.kind(letter.kind)
        self._require_sound(kind.stylesheets)
        tokens, own = self._tokens(letter, address)
        self._made = None
        with judged():
            merged = self._merged(tokens, own, kind, letter, address)
            if _sampled(letter.document_id):
                rendered = placeholders_of(self._renderer.html(letter, address))
                if rendered != tokens or self._its_own(self._laid_out(rendered, kind), own) != merged:
                    raise MailMergeDiffers
        if not _window_is_clear(merged, address, self._renderer.return_lines(letter)):
            raise NotMergeable
        return self._merged_letter(merged, barcode=address.barcode)

    def own_pdf(self, letter: Letter) -> bytes | None:
        """The tagged PDF/UA-1 file of the letter that was made last, as its full layout writes it; None where that has
        to be laid out.

        Raises MailMergeDiffers where it was laid out besides and isn't the same.
        """
        if self._made is None:
            return None
        template, tokens = self._made
        changes = template.changes(tokens)
        try:
            with judged():
                moment = moment_of(datetime.combine(letter.on, time(12), EASTERN))
                pdf = None if changes is None else template.tagged(moment).merge(changes, letter.document_id)
        except NotMergeable:
            return None
        if pdf is not None and _sampled(letter.document_id):
            full = self._renderer.make(letter)
            if getattr(full, "pdf", b"") != pdf:
                raise MailMergeDiffers
        return pdf

    def _tokens(self, letter: Letter, address: AddressBlock) -> tuple[Placeholders, frozenset[int]]:
        tokens, own = self._forms.tokens(letter.kind, letter.language, self._renderer.values(letter, address))
        return tokens, own_tokens(tokens, _names(letter, address)) if own is None else own

    def _require_sound(self, sheets: tuple[str, ...]) -> None:
        if sheets not in self._checked:
            tools = toolbox(self._renderer.folders)
            self._checked[sheets] = not any(depends_on_words(tools.text(name)) for name in sheets)
        if not self._checked[sheets]:
            raise NotMergeable

    def _merged(
        self, tokens: Placeholders, own: frozenset[int], kind: LetterKind, letter: Letter, address: AddressBlock
    ) -> Merged:
        key = (tokens.key, kind.stylesheets, kind.template)
        variants = self._templates.get(key)
        if variants is None:
            if len(self._templates) >= _TEMPLATES:
                self._templates.popitem(last=False)
            variants = self._templates[key] = []
        else:
            self._templates.move_to_end(key)
        for template in variants:
            merged = template.merge(tokens, own)
            if merged is not None:
                self._made = (template, tokens)
                return merged
        template = self._laid_out(tokens, kind)
        merged = self._its_own(template, own)
        if window_faults(self._first_page(merged), address, self._renderer.return_lines(letter)):
            raise NotMergeable
        variants.insert(0, template)
        del variants[_VARIANTS:]
        self._made = (template, tokens)
        return merged

    def _first_page(self, merged: Merged) -> bytes:
        """The first page as a PDF, for the preflight that sees everything on it: once for each layout."""
        from cpdocs.documents.mail_merge.printing import proof

        shared = merged.shared[0]
        begin = b"" if shared.pictures else TO_PIXELS
        flat = b"\n".join((begin, shared.operators, merged.own[0]))
        empty = {b"": SharedPart(zlib.compress(b""), shared.pictures)}
        return proof((Side(b"", zlib.compress(flat)),), empty, canvas.faces(self._canvas), self.lay)

    def _laid_out(self, tokens: Placeholders, kind: LetterKind) -> Template:
        self.layouts += 1
        if 'dir="auto' in tokens.key[0] or "<style" in tokens.key[0]:
            raise NotMergeable
        return Template(tokens, self.lay(tokens.page, kind.stylesheets, kind.template), self._canvas)

    def lay(self, page: str, sheets: Sequence[str] = (), template: str = "") -> engine.LaidOut:
        """A page of HTML, made from ``template``, laid out with the fonts of these letters."""
        tools = toolbox(self._renderer.folders)
        source = HTML(string=page, base_url=tools.base(template), url_fetcher=tools.fetcher)
        return engine.lay_out(source, tools.fonts, [tools.sheet(name) for name in sheets], tools.pictures)

    @staticmethod
    def _its_own(template: Template, own: frozenset[int]) -> Merged:
        merged = template.merge(template.tokens, own)
        if merged is None:
            raise MailMergeDiffers
        return merged

    def _merged_letter(self, merged: Merged, *, barcode: bool) -> MergedLetter:
        whole = sha256()
        sides = []
        for shared, own in zip(merged.shared, merged.own, strict=True):
            if shared.digest not in self._known:
                self._known.add(shared.digest)
                self.fresh[shared.digest] = SharedPart(zlib.compress(shared.operators), shared.pictures)
            whole.update(shared.digest)
            whole.update(own)
            sides.append(Side(shared.digest, zlib.compress(_BEGIN + own)))
        return MergedLetter(tuple(sides), whole.hexdigest(), barcode)

    def whole(self, letter: Letter) -> PrintedLetter | Unprintable:
        """A letter that can't be taken apart, laid out and preflighted as a PDF of its own."""
        return self._renderer.make(letter)

    def forget(self) -> None:
        """Gives every shared part anew from here on."""
        self._known.clear()

    def taken(self) -> tuple[dict[bytes, SharedPart], dict[str, canvas.Face]]:
        """Shared parts that weren't given before, and every face drawn with so far."""
        fresh, self.fresh = self.fresh, {}
        return fresh, canvas.faces(self._canvas)


def own_tokens(tokens: Placeholders, names: Sequence[str]) -> frozenset[int]:
    """The tokens in which one of ``names`` stands."""
    text = "\0".join(tokens.texts)
    ends = list(accumulate(len(part) + 1 for part in tokens.texts))
    found = set()
    for name in names:
        place = text.find(name)
        while place >= 0:
            index = bisect_right(ends, place)
            found.add(index)
            place = text.find(name, ends[index])
    return frozenset(found)


def _names(letter: Letter, address: AddressBlock) -> list[str]:
    """Whatever of a letter belongs to its person, as HTML has it."""
    member = letter.assignment
    said = (letter.document_id, member.full_name, member.coordinator, member.member_id, *address.lines)
    return [escape(name) for name in said if name]


def _window_is_clear(merged: Merged, address: AddressBlock, return_lines: Sequence[str]) -> bool:
    """The preflight of a merged letter: of its blocks' boxes and words, as ``preflight`` does of a PDF (mailroom.md,
    "A run")."""
    seen = _said_in(merged.first_page, MAY_SHOW)
    if any(not inside(box, VISIBLE) for _, boxes in seen for box in boxes if overlap(box, MAY_SHOW)):
        return False
    if address.barcode and any(overlap(box, BARCODE_ZONE) for _, boxes in seen for box in boxes):
        return False
    upper = _said_in(merged.first_page, UPPER_WINDOW)
    return bare([text for text, _ in seen]) == bare(address.lines) and bare([text for text, _ in upper]) == bare(
        return_lines
    )


def _said_in(words: Iterable[Words], zone: Region) -> list[Words]:
    return [(text, boxes) for text, boxes in words if any(overlap(box, zone) for box in boxes)]


def _sampled(document_id: str) -> bool:
    return int.from_bytes(sha256(document_id.encode()).digest()[:4], "big") % _SAMPLED == 0
