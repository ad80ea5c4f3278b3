"""Values to HTML: Jinja2 in a sandbox, where every value is hostile text and every mistake is named.

A site's own folder is looked at first, then the one that came with cpdocs: a site may override any one file
(contract §2). Templates can read values and nothing else; they can't switch escaping off, and a name that nobody
defined is an error with the file, the line and the name, never an empty place on a letter.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import date
from functools import lru_cache, partial, wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from jinja2 import (
    BaseLoader,
    Environment,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
    Undefined,
    UndefinedError,
    nodes,
)
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cpdocs.core.moments import day_text, short_day_text
from cpdocs.core.phones import phone
from cpdocs.documents.stated_facts import require_sources
from cpdocs.documents.template_files import template_file
from cpdocs.documents.words import direction
from cpdocs.errors import InputFault, Problem

_FORBIDDEN_FILTERS = ("safe", "xmlattr", "tojson", "urlize", "pprint", "random")
"""Filters that let a value leave its place as text, or that aren't the same on every run."""

_WIDENING = ("center", "indent", "format", "batch", "slice", "wordwrap", "truncate")
_MOST_REPEATED = 10_000
_MOST_POWER = 100
_MOST_TEXT = 8 * 1024 * 1024
"""Characters of one document's HTML: a plan of four hundred pages has two million."""

_NUMBER = re.compile(r"(\(\d{3}\)) (?=\d{3}-\d{4})")

_OUR_NAME = re.compile(r"[a-z0-9_./-]+")
"""How names in templates and of templates look; anything else may be a member's particular that was used as one."""


class FolderLoader(BaseLoader):
    """Templates from the first of ``folders`` that has the file; a link that leads out of them is an error."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folder.resolve() for folder in folders)

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        path = template_file(self.folders, template)
        if path is None:
            raise TemplateNotFound(template)
        stamp = path.stat().st_mtime_ns
        try:
            source = path.read_text("utf-8")
        except UnicodeDecodeError as fault:
            raise TemplateSyntaxError(f"not UTF-8 at byte {fault.start}", 1, template, str(path)) from fault
        return source, str(path), partial(_unchanged, path, stamp)


def _unchanged(path: Path, stamp: int) -> bool:
    return path.is_file() and path.stat().st_mtime_ns == stamp


class _NotText(TemplateRuntimeError):
    """A template prints something that isn't text: a list, a method, nothing at all."""


def _printable(value: Any) -> Any:
    if isinstance(value, (str, int, Undefined)):
        return value
    raise _NotText(f"prints a value that isn't text ({type(value).__name__})")


class _TooMuch(TemplateRuntimeError):
    """A template makes more text than any document has."""


