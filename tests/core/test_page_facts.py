"""What the pages of a returned file are, as values."""

from cpdocs.core.page_facts import FilePages, PageFacts, PageKind

ONE, OTHER = "7K3M-9QXW-2RC", "8K3M-9QXW-2RC"


def _plan(number: int, document_id: str, page: int) -> PageFacts:
    return PageFacts(number, PageKind.PLAN, document_id, page, 4)


def test_the_document_that_most_pages_name_comes_first() -> None:
    pages = FilePages((_plan(1, OTHER, 1), _plan(2, ONE, 1), _plan(3, ONE, 2), PageFacts(4)))

    assert pages.documents == (ONE, OTHER)


def test_a_cover_is_no_page_of_the_plan_that_it_names() -> None:
    pages = FilePages((PageFacts(1, PageKind.COVER, ONE), _plan(2, ONE, 3)))

    assert pages.present(ONE) == {3}
    assert len(pages.of_document(ONE)) == 2


def test_a_page_whose_codes_contradict_each_other_names_nothing() -> None:
    pages = FilePages((_plan(1, ONE, 1), PageFacts(2, codes_disagree=True)))

    assert pages.disagreeing == (2,)
    assert pages.documents == (ONE,)
