"""A page whose codes can't be read is suggested by its print, and given to its plan by a person."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from tests.desk.conftest import at_the_desk
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


def test_a_page_of_another_plan_becomes_an_item_of_that_plan_and_is_filed_with_it_alone(desk: Desk) -> None:
    ours = papers.signed(desk.issued_file().read_bytes(), "PCPSig")
    theirs = papers.signed(desk.issued_file("ltss").read_bytes(), "MemberSig", "PCPSig")
    row = desk.take(papers.fax((*ours, without_codes(theirs[-1]))), name="fax.tif")
    assert (row["pages"]["missing"], row["pages"]["extra"], row["suggested"]) == ([], 1, [])
    other, last = desk.office.documents["ltss"], len(theirs)
    split = ("held", "split", row["sha256"][:12], "--pages", str(len(ours) + 1), "--document", other, *WHY)
    desk.office.cli(*split, now=RETURN, status=2)
    mine, given = desk.office.cli(*split, "--plan-page", str(last), "--json", now=RETURN).json
    assert (mine["document_id"], mine["pages"]["extra"]) == (row["document_id"], 0)
    assert (given["document_id"], given["pages"]["seen"]) == (other, [last])
    assert given["boxes"] == {"member": "signed", "pcp": "signed"}
    desk.take(papers.fax(theirs[:-1]), plan="ltss", name="rest.tif")
    item = next(
        each for each in desk.office.cli("held", "list", "--json", now=RETURN).json if each["document_id"] == other
    )
    assert item["pages"]["missing"] == []
    how = ("--slot", "both", "--npi", desk.office.sample.npis["pcp1"], "--signed-on", "none", "--by", "Sam Sample")
    desk.office.cli("held", "accept", item["id"], *how, *WHY, now=RETURN)
    assert desk.office.status(other)["state"] == "filed"
    assert desk.office.status(row["document_id"])["slots"]["pcp"]["state"] == "open"
    (waits,) = desk.office.cli("held", "list", "--json", now=RETURN).json
    assert waits["document_id"] == row["document_id"]


def test_at_the_desk_a_page_is_given_to_its_plan_too(desk: Desk, row: dict[str, Any]) -> None:
    last = str(row["pages"]["of"])
    with at_the_desk(desk.root, RETURN) as browser:
        browser.log_in()
        address = f"/review/{row['sha256'][:12]}"
        shown = browser.get(address).text
        assert f"Page {last} of the file" in shown
        assert f'name="split_document" type="text" value="{row["document_id"]}"' in shown
        form = {"do": "split", "split_document": row["document_id"], "plan_page": last}
        assert "Which pages are meant?" in browser.post(address, **form, reason="seen").text
        assert browser.post(address, **form, **{f"page-1-{last}": "1"}).status_code == 422
        assert desk.events("held.split") == []
        browser.post(address, **form, reason="looked at beside the plan", **{f"page-1-{last}": "1"})
        shown = browser.get(address).text
        assert "without our codes" not in shown
        assert "/box-2-came.png" in shown
    (event,) = desk.events("held.split")
    assert event.data["pages"] == [{"page": int(last), "document_id": row["document_id"], "plan_page": int(last)}]


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
