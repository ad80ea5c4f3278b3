"""HTML to PDF: the one place that calls WeasyPrint for a whole document.

The same HTML, fonts, identifier and time give the same bytes. Nothing is read from outside the template folders: no
network, no ``data:`` URL, no symbolic link that leads out. Tagging is mended by ``tags``, the fonts are those of
``fonts`` alone.
"""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import unquote, urljoin, urlsplit

import pydyf
from weasyprint import CSS, HTML
from weasyprint.document import Document
from weasyprint.logger import LOGGER
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from cpdocs.documents import tags
from cpdocs.documents.asked_files import asked_for
from cpdocs.documents.cid_fonts import bare_glyphs, cut_once
from cpdocs.documents.fontmap import OurFonts
from cpdocs.documents.glyphs import spelling
from cpdocs.documents.layout import laid_out_once
from cpdocs.documents.template_files import template_file
from cpdocs.documents.xmp import xmp_packet
from cpdocs.errors import InputFault

Profile = Literal["letter", "plan"]
"""``letter``: PDF/UA-1. ``plan``: PDF/A-2a and PDF/UA-1 together, without object streams, ready for signature
fields."""

PainterOf = Callable[[int, int], Sequence[tags.Painter]]
"""What to draw on a page beside its HTML: takes the page's number and the number of pages, both counted from 1."""

_VARIANTS: Mapping[str, str] = {"letter": "pdf/ua-1", "plan": "pdf/a-2a"}
_BESIDE = ("letters/common/", "letters/", "")
"""Where a file is looked for that isn't beside the template which names it."""
_LETTERS = "letters"
_POINTS_PER_PX = 0.75


@dataclass(frozen=True, slots=True)
class Box:
    """Where an element with an id stands: ``page`` counted from 0, corners in PDF points from the lower left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True)
class Rendered:
    """A PDF, its number of pages, and the boxes of the elements that have an id (the first of each id)."""

    pdf: bytes
    pages: int
    boxes: Mapping[str, Box]


class _Fetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no type information
    """Reads files inside the template folders and nothing else; remembers what it read."""

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(allowed_protocols=("file",), allow_redirects=False)
        self.folders = tuple(folder.resolve() for folder in folders)
        self.seen: dict[Path, tuple[int, int]] = {}

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        parts = urlsplit(url)
        if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
            raise FatalURLFetchingError(
                f"a template asks for {parts.scheme or 'something'}: that isn't a file beside it"
            )
        path = self.find(Path(unquote(parts.path)))
        if path is None:
            raise FatalURLFetchingError(
                f"a template asks for {Path(parts.path).name}, which isn't in the template folders"
            )
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        body = path.read_bytes()
        self.seen[path] = _stamp(path)
        return URLFetcherResponse(url, body, {"Content-Type": kind})

    def find(self, wanted: Path) -> Path | None:
        """The real file for ``wanted``, the site's own version of it first; None where it is outside the folders.

        What a letter asks for stands beside its template, or with what all letters share. Raises InputFault for what is
        no file of templates.
        """
        for base in self.folders:
            if wanted.is_relative_to(base):
                name = wanted.relative_to(base)
                rest = name.parts[2:] if name.parts[:1] == (_LETTERS,) and len(name.parts) > 2 else name.parts
                for tried in (name.as_posix(), *(f"{beside}{'/'.join(rest)}" for beside in _BESIDE)):
                    if path := template_file(self.folders, tried):
                        return path
        return None

    def unchanged(self) -> bool:
        """Whether every file read so far is still what it was."""
        return all(path.is_file() and _stamp(path) == stamp for path, stamp in self.seen.items())


def _stamp(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_mtime_ns, state.st_size


class _Workshop:
    """What renderings share while no file of theirs changes: fonts, parsed style sheets, pictures."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.fetcher = _Fetcher(folders)
        self.fonts = OurFonts(folders)
        self.sheets: dict[str, CSS] = {}
        self.pictures: dict[str, Any] = {}

    def base(self, template: str = "") -> str:
        """The address from which links of ``template`` count: the folder that it lies in."""
        return (self.fetcher.folders[-1] / template.rpartition("/")[0]).as_uri() + "/"

    def sheet(self, name: str) -> CSS:
        if name not in self.sheets:
            url = self._path(name).as_uri()
            self.sheets[name] = CSS(url=url, url_fetcher=self.fetcher, font_config=self.fonts)
        return self.sheets[name]

    def text(self, name: str) -> str:
        return self._path(name).read_text("utf-8")

    def _path(self, name: str) -> Path:
        path = self.fetcher.find(self.fetcher.folders[-1] / name)
        if path is None:
            raise InputFault(f"There is no style sheet {name} in the template folders.", todo="Put the file back.")
        return path


