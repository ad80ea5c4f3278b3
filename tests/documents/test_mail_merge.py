"""Letters laid out once and merged: the same pictures, text and bytes as full layouts, or a full layout."""

from __future__ import annotations

import random
import subprocess
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from cpdocs.core.ids import derive_document_id
from cpdocs.core.letters import SheetMark
from cpdocs.documents.layout import shaped_once
from cpdocs.documents.letter_kinds import kind_names
from cpdocs.documents.letters import WINDOW, Letter, PrintedLetter
from cpdocs.documents.mail_merge import layout as template
from cpdocs.documents.mail_merge import sheets
from cpdocs.documents.mail_merge.internals import canvas, engine, tagged
from cpdocs.documents.mail_merge.internals import text_substitution as retype
from cpdocs.documents.mail_merge.internals.canvas import NotMergeable
from cpdocs.documents.mail_merge.merged import SharedPart
from cpdocs.documents.mail_merge.placeholders import placeholders_of
from cpdocs.documents.mail_merge.printing import MergedPrintFile, proof
from cpdocs.documents.mail_merge.readback import document_ids
from cpdocs.documents.mail_merge.renderer import MailMerge, MailMergeDiffers, MergedLetter
from cpdocs.documents.printfile import read_sheet_code, recount
from tests.documents.letter_samples import DOCUMENT_ID, LTSS, MINOR, SHIPPED, letter, renderer

READ_FOR = {
    "Document._build_layout_context": "2b072254ab89701b33ddec26648e88cf1978480e7fae081b6cfad43b5f1346dc",
    "Page": "69061840d66b78043408a029113b931d5d8e6f5a6111809188b2c63b2cde2e83",
    "draw_inline_level": "068162a401d00efd3bc23a37df12a1c743cd8958cdbf4f03960a777760b1e01c",
    "draw_text": "ebaf96239c6ca3635d2b91bfb34718c2dcebd7809fec1c53fb8dffd1366befe3",
    "draw_first_line": "1bb8eae6d88e71b17096a034656f3be17da8f1f513c78536c1c38d971927638b",
    "boxes.ParentBox": "2ff6abe36fdc89912256538f7a6083a1be60a3f8c651531340413444b7717c30",
    "boxes.TextBox": "7fcb818c71c2bb896fe7768810d02f408aafc23f24cb5997f7b23b0e277c085d",
    "build_formatting_structure": "cec02c4844472c92ef960efb5fea483412767113423f262a6183acbe4950769f",
    "LayoutContext": "211f859ff4e2d663a49c6536de3718fdcbdee69830752a27ec6d44779012b933",
    "layout_document": "a5cbf437e99caf7293e7ed2289278048bca734f7ead2e947b4e24e4a3a536dbc",
    "layout_box_backgrounds": "617a870678c82755762bbf53eecd2a871214b00246b2abf8f3a9a1524695f68a",
    "block._linebox_layout": "e07bbe000974787ee370be1f419a01a21b327a1a1e3025a65afd47589060883d",
    "inline.iter_line_boxes": "04aec48abfcad809bc94c54eeba0e23a389e824cec85fe67bc1b21412d29dc3a",
    "inline.get_next_linebox": "67af458c2545e74f0803072103c6c5d392d5e353dfdaa4f5bac5a96e20ed024d",
    "inline.split_inline_box": "3a0cb7ca7e34c7ef0feda818cdb8fea64b7a8332ccf83e12506289534f6faeae",
    "inline.split_text_box": "8c564329599ef23fac6cc8c403768e9e51638226d87a8b2de69c49c9c5f408c8",
    "inline.text_align": "e953d41b87ccfc30405f83f6cc3c73918ef4638662794db4f834b1d788d6ed67",
    "inline.line_box_verticality": "1018aadb3410f89ad3e134e1957707ac17118a917c7f8e65ff48c69fef2091bb",
    "pdf.Font": "1888854798bf87262b5fc822169feea96211da0c7de97cef8e3001c4a5c118a1",
    "pdf.build_fonts_dictionary": "fc551bef35d0d6c3d288f686fd21b5ea8c1efadb8f2f3b4d379cfa6045c02230",
    "pdf.Stream": "624257224db6f66d9120a8bc7aa257603f0a416cd8df58abb2d9258f5e678940",
    "pdf._use_references": "4d1abd9646c3f4dc7d26b9798ce75d7f84acd627a4e3517a5c06634eccc58baa",
    "line_break.Layout": "681b737d1ba5e004efdc3ee409478b6b3e05ee0662142c5875b188bc9eefa698",
    "line_break.split_first_line": "39ad1016863ca34de0bea4c9fcffb46da7e27813c87dd82b7011bfa19fe5504f",
    "line_break.first_line_metrics": "55ec5d0b58b29a8bda9f4c85d3bc3bc46b45d2110e05982e7126c7f4d507e65d",
    "line_break.line_size": "03fa04fd51fc69aa128ca5312faa9a82578d88cf8549fda8d3d63a76f8eef173",
}
"""SHA-256 of the source that mail merge was written against: a new version has to be read before these are changed."""
TAGGED_READ_FOR = {
    "generate_pdf": "626343ef25c396e8521948cadbe2b7544331c161040da80ed4e338fadac3efa9",
    "add_tags": "f0e74575b0bafaf36458eaac27874e3b80457fba3694058153da514a68933f22",
    "build_fonts_dictionary": "fc551bef35d0d6c3d288f686fd21b5ea8c1efadb8f2f3b4d379cfa6045c02230",
    "Document.write_pdf": "086e4a8e99981829749305f70cc00582a6c3c78e8b4eeca60afe71dc53382ae9",
    "pydyf.PDF": "430a7b480a612b676bb152770bc0ed7e81cfb803b7aca60218928d1c55bc1d04",
    "pydyf.Stream": "f17b6bdcfedf2f509875faa26bd999afc02418466b91963251f959c16a4b7ca1",
}
"""The same for tagged files."""

