"""Which fonts may draw, and whether they can draw a text at all.

Documents look the same on every machine: only the Noto families that came with cpdocs (``templates/fonts``) and
those of Debian's ``fonts-noto-core`` and ``fonts-noto-cjk`` are used, whatever else is installed. A character that
none of them has is found here before anything is printed, from the fonts' own character maps; on paper it would be
an empty box, and a member's own words are not to be printed as boxes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

from fontTools.ttLib import TTFont, TTLibError

from cpdocs.documents.template_files import check_file
from cpdocs.errors import WorkspaceFault

ALL_FONTS = "ALL"
"""The name of a file beside bundled fonts that says: no others may draw, whatever the system has."""
CORE_FOLDER = Path("/usr/share/fonts/truetype/noto")
CJK_FOLDER = Path("/usr/share/fonts/opentype/noto")
CORE_PACKAGE = "fonts-noto-core"
CJK_PACKAGE = "fonts-noto-cjk"

_MAIN_FILE = "NotoSans-Regular.ttf"
_STYLES = ("Regular", "Bold", "Italic")
_LAST_RESORT = (
    "NotoSerifTibetan",
    "NotoSerifAhom",
    "NotoSerifDogra",
    "NotoSerifNyiakengPuachueHmong",
    "NotoSerifYezidi",
    "NotoMusic",
)
"""Scripts for which Noto has no Sans."""
_NOT_FOR_READING = ("NotoSansDisplay", "NotoSansMono", "NotoSansAdlamUnjoined")
_FAMILY_ORDER = (
    *("Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Khmer", "Noto Sans Lao", "Noto Sans Thai"),
    *("Noto Sans Ethiopic", "Noto Sans Devanagari", "Noto Sans Gujarati", "Noto Sans Bengali", "Noto Sans Gurmukhi"),
    *("Noto Sans Tamil", "Noto Sans Telugu", "Noto Sans Myanmar", "Noto Sans Armenian", "Noto Sans Georgian"),
    *("Noto Sans CJK SC", "Noto Sans CJK TC", "Noto Sans CJK JP", "Noto Sans CJK KR"),
    *("Noto Sans Symbols2", "Noto Sans Symbols", "Noto Sans Math"),
)
"""Who draws first where several could; a style sheet's own ``font-family`` comes before all of these."""
_HAN_BY_LANGUAGE = {"zh-hant": "TC", "zh-tw": "TC", "zh-hk": "HK", "ja": "JP", "ko": "KR"}
"""One Han character has several national forms; elsewhere the simplified Chinese ones are drawn."""


def bundled_fonts(folders: Iterable[Path]) -> tuple[Path, ...]:
    """The font files that came with cpdocs or that a site added to its own ``templates/fonts``.

    ``folders`` are template folders, the site's first. Raises WorkspaceFault where the main family is missing.
    """
    shelves = tuple(folder / "fonts" for folder in folders)
    return _bundled(shelves, tuple(shelf.stat().st_mtime_ns if shelf.is_dir() else 0 for shelf in shelves))


@lru_cache(maxsize=16)
def _bundled(shelves: tuple[Path, ...], _stamps: tuple[int, ...]) -> tuple[Path, ...]:
    found: dict[str, Path] = {}
    for shelf in shelves:
        for path in sorted(shelf.glob("*.[ot]t[fc]")):
            check_file(shelf, path)
            found.setdefault(path.name, path.resolve())
    if _MAIN_FILE not in found:
        raise WorkspaceFault(
            f"The font {_MAIN_FILE} is missing from the templates that came with cpdocs.",
            todo="Install cpdocs again, templates included.",
        )
    return tuple(found[name] for name in sorted(found))


@lru_cache(maxsize=8)
def system_fonts(bundled: tuple[Path, ...]) -> tuple[Path, ...]:
    """The Debian fonts that may draw what ``bundled`` can't. Families that are bundled come from the bundle alone."""
    if any((path.parent / ALL_FONTS).exists() for path in bundled):
        return ()
    own = {path.name.partition("-")[0] for path in bundled}
    core = [path for path in _files(CORE_FOLDER, "*.ttf") if _reads(path) and path.name.partition("-")[0] not in own]
    cjk = [path for path in _files(CJK_FOLDER, "NotoSansCJK-*.ttc") if path.stem.partition("-")[2] in _STYLES]
    return tuple(core + cjk)


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    return iter(sorted(folder.glob(pattern)))


def _reads(path: Path) -> bool:
    family, _, style = path.stem.partition("-")
    return style in _STYLES and (
        family in _LAST_RESORT or (family.startswith("NotoSans") and family not in _NOT_FOR_READING)
    )


