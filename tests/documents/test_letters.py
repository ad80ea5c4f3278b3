"""What a letter says, to whom, in which form, and that it says the same for ever."""

from __future__ import annotations

import ctypes
import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pikepdf
import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from cpdocs.core.senders import Payer, Sender
from cpdocs.documents.hours import hours_in
from cpdocs.documents.letters import ADDRESS_TOO_LONG, UNDRAWABLE, Letter, LetterRenderer, PrintedLetter
from tests.documents.letter_samples import DOCUMENT_ID, LTSS, MINOR, ON, SHIPPED, letter, renderer, senders

PRESS = renderer()


def pages_of(printed: PrintedLetter) -> list[str]:
    document = pypdfium2.PdfDocument(printed.pdf)
    return [page.get_textpage().get_text_range() for page in document]


def made(sample: Letter, by: LetterRenderer = PRESS) -> PrintedLetter:
    printed = by.make(sample)
    assert isinstance(printed, PrintedLetter)
    return printed


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def html(sample: Letter, by: LetterRenderer = PRESS) -> str:
    address = by.address(sample)
    assert address is not None
    return words(re.sub(r"<[^>]+>", "", by.html(sample, address)))


@pytest.fixture(scope="module")
def standard() -> PrintedLetter:
    return made(letter())


def test_every_page_carries_the_document_id_and_its_number(standard: PrintedLetter) -> None:
    texts = pages_of(standard)
    assert len(texts) == standard.pages == 4
    for number, text in enumerate(texts, start=1):
        assert DOCUMENT_ID in text
        assert f"Page {number} of {standard.pages}" in text


def test_the_letter_says_all_that_a_letter_must(standard: PrintedLetter) -> None:
    text = words(" ".join(pages_of(standard)))
    for said in (
        "November 2, 2026",
        "Robin Sample",
        "1 Sample Street Boston, MA 02108",
        "It is free",
        "card number, your health plan and your doctor do not change",
        "Makes a care plan with you",
        "Your care coordinator is Casey Sample",
        "You can call us:",
        "ask for a different Community Partner in your area at any time",
        "say no to a Community Partner at any time",
        "MassHealth benefits stay the same",
        "How we use your information",
        "does not approve or deny services",
        "Your rights",
        "refuse treatment",
        "My Ombudsman",
        "MassHealth Customer Service: 800-841-2900 (TTY 711), Monday to Friday, 8 a.m. to 5 p.m.",
        "civil rights",
        "Reply slip",
        "It should be translated at once",
    ):
        assert said in text


def test_the_same_letter_has_the_same_bytes_whatever_was_made_before(standard: PrintedLetter) -> None:
    other = renderer()
    made(letter(large_print=True, last_name="Núñez"), other)
    assert made(letter(), other).pdf == standard.pdf


