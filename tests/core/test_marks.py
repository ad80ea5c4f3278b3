from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpdocs.core.ids import ALPHABET, derive_document_id
from cpdocs.core.marks import PageMark, parse_mark

DOCUMENT = derive_document_id(b"k" * 32, "marks")


@given(pages=st.integers(1, 9999), data=st.data())
def test_a_mark_reads_back_as_itself(pages: int, data: st.DataObject) -> None:
    mark = PageMark(DOCUMENT, data.draw(st.integers(1, pages)), pages)
    assert parse_mark(mark.text) == mark


def test_a_mark_of_a_short_plan_fits_the_smallest_symbol() -> None:
    assert len(PageMark(DOCUMENT, 12, 12).text) <= 20


@given(place=st.integers(0, 10), char=st.sampled_from(ALPHABET))
def test_one_wrong_character_in_the_id_is_not_read(place: int, char: str) -> None:
    text = PageMark(DOCUMENT, 1, 4).text
    wrong = text[: 3 + place] + char + text[4 + place :]
    if wrong != text:
        assert parse_mark(wrong) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CP",
        "https://example.org",
        "CP/{id}/0/4",
        "CP/{id}/5/4",
        "CP/{id}/1/4 ",
        "cp/{id}/1/4",
        "CP/{id}/01/4",
        "CP/{id}/1/4/1",
    ],
)
def test_what_is_not_our_mark_is_not_read(text: str) -> None:
    assert parse_mark(text.replace("{id}", DOCUMENT.replace("-", ""))) is None
