"""A letter's HTML filled into a form: a template rendered once with holes where values are printed.

A template is rendered with values that can be printed and asked whether they are empty, and nothing else. Whatever more
it does with one (compares, counts, cuts, a value inside a tag) makes that value part of what the form is for: letters
that differ in it have forms of their own. Only templates of the plainest kind are rendered so (``_PLAIN``): in others
what is printed might pass through a filter. They are rendered letter by letter, and so is every letter whose form
didn't give the very tokens of its own HTML when it was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from jinja2 import Environment, TemplateError, meta, nodes
from markupsafe import escape

from cpdocs.documents.mail_merge.placeholders import Placeholders, placeholders_of, shape_of
from cpdocs.errors import InputFault

if TYPE_CHECKING:
    from cpdocs.documents.letters import LetterRenderer

_OPEN, _CLOSE = "\ue000Hole", "\ue001"
_HOLE = re.compile(_OPEN + "([0-9]+)" + _CLOSE)
"""With letters of both cases: what changes the case of printed text leaves no hole that can be found again."""
_FORMS = 256
_TRIES = 12
_WORDS = (nodes.Const, nodes.Name)
_PLAIN = (
    *(
        nodes.Template,
        nodes.TemplateData,
        nodes.Output,
        nodes.Extends,
        nodes.Include,
        nodes.Block,
        nodes.If,
        nodes.CondExpr,
    ),
    *(nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand, nodes.For, nodes.With, nodes.Keyword, *_WORDS),
)
_TESTS = ("defined", "undefined")
_FILTERS = ("length", "count")


class _Asked(Exception):  # a signal inside this module, not an error for anyone
    """A template did more with the value of this name than to print it."""


class Hole:
    """A value that can be printed, and asked whether it is empty."""

    __slots__ = ("_name", "_number")

    def __init__(self, name: str, number: int) -> None:
        self._name, self._number = name, number

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return str

    def __html__(self) -> str:
        return f"{_OPEN}{self._number}{_CLOSE}"

    def __bool__(self) -> bool:
        return True

    def _asked(self, *_: object) -> NoReturn:
        raise _Asked(self._name)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _asked
    __len__ = __iter__ = __getitem__ = __contains__ = __str__ = __repr__ = __format__ = _asked
    __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = __int__ = __float__ = __index__ = _asked

    def __getattr__(self, name: str) -> NoReturn:
        raise _Asked(self._name)


@dataclass(frozen=True, slots=True)
class _Form:
    """The tokens of a letter with holes: its tags, its texts, and which texts have holes, each as text and numbers in
    turn."""

    tags: tuple[str, ...]
    joined: str
    texts: tuple[str, ...]
    shape: tuple[str | int, ...]
    filled: tuple[tuple[int, tuple[str | int, ...]], ...]
    own: frozenset[int]
    kept: Any

    def tokens(self, values: Sequence[str]) -> Placeholders:
        said = [str(escape(value)) for value in values]
        texts, shape = list(self.texts), list(self.shape)
        for index, parts in self.filled:
            texts[index] = text = "".join([part if isinstance(part, str) else said[part] for part in parts])
            shape[index] = shape_of(text)
        return Placeholders(self.tags, (self.joined, tuple(shape)), tuple(texts))


class Forms:
    """The forms of one press's templates. ``personal`` are the names of values that belong to a letter's person."""

    def __init__(self, renderer: LetterRenderer, personal: frozenset[str]) -> None:
        self._renderer, self._personal = renderer, personal
        self._plain: dict[tuple[str, str], bool] = {}
        self._asked: dict[tuple[str, str], set[str]] = {}
        self._forms: dict[tuple[object, ...], _Form | None] = {}

    def tokens(self, kind: str, language: str, values: Mapping[str, Any]) -> tuple[Placeholders, frozenset[int] | None]:
        """The tokens of a letter with these ``values``, and those of them that name its person (None where that isn't
        known).

        Raises InputFault for a fault of the template.
        """
        what = (kind, language)
        if what not in self._plain:
            self._plain[what] = _is_plain(self._renderer.environment(language), self._renderer.kind(kind).template)
            self._asked[what] = set()
        if self._plain[what]:
            asked = self._asked[what]
            key = (*what, *_key(values, asked))
            if key not in self._forms:
                if len(self._forms) >= _FORMS:
                    self._forms.clear()
                form = self._made(what, values, asked)
                key = (*what, *_key(values, asked))
                self._forms[key] = form
            form = self._forms[key]
            if form is not None:
                return form.tokens(_printed(values, asked)), form.own
        return placeholders_of(self._renderer.rendered(kind, language, values)), None

    def _made(self, what: tuple[str, str], values: Mapping[str, Any], asked: set[str]) -> _Form | None:
        for _ in range(_TRIES):
            try:
                page = self._renderer.rendered(*what, _with_holes(values, asked))
            except _Asked as more:
                asked.add(str(more))
                continue
            except InputFault:
                return None
            names = [name for name, _ in _holes(values, asked)]
            form = _form(page, names, self._personal, values)
            if not isinstance(form, _Form):
                if not form:
                    return None
                asked |= form
                continue
            own = self._personal.isdisjoint(asked)
            same = form.tokens(_printed(values, asked)) == placeholders_of(self._renderer.rendered(*what, values))
            return form if same and own else None
        return None


def _form(page: str, names: Sequence[str], personal: frozenset[str], values: Mapping[str, Any]) -> _Form | set[str]:
    """The form that a page with holes is; or the names of values inside of tags (none where a hole was changed)."""
    if page.count(_OPEN[0]) != len(_HOLE.findall(page)) or page.count(_CLOSE) != page.count(_OPEN[0]):
        return set()
    tokens = placeholders_of(page)
    inside = {names[int(number)] for number in _HOLE.findall(tokens.key[0])}
    if inside:
        return inside
    filled, own = [], set()
    for index, text in enumerate(tokens.texts):
        parts = _HOLE.split(text)
        if len(parts) > 1:
            numbers = [int(number) for number in parts[1::2]]
            filled.append((index, tuple(int(part) if place % 2 else part for place, part in enumerate(parts))))
            if not personal.isdisjoint(names[number] for number in numbers):
                own.add(index)
    return _Form(tokens.tags, tokens.key[0], tokens.texts, tokens.key[1], tuple(filled), frozenset(own), values)


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def _key(values: Mapping[str, Any], asked: set[str]) -> Iterator[object]:
    """What a form is for: the values that a template looks into, and of others whether they are empty, or how many
    there are."""
    for name, value in values.items():
        if name in asked:
            yield tuple(value) if isinstance(value, list) else value
        elif isinstance(value, str):
            yield bool(value)
        elif _is_list(value):
            yield tuple(map(bool, value))
        elif isinstance(value, (bool, int)):
            yield value
        else:
            yield id(value)  # kept by the form, so that the number stays its own


def _holes(values: Mapping[str, Any], asked: set[str]) -> Iterator[tuple[str, str]]:
    """Name and value of everything that may be printed, in the order of the holes' numbers."""
    for name, value in values.items():
        if name in asked:
            continue
        if isinstance(value, str) and value:
            yield name, value
        elif not isinstance(value, str) and _is_list(value):
            yield from ((name, item) for item in value if item)


