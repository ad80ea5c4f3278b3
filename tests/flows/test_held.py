from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pytest
from PIL import Image

from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes
from tests.scans import fax

BY = ("--by", "Sam Sample", "--reason", "read from the fax")


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def pages_of(pdf: Path) -> list[Image.Image]:
    """The plan as a fax machine's glass sees it, at 200 dpi."""
    with pdfium.PdfDocument(pdf) as document:
        return [
            page.render(scale=200 / 72, grayscale=True).to_pil().convert("L").resize(fax.LETTER) for page in document
        ]


def faxed(pdf: Path, *, drop: int | None = None, standard: bool = False) -> bytes:
    pages = [fax.faxed(page, standard=standard, noise=0.001, seed=place) for place, page in enumerate(pages_of(pdf))]
    if drop is not None:
        del pages[drop]
    return fax.tiff(pages, standard=standard)


def held(desk: Desk) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = desk.office.cli("held", "list", "--json").json
    return items


SEEN = (*BY, "--seen-by-eye", "the print is blank in this test")


def test_a_faxed_plan_waits_for_a_persons_attestation_and_fills_both_slots_as_ink(desk: Desk) -> None:
    row = desk.take(faxed(desk.issued_file(), standard=True), name="fax.tif")
    assert (row["verdict"], row["lane"], codes(row)) == ("held", "ink", ["ink_scan", "box_empty"])
    assert row["document_id"] == desk.office.documents["bh"]
    (item,) = held(desk)
    accept = ("held", "accept", item["id"], "--signed-on", "2026-11-03", *SEEN, "--json")
    first = desk.office.cli(*accept, "--slot", "pcp", "--npi", desk.office.sample.npis["pcp1"], now=RETURN).json
    assert (first["verdict"], first["slots_filled"]) == ("accepted", ["pcp"])
    second = desk.office.cli(*accept, "--slot", "member", now=RETURN).json
    assert second["slots_filled"] == ["pcp", "member"]
    fills = {event.data["slot"]: event.data for event in desk.events("slot.filled")}
    assert {fill["evidence"] for fill in fills.values()} == {"ink_scan"}
    assert {fill["signed_at"] for fill in fills.values()} == {None}
    assert {fill["on"] for fill in fills.values()} == {"2026-11-03"}
    assert fills["pcp"]["attested_by"] == "Sam Sample"
    assert desk.office.status(row["document_id"])["state"] == "filed"
    assert held(desk) == []
    assert len(desk.notices(desk.practice())) == 1


def test_a_fax_sent_upside_down_as_a_pdf_of_pictures_is_ink_too(desk: Desk) -> None:
    pages = [fax.faxed(page, upside_down=True, seed=place) for place, page in enumerate(pages_of(desk.issued_file()))]
    row = desk.take(fax.pdf(pages), name="fax.pdf", practice="")
    assert (row["verdict"], row["lane"]) == ("held", "ink")


def test_a_missing_page_is_named(desk: Desk) -> None:
    row = desk.take(faxed(desk.issued_file(), drop=1), name="fax.tif")
    assert [code for code in codes(row) if code != "box_empty"] == ["ink_scan", "pages_missing"]
    assert "not seen: 2 of" in row["findings"][1]["message"]