_WORKSHOPS: dict[tuple[Path, ...], _Workshop] = {}


def _workshop(folders: Sequence[Path]) -> _Workshop:
    key = tuple(folders)
    shop = _WORKSHOPS.get(key)
    if shop is None or not shop.fetcher.unchanged():
        shop = _WORKSHOPS[key] = _Workshop(key)
    return shop


class Toolbox(Protocol):
    """What layouts with the same template folders share while no file changes."""

    fonts: OurFonts
    fetcher: URLFetcher
    pictures: dict[str, Any]

    def base(self, template: str = "") -> str:
        """The address from which the links of ``template`` count."""

    def sheet(self, name: str) -> CSS:
        """The style sheet called ``name``, parsed."""

    def text(self, name: str) -> str:
        """The style sheet's source."""


def toolbox(folders: Sequence[Path]) -> Toolbox:
    """The shared tools of these template folders; new ones where a file has changed."""
    return _workshop(folders)


@contextmanager
def judged() -> Iterator[None]:
    """Refuses as ``to_pdf`` does what WeasyPrint complains of while this lasts: raises InputFault."""
    with _complaints() as complaints, _told():
        yield
    _judge(complaints)


@contextmanager
def _told() -> Iterator[None]:
    """Says as InputFault what a template may not ask for."""
    try:
        yield
    except FatalURLFetchingError as refused:
        raise InputFault(
            f"A document can't be made: {refused}.",
            todo="Put the file into the template folder, or correct the template.",
        ) from None


def check_asked(html: str, folders: Sequence[Path], stylesheets: Sequence[str], template: str = "") -> bool:
    """Whether ``html``, made from ``template``, or one of its style sheets asks for any file.

    Raises InputFault where it is none in the template folders: before anything is laid out or begun.
    """
    shop = _workshop(folders)
    asked = [name for name in asked_for(html, [shop.text(sheet) for sheet in stylesheets]) if not name.startswith("#")]
    urls = [url for url in (urljoin(shop.base(template), name) for name in asked) if urlsplit(url).path]
    for url in urls:
        with _told():
            shop.fetcher.fetch(url)
    return bool(urls)


def to_pdf(
    html: str,
    *,
    folders: Sequence[Path],
    profile: Profile,
    identifier: str,
    created: datetime,
    stylesheets: Sequence[str] = (),
    painters: PainterOf | None = None,
    template: str = "",
) -> Rendered:
    """The PDF of ``html``.

    ``folders`` are the template folders, the site's first; ``stylesheets`` are names inside them, read once and kept
    until one of them changes; pictures stand beside ``template``, the one that the HTML was made from. ``identifier``
    becomes the PDF's permanent identifier and ``created`` (aware) its date, both from the caller, so that the same
    input gives the same bytes. ``painters`` draws page marks.

    Raises InputFault where a template asks for a file that isn't there or isn't allowed, or where a character was
    laid out that no font can draw (callers look with ``fonts.uncovered`` first, and can say in which field it is).
    """
    shop = _workshop(folders)
    moment = moment_of(created)
    with _complaints() as complaints, _told(), laid_out_once():
        sheets = [shop.sheet(name) for name in stylesheets]
        source = HTML(string=html, base_url=shop.base(template), url_fetcher=shop.fetcher)
        document = source.render(
            font_config=shop.fonts,
            stylesheets=sheets,
            cache=shop.pictures,
            pdf_variant=_VARIANTS[profile],
        )
        if profile == "letter":
            with spelling():
                pdf = write_letter(document, moment, identifier, painters=painters)
        else:
            _prepare(document, moment, profile, painters)
            with tags.mended(), cut_once():
                pdf = document.write_pdf(
                    pdf_variant=_VARIANTS[profile],
                    pdf_identifier=identifier.encode("ascii"),
                    finisher=_finish_plan,
                )
    _judge(complaints)
    return Rendered(pdf, len(document.pages), _boxes(document))


