"""A scan with a script and a program in it, protected so that only its owner's password would show them."""

from __future__ import annotations

import io

import pikepdf
import pypdfium2
import pytest
from pikepdf import Dictionary, Name

from cpdocs.sandbox import drawing
from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes
from tests.scans import fax
from tests.signing.encrypted import QPDF, saved

BY = ("--signed-on", "2026-11-03", "--by", "Sam Sample", "--reason", "read from the scan", "--seen-by-eye", "faint")


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def acting_scan(desk: Desk) -> pikepdf.Pdf:
    with pypdfium2.PdfDocument(desk.issued_file()) as document:
        pages = [page.render(scale=200 / 72, grayscale=True).to_pil().convert("1") for page in document]
    pdf = pikepdf.open(io.BytesIO(fax.pdf(pages)))
    pdf.Root.OpenAction = pdf.make_indirect(Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)")))
    pdf.attachments["a.exe"] = pikepdf.AttachedFileSpec(pdf, b"MZ", filename="a.exe")
    return pdf


@pytest.mark.parametrize("method", ["AES-128", "AES-256, R6"])
def test_it_is_held_for_what_it_hides_and_nobody_can_attest_it(desk: Desk, method: str) -> None:
    row = desk.take(saved(acting_scan(desk), encryption=pikepdf.Encryption(owner="x9", user="", **QPDF[method])))
    assert (row["verdict"], row["document_id"]) == ("held", desk.office.documents["bh"])
    assert codes(row)[:2] == ["active_content", "encrypted"]
    accept = ("held", "accept", row["sha256"][:12], "--slot", "member", *BY)
    desk.office.cli(*accept, now=RETURN, status=1)
    assert not desk.events("slot.filled")


def test_what_an_older_gate_overlooked_is_stopped_at_the_desk_and_again_before_the_chart(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = desk.take(saved(acting_scan(desk)))
    monkeypatch.setattr("cpdocs.returns.held._NOT_TO_BE_READ", frozenset())
    item = row["sha256"][:12]
    accept = ("held", "accept", item, *BY)
    refused = desk.office.cli(*accept, "--slot", "member", now=RETURN, status=1)
    assert "The file holds" in refused.err
    assert "JavaScript" in refused.err

    with monkeypatch.context() as patch:
        patch.setattr("cpdocs.returns.held.what_acts", lambda *_: ())
        desk.office.cli(*accept, "--slot", "member", now=RETURN)
        desk.office.cli(*accept, "--slot", "pcp", "--npi", desk.office.sample.npis["pcp1"], now=RETURN)
    (held,) = desk.events("filing.held")
    assert [each["code"] for each in held.data["reasons"]] == ["active_original"]
    assert not list((desk.root / "outbox" / "ehr").rglob("*.pdf"))


def test_a_search_that_gives_no_answer_is_a_reason_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from cpdocs.sandbox.run import Stopped
    from cpdocs.signing.record import Limits

    def stopped(*_: object, **__: object) -> None:
        raise Stopped("limit")

    monkeypatch.setattr(drawing, "run_sandboxed", stopped)
    assert drawing.what_acts(b"%PDF-1.7", Limits()) == ("more than can be searched",)