def test_two_plans_in_one_fax_are_two_parts_each_with_its_own_pages_decision_and_notice(desk: Desk) -> None:
    pages = [*pages_of(desk.issued_file("bh")), *pages_of(desk.issued_file("ltss"))]
    desk.drop(fax.tiff([fax.faxed(page) for page in pages]), name="both.tif", practice="")
    rows = desk.intake()
    assert [(row["part"], row["parts"], row["document_id"]) for row in rows] == [
        (number, 2, desk.office.documents[name]) for number, name in enumerate(("bh", "ltss"), 1)
    ]
    assert {row["sha256"] for row in rows} == {rows[0]["sha256"]}
    assert [(row["verdict"], row["lane"], row["kind"], codes(row)) for row in rows] == [
        ("held", "ink", "plan", ["ink_scan", "box_empty"])
    ] * 2
    assert [row["pages"]["missing"] for row in rows] == [[], []]
    first, second = held(desk)
    assert (first["id"], second["id"]) == (f"{rows[0]['sha256'][:12]}:1", f"{rows[0]['sha256'][:12]}:2")
    arguments = ("--slot", "member", "--signed-on", "2026-11-03", *SEEN, "--json")
    accepted = desk.office.cli("held", "accept", second["id"], *arguments, now=RETURN).json
    assert (accepted["document_id"], accepted["slots_filled"]) == (desk.office.documents["ltss"], ["member"])
    assert [item["document_id"] for item in held(desk)] == [desk.office.documents["bh"]]
    desk.office.cli("held", "show", rows[0]["sha256"][:12])
    assert len(desk.notices(desk.practice("bh"))) >= 1


def test_a_page_whose_codes_are_lost_can_be_attested_by_its_document_id(desk: Desk) -> None:
    page = pages_of(desk.issued_file())[-1]
    page.paste(255, (0, 0, 1700, 280))
    page.paste(255, (0, 1900, 1700, 2200))
    row = desk.take(fax.tiff([fax.faxed(page)]), name="torn.tif")
    assert (row["lane"], row["document_id"]) == ("unmatched", None)
    attest = ("held", "accept", row["sha256"][:12], "--slot", "member", "--signed-on", "2026-11-03", *SEEN)
    desk.office.cli(*attest, status=2, now=RETURN)
    accepted = desk.office.cli(*attest, "--document", desk.office.documents["bh"], "--json", now=RETURN).json
    assert accepted["slots_filled"] == ["member"]
    assert len(desk.notices(desk.practice())) == 1


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("lpn1", "RN, MD, DO, NP or PA, must sign"),
        ("np2", "cpdocs import designations FILE"),
        ("pcp4", "cpdocs import clinicians FILE"),
        ("nobody", "Nobody with this NPI is on record. Read it again from the page"),
    ],
)
def test_nobody_attests_a_person_into_eligibility(desk: Desk, label: str, told: str) -> None:
    row = desk.take(faxed(desk.issued_file()), name="fax.tif")
    npi = desk.office.sample.npis.get(label, "1999999984")
    attest = (
        "held",
        "accept",
        row["sha256"][:12],
        "--slot",
        "pcp",
        "--npi",
        npi,
        "--signed-on",
        "2026-11-03",
        *SEEN,
    )
    result = desk.office.cli(*attest, status=1, now=RETURN)
    assert "may not approve" in result.err
    assert told in result.err
    assert not any(words in result.err for words in ("Tell us", "Send us", "our list"))
    assert desk.events("slot.filled") == []
    assert desk.events("held.resolved") == []


def test_a_credential_on_the_page_that_differs_from_the_record_is_refused(desk: Desk) -> None:
    row = desk.take(faxed(desk.issued_file()), name="fax.tif")
    who = ("--slot", "pcp", "--npi", desk.office.sample.npis["pcp1"], "--credential", "RN", "--signed-on", "2026-11-03")
    desk.office.cli("held", "accept", row["sha256"][:12], *who, *BY, status=1, now=RETURN)


@pytest.mark.parametrize(
    ("day", "why"), [("2026-11-01", "before it was issued"), ("2026-11-05", "after it was received")]
)
def test_a_date_that_cant_be_is_refused(desk: Desk, day: str, why: str) -> None:
    row = desk.take(faxed(desk.issued_file()), name="fax.tif")
    result = desk.office.cli(
        "held",
        "accept",
        row["sha256"][:12],
        "--slot",
        "member",
        "--signed-on",
        day,
        *SEEN,
        status=3,
        now="2026-11-06T15:00:00Z",
    )
    assert why in result.err


