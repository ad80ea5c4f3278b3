"""Which fonts draw: ours alone, and what none of them has is found before anything is printed."""

from __future__ import annotations

import io
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from cpdocs.documents import code39, fonts
from cpdocs.documents.pdf import to_pdf
from cpdocs.errors import WorkspaceFault
from tests.documents.papers import ARABIC, CHINESE, GEEZ, KHMER, SHIPPED

HAN = (("zh-Hans", "SC"), ("zh-Hant", "TC"), ("ja", "JP"), ("en", "SC"))


@pytest.fixture
def bundle_only(monkeypatch, tmp_path):
    """As on a machine without Debian's Noto packages."""
    monkeypatch.setattr(fonts, "CORE_FOLDER", tmp_path / "none")
    monkeypatch.setattr(fonts, "CJK_FOLDER", tmp_path / "none")
    fonts.system_fonts.cache_clear()
    yield
    fonts.system_fonts.cache_clear()


def fonts_in(text: str, lang: str = "en", css: str = "") -> set[str]:
    html = f"<html lang='{lang}'><head><title>T</title><style>{css}</style></head><body><p>{text}</p></body></html>"
    pdf = to_pdf(
        html, folders=(SHIPPED,), profile="letter", identifier="f", created=datetime(2026, 1, 1, tzinfo=UTC)
    ).pdf
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        found = opened.pages[0].Resources.Font
        return {str(found[key].BaseFont).partition("+")[2] for key in found.keys()}  # noqa: SIM118 a pikepdf dictionary


def test_the_bars_typeface_is_what_its_patterns_give():
    assert (SHIPPED / "fonts" / code39.FILE).read_bytes() == code39.make_font()


@pytest.mark.parametrize(
    "text", [KHMER, ARABIC, CHINESE, GEEZ, "Ünïcödé ñ ç ł ő ệ", "हिन्दी", "ქართული", "☐ ✓ ≤ →", "ᏣᎳᎩ", "ߒߞߏ", "བོད"]
)
def test_any_script_can_be_drawn(text):
    assert fonts.uncovered(text, (SHIPPED,)) == []


def test_each_uncovered_character_is_named_once_and_in_order():
    assert fonts.uncovered("a\U000e1234b\ue000\x07\ue000", (SHIPPED,)) == ["\U000e1234", "\ue000", "\x07"]


def test_joiners_marks_of_direction_and_spaces_need_no_glyph():
    assert fonts.uncovered("a\u200d\u200c\u200e\u202b\ufe0f\u00a0\u2028\n\t", (SHIPPED,)) == []


@pytest.mark.usefixtures("bundle_only")
def test_the_bundle_alone_draws_the_languages_of_massachusetts_except_chinese():
    for text in (KHMER, ARABIC, GEEZ, "Português, español, kreyòl, tiếng Việt, русский", "ગુજરાતી", "Ελληνικά"):
        assert fonts.uncovered(text, (SHIPPED,)) == []
    assert fonts.uncovered("想", (SHIPPED,)) == ["想"]


@pytest.mark.usefixtures("bundle_only")
def test_a_missing_font_names_the_debian_package():
    assert [package for _font, package in fonts.missing_fonts(SHIPPED)] == ["fonts-noto-core", "fonts-noto-cjk"]
    assert "fonts-noto-cjk" in fonts.advice(["想"], (SHIPPED,))


def test_with_every_package_here_the_advice_is_another_spelling():
    assert fonts.missing_fonts(SHIPPED) == []
    assert "U+E000" in fonts.advice(["\ue000"], (SHIPPED,))


def test_templates_without_their_fonts_are_a_fault_of_the_installation(tmp_path):
    with pytest.raises(WorkspaceFault, match=r"NotoSans-Regular\.ttf"):
        fonts.uncovered("a", (tmp_path,))


def test_a_damaged_font_is_named(tmp_path):
    folder = tmp_path / "fonts"
    folder.mkdir()
    shutil.copy(SHIPPED / "fonts" / "NotoSans-Regular.ttf", folder)
    (folder / "Broken-Regular.ttf").write_bytes(b"not a font")
    with pytest.raises(WorkspaceFault, match=r"Broken-Regular\.ttf"):
        fonts.uncovered("a想", (tmp_path,))


def test_a_font_that_the_machine_has_beside_ours_never_draws():
    """DejaVu and friends are on most machines; asking for them by name gives Noto."""
    assert fonts_in("Plain text", css="p{font-family:'DejaVu Serif', serif}") == {"Noto-Sans"}


@pytest.mark.parametrize(("text", "lang", "font"), [*(("直", *pair) for pair in HAN), ("직", "ko", "KR")])
def test_han_characters_take_the_form_of_their_language(text, lang, font):
    assert fonts_in(text, lang) == {f"Noto-Sans-CJK-{font}"}


def test_every_bundled_font_is_free_and_says_so():
    licence = (SHIPPED / "fonts" / "OFL.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert sum(path.stat().st_size for path in (SHIPPED / "fonts").iterdir()) < 6_000_000


def test_only_known_folders_are_in_the_configuration():
    text = fonts.fontconfig((SHIPPED,))
    folders = {line for line in text.splitlines() if line.startswith("<dir>")}
    expected = {
        SHIPPED.resolve() / "fonts",
        Path("/usr/share/fonts/truetype/noto"),
        Path("/usr/share/fonts/opentype/noto"),
    }
    assert folders == {f"<dir>{folder}</dir>" for folder in expected}