FIRST = ("Al", "Wilhelmina", "Ñandú", "Đặng", "Żółć", "O'Neil & Co", "Ім'я", "王小明", "Maximiliana-Theodora")
LAST = ("Sample", "Testwell-Specimen", "Ng", "Invented de la Cruz", "Ödegård", "李")
STREETS = ("1 Sample Street", "27 Long Specimen Boulevard Extension", "PO Box 9", "RR 3")
"""Invented names and addresses in several scripts."""


def a_letter(chance: random.Random, kind: str = "assignment", language: str = "en") -> Letter:
    """A letter to an invented member."""
    base = letter(
        kind=kind,
        large_print=chance.random() < 0.25,
        first_name=chance.choice(FIRST),
        last_name=chance.choice(LAST),
        address1=f"{chance.randrange(1, 999)} {chance.choice(STREETS)}",
        address2=chance.choice(("", "Apt 4B", "c/o The Testwells")),
        coordinator=chance.choice(("", "Casey Coordinator", "Maximiliana-Theodora Specimen-Testwell")),
        **(LTSS if chance.random() < 0.5 else {}),
        **(MINOR if chance.random() < 0.2 else {}),
    )
    return replace(base, language=language, document_id=derive_document_id(b"s" * 32, "letter", str(chance.random())))


def merged_pdf(merging: MailMerge, item: Letter, shared: dict[bytes, SharedPart]) -> bytes:
    """The merged letter as a PDF by itself."""
    made = merging.make(item)
    assert isinstance(made, MergedLetter)
    fresh, faces = merging.taken()
    shared.update(fresh)
    return proof(made.sides, shared, faces, merging.lay)


def pictures(pdf: bytes, folder: Path) -> list[bytes]:
    path = folder / "letter.pdf"
    path.write_bytes(pdf)
    for old in folder.glob("page-*.ppm"):
        old.unlink()
    subprocess.run(["pdftoppm", "-r", "75", str(path), str(folder / "page")], check=True)
    return [page.read_bytes() for page in sorted(folder.glob("page-*.ppm"))]


def text(pdf: bytes, folder: Path) -> str:
    path = folder / "letter.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True).stdout


def same(merging: MailMerge, item: Letter, shared: dict[bytes, SharedPart], folder: Path) -> bool:
    """Whether the merged letter has the pictures and text of its full layout; False where the letter has to be
    held."""
    full = renderer_of(merging).make(item)
    if not isinstance(full, PrintedLetter):
        return False
    ours = merged_pdf(merging, item, shared)
    assert pictures(ours, folder) == pictures(full.pdf, folder)
    assert text(ours, folder) == text(full.pdf, folder)
    return True


def renderer_of(merging: MailMerge):
    return merging._renderer


def test_merged_letters_look_and_read_like_their_full_layouts(tmp_path: Path) -> None:
    chance = random.Random(7)
    merging, shared = MailMerge(renderer()), {}
    assert sum(same(merging, a_letter(chance), shared, tmp_path) for _ in range(6)) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", kind_names((SHIPPED,)))
def test_every_kind_in_every_language_merged_is_as_laid_out(kind: str, tmp_path: Path) -> None:
    chance = random.Random(kind)
    for language in ("en", *renderer().catalogues):
        merging, shared = MailMerge(renderer()), {}
        held = [same(merging, a_letter(chance, kind, language), shared, tmp_path) for _ in range(8)].count(False)
        assert held <= 4