def test_a_digital_signature_that_is_held_cant_be_accepted_as_ink_or_by_saying_so(desk: Desk) -> None:
    row = desk.take(desk.sign_pcp(desk.issued_file(), "np2"))
    assert (row["verdict"], row["lane"]) == ("held", "digital")
    item = row["sha256"][:12]
    npi = desk.office.sample.npis["pcp1"]
    desk.office.cli(
        "held",
        "accept",
        item,
        "--slot",
        "pcp",
        "--npi",
        npi,
        "--signed-on",
        "2026-11-03",
        *SEEN,
        status=1,
        now=RETURN,
    )
    result = desk.office.cli("held", "accept", item, "--reason", "I know them", status=1, now=RETURN)
    assert "can't set this aside" in result.err
    assert desk.events("slot.filled") == []


def test_a_reviewer_may_confirm_a_file_from_another_practices_folder(desk: Desk) -> None:
    row = desk.take(desk.sign_pcp(desk.issued_file()), practice="S03")
    accepted = desk.office.cli(
        "held", "accept", row["sha256"][:12], "--reason", "asked by phone", "--json", now=RETURN
    ).json
    assert (accepted["verdict"], accepted["slots_filled"]) == ("accepted", ["pcp"])
    (fill,) = desk.events("slot.filled")
    assert fill.data["evidence"] == "digital_signature"


def test_a_rejected_item_stays_rejected_when_its_bytes_come_again(desk: Desk) -> None:
    signed = desk.sign_pcp(desk.issued_file(), "np2")
    row = desk.take(signed)
    desk.office.cli("held", "reject", row["sha256"][:12], "--reason", "the PCP must sign", now=RETURN)
    again = desk.take(signed)
    assert (again["verdict"], again["repeated"]) == ("rejected", True)
    assert held(desk) == []
    assert len(desk.notices(desk.practice())) == 1


def test_what_was_held_for_the_record_is_accepted_at_a_recheck_once_the_record_is_mended(
    desk: Desk, tmp_path: Path
) -> None:
    """Active when they signed, inactive on record when it came: the two days disagree, so a person mends the record."""
    signed = desk.sign_pcp(desk.issued_file(), "pcp1")
    gone = tmp_path / "clinicians.csv"
    gone.write_text(without(desk.office.sample.clinicians.read_text("utf-8"), desk.office.sample.npis["pcp1"]), "utf-8")
    desk.office.cli("import", "clinicians", gone, now="2026-11-03T16:00:00Z")
    row = desk.take(signed)
    assert (row["verdict"], codes(row)) == ("held", ["clinician_inactive"])
    (still,) = desk.office.cli("held", "recheck", "--json", now=RETURN).json
    assert still["verdict"] == "held"
    assert len(desk.events("return.decided")) == 1
    desk.office.cli("import", "clinicians", desk.office.sample.clinicians, now=RETURN)
    (mended,) = desk.office.cli("held", "recheck", "--json", now=RETURN).json
    assert (mended["verdict"], mended["slots_filled"]) == ("accepted", ["pcp"])
    assert held(desk) == []
    assert len(desk.notices(desk.practice())) == 1


def without(clinicians: str, npi: str) -> str:
    """The clinicians file with this one no longer active."""
    rows = list(csv.DictReader(io.StringIO(clinicians)))
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows({**row, "active": "N"} if row["npi"] == npi else row for row in rows)
    return out.getvalue()


def test_show_says_why_and_what_to_decide_and_saves_a_copy(desk: Desk, tmp_path: Path) -> None:
    data = faxed(desk.issued_file())
    row = desk.take(data, name="fax.tif")
    copy = tmp_path / "copy.tif"
    result = desk.office.cli("held", "show", desk.office.documents["bh"], "--save", copy)
    assert "scanned or faxed copy of the plan" in result.out
    assert "attest it" in result.out
    assert copy.read_bytes() == data
    assert row["sha256"][:12] in result.out


@pytest.mark.parametrize("which", ["abc", "ffffffffffff", "7K3M-9QXW-2RC"])
def test_what_is_not_held_is_a_fault_of_input(desk: Desk, which: str) -> None:
    desk.office.cli("held", "show", which, status=3)