def _bounded(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that makes text as wide as it is told, with a limit to what it may be told."""

    @wraps(filter_)
    def bounded(*arguments: Any, **named: Any) -> Any:
        if any(isinstance(value, int) and value > _MOST_REPEATED for value in (*arguments, *named.values())):
            raise _TooMuch(f"{name} asks for more than {_MOST_REPEATED} characters")
        return filter_(*arguments, **named)

    return bounded


class _Sandbox(ImmutableSandboxedEnvironment):
    """A sandbox in which escaping can't be switched off, and ``item.copy`` is the value of that name, never the
    method."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        sized = next((each for each in (left, right) if isinstance(each, (str, list, tuple))), None)
        number = right if sized is left else left
        if operator == "*" and sized is not None and isinstance(number, int) and len(sized) * number > _MOST_REPEATED:
            raise _TooMuch(f"repeats text to more than {_MOST_REPEATED} characters")
        if operator == "**" and isinstance(right, int) and abs(right) > _MOST_POWER:
            raise _TooMuch("works out a number that no document has")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("text is put together with format(), which knows what it may hold")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for modifier in tree.find_all(nodes.EvalContextModifier):
            raise TemplateSyntaxError("escaping can't be switched off", modifier.lineno, name, filename)
        return tree


def environment(shipped: Path, site: Path | None = None) -> Environment:
    """The environment for templates in ``site`` (looked at first, may be absent) and ``shipped``.

    Values handed to templates are escaped without exception; the filters ``long_date``, ``phone`` and ``direction`` are
    added. Templates that change on disk are read again.
    """
    return _environment(template_folders(shipped, site))


def _environment(folders: tuple[Path, ...]) -> Environment:
    env = _Sandbox(
        loader=FolderLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    for name in _FORBIDDEN_FILTERS:
        del env.filters[name]
    for name in _WIDENING:
        env.filters[name] = _bounded(name, env.filters[name])
    env.globals.clear()
    env.filters["long_date"] = long_date
    env.filters["phone"] = phone
    env.filters["direction"] = direction
    return env


@lru_cache(maxsize=8)
def _kept_environment(folders: tuple[Path, ...]) -> Environment:
    return _environment(folders)


def fill(template: str, values: Mapping[str, Any], *, shipped: Path, site: Path | None) -> str:
    """The HTML of ``template`` with ``values``, from an environment that is kept for its compiled templates. Raises as
    ``render``."""
    folders = template_folders(shipped, site)
    require_sources(template, folders)
    return unbroken(render(_kept_environment(folders), template, values))


class Sayer(Protocol):
    """Finds our words for ``{% trans %}``."""

    tag: str

    def marked_up(self, message: str) -> str:
        """The HTML of a message, its ``%(name)s`` left in place."""


def fill_in(template: str, values: Mapping[str, Any], say: Sayer, *, shipped: Path, site: Path | None) -> str:
    """As ``fill``, of a template whose own words are marked with ``{% trans %}``: ``say`` finds them in the member's
    language."""
    folders = template_folders(shipped, site)
    require_sources(template, folders)
    env = _speaking_environment(folders)
    _SAYER.set(say)
    return unbroken(render(env, template, values))


def unbroken(html: str) -> str:
    """``html`` whose telephone numbers stand on one line each."""
    return _NUMBER.sub("\\1\u00a0", html)


_SAYER: ContextVar[Sayer] = ContextVar("sayer")


@lru_cache(maxsize=8)
def _speaking_environment(folders: tuple[Path, ...]) -> Environment:
    env = _environment(folders)
    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _SAYER.get().marked_up(text),
        lambda one, many, number: _SAYER.get().marked_up(one if number == 1 else many),
        newstyle=True,
    )
    return env


def template_folders(shipped: Path, site: Path | None = None) -> tuple[Path, ...]:
    """The folders that templates, style sheets and pictures come from, the site's own first, where anything is in it:
    fonts and style sheets that were read for the shipped folder serve every site without templates of its own."""
    return (site, shipped) if site is not None and site != shipped and _is_used(site) else (shipped,)


def _is_used(site: Path) -> bool:
    try:
        with os.scandir(site) as entries:
            return next(entries, None) is not None
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # whoever reads a file in it says what is wrong


def render(env: Environment, template: str, values: Mapping[str, Any]) -> str:
    """The HTML of ``template`` with ``values``.

    Raises InputFault, naming the template's file, line and fault, where the template is missing, malformed, uses an
    undefined name or reaches for what the sandbox forbids.
    """
    try:
        return _joined(env.get_template(template).generate(values))
    except TemplateNotFound as fault:
        name = fault.name if isinstance(fault.name, str) and _OUR_NAME.fullmatch(fault.name) else "of that name"
        raise InputFault(
            f"There is no template {name}.", todo="Put the file back, or remove the site's own templates that name it."
        ) from fault
    except TemplateSyntaxError as fault:
        where = f"{fault.name or template}, line {fault.lineno}"
        raise _template_fault("template_syntax", where, fault.message or "malformed") from fault
    except SecurityError as fault:
        raise _template_fault(
            "template_unsafe", _place(env, fault.__traceback__, template), "not allowed in a template"
        ) from fault
    except (UndefinedError, _NotText) as fault:
        where = _place(env, fault.__traceback__, template)
        raise _template_fault("template_undefined", where, _undefined(fault)) from fault
    except _TooMuch as fault:
        where = _place(env, fault.__traceback__, template)
        raise _template_fault("template_too_large", where, fault.message or "makes too much text") from fault
    except RecursionError as fault:
        raise _template_fault("template_recursion", template, "includes or calls itself without end") from fault
    except MemoryError as fault:
        raise _template_fault("template_too_large", template, "makes more text than there is memory for") from fault
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as fault:
        # The fault's own text may quote a value, and values are PHI: its kind has to do.
        where = _place(env, fault.__traceback__, template)
        raise _template_fault("template_failed", where, f"failed with {type(fault).__name__}") from fault


def _joined(parts: Iterable[str]) -> str:
    text: list[str] = []
    length = 0
    for part in parts:
        length += len(part)
        if length > _MOST_TEXT:
            raise _TooMuch(f"makes more than {_MOST_TEXT // 1024**2} million characters")
        text.append(part)
    return "".join(text)


def _undefined(fault: UndefinedError | _NotText) -> str:
    """What is undefined; a name that isn't one of a template's (``table[member.last_name]``) is a value, and isn't
    told."""
    quoted = re.findall(r"'([^']*)'", fault.message or "")
    if isinstance(fault, UndefinedError) and quoted and not _OUR_NAME.fullmatch(quoted[-1]):
        return "an undefined name"
    return fault.message or "an undefined name"


def _template_fault(code: str, where: str, message: str) -> InputFault:
    problem = Problem(code, message, where)
    return InputFault(
        f"A template can't be used: {problem}.",
        todo="Mend the template, or remove it to use the one that came with cpdocs.",
    )


def _place(env: Environment, traceback: TracebackType | None, template: str) -> str:
    """The innermost template line in ``traceback`` (Jinja maps its frames back to the template's own lines)."""
    folders = env.loader.folders if isinstance(env.loader, FolderLoader) else ()
    place = template
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        for folder in folders:
            if path.is_relative_to(folder):
                place = f"{path.relative_to(folder).as_posix()}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en", "US")


_ENGLISH = frozenset({"en", "en-US"})


def long_date(value: date, language: str = "en-US") -> str:
    """``value`` in words, as readers of ``language`` (BCP 47) write it; an unknown language reads US English."""
    return day_text(value) if language in _ENGLISH else format_date(value, "long", locale=_locale(language))


def short_date(value: date | None, language: str = "en-US") -> str:
    """``value`` with its month abbreviated, for tables (``Oct 6, 2026``); empty for None."""
    if value is None:
        return ""
    return short_day_text(value) if language in _ENGLISH else format_date(value, "medium", locale=_locale(language))
