"""What leaves, at the desk: packets sent, plans packed, and each decision about a delivery."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.desk.conftest import Browser, at_the_desk
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk
from tests.flows.sent_office import chart_is, file_bh, more, the_row

SAID = {"on": "2026-11-03", "by": "Sam Sample"}


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


@contextmanager
def logged_in(desk: Desk) -> Iterator[Browser]:
    with at_the_desk(desk.root, RETURN) as browser:
        browser.log_in()
        yield browser


def with_channels(desk: Desk, folder: Path) -> None:
    for name in ("fax", "sftp", "secure_email"):
        more(desk.office, f'[channel.{name}]\nkind = "folder"\nfolder = "{folder}"\n')


def test_a_packet_is_sent_by_the_practices_own_channel(desk: Desk, tmp_path: Path) -> None:
    with_channels(desk, tmp_path)
    document_id = desk.office.documents["bh"]
    with logged_in(desk) as browser:
        assert browser.post(f"/plans/{document_id}", do="send").status_code == 303
        assert "delivered" in browser.get(f"/plans/{document_id}").text
    assert [event.data["document_id"] for event in desk.events("plan.sent")] == [document_id]
    assert any(tmp_path.rglob("*.pdf"))


def test_what_isnt_settled_is_sent_again_or_given_up_with_a_reason(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    folder.write_text("no folder", "utf-8")
    with_channels(desk, folder)
    bh, ltss = desk.office.documents["bh"], desk.office.documents["ltss"]
    with logged_in(desk) as browser:
        for document_id in (bh, ltss):
            browser.post(f"/plans/{document_id}", do="send")
        rows = desk.office.cli("deliver", "list", "--json", now=RETURN).json
        assert {row["state"] for row in rows} <= {"queued", "held", "unsure"}
        target = {row["document_id"]: row["target"] for row in rows}
        page = browser.get("/deliveries").text
        assert bh in page
        assert "Send it again" in page
        folder.unlink()
        about = {"document": bh, "target": target[bh]}
        assert browser.post("/deliveries", do="retry", **about).status_code == 303
        assert f"{bh} to {target[bh]}: delivered" in browser.get("/deliveries").text
        other = {"document": ltss, "target": target[ltss]}
        assert browser.post("/deliveries", do="give-up", **other).status_code == 422
        assert browser.post("/deliveries", do="give-up", reason="carried there", **other).status_code == 303
        assert browser.post("/deliveries", do="shred", **other).status_code == 422
        assert browser.post("/deliveries", do="retry", document="x", target="y").status_code == 422
    states = {row["document_id"]: row["state"] for row in desk.office.cli("deliver", "list", "--json").json}
    assert states == {bh: "delivered", ltss: "withdrawn"}


def test_what_was_delivered_is_taken_back(desk: Desk) -> None:
    chart_is(desk.office, 'kind = "handoff"\n')
    file_bh(desk.office)
    with logged_in(desk) as browser:
        assert browser.post("/deliveries", do="deliver").status_code == 303
        assert "Looked at" in browser.get("/deliveries?state=").text
        about = {"document": desk.office.documents["bh"], "target": "chart"}
        assert browser.post("/deliveries", do="recall", reason="wrong member", **about).status_code == 303
    assert the_row(desk.office, purpose="recall")["state"] in ("delivered", "unsure", "queued")


def test_a_chart_note_completes_a_plan_and_what_kept_it_from_being_packed_is_mended(desk: Desk) -> None:
    settings = desk.root / "cpdocs.toml"
    whole = settings.read_text("utf-8")
    payer = desk.office.status(desk.office.documents["bh"])["payer"]
    allowed = f'{whole}\n[payer."{payer}"]\nchart_notes = true\n'
    nowhere = allowed.replace("ehrs = []", 'ehrs = ["nobody-has-this"]')
    assert nowhere != allowed
    settings.write_text(nowhere, "utf-8")
    address, npi = f"/plans/{desk.office.documents['bh']}", desk.office.sample.npis["pcp1"]
    with logged_in(desk) as browser:
        browser.post(address, do="approve", how="telephone", **SAID)
        assert browser.post(address, do="note", note="agreed", npi="123", **SAID).status_code == 422
        assert browser.post(address, do="note", note="Reviewed and agreed", npi=npi, **SAID).status_code == 303
        assert "It is not filed yet." in browser.get(address).text
        assert "Pack it for the chart" in browser.get(address).text
        assert browser.post(address, do="file").status_code == 303
        assert "Not filed yet." in browser.get(address).text
    settings.write_text(allowed, "utf-8")
    with logged_in(desk) as browser:
        assert browser.post(address, do="file").status_code == 303
        assert "It is packed for its chart." in browser.get(address).text
    assert [event.data["evidence"] for event in desk.events("slot.filled")] == ["recorded_approval", "chart_note"]
    assert len(desk.events("plan.filed")) == 1
