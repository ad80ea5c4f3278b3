"""The first look at a stranger's file, before anything else is parsed."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from cpdocs.signing import gate
from cpdocs.signing.file_facts import GateFacts
from cpdocs.signing.gate import look
from cpdocs.signing.record import Limits
from tests.signing import builder as b


def codes(report: GateFacts) -> list[str]:
    return [code for code, _ in report.noted]


def with_object(*objects: Dictionary) -> bytes:
    """A one-page file with further objects, nothing pointing to them, hidden in an object stream."""
    document = pikepdf.new()
    document.add_blank_page()
    document.Root.Spare = Array([document.make_indirect(each) for each in objects])
    out = io.BytesIO()
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def test_an_issued_plan_passes_with_nothing_to_say() -> None:
    report = look(b.issued().data, Limits())
    assert (report.is_pdf, report.readable, report.ends_well, report.pages, report.noted) == (
        True,
        True,
        True,
        2,
        (),
    )


def test_an_empty_file_is_shut_out() -> None:
    report = look(b"", Limits())
    assert codes(report) == ["empty_file"]
    assert report.shut


@pytest.mark.parametrize("data", [b"hello", b"PK", b"\xff\xd8\xff\xe0", b"\0" * 2000 + b"%PDF-1.7"])
def test_what_is_no_pdf_is_shut_out(data: bytes) -> None:
    assert codes(look(data, Limits())) == ["not_a_pdf"]


def test_too_many_bytes_are_shut_out_before_any_parser() -> None:
    assert codes(look(b"%PDF-1.7" + b" " * 1000, Limits(bytes=1000))) == ["too_large"]


def test_too_many_pages_are_shut_out() -> None:
    report = look(b.issued(3).data, Limits(pages=2))
    assert codes(report) == ["too_many_pages"]
    assert report.shut


def test_more_objects_than_any_plan_has_are_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_OBJECTS", 10)
    report = look(b.issued().data, Limits())
    assert codes(report) == ["resource_limit"]
    assert report.shut


@pytest.mark.parametrize("password", ["", "secret"])
def test_encryption_is_shut_out_with_and_without_a_password_to_open(password: str) -> None:
    with pikepdf.open(io.BytesIO(b.issued().data)) as document:
        out = io.BytesIO()
        document.save(out, encryption=pikepdf.Encryption(owner="owner", user=password))
    assert codes(look(out.getvalue(), Limits())) == ["encrypted"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (Dictionary(S=Name.JavaScript, JS=String("x")), "JavaScript"),
        (Dictionary(S=Name.Launch, F=String("a.exe")), "Launch"),
        (Dictionary(S=Name.SubmitForm), "SubmitForm"),
        (Dictionary(S=Name.GoToR), "GoToR"),
        (Dictionary(EF=Dictionary()), "EF"),
        (Dictionary(XFA=String("x")), "XFA"),
        (Dictionary(AA=Dictionary()), "AA"),
        (Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment), "FileAttachment"),
        (Dictionary(Inner=Array([Dictionary(Deeper=Dictionary(S=Name.JavaScript))])), "JavaScript"),
    ],
)
def test_active_content_is_found_in_objects_wherever_it_hides(content: Dictionary, kind: str) -> None:
    report = look(with_object(content), Limits())
    assert codes(report) == ["active_content"]
    assert kind in report.active
    assert not report.shut


def test_a_name_written_in_hexadecimal_is_the_same_name() -> None:
    document = pikepdf.new()
    document.add_blank_page()
    document.Root.Spare = document.make_indirect(Dictionary(S=Name.JavaScript))
    out = io.BytesIO()
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    written = out.getvalue()
    assert b"/JavaScript" in written
    assert look(written.replace(b"/JavaScript", b"/Java#53cript"), Limits()).active == ("JavaScript",)


def test_words_in_text_are_no_active_content() -> None:
    assert look(with_object(Dictionary(Contents=String("/JavaScript /Launch"))), Limits()).noted == ()


def test_a_file_cut_in_half_gives_a_report_not_an_error() -> None:
    data = b.issued().data
    report = look(data[: len(data) // 2], Limits())
    assert (report.is_pdf, report.ends_well) == (True, False)
