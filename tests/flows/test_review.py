"""The review of paper on the command line: what a coordinator is shown, and what an attestation records."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from tests.flows import papers
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes
from tests.signing import builder as b

BY = ("--by", "Sam Sample", "--reason", "read from the fax")
LATER = "2026-11-06T15:00:00Z"


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


@pytest.fixture
def both_signed(desk: Desk) -> dict[str, Any]:
    """The row of a fax with ink in both boxes."""
    pdf = desk.issued_file().read_bytes()
    return desk.take(papers.fax(papers.signed(pdf, "MemberSig", "PCPSig")), name="fax.tif")


def accept(desk: Desk, row: dict[str, Any], *how: str, now: str = RETURN, status: int = 0) -> Any:
    return desk.office.cli("held", "accept", row["sha256"][:12], *how, *BY, "--json", now=now, status=status)


def fills(desk: Desk) -> dict[str, Any]:
    return {event.data["slot"]: event.data for event in desk.events("slot.filled")}


def rewritten(table: Path, target: Path, change: Callable[[dict[str, str]], dict[str, str]]) -> Path:
    """A sample file with each row changed."""
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8"))))
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(map(change, rows))
    target.write_text(out.getvalue(), "utf-8")
    return target


def test_both_signatures_are_attested_in_one_act_each_with_its_own_date(
    desk: Desk, both_signed: dict[str, Any]
) -> None:
    assert both_signed["boxes"] == {"member": "signed", "pcp": "signed"}
    days = ("--signed-on", "2026-11-03", "--member-signed-on", "none")
    done = accept(desk, both_signed, "--slot", "both", "--npi", desk.office.sample.npis["pcp1"], *days).json
    assert sorted(done["slots_filled"]) == ["member", "pcp"]
    found = fills(desk)
    assert (found["pcp"]["on"], found["member"]["on"]) == ("2026-11-03", None)
    assert {each["received_at"][:10] for each in found.values()} == {"2026-11-04"}
    assert "no date is written" in found["member"]["how"]
    assert "no date is written" not in found["pcp"]["how"]
    assert len(desk.events("held.resolved")) == 1
    assert desk.office.status(both_signed["document_id"])["state"] == "filed"


def test_show_proposes_who_may_have_signed_and_the_command_to_say_so(desk: Desk, both_signed: dict[str, Any]) -> None:
    item = both_signed["sha256"][:12]
    proposed = desk.office.cli("held", "show", item, "--json", now=RETURN).json["proposed"]
    npis = desk.office.sample.npis
    assert proposed["slots"] == ["member", "pcp"]
    assert proposed["received_on"] == "2026-11-04"
    first, *others = proposed["pcp"]
    assert (first["npi"], first["role"], first["against"]) == (npis["pcp1"], "pcp", [])
    assert first["credential"] == "MD"
    assert {each["role"] for each in others} == {"pcp_designee"}
    assert ["credential_not_eligible"] in [each["against"] for each in others]
    assert npis["rn1"] in {each["npi"] for each in others if not each["against"]}
    assert proposed["member"]
    said = desk.office.cli("held", "show", item, now=RETURN).out
    assert f"cpdocs held accept {item} --slot both --npi {npis['pcp1']} --signed-on DATE|none" in said


def test_a_representative_a_mark_with_witnesses_and_a_stamp_are_on_the_record(
    desk: Desk, both_signed: dict[str, Any]
) -> None:
    who = ("--representative", "Robin Testwell", "--relation", "health care agent")
    marked = ("--mark-witness", "Sam Sample", "--mark-witness", "Lee Sample")
    accept(desk, both_signed, "--slot", "member", "--signed-on", "2026-11-03", *who, *marked)
    npi = desk.office.sample.npis["pcp1"]
    accept(desk, both_signed, "--slot", "pcp", "--npi", npi, "--credential", "md", "--signed-on", "none", "--stamp")
    found = fills(desk)
    assert found["member"]["signer"] == "Robin Testwell"
    assert found["member"]["on_behalf_of"] == "health care agent"
    assert "a mark, witnessed by Sam Sample and Lee Sample" in found["member"]["how"]
    assert found["pcp"]["how"].startswith("a stamp on a returned copy, read by Sam Sample")


def test_who_left_after_the_page_came_signed_it_all_the_same(
    desk: Desk, both_signed: dict[str, Any], tmp_path: Path
) -> None:
    npi = desk.office.sample.npis["pcp1"]
    gone = rewritten(
        desk.office.sample.clinicians,
        tmp_path / "gone.csv",
        lambda row: {**row, "active": "N"} if row["npi"] == npi else row,
    )
    desk.office.cli("import", "clinicians", gone, now="2026-11-05T15:00:00Z")
    item = both_signed["sha256"][:12]
    proposed = desk.office.cli("held", "show", item, "--json", now=LATER).json["proposed"]
    assert proposed["pcp"][0]["against"] == []
    done = accept(desk, both_signed, "--slot", "pcp", "--npi", npi, "--signed-on", "2026-11-03", now=LATER).json
    assert done["slots_filled"] == ["pcp"]


@pytest.mark.parametrize(("imported", "status"), [("2026-11-05T15:00:00Z", 0), ("2026-11-03T18:00:00Z", 1)])
def test_the_members_pcp_counts_as_on_record_when_the_page_came(
    desk: Desk, tmp_path: Path, imported: str, status: int
) -> None:
    sample = desk.office.sample
    other = sample.npis["pcp2"]
    moved = rewritten(
        sample.roster,
        tmp_path / "roster.csv",
        lambda row: {**row, "pcp_npi": other} if row["pcp_npi"] == sample.npis["pcp1"] else row,
    )
    if imported < RETURN:
        desk.office.cli("import", "roster", moved, now=imported)
    pdf = desk.issued_file().read_bytes()
    row = desk.take(papers.fax(papers.signed(pdf, "MemberSig", "PCPSig")), name="fax.tif")
    if imported > RETURN:
        desk.office.cli("import", "roster", moved, now=imported)
    how = ("--slot", "pcp", "--npi", sample.npis["pcp1"], "--signed-on", "2026-11-02")
    said = accept(desk, row, *how, now=LATER, status=status)
    assert ("PCP has changed" in said.err) is bool(status)


def test_a_page_that_a_program_changed_beside_a_scanned_signature_page_is_pointed_at(
    desk: Desk, tmp_path: Path
) -> None:
    pdf = desk.issued_file().read_bytes()
    last = papers.signed(pdf, "PCPSig")[-1]
    row = desk.take(papers.scanned_in(pdf, last), name="plan.pdf")
    assert codes(row) == ["ink_scan", "box_empty"]
    assert (row["boxes"], row["marks_elsewhere"]) == ({"member": "empty", "pcp": "signed"}, [])
    whited = papers.scanned_in(pdf, last, altered=b"q 1 1 1 rg 60 420 420 90 re f Q")
    changed = desk.take(whited, name="changed.pdf")
    assert (changed["verdict"], changed["lane"], changed["marks_elsewhere"]) == ("held", "ink", [2])
    assert "content_differs" in codes(changed)
    assert "on page 2" in next(each["message"] for each in changed["findings"] if each["code"] == "content_differs")


def _drawn_on(desk: Desk) -> bytes:
    pdf = desk.issued_file().read_bytes()
    return papers.scanned_in(pdf, papers.signed(pdf, "PCPSig")[-1], altered=b"q 0 0 1 RG 60 420 m 300 500 l S Q")


def _unknown(desk: Desk) -> bytes:
    page = papers.printed(desk.issued_file().read_bytes())[0].copy()
    page.paste(255, (0, 0, page.width, 300))
    page.paste(255, (0, page.height - 400, page.width, page.height))
    return papers.fax((page,))


def _strangers(desk: Desk) -> bytes:
    return b.sign(desk.issued_file().read_bytes(), "PCPSig", b.self_signed("Alpha Testwell"))


@pytest.mark.parametrize(
    ("make", "lane", "issued_beside"),
    [(_drawn_on, "ink", True), (_unknown, "unmatched", False), (_strangers, "digital", True)],
)
def test_pictures_are_there_for_every_lane(
    desk: Desk, tmp_path: Path, make: Callable[[Desk], bytes], lane: str, issued_beside: bool
) -> None:
    row = desk.take(make(desk))
    assert (row["verdict"], row["lane"]) == ("held", lane)
    target = tmp_path / "seen.pdf"
    desk.office.cli("held", "show", row["sha256"][:12], "--pictures", target, now=RETURN)
    with pypdfium2.PdfDocument(target) as pictures, pypdfium2.PdfDocument(desk.issued_file()) as plan:
        assert len(pictures) == (len(plan) + 2 if issued_beside else 1)
