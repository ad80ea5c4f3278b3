"""A page whose codes can't be read is suggested by its print, and given to its plan by a person."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from tests.flows import papers
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes

WHY = ("--reason", "looked at beside the plan")


def without_codes(page: Image.Image) -> Image.Image:
    torn = page.copy()
    torn.paste(255, (1380, 0, page.width, 300))
    torn.paste(255, (0, page.height - 300, 340, page.height))
    return torn


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


@pytest.fixture
def row(desk: Desk) -> dict[str, Any]:
    """A fax of the plan whose signature page bears no code."""
    pages = papers.signed(desk.issued_file().read_bytes(), "MemberSig", "PCPSig")
    return desk.take(papers.fax((*pages[:-1], without_codes(pages[-1]))), name="fax.tif")


def test_it_is_suggested_and_once_a_person_says_so_its_boxes_are_read_and_it_is_filed_in_its_place(
    desk: Desk, row: dict[str, Any]
) -> None:
    document, item = row["document_id"], row["sha256"][:12]
    last = row["pages"]["of"]
    assert (row["pages"]["missing"], row["pages"]["extra"]) == ([last], 1)
    assert row["boxes"] == {"member": None, "pcp": None}
    assert row["suggested"] == [{"page": last, "document_id": document, "plan_page": last}]
    said = desk.office.cli("held", "show", item, now=RETURN).out
    assert f"cpdocs held split {item} --pages {last} --document {document}" in said
    split = ("held", "split", item, "--pages", str(last), "--document", document, *WHY, "--json")
    (part,) = desk.office.cli(*split, now=RETURN).json
    assert (part["verdict"], part["pages"]["missing"]) == ("held", [])
    assert part["boxes"] == {"member": "signed", "pcp": "signed"}
    assert "pages_missing" not in codes(part)
    (event,) = desk.events("held.split")
    assert event.data["pages"] == [{"page": last, "document_id": document, "plan_page": last}]
    how = ("--slot", "both", "--npi", desk.office.sample.npis["pcp1"], "--signed-on", "2026-11-03")
    desk.office.cli("held", "accept", item, *how, "--by", "Sam Sample", *WHY, now=RETURN)
    assert desk.office.status(document)["state"] == "filed"


def test_what_a_pages_own_codes_say_cant_be_set_aside_and_a_page_that_isnt_there_is_said(
    desk: Desk, row: dict[str, Any]
) -> None:
    other = desk.office.documents["ltss"]
    split = ("held", "split", row["sha256"][:12], "--document", other, *WHY)
    for page, status in (("1", 3), ("40", 3), ("x", 2)):
        desk.office.cli(*split, "--pages", page, "--plan-page", "1", now=RETURN, status=status)
    last = str(row["pages"]["of"])
    desk.office.cli(*split, "--pages", last, now=RETURN, status=2)
    desk.office.cli(*split, "--pages", last, "--plan-page", "99", now=RETURN, status=2)
    assert desk.events("slot.filled") == []