def _printed(values: Mapping[str, Any], asked: set[str]) -> list[str]:
    return [value for _, value in _holes(values, asked)]


def _with_holes(values: Mapping[str, Any], asked: set[str]) -> dict[str, Any]:
    numbers = iter(range(10_000))
    made: dict[str, Any] = {}
    for name, value in values.items():
        if name in asked:
            made[name] = value
        elif isinstance(value, str):
            made[name] = Hole(name, next(numbers)) if value else value
        elif _is_list(value):
            made[name] = [Hole(name, next(numbers)) if item else item for item in value]
        else:
            made[name] = value
    return made


def _is_plain(env: Environment, template: str) -> bool:
    """Whether a template and all that it takes in do nothing with values but print them, ask for them and count
    them."""
    todo, seen = [template], set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            assert env.loader is not None
            tree = env.parse(env.loader.get_source(env, name)[0], name)
        except TemplateError:
            return False
        more = list(meta.find_referenced_templates(tree))
        if not all(isinstance(other, str) for other in more) or not _all_plain(tree):
            return False
        todo += [other for other in more if other is not None]
    return True


def _all_plain(node: nodes.Node) -> bool:
    return all(_one_plain(node, child) and _all_plain(child) for child in node.iter_child_nodes())


def _one_plain(parent: nodes.Node, node: nodes.Node) -> bool:
    match node:
        case nodes.Call():  # {% trans %}
            own = (
                isinstance(parent, nodes.Output)
                and isinstance(node.node, nodes.Name)
                and node.node.name in ("gettext", "ngettext")
            )
            return (
                own
                and not node.dyn_args
                and not node.dyn_kwargs
                and all(isinstance(part, nodes.Const) for part in node.args)
            )
        case nodes.Getattr():
            return isinstance(node.node, nodes.Name)
        case nodes.Test():
            return node.name in _TESTS
        case nodes.Filter():
            return node.name in _FILTERS and isinstance(node.node, nodes.Name) and not node.args
        case nodes.Keyword():
            return isinstance(node.value, (*_WORDS, nodes.Getattr))
        case nodes.With():
            return all(isinstance(value, _WORDS) for value in node.values)
        case nodes.For():
            return isinstance(node.iter, (nodes.Name, nodes.Getattr)) and node.test is None and not node.recursive
        case _:
            return type(node) in _PLAIN
