"""A member's own words carry the language that their script and the member's own language tell."""

from __future__ import annotations

import pytest

from cpdocs.documents.words import language_tag, words
from tests.documents.papers import ARABIC, CHINESE, GEEZ, KHMER


@pytest.mark.parametrize(
    ("text", "language", "lang", "direction"),
    [
        (KHMER, "Khmer", "km", "ltr"),
        (KHMER, "English", "km", "ltr"),
        (ARABIC, "Arabic", "ar", "rtl"),
        (ARABIC, "Farsi", "fa", "rtl"),
        (CHINESE, "Chinese (Traditional)", "zh-Hant", "ltr"),
        (CHINESE, "", "zh-Hans", "ltr"),
        (GEEZ, "Tigrinya", "ti", "ltr"),
        ("ありがとう友達", "", "ja", "ltr"),
        ("I want to walk", "Khmer", "en-US", "ltr"),
        ("12", "Arabic", "en-US", "ltr"),
    ],
)
def test_language_and_direction(text, language, lang, direction):
    found = words(text, language)
    assert (found.lang, found.dir) == (lang, direction)


def test_latin_letters_are_the_members_language_only_where_a_translation_stands_beside_them():
    assert words("Quiero caminar", "Spanish").lang == "en-US"
    assert words("Quiero caminar", "Spanish", translated=True).lang == "es"


def test_words_are_composed_and_trimmed():
    assert words("  e\u0301 ").text == "é"


def test_an_unknown_language_has_no_tag():
    assert language_tag("Klingonese") == ""
    assert language_tag("haitian creole ") == "ht"