def test_a_decision_needs_a_reason(desk: Desk) -> None:
    row = desk.take(b"nothing of ours")
    desk.office.cli("held", "reject", row["sha256"][:12], "--reason", "  ", status=2)
    desk.office.cli("held", "reject", row["sha256"][:12], status=2)


def test_the_queue_is_listed_for_people(desk: Desk) -> None:
    desk.take(b"nothing of ours")
    result = desk.office.cli("held", "list")
    assert "not_a_pdf" in result.out


def two_faxes(desk: Desk) -> list[bytes]:
    pages = [fax.faxed(page, seed=place) for place, page in enumerate(pages_of(desk.issued_file()))]
    return [fax.tiff(pages[:2]), fax.tiff(pages[2:])]


def test_one_plan_in_two_faxes_is_one_item_whole_together_one_notice_and_both_files_in_the_package(desk: Desk) -> None:
    for number, data in enumerate(two_faxes(desk), 1):
        desk.drop(data, name=f"fax{number}.tif")
    rows = desk.intake()
    assert [bool(row["pages"]["missing"]) for row in rows] == [True, True]
    (item,) = held(desk)
    assert item["files"] == [row["sha256"] for row in rows]
    assert item["pages"]["missing"] == []
    assert "pages_missing" not in codes(item)
    assert len(desk.notices(desk.practice())) == 1
    both = ("--slot", "both", "--npi", desk.office.sample.npis["pcp1"], "--signed-on", "2026-11-03")
    seen = ("--seen-by-eye", "the print is blank in this test")
    done = desk.office.cli("held", "accept", item["id"], *both, *seen, *BY, "--json", now=RETURN).json
    assert sorted(done["slots_filled"]) == ["member", "pcp"]
    fills = desk.events("slot.filled")
    assert all({fill.data["return_sha256"], *fill.data["further_sha256"]} == set(item["files"]) for fill in fills)
    assert desk.office.status(item["document_id"])["state"] == "filed"
    assert held(desk) == []


def test_a_part_of_the_pages_is_accepted_only_with_a_reason_that_stays_on_the_record(desk: Desk) -> None:
    row = desk.take(faxed(desk.issued_file(), drop=0), name="fax.tif")
    who = ("--slot", "member", "--signed-on", "none", "--seen-by-eye", "a pencil", *BY)
    result = desk.office.cli("held", "accept", row["sha256"][:12], *who, status=2, now=RETURN)
    assert "page 1 of" in result.err
    missing = ("--pages-missing", "page 1 was read to us by phone")
    desk.office.cli("held", "accept", row["sha256"][:12], *who, *missing, now=RETURN)
    (fill,) = desk.events("slot.filled")
    assert (fill.data["on"], fill.data["signed_at"]) == (None, None)
    for words in ("no date is written", "a pencil", "read to us by phone"):
        assert words in fill.data["how"]


def test_what_a_completed_plan_leaves_in_the_queue_closes_by_itself_without_another_letter(desk: Desk) -> None:
    document = desk.office.documents["bh"]
    desk.take(faxed(desk.issued_file()), name="fax.tif")
    assert len(held(desk)) == 1
    desk.take(desk.sign_member(desk.sign_pcp(desk.issued_file())), name="signed.pdf")
    assert held(desk) == []
    assert desk.events("held.resolved")[-1].data["reason"] == "no_longer_needed"
    before = len(desk.notices(desk.practice()))
    late = desk.take(faxed(desk.issued_file(), standard=True), name="copy.tif")
    assert (late["document_id"], held(desk)) == (document, [])
    assert len(desk.notices(desk.practice())) == before


