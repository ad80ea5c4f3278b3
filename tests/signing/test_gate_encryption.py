"""Protection by a password hides nothing: held ``encrypted`` by whatever method, and searched where it opens."""

from __future__ import annotations

from collections.abc import Callable

import pikepdf
import pytest

from cpdocs.core.findings import finding
from cpdocs.core.verdicts import Verdict, worst
from cpdocs.sandbox.drawing import what_acts
from cpdocs.signing.gate import look
from cpdocs.signing.record import Limits
from tests.signing import encrypted as e
from tests.signing.test_gate import codes

LIMITS = Limits()


@pytest.mark.parametrize("method", e.QPDF)
def test_what_the_empty_password_opens_is_held_encrypted_and_searched_first(method: str) -> None:
    report = look(e.by_qpdf(e.QPDF[method], ""), LIMITS)
    assert codes(report) == ["active_content", "encrypted"]
    assert {"JavaScript", "OpenAction", "EmbeddedFiles"} <= set(report.active)
    assert report.shut


@pytest.mark.parametrize("method", e.QPDF)
def test_what_only_a_password_opens_is_held_encrypted(method: str) -> None:
    report = look(e.by_qpdf(e.QPDF[method], "user words"), LIMITS)
    assert (codes(report), report.shut) == (["encrypted"], True)


@pytest.mark.parametrize("made", e.OTHERS.values(), ids=list(e.OTHERS))
def test_any_other_protection_is_held_encrypted_too(made: Callable[[], bytes]) -> None:
    report = look(made(), LIMITS)
    assert "encrypted" in codes(report)
    assert report.shut


@pytest.mark.parametrize("method", e.QPDF)
def test_the_confined_child_finds_what_a_process_with_all_its_freedoms_finds(method: str) -> None:
    found = what_acts(e.by_qpdf(e.QPDF[method], ""), LIMITS)
    assert {"JavaScript", "OpenAction", "EmbeddedFiles", "encryption"} <= set(found)


def test_a_protected_file_without_anything_active_is_no_less_encrypted() -> None:
    plain = pikepdf.new()
    plain.add_blank_page()
    assert codes(look(e.saved(plain, encryption=pikepdf.Encryption(owner="x", user="")), LIMITS)) == ["encrypted"]


def test_an_error_of_the_search_is_never_nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    data = e.saved(e.acting())
    assert codes(look(data, LIMITS)) == ["active_content"]

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("unable to find device in /dev for generating random numbers")

    monkeypatch.setattr("cpdocs.signing.gate._active", fails)
    report = look(data, LIMITS)
    assert (codes(report), worst(finding(code) for code, _ in report.noted)) == (["unsearchable"], Verdict.HELD)
    assert what_acts(b"%PDF-1.7 and nothing more", LIMITS) == ("more than can be searched",)


def test_objects_that_cant_be_taken_out_of_the_stream_that_packs_them_are_not_passed_over() -> None:
    pdf = e.acting()
    pdf.Root.Spare = pdf.make_indirect(pikepdf.Dictionary(Harmless=1))
    data = e.saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    renamed = data.replace(b"/ObjStm", b"/ObjStn")
    assert renamed != data
    assert "unsearchable" in codes(look(renamed, LIMITS))


def test_a_picture_file_has_nothing_to_search() -> None:
    assert what_acts(b"II*\x00 a fax", LIMITS) == ()
