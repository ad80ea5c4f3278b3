"""What the glyphs of a letter say, so that whoever copies or reads its text aloud gets the words that were written.

A PDF says of each glyph of a font what text it stands for, once (ToUnicode). In Khmer and other scripts one glyph
stands for different texts in different words. Where a stretch of text has such a glyph its words are written beside it
(ActualText, ISO 32000-1, 14.9.4), and what ToUnicode says of a glyph follows from the font and the letter's words,
never from the order in which they were drawn: so a letter's own PDF and the print file, whose fonts many letters share,
say the same.

WeasyPrint 70.0 keeps the first text of a glyph that was drawn. What is used of it here is what ``tags`` uses, and what
``mail_merge.internals.engine`` lists.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import pydyf
import weasyprint
from cffi import FFI
from weasyprint.pdf import stream as pdf_stream
from weasyprint.text.ffi import ffi, pango

_OWN = FFI()
_OWN.cdef(
    "int hb_font_get_nominal_glyph(void *font, uint32_t unicode, uint32_t *glyph);"
    "int32_t hb_font_get_glyph_h_advance(void *font, uint32_t glyph);"
    "void hb_font_get_scale(void *font, int *x, int *y);"
    "const char *hb_version_string(void);"
)
UNSAID = "\ufffd"
_MIRRORED = dict(zip("()[]{}<>«»‹›", ")(][}{><»«›‹", strict=True))
_ALPHABET = "".join(map(chr, range(0x20, 0x7F)))


@lru_cache(maxsize=1)
def _harfbuzz() -> Any:
    return _OWN.dlopen("libharfbuzz.so.0")


def harfbuzz_version() -> str:
    """The version of the library that shapes text."""
    return bytes(_OWN.string(_harfbuzz().hb_version_string())).decode("ascii")


def pango_version() -> int:
    """The version of the library that lays lines out, as one number."""
    return int(pango.pango_version())


def _handle(font: Any) -> Any:
    return _OWN.cast("void *", int(ffi.cast("intptr_t", font.hb_font)))


def nominal_glyph(font: Any, char: str) -> int | None:
    """The glyph that ``font`` (WeasyPrint's) has for ``char`` by itself; None where it has none."""
    known: dict[str, int | None] = font.__dict__.setdefault("nominal_glyphs", {})
    if char not in known:
        glyph = _OWN.new("uint32_t *")
        known[char] = glyph[0] if _harfbuzz().hb_font_get_nominal_glyph(_handle(font), ord(char), glyph) else None
    return known[char]


def _width(font: Any, glyph: int) -> int:
    """A glyph's width in 1/1000 em."""
    scale = _OWN.new("int[2]")
    _harfbuzz().hb_font_get_scale(_handle(font), scale, scale + 1)
    advance = int(_harfbuzz().hb_font_get_glyph_h_advance(_handle(font), glyph))
    return round(advance * 1000 / int(scale[0]))


class Said(dict[int, Any]):
    """Glyph → the texts that it stood for; tells the stream that draws whether what it says is certain.

    WeasyPrint asks ``in`` before it looks up a glyph's text: the answer is always no.
    """

    def __init__(self, font: Any, stream: SpellingStream) -> None:
        super().__init__()
        self.font, self.stream = font, stream

    def __contains__(self, glyph: object) -> bool:
        return False

    def __setitem__(self, glyph: int, text: str) -> None:
        self.stream.heard(self, glyph, text)

    def keep(self, glyph: int, text: str) -> None:
        """Remembers that ``glyph`` stood for ``text``."""
        known = self.get(glyph)
        if known is None:
            super().__setitem__(glyph, {text: None})
        else:
            known[text] = None


def uncertain(text: str) -> bool:
    """Whether the ``text`` of a glyph can't be told from the glyph alone: it belongs to a cluster of several glyphs
    (then all but one of them have no text), or is a character that may have its form from another one."""
    if text.isascii():
        return not text
    plain = unicodedata.normalize("NFKC", text)
    return len(text) == len(plain) == 1 and plain != text and unicodedata.category(plain) == "Lo"


def spelled(font: Any, texts: Mapping[int, Iterable[str]]) -> dict[int, str]:
    """What ToUnicode says of each glyph, in the order of glyphs: the character that has this very glyph, else the
    shortest text.

    Of a bracket in right-to-left text that is the one which is seen: the same glyph may stand for the other elsewhere.
    """
    return {glyph: _spelled(font, glyph, list(of_glyph)) for glyph, of_glyph in sorted(texts.items())}


def _spelled(font: Any, glyph: int, texts: Sequence[str]) -> str:
    seen = [_MIRRORED.get(text, text) for text in texts if text in _MIRRORED and nominal_glyph(font, text) != glyph]
    candidates = {*texts, *seen} if seen or len(texts) > 1 else texts
    if len(candidates) == 1:
        return texts[0]

    def rank(text: str) -> tuple[bool, bool, int, str]:
        return (not (len(text) == 1 and nominal_glyph(font, text) == glyph), text == UNSAID, len(text), text)

    return min(candidates, key=rank)


def _by_themselves(heard: Sequence[tuple[Said, int, str]], words: str) -> Iterator[tuple[Said, int, str]]:
    """What glyphs say whose words are written beside them: alone in its cluster, its text; else the character of the
    words that has this very glyph, or that it says none.

    Of a cluster's glyphs the last one to be read, or in right-to-left text the first one to be drawn, has the whole
    text.
    """
    backwards = any(unicodedata.bidirectional(char) in ("R", "AL") for char in words)
    for place, (said, glyph, text) in enumerate(heard):
        beside = place + 1 if backwards else place - 1
        exclusively = text and not uncertain(text) and not (0 <= beside < len(heard) and not heard[beside][2])
        yield (
            said,
            glyph,
            text if exclusively else next((char for char in words if nominal_glyph(said.font, char) == glyph), UNSAID),
        )


class SpellingStream(pdf_stream.Stream):  # type: ignore[misc]  # WeasyPrint has no type information
    """A stream that writes the words beside a stretch of text whose glyphs don't say them."""

    words = ""
    _start = 0
    _uncertain = False
    _heard: list[tuple[Said, int, str]]

    def add_font(self, pango_font: Any) -> Any:
        font, size = super().add_font(pango_font)
        if not isinstance(font.to_unicode, Said):
            font.to_unicode = self.listener(font)
        font.to_unicode.stream = self
        return font, size

    def listener(self, font: Any) -> Said:
        """What takes note of the texts of a font's glyphs."""
        return Said(font, self)

    def heard(self, said: Said, glyph: int, text: str) -> None:
        """Takes note of a glyph that is drawn."""
        self._heard.append((said, glyph, text))
        self._uncertain = self._uncertain or uncertain(text)

    @contextmanager
    def marked(self, box: Any, tag: str) -> Iterator[None]:
        self.words = getattr(box, "text", "")
        with super().marked(box, tag):
            yield
        self.words = ""

    def begin_text(self) -> None:
        super().begin_text()
        self._start, self._uncertain, self._heard = len(self.stream), False, []

    def end_text(self) -> None:
        if self._uncertain:
            words = self.words.strip() or "".join([text for _, _, text in self._heard])
            actual = pydyf.Dictionary({"ActualText": pydyf.String(words)})
            self.stream[self._start : self._start] = ["/Span", actual, b"BDC"]
            self.stream.append(b"EMC")
        for said, glyph, text in _by_themselves(self._heard, words) if self._uncertain else self._heard:
            said.keep(glyph, text)
        super().end_text()


def alphabet(font: Any) -> tuple[int, int]:
    """The glyphs (a bit for each) that a face has for the ASCII characters, and those for letters and digits among
    them."""
    known: tuple[int, int] | None = font.__dict__.get("alphabet_glyphs")
    if known is None:
        found = {char: nominal_glyph(font, char) for char in _ALPHABET}
        every = sum({1 << glyph for glyph in found.values() if glyph is not None})
        known = (every, sum({1 << glyph for char, glyph in found.items() if glyph is not None and char.isalnum()}))
        font.__dict__["alphabet_glyphs"] = known
    return known


def with_alphabet(font: Any, drawn: int) -> int:
    """These glyphs (a bit for each), and where a letter or digit is among them the face's whole alphabet.

    So nearly all letters have the same fonts, which are cut out once.
    """
    every, telling = alphabet(font)
    return drawn | every if drawn & telling else drawn


def complete(font: Any) -> None:
    """Gives a font that was drawn with what it is written with: its alphabet besides what was drawn, in the order of
    glyphs."""
    said = font.to_unicode
    if isinstance(said, Said):
        said = spelled(font, said)
    if any(alphabet(font)[1] >> glyph & 1 for glyph in said):
        for char in _ALPHABET:
            glyph = nominal_glyph(font, char)
            if glyph is not None:
                said.setdefault(glyph, char)
                font.widths.setdefault(glyph, _width(font, glyph))
    font.to_unicode = dict(sorted(said.items()))
    font.widths = dict(sorted(font.widths.items()))


@contextmanager
def spelling() -> Iterator[None]:
    """Has WeasyPrint write documents so while this lasts (one thread at a time)."""
    stream, build = weasyprint.pdf.Stream, weasyprint.pdf.build_fonts_dictionary

    def built(pdf: Any, fonts: dict[Any, Any], *more: Any) -> Any:
        for font in fonts.values():
            complete(font)
        return build(pdf, fonts, *more)

    weasyprint.pdf.Stream, weasyprint.pdf.build_fonts_dictionary = SpellingStream, built
    try:
        yield
    finally:
        weasyprint.pdf.Stream, weasyprint.pdf.build_fonts_dictionary = stream, build
