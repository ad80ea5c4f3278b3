"""A language is printed only where its text is complete and reviewed; a catalogue that can't be trusted is refused by
name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from cpdocs.documents.letter_kinds import kind_names, load_notice
from cpdocs.documents.letter_languages import Printable, load_catalogues, written_date
from cpdocs.documents.letter_lint import printable, reading_grade, sample_letters
from cpdocs.documents.letters import LetterRenderer, PrintedLetter
from cpdocs.documents.reading_level import TARGET, grade, syllables_in
from cpdocs.errors import InputFault
from tests.documents.letter_samples import ON, SHIPPED, letter, renderer

TAGS = ("ar", "es", "fr", "ht", "kea", "km", "pt-BR", "ru", "vi", "zh-Hans", "zh-Hant")
PRESS = renderer()


def site_catalogue(site: Path, name: str, old: str, new: str) -> LetterRenderer:
    """A press whose site has its own version of a catalogue, ``old`` replaced."""
    text = (SHIPPED / "letters/locale" / name).read_text("utf-8")
    assert old in text
    folder = site / "letters" / "locale"
    folder.mkdir(parents=True)
    (folder / name).write_text(text.replace(old, new), "utf-8")
    return renderer(site)


REVIEWED = 'X-Status: reviewed\\n"\n"X-Reviewed-By: A. Reader\\n"\n"X-Reviewed-On: 2026-10-01\\n'
DRAFT = 'X-Status: draft\\n"\n"X-Reviewed-By: \\n"\n"X-Reviewed-On: \\n'


def test_every_kind_is_translated_in_full_into_every_language() -> None:
    assert tuple(PRESS.catalogues) == TAGS
    for kind in kind_names((SHIPPED,)):
        assert printable(PRESS, kind, ON, drafts=True).tags == ("en", *TAGS)


def test_drafts_are_not_printed_unless_asked_for() -> None:
    assert printable(PRESS, "assignment", ON, drafts=False).tags == ("en",)


def test_a_reviewed_catalogue_is_printed(tmp_path: Path) -> None:
    by = site_catalogue(tmp_path, "es.po", DRAFT, REVIEWED)
    assert printable(by, "assignment", ON, drafts=False).tags == ("en", "es")


def test_a_reviewed_catalogue_that_lacks_a_text_is_not_printed(tmp_path: Path) -> None:
    by = site_catalogue(tmp_path, "es.po", 'msgstr "Usted decide"', 'msgstr ""')
    assert "es" not in printable(by, "assignment", ON, drafts=True).tags
    assert "fr" in printable(by, "assignment", ON, drafts=True).tags


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("X-Status: draft", "X-Status: done", "X-Status"),
        ("X-Status: draft", "X-Status: reviewed", "by whom"),
        ("a partir del %(day)s.", "a partir de hoy.", "other values"),
        ("<strong>%(cp)s</strong>, a partir", "%(cp)s, a partir", "other values"),
        ("Usted decide", "Usted decide al 100%", "percent"),
        ("msgid", "msgidd", "not a PO file"),
    ],
)
def test_a_catalogue_that_cannot_be_used_is_refused(tmp_path: Path, old: str, new: str, fault: str) -> None:
    by = site_catalogue(tmp_path, "es.po", old, new)
    with pytest.raises(InputFault, match=fault):
        load_catalogues(by.folders)


def test_a_translation_that_hides_the_choice_is_refused(tmp_path: Path) -> None:
    wrong = 'msgstr "Servicio al Cliente de MassHealth: %(phone)s (TTY %(tty)s)"'
    by = site_catalogue(tmp_path, "es.po", wrong, 'msgstr "Servicio: <!-- %(phone)s %(tty)s -->"')
    with pytest.raises(InputFault):
        printable(by, "assignment", ON, drafts=True)


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("Spanish", "es"),
        ("ENGLISH", "en"),
        ("Portuguese (Brazil)", "pt-BR"),
        ("Chinese (Traditional)", "zh-Hant"),
        ("zh_Hant", "zh-Hant"),
        ("Cape Verdean Creole", "kea"),
        ("Klingon", None),
        ("", None),
    ],
)
def test_rosters_name_languages_in_many_ways(name: str, tag: str | None) -> None:
    languages = Printable(("en", *TAGS))
    assert languages.tag_for(name) == tag
    assert (name in languages) is (tag is not None)


def test_dates_are_written_as_each_language_writes_them() -> None:
    written = {tag: written_date(date(2026, 11, 2), tag) for tag in ("en", "es", "ht", "zh-Hans", "ru", "ar")}
    assert written == {
        "en": "November 2, 2026",
        "es": "2 de noviembre de 2026",
        "ht": "2 novanm 2026",
        "zh-Hans": "2026年11月2日",
        "ru": "2 ноября 2026\u202fг.",
        "ar": "2 نوفمبر 2026",
    }


@pytest.mark.parametrize("tag", TAGS)
def test_a_letter_in_another_language_shows_only_its_address_in_the_window(tag: str, tmp_path: Path) -> None:
    printed = PRESS.make(replace(letter(), language=tag))
    assert isinstance(printed, PrintedLetter)
    text = pypdfium2.PdfDocument(printed.pdf)[0].get_textpage().get_text_range()
    english = PRESS.catalogues[tag].messages
    title = english["You have a Community Partner"]
    if tag not in ("ar", "km"):  # whose shaped text isn't read back in the order it was written
        assert re.sub(r"\s", "", title) in re.sub(r"\s", "", text)
    assert "You can say no" not in text


def test_arabic_is_set_from_right_to_left() -> None:
    sample = replace(letter(), language="ar")
    html = PRESS.html(sample, PRESS.address(sample))  # type: ignore[arg-type]
    assert '<html lang="ar" dir="rtl">' in html
    assert "\u2068(617)\u00a0555-0100\u2069" in html


def test_the_letters_read_at_the_grade_they_aim_at() -> None:
    for kind in kind_names((SHIPPED,)):
        assert 0 < reading_grade(PRESS, kind, ON) <= TARGET


def test_harder_words_and_longer_sentences_read_at_a_higher_grade() -> None:
    easy = grade(["We call you. You can say no."])
    hard = grade(
        ["Notwithstanding considerable administrative complications, participants ordinarily communicate individually."]
    )
    assert easy < 3 < TARGET < hard
    assert grade([]) == 0


@pytest.mark.parametrize(
    ("word", "count"),
    [("help", 1), ("care", 1), ("people", 2), ("helped", 1), ("wanted", 2), ("services", 3), ("the", 1)],
)
def test_syllables_are_counted_by_rule(word: str, count: int) -> None:
    assert syllables_in(word) == count


def test_every_message_of_the_templates_has_a_translation_in_every_language() -> None:
    catalogues = load_catalogues((SHIPPED,))
    letters = set.intersection(*(set(each.messages) for each in catalogues.values()))
    assert len(letters) > 70
    for tag in catalogues:
        for kind in kind_names((SHIPPED,)):
            assert PRESS.untranslated(kind, tag, sample_letters(kind, ON)) == set(), (tag, kind)


@pytest.mark.parametrize(
    ("tag", "never"),
    [
        ("es", ("díganos", "registros", "quejarse")),
        ("pt-BR", ("avise a nós", "seus registros", "entra no hospital")),
        ("ht", ("kanpe", "Sèvis Imen")),
        ("fr", ("régime", "droits civils", "a cessé", "dans vos propres mots")),
        ("ru", ("Номер для справок", "льготы", "отрывной талон")),
        ("vi", ("chương trình sức khỏe",)),
        ("zh-Hans", ("更换您所在", "健康计划", "护理计划", "给我")),
        ("zh-Hant", ("更換您所在", "健康計劃", "照護計劃", "給我")),
    ],
)
def test_words_that_a_reader_found_wrong_are_gone(tag: str, never: tuple[str, ...]) -> None:
    texts = " ".join(load_catalogues((SHIPPED,))[tag].messages.values())
    assert [word for word in never if word in texts] == []


def test_every_language_line_speaks_of_an_interpreter() -> None:
    words = {
        "en": "interpreter", "es": "intérprete", "pt-BR": "intérprete", "ht": "entèprèt", "vi": "thông dịch viên",
        "kea": "intérpreti", "zh-Hans": "口译员", "zh-Hant": "口譯員", "ru": "переводчика", "ar": "مترجم",
        "km": "អ្នកបកប្រែ", "fr": "interprète", "it": "interprete", "ko": "통역사", "el": "διερμηνέα",
        "pl": "tłumacza", "hi": "दुभाषिए", "gu": "દુભાષિયા",
    }  # fmt: skip
    for language in load_notice((SHIPPED,)).languages:
        assert words[language.tag] in language.text, language.tag