MEMBERS = 21
"""Invented members for each language and format: more than 500 in all."""


@pytest.mark.slow
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("language", ["en", *renderer().catalogues])
def test_five_hundred_members_merged_are_as_laid_out(language: str, large: bool, tmp_path: Path) -> None:
    chance = random.Random(f"{language} {large}")
    merging, shared = MailMerge(renderer()), {}
    found = {"members": 0, "same pictures and text": 0, "own file the same bytes": 0, "own file laid out": 0, "held": 0}
    for _ in range(MEMBERS):
        item = replace(a_letter(chance, "assignment", language), large_print=large)
        found["members"] += 1
        if not same(merging, item, shared, tmp_path):
            found["held"] += 1
            continue
        found["same pictures and text"] += 1
        own, full = merging.own_pdf(item), renderer_of(merging).make(item)
        assert isinstance(full, PrintedLetter)
        assert own in (None, full.pdf)
        found["own file laid out" if own is None else "own file the same bytes"] += 1
    print(f"\n{language} {'large' if large else 'standard'}: {merging.layouts} layouts, {found}")
    assert found["own file the same bytes"] > MEMBERS // 2


def test_words_that_break_otherwise_are_laid_out_in_full(tmp_path: Path) -> None:
    merging, shared = MailMerge(renderer()), {}
    short = letter(coordinator="Casey Coordinator")
    longer = letter(coordinator="Maximiliana-Theodora Specimen-Testwell of the Northern Neighborhoods and Islands")
    assert same(merging, short, shared, tmp_path)
    assert merging.layouts == 1
    assert same(merging, longer, shared, tmp_path)
    assert merging.layouts == 2
    assert same(merging, replace(short, document_id=derive_document_id(b"s" * 32, "letter", "other")), shared, tmp_path)
    assert merging.layouts == 2


def test_a_merged_letter_is_byte_for_byte_its_own_layout() -> None:
    first, second = letter(first_name="Alder"), letter(first_name="Birch", last_name="Testwell")
    merged = MailMerge(renderer())
    merged.make(first)
    assert merged.make(second) == MailMerge(renderer()).make(second)
    assert merged.layouts == 1


@pytest.mark.parametrize(("language", "large"), [("en", False), ("km", True)])
def test_a_merged_letter_s_own_file_is_byte_for_byte_that_of_its_full_layout(language: str, large: bool) -> None:
    merging = MailMerge(renderer())
    for name in ("Alder", "Žofie-Đặng"):
        item = replace(letter(first_name=name, large_print=large), language=language)
        merging.make(item)
        full = renderer_of(merging).make(item)
        assert isinstance(full, PrintedLetter)
        assert merging.own_pdf(item) == full.pdf
    assert merging.layouts == 1


def test_a_letter_whose_lines_are_made_of_other_boxes_gets_no_merged_file() -> None:
    merging = MailMerge(renderer())
    merging.make(letter())
    ((template,),) = merging._templates.values()
    slot, words, _ = next(
        change for change in template.changes(tokens_with(merging, letter(first_name="Birch"))) if len(change[1]) == 1
    )
    tagged = template.tagged("2026-11-02T17:00:00+00:00")
    assert tagged.merge([(slot, words, None)], DOCUMENT_ID) is not None
    assert tagged.merge([(slot, ["王小明"], None)], DOCUMENT_ID) is None  # a face that the layout has not there


def tokens_with(merging: MailMerge, item: Letter):
    address = renderer_of(merging).address(item)
    assert address is not None
    return placeholders_of(renderer_of(merging).html(item, address))


def test_a_sheet_that_shows_more_than_the_address_is_not_merged(tmp_path: Path) -> None:
    source = (SHIPPED / "letters/common/base.html").read_text("utf-8")
    intruder = '<p style="position: absolute; top: 1.9in; left: 0">Sample</p><p id="return-address"'
    target = tmp_path / "letters/common/base.html"
    target.parent.mkdir(parents=True)
    target.write_text(source.replace('<p id="return-address"', intruder), "utf-8")
    merging = MailMerge(renderer(tmp_path))
    with pytest.raises(NotMergeable):
        merging.make(letter())
    assert merging.whole(letter()) == WINDOW


@pytest.mark.parametrize(
    "rule",
    [
        "h1 { string-set: heading content() }",
        "p::after { content: target-text(attr(href)) }",
        "p { outline: 1pt solid }",
    ],
)
def test_style_sheets_by_which_layout_depends_on_words_are_refused(tmp_path: Path, rule: str) -> None:
    source = (SHIPPED / "letters/common/letter.css").read_text("utf-8")
    target = tmp_path / "letters/common/letter.css"
    target.parent.mkdir(parents=True)
    target.write_text(source + rule, "utf-8")
    with pytest.raises(NotMergeable):
        MailMerge(renderer(tmp_path)).make(letter())


