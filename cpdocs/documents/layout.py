"""Lays a document out as WeasyPrint does, without what costs time and changes nothing.

1. Right to left, WeasyPrint 70.0 lays every line out twice: whether a line moved is asked of its right edge, and held
   against its left one (``inline.get_next_linebox``). Where nothing floats no line moves, and once is enough.
2. A layout makes some hundred thousand objects that all live until it is done: looking through them again and again for
   garbage finds none.
3. WeasyPrint shares one computed style among elements that the same rules match, but reads every ``lang`` anew and
   takes it for a rule of its own (``css.find_style_attributes``): with English beside each text of another language
   nothing was shared.
4. What a style asks of a font, and how high its lines are, is found for every piece of text anew.
5. tinyhtml5 2.1 keeps the patterns that it reads by under names by which it doesn't find them again
   (``inputstream.chars_until``).
6. Text is shaped to break lines, thrown away and shaped again to be drawn (``shaped_once``).
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

import tinycss2
from tinyhtml5 import inputstream
from tinyhtml5.constants import space_characters
from weasyprint import css
from weasyprint.formatting_structure import boxes
from weasyprint.layout import inline
from weasyprint.text import line_break
from weasyprint.text.ffi import pango
from weasyprint.text.fonts import get_font_description

_avoid_collisions = inline.avoid_collisions
_find_style_attributes = css.find_style_attributes
_parse_one_declaration = tinycss2.parse_one_declaration


def _where_it_stands(context: Any, box: Any, containing_block: Any, outer: bool = True) -> tuple[float, float, float]:
    """WeasyPrint's own answer, for a line from right to left by its left edge."""
    x, y, width = _avoid_collisions(context, box, containing_block, outer=outer)
    if not outer and not context.excluded_shapes and containing_block.style["direction"] == "rtl":
        left = x - box.width
        # Only where the caller's sum gives the right edge again, to the last bit.
        if isinstance(box, boxes.LineBox) and left + box.width == x:
            x = left
    return x, y, width


def _patterns() -> dict[tuple[Collection[str], bool], re.Pattern[str]]:
    """tinyhtml5's own patterns, under the names that it looks for: characters, and whether these or all but these."""
    asked: tuple[tuple[Collection[str], bool], ...] = (
        (space_characters, True),
        (("&", "<", "\0"), False),
        (('"', "&", "\0"), False),
    )
    return {
        (characters, these): re.compile(f"[{'' if these else '^'}{re.escape(''.join(characters))}]+")
        for characters, these in asked
    }


def _read_once() -> Callable[[str], Any]:
    """tinycss2's own answer, the same declaration for the same words."""
    read: dict[str, Any] = {}

    def declaration(words: str) -> Any:
        if words not in read:
            read[words] = _parse_one_declaration(words)
        return read[words]

    return declaration


def _style_attributes(tree: Any, presentational_hints: bool = False, base_url: Any = None) -> Iterator[Any]:
    """WeasyPrint's own answer. It tells elements apart by the last of what they say of themselves, and a style of their
    own comes before that: such an element keeps its language for itself."""
    for specificity, element, declarations, base in _find_style_attributes(tree, presentational_hints, base_url):
        if element.get("style"):
            declarations = tuple(copy(each) for each in declarations)
        yield specificity, element, declarations, base


def _of_style(answer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``answer`` on a style, found once for each: a style that WeasyPrint changes is a copy."""
    name = f"_once_{answer.__name__}"

    def once(style: Any) -> Any:
        known = style.__dict__
        if name not in known:
            known[name] = answer(style)
        return known[name]

    return once


@contextmanager
def shaped_once() -> Iterator[None]:
    """Text that was shaped to break lines is drawn as it was shaped, while this lasts.

    WeasyPrint shapes every line again to draw it. Without a line break in the text, justification or a second line that
    is the same shaping, so the Pango layout is kept from the one to the other.
    """
    layout = line_break.Layout
    deactivate, reactivate, set_text = layout.deactivate, layout.reactivate, layout.set_text

    def kept_set_text(self: Any, text: str, justify: bool = False) -> None:
        set_text(self, text, justify)
        self.one_paragraph = "\n" not in text
        if self.one_paragraph:
            # Drawing asks for it, and to ask again changes nothing.
            pango.pango_layout_set_single_paragraph_mode(self.layout, True)

    def kept_deactivate(self: Any) -> None:
        self.kept = True

    def kept_reactivate(self: Any, style: Any) -> None:
        if not (
            self.__dict__.get("kept")
            and self.one_paragraph
            and not self.justification_spacing
            and self.get_first_line()[1] is None
        ):
            reactivate(self, style)

    layout.deactivate, layout.reactivate, layout.set_text = kept_deactivate, kept_reactivate, kept_set_text
    try:
        yield
    finally:
        layout.deactivate, layout.reactivate, layout.set_text = deactivate, reactivate, set_text


_ONCE: tuple[tuple[Any, str, Callable[[], Any]], ...] = (
    (inline, "avoid_collisions", lambda: _where_it_stands),
    (css, "find_style_attributes", lambda: _style_attributes),
    (tinycss2, "parse_one_declaration", _read_once),
    (inputstream, "characters_until_regex", _patterns),
    (inline, "strut", lambda: _of_style(line_break.strut)),
    (line_break, "get_font_description", lambda: _of_style(get_font_description)),
)


@contextmanager
def laid_out_once() -> Iterator[None]:
    """While this lasts, nothing of the above is done twice, and no garbage is looked for (one thread at a time)."""
    collecting = gc.isenabled()
    gc.disable()
    before = [getattr(module, name) for module, name, _ in _ONCE]
    for module, name, answer in _ONCE:
        setattr(module, name, answer())
    try:
        with shaped_once():
            yield
    finally:
        for (module, name, _), answer in zip(_ONCE, before, strict=True):
            setattr(module, name, answer)
        if collecting:
            gc.enable()