def moment_of(created: datetime) -> str:
    """A PDF's date as WeasyPrint takes it."""
    return created.astimezone(UTC).isoformat(timespec="seconds")


def write_letter(
    document: Document,
    moment: str,
    identifier: str,
    *,
    painters: PainterOf | None = None,
    finisher: Callable[[Document, pydyf.PDF], None] | None = None,
) -> bytes:
    """Writes a document that was laid out as tagged PDF/UA-1; ``finisher`` sees it before it is serialised."""
    _prepare(document, moment, "letter", painters)
    with tags.mended():
        pdf: bytes = document.write_pdf(
            pdf_variant=_VARIANTS["letter"], pdf_identifier=identifier.encode("ascii"), finisher=finisher
        )
    return pdf


def _prepare(document: Document, moment: str, profile: Profile, painters: PainterOf | None) -> None:
    document.metadata.created = document.metadata.modified = moment
    if profile == "plan":
        document.metadata.generate_rdf_metadata = lambda *_: xmp_packet(document.metadata)
    total = len(document.pages)
    for number, page in enumerate(document.pages, start=1):
        tags.prepare(page, painters(number, total) if painters else ())


class _Written(pydyf.Object):  # type: ignore[misc]  # pydyf has no type information
    """An object as its bytes, made once: pydyf 0.13.0 packs every object a second time for the file's digest, and a
    font of Chinese characters takes as long as some pages."""

    def __init__(self, made: pydyf.Object) -> None:
        super().__init__()
        self.number, self.generation, self.free = made.number, made.generation, made.free
        self.made = made.data if made.free != "f" else b""

    @property
    def data(self) -> bytes:
        """As the object itself gives it."""
        return self.made


def _finish_plan(_document: Document, pdf: pydyf.PDF) -> None:
    bare_glyphs(pdf)
    _without_object_streams(pdf)


def _without_object_streams(pdf: pydyf.PDF) -> None:
    """Has every object written by itself: signature fields are added to this file, and comparing revisions of a tagged
    PDF whose objects lie in object streams takes a time quadratic in pages (signing.md)."""
    write = pdf.write

    def write_once(output: Any, version: Any, identifier: Any, _compress: bool) -> None:
        pdf.objects = [_Written(each) for each in pdf.objects]
        write(output, version, identifier, compress=False)

    pdf.write = write_once


def _boxes(document: Document) -> dict[str, Box]:
    boxes: dict[str, Box] = {}
    for index, page in enumerate(document.pages):
        for name, (left, top, right, bottom) in page.anchors.items():
            corners = (left, page.height - bottom, right, page.height - top)
            boxes.setdefault(name, Box(index, *(round(value * _POINTS_PER_PX, 3) for value in corners)))
    return boxes


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[tuple[int, str, tuple[Any, ...]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        arguments = record.args if isinstance(record.args, tuple) else ()
        self.messages.append((record.levelno, str(record.msg), arguments))


@contextmanager
def _complaints() -> Any:
    """WeasyPrint's warnings, which it tells nobody, while this lasts."""
    listener = _Listener()
    LOGGER.addHandler(listener)
    try:
        yield listener.messages
    finally:
        LOGGER.removeHandler(listener)


@lru_cache(maxsize=1)
def _fatal_messages() -> tuple[tuple[str, str], ...]:
    return (
        (".notdef glyph", "a character that no font can draw"),
        ("Failed to load image", "a picture that can't be read"),
        ("has no required alt", "a picture without an alternative text (alt)"),
        ("Missing required", "a page without its language (lang)"),
    )


def _judge(complaints: Sequence[tuple[int, str, tuple[Any, ...]]]) -> None:
    """Refuses a document whose layout WeasyPrint complained of in a way that a reader would see. Messages hold no
    text."""
    for _level, message, arguments in complaints:
        for start, meaning in _fatal_messages():
            if start not in message:
                continue
            where = f" (U+{arguments[1]:04X})" if start == ".notdef glyph" else ""
            # A picture that couldn't be read is complained of once, and then remembered as none.
            _WORKSHOPS.clear()
            raise InputFault(
                f"A document can't be made: it has {meaning}{where}.", todo="Correct the template or the text."
            )
