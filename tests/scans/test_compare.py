"""Two files side by side: what differs is marked, a hair's breadth isn't, and a page too many or too few is seen."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pypdfium2
import pytest
from PIL import Image
from weasyprint import HTML

from cpdocs.scans.compare import PageCompared, compare
from cpdocs.scans.pages import UnreadablePages

GOAL = "Goal: walk to the library twice a week"


def paper(*pages: str, shift: float = 0) -> bytes:
    """A PDF with these words, a page each, ``shift`` points further to the right."""
    style = f"section{{break-after:page; margin-left:{shift}pt}} body{{font:11pt serif}}"
    body = "".join(f"<section><h1>Page</h1><p>{words}</p><p>Steps and dates follow.</p></section>" for words in pages)
    return bytes(HTML(string=f"<html><style>{style}</style><body>{body}</body></html>").write_pdf(pdf_identifier=b"x"))


def marks(pages: Sequence[PageCompared]) -> list[tuple[int, str]]:
    return [(page.marked, page.only_in) for page in pages]


def test_the_same_pages_have_nothing_marked() -> None:
    assert marks(compare(paper(GOAL, "two"), paper(GOAL, "two")).pages) == [(0, ""), (0, "")]


def test_a_hairs_breadth_of_shift_is_no_difference() -> None:
    assert marks(compare(paper(GOAL), paper(GOAL, shift=0.5)).pages) == [(0, "")]


def test_other_words_are_marked_and_nothing_else() -> None:
    assert marks(compare(paper(GOAL, "two"), paper(GOAL.replace("twice", "never"), "two")).pages) == [(1, ""), (0, "")]


def test_one_digit_is_marked() -> None:
    assert marks(compare(paper("Take 1 pill"), paper("Take 4 pill")).pages) == [(1, "")]


def test_faint_words_that_were_added_are_marked() -> None:
    added = GOAL + " <span style='color:#999'>and no services at all</span>"
    assert compare(paper(GOAL), paper(added)).pages[0].marked == 1


def test_what_was_whited_out_is_marked() -> None:
    assert compare(paper(GOAL), paper(f"<span style='color:#fff'>{GOAL}</span>")).pages[0].marked > 0


def test_pages_that_only_one_of_them_has_are_named_and_what_the_returned_ones_say_is_told() -> None:
    more = compare(paper(GOAL), paper(GOAL, "Completed by Olga Examplesen\x07"))
    assert marks(more.pages) == [(0, ""), (0, "returned")]
    assert "Completed by Olga Examplesen" in more.words
    assert all(char.isprintable() or char == "\n" for char in more.words)
    fewer = compare(paper(GOAL, "two"), paper(GOAL))
    assert (marks(fewer.pages), fewer.words) == ([(0, ""), (0, "issued")], "")


def test_a_picture_of_a_page_is_compared_too() -> None:
    plan = paper(GOAL)
    with pypdfium2.PdfDocument(plan) as document:
        picture: Image.Image = document[0].render(scale=100 / 72, grayscale=True).to_pil()
    out = io.BytesIO()
    picture.save(out, "PNG")
    assert marks(compare(plan, out.getvalue()).pages) == [(0, "")]


def test_no_more_pages_are_drawn_than_may_be() -> None:
    long = paper("one", "two", "three")
    found = compare(long, long, most_pages=2)
    assert (len(found.pages), found.cut_short) == (2, True)
    assert len(pypdfium2.PdfDocument(found.pdf)) == 2


def test_the_same_files_give_the_same_pictures() -> None:
    assert compare(paper(GOAL), paper("else")).pdf == compare(paper(GOAL), paper("else")).pdf


def test_what_cant_be_drawn_is_said() -> None:
    with pytest.raises(UnreadablePages):
        compare(paper(GOAL), b"%PDF-1.7 junk")