def test_the_words_of_a_note_in_a_viewer_are_shown_to_the_reviewer_and_recorded_nowhere(desk: Desk) -> None:
    out = io.BytesIO()
    with pikepdf.open(desk.issued_file()) as plan:
        note = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Text,
            Rect=[40, 700, 60, 720],
            Contents="Please change the pharmacy.\nThen I sign.",
        )
        page = plan.pages[1]
        page.obj.Annots = pikepdf.Array([*page.obj.get("/Annots", []), plan.make_indirect(note)])
        plan.save(out)
    row = desk.take(out.getvalue(), name="noted.pdf")
    assert (row["verdict"], codes(row)[0]) == ("held", "comments")
    (item,) = held(desk)
    said = desk.office.cli("held", "show", item["id"], "--json").json["comments"]
    assert said == [{"page": 2, "kind": "Text", "words": "Please change the pharmacy.\nThen I sign."}]
    shown = desk.office.cli("held", "show", item["id"]).out
    assert "Comment on page 2: Please change the pharmacy. Then I sign." in shown
    desk.office.cli("held", "return", item["id"], "--reason", "asks for another pharmacy", now=RETURN)
    assert "asks for another pharmacy" in desk.office.cli("plan", "show", row["document_id"]).out
    assert not [event for event in desk.events() if "Then I sign" in str(event.data)]


def test_comments_on_a_fax_are_recorded_as_the_practices_return_at_receipt(desk: Desk) -> None:
    row = desk.take(faxed(desk.issued_file()), name="fax.tif")
    reason = ("--reason", "asks for another pharmacy")
    done = desk.office.cli("held", "return", row["sha256"][:12], *reason, "--json", now="2026-11-05T15:00:00Z").json
    assert done["verdict"] == "held"
    assert desk.office.status(row["document_id"])["state"] == "returned_with_comments"
    (event,) = desk.events("plan.returned")
    assert event.data["at"].startswith("2026-11-04T15:00:00")
    assert held(desk) == []


def test_an_item_of_which_nobody_is_asked_anything_is_closed_without_a_notice(desk: Desk) -> None:
    row = desk.take(faxed(desk.issued_file()), name="fax.tif")
    before = len(desk.notices(desk.practice()))
    desk.office.cli("held", "close", row["sha256"][:12], "--reason", "sent twice", now=RETURN)
    assert held(desk) == []
    assert len(desk.notices(desk.practice())) == before


def test_an_approval_recorded_by_mistake_is_taken_back_and_a_digital_signature_never(desk: Desk) -> None:
    document = desk.office.documents["bh"]
    row = desk.take(faxed(desk.issued_file()), name="fax.tif")
    who = ("--slot", "member", "--signed-on", "2026-11-03", "--seen-by-eye", "a pencil", *BY)
    desk.office.cli("held", "accept", row["sha256"][:12], *who, now=RETURN)
    desk.take(desk.sign_pcp(desk.issued_file()))
    assert desk.office.status(document)["state"] == "filed"
    back = ("plan", "unapprove", document, "--reason", "read from the wrong page", "--slot")
    desk.office.cli(*back, "pcp", status=1, now=RETURN)
    assert desk.office.cli(*back, "member", "--json", now=RETURN).json["state"] == "partly_signed"
    (event,) = desk.events("slot.emptied")
    assert event.data["slot"] == "member"
    desk.office.cli(*back, "member", status=3, now=RETURN)


def test_with_a_second_reader_ink_counts_once_another_person_attested_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = desk.root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace("[review]", "[review]\nsecond_reader = true", 1), "utf-8")
    row = desk.take(faxed(desk.issued_file()), name="fax.tif")
    attest = ("held", "accept", row["sha256"][:12], "--slot", "member", "--seen-by-eye", "a pencil", *BY)
    desk.office.cli(*attest, "--signed-on", "2026-11-03", now=RETURN)
    assert (desk.events("slot.filled"), len(held(desk))) == ([], 1)
    desk.office.cli(*attest, "--signed-on", "2026-11-03", now=RETURN)
    assert desk.events("slot.filled") == []
    from cpdocs.people import people

    real = people.require
    monkeypatch.setattr(people, "require", lambda *a, **k: replace(real(*a, **k), user="second"))
    assert desk.office.cli(*attest, "--signed-on", "none", status=1, now=RETURN)
    desk.office.cli(*attest, "--signed-on", "2026-11-03", now=RETURN)
    assert len(desk.events("slot.filled")) == 1