def missing_fonts(shipped: Path) -> list[tuple[str, str]]:
    """The fonts that aren't here, each with the Debian package that has it: what ``doctor`` reports.

    Raises WorkspaceFault where the fonts in ``shipped``, the templates that came with cpdocs, are gone.
    """
    bundled_fonts((shipped,))
    wanted = (
        (CORE_FOLDER / "NotoSansSymbols2-Regular.ttf", CORE_PACKAGE),
        (CJK_FOLDER / "NotoSansCJK-Regular.ttc", CJK_PACKAGE),
    )
    return [(path.name, package) for path, package in wanted if not path.is_file()]


def uncovered(text: str, folders: Iterable[Path]) -> list[str]:
    """The characters of ``text``, each once and in order, that no font at hand can draw.

    White space, joiners, direction marks and variation selectors need no glyph; control characters, unassigned and
    private ones are always uncovered. ``folders`` are template folders, the site's first.
    """
    bundled = bundled_fonts(folders)
    wanted = dict.fromkeys(char for char in text if not _needs_no_glyph(char))
    refused = [char for char in wanted if unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs")]
    missing = {ord(char) for char in wanted if char not in refused}
    for path in (*bundled, *system_fonts(bundled)):
        if not missing:
            break
        if path.stem.endswith("Regular"):
            missing -= _coverage(path, path.stat().st_mtime_ns)
    return [char for char in wanted if char in refused or ord(char) in missing]


def fonts_for(text: Iterable[str], folders: Iterable[Path]) -> list[Path]:
    """The system's fonts that have a character of ``text`` which no bundled font has: whichever of them draws, it is
    there."""
    bundled = bundled_fonts(folders)
    codes = {ord(char) for char in text if not _needs_no_glyph(char)}
    for path in bundled:
        codes -= _coverage(path, path.stat().st_mtime_ns)
    return [path for path in system_fonts(bundled) if codes & _coverage(path, path.stat().st_mtime_ns)] if codes else []


def advice(characters: Iterable[str], folders: Sequence[Path]) -> str:
    """What to do about uncovered ``characters``: the packages to install, or that no font is known to have them."""
    names = ", ".join(f"U+{ord(char):04X}" for char in characters)
    packages = dict.fromkeys(package for _font, package in missing_fonts(folders[-1]))
    if packages:
        return f"Install {' and '.join(packages)} (apt-get install) to draw {names}."
    return f"No font here has {names}: write it another way, or put a font that has it into the site's templates/fonts."


def _needs_no_glyph(char: str) -> bool:
    if char in "\t\n\r":
        return True
    code = ord(char)
    return (
        unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cf")
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0100 <= code <= 0xE01EF
        or code in (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5)
    )


@lru_cache(maxsize=512)
def _coverage(path: Path, _stamp: int) -> frozenset[int]:
    """Every code point that the font's character map has (the faces of Noto's CJK collection share one)."""
    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError, AssertionError) as fault:
        raise WorkspaceFault(
            f"The font file {path.name} can't be read ({type(fault).__name__}).",
            todo="Replace it, or install its Debian package again.",
        ) from fault


def fontconfig(folders: Iterable[Path]) -> str:
    """A fontconfig configuration (XML) that knows our fonts and no others, in a fixed order of preference."""
    bundled = bundled_fonts(folders)
    files = (*bundled, *system_fonts(bundled))
    dirs = dict.fromkeys(path.parent for path in files)
    lines = ['<?xml version="1.0"?>', '<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">', "<fontconfig>"]
    lines += [f"<dir>{escape(str(folder))}</dir>" for folder in dirs]
    lines += ["<cachedir>/var/cache/fontconfig</cachedir>", '<cachedir prefix="xdg">fontconfig</cachedir>']
    lines += ["<selectfont><rejectfont><glob>*</glob></rejectfont><acceptfont>"]
    lines += [f"<glob>{escape(str(path))}</glob>" for path in files]
    lines += ["</acceptfont></selectfont>"]
    lines += [_fallback((f"Noto Sans CJK {form}",), language) for language, form in _HAN_BY_LANGUAGE.items()]
    lines += [_fallback(_FAMILY_ORDER), "</fontconfig>"]
    return "\n".join(lines)


def _fallback(families: Iterable[str], language: str = "") -> str:
    test = f'<test name="lang"><string>{language}</string></test>' if language else ""
    names = "".join(f"<string>{family}</string>" for family in families)
    return f'<match target="pattern">{test}<edit name="family" mode="append" binding="strong">{names}</edit></match>'
