"""A file that isn't ours byte for byte any more is shown beside the plan as issued to the person who must decide."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from pyhanko.sign.fields import SigFieldSpec
from weasyprint import HTML

from tests.flows.conftest import Office
from tests.flows.returning import RETURN, Desk, codes
from tests.flows.strangers import PADES, from_p12, sign_with
from tests.signing import builder as b
from tests.signing.attacks import revisions


@pytest.fixture
def desk(issued: Office) -> Desk:
    return Desk(issued)


def by_a_service(plan: bytes, *, stamped: bool = False) -> bytes:
    """The plan as a signing service writes it: its form gone, a stamp on page 2, a record of its own at the end,
    signed."""
    record = HTML(
        string="<h1>Certificate of completion</h1><p>Signed by Alpha Testwell with access code.</p>"
    ).write_pdf()
    with pikepdf.open(io.BytesIO(plan)) as document, pikepdf.open(io.BytesIO(record)) as last:
        del document.Root.AcroForm, document.Root.Perms
        for page in document.pages:
            if "/Annots" in page.obj:
                del page.obj.Annots
        if stamped:
            document.pages[1].contents_add(b"q 0.8 g 100 300 200 40 re f Q")
        document.pages.extend(last.pages)
        out = io.BytesIO()
        document.save(out)
    return b.sign(
        out.getvalue(), "Completion", b.self_signed("Example Signing Service"), spec=SigFieldSpec("Completion")
    )


def shown(desk: Desk, row: dict[str, Any], *options: str | Path) -> Any:
    return desk.office.cli("held", "show", row["sha256"][:12], *options, now=RETURN)


def test_a_services_file_is_held_with_its_pages_beside_the_issued_ones_and_its_record_in_words(
    desk: Desk, tmp_path: Path
) -> None:
    row = desk.take(by_a_service(desk.issued_file().read_bytes(), stamped=True))
    assert (row["verdict"], row["lane"]) == ("held", "esign_service")
    (event,) = desk.events("return.compared")
    kept = desk.root / "state" / "store" / event.data["pictures_sha256"][:2] / event.data["pictures_sha256"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    target = tmp_path / "compared.pdf"
    said = shown(desk, row, "--pictures", target).out
    assert "Page 2 differs in 1 place." in said
    assert "is only in the returned file" in said
    assert "| Signed by Alpha Testwell with access code." in said
    assert "by Example Signing Service; certificate issued by Example Signing Service" in said
    assert "nobody vouches for it. intact, over the whole file." in said
    with pypdfium2.PdfDocument(kept) as compared, pypdfium2.PdfDocument(desk.issued_file()) as plan:
        assert len(compared) == len(plan) + 1
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pypdfium2.PdfDocument(target) as pictures, pypdfium2.PdfDocument(desk.issued_file()) as plan:
        assert len(pictures) == len(plan) + 1 + 2  # the service's record, and the boxes enlarged
    assert [each.data["how"] for each in desk.events("record.accessed")] == ["held show --pictures"]
    assert len(desk.events("return.compared")) == 1


def test_a_person_decides_about_a_services_file_by_attesting_what_they_saw(desk: Desk) -> None:
    row = desk.take(by_a_service(desk.issued_file().read_bytes()))
    comparison = shown(desk, row, "--json").json["comparison"]
    assert {page["marked"] for page in comparison["pages"]} == {0}
    assert "access code" in comparison["words"]
    who = ("--slot", "pcp", "--npi", desk.office.sample.npis["pcp1"], "--signed-on", "2026-11-03")
    accept = (
        "held",
        "accept",
        row["sha256"][:12],
        *who,
        "--by",
        "Sam Sample",
        "--reason",
        "pages compared; record read",
    )
    assert desk.office.cli(*accept, "--json", now=RETURN).json["slots_filled"] == ["pcp"]
    (fill,) = desk.events("slot.filled")
    assert (fill.data["evidence"], fill.data["attested_by"]) == ("ink_scan", "Sam Sample")


def test_fonts_written_anew_by_an_old_program_are_held_with_a_comparison_not_rejected(
    desk: Desk, tmp_path: Path
) -> None:
    signer = from_p12(desk.key("pcp1"), b"correct horse")
    changed = revisions.revise(desk.issued_file().read_bytes(), _same_font_again)
    row = desk.take(sign_with(signer, changed, "PCPSig", PADES))
    assert row["verdict"] == "held"
    assert "changes_unclear" in codes(row)
    said = shown(desk, row, "--pictures", tmp_path / "compared.pdf").out
    assert "Every page looks the same." in said or "differs in" in said
    assert desk.events("return.compared")


def _same_font_again(writer: revisions.Writer) -> None:
    """A font of the first page written anew, as it is."""
    fonts = revisions._page(writer)["/Resources"]["/Font"]
    raw = fonts.raw_get(next(iter(fonts)))
    raw.get_object()["/Name"] = revisions.name("F0")
    writer.mark_update(raw.reference)


def test_what_is_no_rewrite_is_compared_only_when_a_person_asks(desk: Desk, tmp_path: Path) -> None:
    row = desk.take(b.sign(desk.issued_file().read_bytes(), "PCPSig", b.self_signed("Alpha Testwell")))
    assert desk.events("return.compared") == []
    shown(desk, row, "--pictures", tmp_path / "x.pdf")
    assert desk.events("return.compared") == []
    with pypdfium2.PdfDocument(tmp_path / "x.pdf") as pictures, pypdfium2.PdfDocument(desk.issued_file()) as plan:
        assert len(pictures) == len(plan) + 2


def test_a_file_whose_pages_cant_be_drawn_is_held_all_the_same_and_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cpdocs.returns.comparing.SECONDS", 0.05)
    row = desk.take(by_a_service(desk.issued_file().read_bytes()))
    assert (row["verdict"], row["lane"]) == ("held", "esign_service")
    assert "can't be drawn" in shown(desk, row).out


def test_a_fax_is_shown_upright_beside_the_plan_with_its_boxes(desk: Desk, tmp_path: Path) -> None:
    from PIL import Image

    with pypdfium2.PdfDocument(desk.issued_file()) as plan:
        pages = len(plan)
        frames = [page.render(scale=200 / 72).to_pil().convert("1").rotate(180) for page in plan]
    out = io.BytesIO()
    frames[0].save(out, "TIFF", save_all=True, append_images=frames[1:], compression="group4", dpi=(200, 200))
    row = desk.take(out.getvalue(), name="fax.tif")
    assert row["boxes"] == {"member": "empty", "pcp": "empty"}
    target = tmp_path / "seen.pdf"
    shown(desk, row, "--pictures", target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pypdfium2.PdfDocument(target) as pictures, pypdfium2.PdfDocument(desk.issued_file()) as plan:
        assert len(pictures) == pages + 2
        sheet = pictures[0].render(scale=0.5).to_pil().convert("L")
    half = sheet.width // 2
    left, right = (sheet.crop(box).reduce(4).tobytes() for box in ((0, 0, half, 400), (half, 0, 2 * half, 400)))
    assert isinstance(sheet, Image.Image)
    assert sum(abs(one - other) for one, other in zip(left, right, strict=True)) / len(left) < 12