@pytest.mark.parametrize("way", ["retyped", "broken again"])
def test_a_difference_from_the_full_layout_is_never_passed_over(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cpdocs.documents.mail_merge.renderer._SAMPLED", 1)
    merging = MailMerge(renderer())
    if way == "broken again":
        monkeypatch.setattr(template, "retyping", lambda *_: None)
    for name in ("Alder", "Aspen"):
        merging.make(letter(first_name=name))
    place, name = (retype.Retyping, "drawing") if way == "retyped" else (canvas.Canvas, "lines")
    original = getattr(place, name)

    def wrong(self, *asked):
        drawing = original(self, *asked)
        own = way == "broken again" and asked[1] is asked[0].lines
        return drawing if own else replace(drawing, operators=drawing.operators + b" ")

    monkeypatch.setattr(place, name, wrong)
    with pytest.raises(MailMergeDiffers):
        merging.make(letter(first_name="Birch"))


def test_retyped_blocks_are_byte_for_byte_what_the_line_breaker_gives() -> None:
    merging = MailMerge(renderer())
    merging.make(letter())
    (laid,) = next(iter(merging._templates.values()))
    said = [f"{first} {last}" for first in FIRST for last in LAST] + ["fi ffl AVAToy", "ﬁ ½ ª", "x", "Wide " * 40]
    tried = same = 0
    for group in laid._groups:
        made = laid._retyping(group.member)
        if made is None or len(group.tokens) > 3:
            continue
        slot = laid._slots[group.member].slot
        for text in said:
            words = [text] * len(group.tokens)
            tried += 1
            drawn = made.drawing([word.strip() for word in words])
            if drawn is not None:
                same += 1
                with shaped_once():
                    lines = engine.break_again(laid._laid, slot, [word.strip() for word in words])
                    assert lines is not None
                    assert drawn == laid._canvas.lines(slot, lines)
    assert same > 0.6 * tried


def test_the_print_file_reads_back_and_its_codes_are_readable(tmp_path: Path) -> None:
    merging = MailMerge(renderer())
    letters = [letter(), replace(letter(first_name="Birch"), document_id=derive_document_id(b"s" * 32, "letter", "b"))]
    made = [merging.make(item) for item in letters]
    shared, faces = merging.taken()
    path = tmp_path / "print.pdf"
    with path.open("wb") as target:
        file = MergedPrintFile("2026-11-02-01", target, shared, renderer_of(merging).sheet_text)
        first = [
            file.add_letter(item, number)
            for number, item in enumerate(made, start=58_999)
            if isinstance(item, MergedLetter)
        ]
        foreign = merging.whole(letter())
        assert isinstance(foreign, PrintedLetter)
        first.append(file.add_foreign(foreign.pdf, 59_001))
        file.finish(faces, merging.lay)
    assert first == [1, 5, 9]
    ids = [(letters[0].document_id,)] * 4 + [(letters[1].document_id,)] * 4 + [(letters[0].document_id,)] * 4
    assert list(document_ids(path)) == ids
    assert list(recount(path.read_bytes()).pages) == ids
    document = pypdfium2.PdfDocument(path)
    codes = [read_sheet_code(document[index].render(scale=200 / 72).to_pil()) for index in (0, 1, 6, 10)]
    assert codes == [
        SheetMark("2026-11-02-01", 58_999, 1, 2),
        None,
        SheetMark("2026-11-02-01", 59_000, 2, 2),
        SheetMark("2026-11-02-01", 59_001, 2, 2),
    ]
    said = [document[index].get_textpage().get_text_range() for index in range(len(document))]
    assert [("Run 2026-11-02-01, piece" in text) for text in said] == [True, False] * 6
    for index, words in (
        (0, "piece 58999, sheet 1 of 2"),
        (6, "piece 59000, sheet 2 of 2"),
        (8, "piece 59001, sheet 1 of 2"),
    ):
        assert words in said[index]
    assert subprocess.run(["qpdf", "--check", str(path)], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("piece", [1, 12, 345, 6_789, 59_000])
def test_sheet_codes_are_those_that_segno_draws(piece: int) -> None:
    sheets.check(SheetMark("2026-11-02-01", piece, 1, 2))
    sheets.check(SheetMark("2026-12-30-17", piece, 2, 9))


def test_what_mail_merge_uses_of_weasyprint_is_what_was_read() -> None:
    assert engine.digests() == READ_FOR
    assert engine.digests(tagged.INTERNALS) == TAGGED_READ_FOR