def test_a_letter_is_tagged_and_says_its_language_and_title(standard: PrintedLetter) -> None:
    with pikepdf.open(io.BytesIO(standard.pdf)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en"
        assert pdf.docinfo["/Title"] == "Your Community Partner"
        assert pdf.open_metadata()["pdfuaid:part"] == "1"


def text_sizes(printed: PrintedLetter, page_number: int) -> set[float]:
    """The sizes in points, as printed, of every stretch of text on a page."""
    sizes = set()
    for thing in pypdfium2.PdfDocument(printed.pdf)[page_number].get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
        size = ctypes.c_float()
        assert pdfium.FPDFTextObj_GetFontSize(thing, size)
        sizes.add(round(size.value * abs(thing.get_matrix().d), 1))
    return sizes


def test_large_print_flows_anew_at_eighteen_points() -> None:
    printed = made(letter(large_print=True))
    assert printed.pages > 4
    for page in range(1, printed.pages):
        assert min(text_sizes(printed, page)) >= 18
    assert {size for size in text_sizes(printed, 0) if size < 18} == {9.0, 10.5}  # the two windows of the envelope
    assert "It is your choice" in words(" ".join(pages_of(printed)))


def test_standard_print_is_at_least_twelve_points_where_the_letter_speaks(standard: PrintedLetter) -> None:
    for page in range(1, standard.pages):
        assert {size for size in text_sizes(standard, page) if size < 12} == {9.0}  # the foot of the page


def test_a_minor_s_letter_goes_to_the_parent_or_guardian() -> None:
    sample = letter(**MINOR)
    address = PRESS.address(sample)
    assert address is not None
    assert address.lines[0].startswith("To the parent or guardian of")
    assert "Gale" not in " ".join(address.lines)
    assert "To the parent or guardian of Robin Sample:" in html(sample)
    assert "Dear Robin" not in html(sample)


def test_programs_differ_in_what_the_partner_does() -> None:
    assert "medicines" in html(letter())
    assert "Long-Term Services and Supports" in html(letter(**LTSS))
    assert "medicines" not in html(letter(**LTSS))


def test_no_letter_says_what_kind_of_health_care_somebody_gets() -> None:
    for sample in (letter(), letter(**LTSS), letter(**MINOR)):
        assert not re.search(r"behavio|addict|substance|mental|\bBH\b", html(sample), re.IGNORECASE)


def test_without_a_coordinator_the_partner_s_own_number_is_given() -> None:
    text = html(letter(coordinator=""))
    assert "Your care coordinator" not in text
    assert "(617) 555-0100" in text


def test_a_coordinator_s_own_phone_and_a_partner_s_own_letterhead_are_used() -> None:
    own = Sender(
        "Sample LTSS Partners",
        "9 Other Street",
        "Worcester",
        "MA",
        "01601",
        "(508) 555-0111",
        "8 a.m. to 4 p.m.",
        "711",
    )
    known = replace(
        senders(), cp_orgs={"Sample LTSS Partners": own}, coordinator_phones={"Casey Sample": "(508) 555-0112"}
    )
    text = html(letter(**LTSS), LetterRenderer(SHIPPED, None, known))
    assert "Sample LTSS Partners" in text
    assert "9 Other Street" in text
    assert "(508) 555-0112" in text
    assert "call (508) 555-0111 or send back" in text
    # One number for one thing: the coordinator's where the member is to call the coordinator, else the partner's own.
    assert text.count("555-0112") == 1
    assert "Call us at (508) 555-0111" in text.replace("\u00a0", " ")


def test_hostile_text_stays_text() -> None:
    text = PRESS.html(letter(first_name="<script>x</script>", coordinator="A & B"), PRESS.address(letter()))  # type: ignore[arg-type]
    assert "<script>" not in text
    assert "A &amp; B" in text


def test_what_cannot_be_printed_as_it_is_is_held() -> None:
    assert PRESS.make(letter(address1="1 " + "Very " * 12 + "Long Road")) is ADDRESS_TOO_LONG
    assert PRESS.make(letter(last_name="Sample\u0860")) is UNDRAWABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"last_name": "Núñez–O’Brien", "first_name": "Ángel"},
        {"address1": "c/o Sample Shelter", "address2": "444 Example Avenue"},
        {"address1": "PO Box 1234"},
        {"address1": "General Delivery", "zip": "021081234"},
        {**MINOR, "address1": "c/o Sample Family Shelter", "address2": "444 Example Avenue, Apt 12"},
    ],
    ids=["accents", "shelter", "po box", "general delivery", "five lines"],
)
def test_every_kind_of_address_passes_the_window(changes: dict[str, object], short_notice: LetterRenderer) -> None:
    printed = made(letter(**changes), short_notice)
    assert printed.address.size >= 8


@pytest.fixture(scope="module")
def short_notice(tmp_path_factory: pytest.TempPathFactory) -> LetterRenderer:
    site = tmp_path_factory.mktemp("site")
    notice = site / "letters" / "common" / "notice.toml"
    notice.parent.mkdir(parents=True)
    notice.write_text(
        'title = "T"\n[[language]]\ntag = "es"\nname = "E"\nstatus = "draft"\ntext = "{phone} {tty}"\n', "utf-8"
    )
    return renderer(Path(site))


def test_a_letter_promises_a_visit_by_a_day_and_none_once_that_day_is_past() -> None:
    soon = html(letter(assigned_on=ON), renderer())
    assert "By January 31, 2027 we will call you or visit you." in soon
    assert "we will call you or visit you" not in html(letter(assigned_on=date(2026, 8, 1)), renderer())


def test_a_confirmation_offers_no_coordinator_who_has_gone_and_nothing_that_was_just_done() -> None:
    declined = html(letter(kind="decline-confirmation"), renderer())
    changed = html(letter(kind="change-confirmation"), renderer())
    for text in (declined, changed):
        assert "Casey Sample" not in text
        assert "You can ask for a different Community Partner in your area" not in text
        assert "We have told" not in text
    assert "You can say no to a Community Partner at any time." not in declined
    assert "If you do nothing, you have no Community Partner." in declined
    assert "If you do nothing, you keep this Community Partner." in html(letter(), renderer())


def test_the_health_plan_is_named_with_its_number_where_the_settings_have_it() -> None:
    payer = Payer("Sample Health Plan", member_name="Sample Health", phone="8005550199")
    named = replace(senders(), payers={"Sample Health Plan": payer})
    assert "your health plan, Sample Health: 800-555-0199." in html(letter(), LetterRenderer(SHIPPED, None, named))
    assert "or call your health plan." in html(letter(), renderer())


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", "lunes a viernes, de 9:00"),
        ("fr", "du lundi au vendredi"),
        ("ht", "lendi pou vandredi"),
        ("ru", "понедельник – пятница"),
        ("zh-Hans", "星期一至星期五"),
        ("vi", "Thứ Hai đến Thứ Sáu"),
    ],
)
def test_hours_stand_in_the_letters_language(language: str, said: str) -> None:
    assert said in hours_in("Monday to Friday, 9 a.m. to 5 p.m.", language)[0]


@pytest.mark.parametrize("odd", ["Mondays by appointment", "Someday to Friday, 9 a.m. to 5 p.m.", "8 a.m. to 4 p.m."])
def test_hours_written_otherwise_stay_in_english(odd: str) -> None:
    assert hours_in(odd, "es") == (odd, "en")
