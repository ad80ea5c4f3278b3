"""Letters with a logo: merged like all others, drawn as full layouts are, and each picture once in the print file."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from cpdocs.documents.letters import PrintedLetter
from cpdocs.documents.mail_merge.internals.canvas import NotMergeable
from cpdocs.documents.mail_merge.merged import SharedPart
from cpdocs.documents.mail_merge.printing import MergedPrintFile
from cpdocs.documents.mail_merge.readback import document_ids
from cpdocs.documents.mail_merge.renderer import MailMerge, MergedLetter
from tests.documents.letter_samples import LTSS, SHIPPED, letter, renderer
from tests.documents.test_mail_merge import renderer_of, same

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 80" width="300" height="80"><title>Sample</title>{}</svg>'
)
_SHAPES = '<rect width="80" height="80" rx="12" fill="#1f4e5f"/><circle cx="40" cy="40" r="24" fill="#fff"/>'
_EFFECTS = (
    '<defs><linearGradient id="g"><stop offset="0" stop-color="#1f4e5f"/><stop offset="1" stop-color="#fff"/>'
    '</linearGradient></defs><rect width="280" height="80" fill="url(#g)"/>'
    '<circle cx="40" cy="40" r="24" opacity=".5"/>'
)
_WORDS = '<text x="10" y="50" font-size="30" font-family="Noto Sans">Sample</text>'


def drawn(mode: str, format_: str) -> bytes:
    picture = Image.new(mode, (300, 80))
    for x in range(300):
        for y in range(80):
            picture.putpixel((x, y), (x % 256, 3 * y, 200, 255 - x % 200)[: len(mode)])
    out = io.BytesIO()
    picture.save(out, format_)
    return out.getvalue()


LOGOS = {
    "shapes.svg": lambda: _SVG.format(_SHAPES).encode(),
    "effects.svg": lambda: _SVG.format(_EFFECTS).encode(),
    "words.svg": lambda: _SVG.format(_WORDS).encode(),
    "plain.png": lambda: drawn("RGB", "PNG"),
    "clear.png": lambda: drawn("RGBA", "PNG"),
    "photo.jpg": lambda: drawn("RGB", "JPEG"),
}


def site_with(folder: Path, name: str, mark_up: str = "") -> Path:
    """A site whose letterhead has the logo ``name``."""
    common = folder / "letters" / "common"
    common.mkdir(parents=True)
    (common / name).write_bytes(LOGOS[name]())
    said = mark_up or f'<p class="logo"><img src="{name}" alt="Sample"></p>'
    (common / "logo.html").write_text(said, "utf-8")
    return folder


@pytest.mark.parametrize("name", LOGOS)
def test_a_letter_with_a_logo_is_merged_as_it_is_laid_out(name: str, tmp_path: Path) -> None:
    merging = MailMerge(renderer(site_with(tmp_path / "site", name)))
    shared: dict[bytes, SharedPart] = {}
    for first_name in ("Alder", "Birch"):
        item = letter(first_name=first_name)
        assert same(merging, item, shared, tmp_path)
        full = renderer_of(merging).make(item)
        assert isinstance(full, PrintedLetter)
        assert merging.own_pdf(item) == full.pdf
    assert merging.layouts == 1


def test_a_picture_is_in_the_print_file_once(tmp_path: Path) -> None:
    merging = MailMerge(renderer(site_with(tmp_path / "site", "clear.png")))
    made = [merging.make(letter(first_name=name, **more)) for name, more in (("Alder", {}), ("Birch", LTSS))]
    shared, faces = merging.taken()
    path = tmp_path / "print.pdf"
    with path.open("wb") as target:
        file = MergedPrintFile("2026-11-02-01", target, shared)
        for number, item in enumerate(made, start=1):
            assert isinstance(item, MergedLetter)
            file.add_letter(item, number)
        file.finish(faces, merging.lay)
    assert len(list(document_ids(path))) == file.pages
    with pikepdf.open(path) as document:
        pictures = [thing for thing in document.objects if isinstance(thing, pikepdf.Stream) and "/Width" in thing]
        assert len(pictures) == 2  # the picture, and how clear it is
    assert subprocess.run(["qpdf", "--check", str(path)], check=False, capture_output=True).returncode == 0


def test_a_picture_over_words_is_laid_out_in_full(tmp_path: Path) -> None:
    over = '<img src="plain.png" alt="Sample" style="position: absolute; left: 1in; top: 3in; width: 3in">'
    merging = MailMerge(renderer(site_with(tmp_path / "site", "plain.png", over)))
    with pytest.raises(NotMergeable):
        merging.make(letter())


def test_a_tall_logo_moves_the_title_down_and_lies_over_nothing(tmp_path: Path) -> None:
    tall = '<p><img src="plain.png" alt="Sample" style="width: 2in; height: 1.6in"></p>'
    found = []
    for site in (None, site_with(tmp_path / "site", "plain.png", tall)):
        merging = MailMerge(renderer(site))
        merging.make(letter())
        ((template,),) = merging._templates.values()
        boxes = [box for box in template._laid.document.pages[0]._page_box.descendants() if box.element_tag == "h1"]
        head = next(
            box
            for box in template._laid.document.pages[0]._page_box.descendants()
            if box.element is not None and box.element.get("id") == "letterhead"
        )
        assert head.position_y + head.margin_height() <= boxes[0].position_y + 0.01
        found.append(boxes[0].position_y)
    assert found[0] < found[1]


def test_a_letter_s_picture_lies_beside_its_template_or_with_what_all_share(tmp_path: Path) -> None:
    site = site_with(tmp_path / "site", "plain.png")
    (site / "letters" / "common" / "plain.png").unlink()
    own = site / "letters" / "assignment"
    own.mkdir()
    (own / "plain.png").write_bytes(LOGOS["plain.png"]())
    assert isinstance(renderer(site).make(letter()), PrintedLetter)
    assert isinstance(MailMerge(renderer(site)).make(letter()), MergedLetter)
    assert (SHIPPED / "letters" / "assignment" / "plain.png").exists() is False
