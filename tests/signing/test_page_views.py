"""Every parser in use is asked what it reaches from each page, and must reach what we issued."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest

from cpdocs.signing import page_views
from cpdocs.signing.additions import read_additions
from cpdocs.signing.page_views import pages_differ
from tests.signing import builder as b
from tests.signing import programs
from tests.signing.attacks import appended, revisions

ISSUED = b.issued().data


@pytest.mark.parametrize("make", programs.ALL, ids=lambda make: make.__name__)
def test_a_signature_and_its_picture_change_no_page(make: programs.Make) -> None:
    signed = make()
    assert pages_differ(signed, ISSUED, read_additions(signed, ISSUED).passed_over) == ""


@pytest.mark.parametrize(
    "change",
    [
        revisions.overwrite_content_stream,
        revisions.swap_pages,
        revisions.rotate_page,
        revisions.crop_page,
        revisions.swap_page_resources,
        revisions.swap_font,
        revisions.free_text,
        revisions.link,
        revisions.hide_member_field,
        revisions.move_member_field,
        revisions.add_page,
        revisions.remove_page,
    ],
    ids=lambda change: change.__name__,
)
def test_whatever_is_changed_on_a_page_is_told(change: revisions.Change) -> None:
    assert "page" in pages_differ(revisions.revise(ISSUED, change), ISSUED)


@pytest.mark.parametrize("make", [appended.entry_listed_twice, appended.entry_listed_twice_the_other_way])
def test_a_page_that_one_parser_alone_reads_otherwise_is_told(make: Callable[[bytes], bytes]) -> None:
    data = make(appended.signed_once())
    different = [read(data, ()) != read(ISSUED, ()) for read in page_views._READERS]
    assert any(different)
    assert not all(different)
    assert pages_differ(data, ISSUED) == "a program reads page 1 otherwise"


def test_each_of_the_three_is_asked() -> None:
    with pikepdf.open(io.BytesIO(ISSUED)) as document:
        pages = len(document.pages)
    assert [len(read(ISSUED, ())) for read in page_views._READERS] == [pages] * 3


def test_what_a_parser_cant_read_is_a_difference_and_no_error() -> None:
    assert pages_differ(ISSUED[:3000], ISSUED) == "a program can't read its pages"
