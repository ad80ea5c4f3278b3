"""`plan issue` prints a plan in the language and form that the plan file or the roster says, as far as it may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.documents.papers import text_of
from tests.flows.conftest import Office


def _plan(office: Office, tmp_path: Path, name: str = "bh", **member: Any) -> Path:
    """The sample's plan with other facts about the member."""
    held = yaml.safe_load(office.sample.plans[name].read_text("utf-8"))
    held["member"] = {**(held.get("member") or {}), **member}
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump(held, allow_unicode=True), "utf-8")
    return file


def _reviewed(office: Office) -> None:
    """The site's own Spanish catalogue, read by somebody fluent."""
    shipped = Path(__file__).parents[2] / "templates/letters/locale/es.po"
    folder = office.cli.root / "templates/letters/locale"
    folder.mkdir(parents=True, exist_ok=True)
    text = shipped.read_text("utf-8").replace("X-Status: draft", "X-Status: reviewed")
    text = text.replace("X-Reviewed-By: ", "X-Reviewed-By: A. Reader").replace(
        "X-Reviewed-On: ", "X-Reviewed-On: 2026-10-01"
    )
    (folder / "es.po").write_text(text, "utf-8")


def test_a_draft_translation_is_not_signed_unless_that_is_allowed(office: Office, tmp_path: Path) -> None:
    file = _plan(office, tmp_path, language="Spanish")
    made = office.cli("plan", "issue", file, "--json").json[0]
    assert made["language"] == "en"
    assert "language_fallback" in {each["code"] for each in made["warnings"]}
    assert "Mis metas" not in text_of(Path(made["file"]).read_bytes())


def test_where_it_is_allowed_the_page_says_so_and_english_stands_beside_it(office: Office, tmp_path: Path) -> None:
    file = _plan(office, tmp_path, language="Spanish")
    made = office.cli("plan", "issue", file, "--allow-draft-translations", "--json").json[0]
    assert made["language"] == "es"
    assert "draft_translation" in {each["code"] for each in made["warnings"]}
    text = text_of(Path(made["file"]).read_bytes())
    for words in ("Mis metas", "My goals", "DRAFT TRANSLATION.", "Traducción en borrador"):
        assert words in text


def test_a_reviewed_translation_is_printed_without_being_asked_for(office: Office, tmp_path: Path) -> None:
    _reviewed(office)
    made = office.cli("plan", "issue", _plan(office, tmp_path, language="Spanish"), "--json").json[0]
    assert made["language"] == "es"
    assert not {"language_fallback", "draft_translation"} & {each["code"] for each in made["warnings"]}
    text = text_of(Path(made["file"]).read_bytes())
    assert "Mis metas" in text
    assert "DRAFT" not in text


def test_a_reviewed_catalogue_that_lacks_the_plans_texts_falls_back_to_english(office: Office, tmp_path: Path) -> None:
    _reviewed(office)
    own = office.cli.root / "templates/letters/locale/es.po"
    own.write_text(own.read_text("utf-8").replace('msgstr "Mis metas"', 'msgstr ""'), "utf-8")
    made = office.cli("plan", "issue", _plan(office, tmp_path, language="Spanish"), "--json").json[0]
    assert made["language"] == "en"
    assert any("1 of the plan's texts" in each["message"] for each in made["warnings"])


@pytest.mark.parametrize(
    ("language", "code"), [("English", None), ("Klingon", "language_fallback"), ("Vietnamese", "language_fallback")]
)
def test_a_language_without_texts_is_told(office: Office, tmp_path: Path, language: str, code: str | None) -> None:
    made = office.cli("plan", "issue", _plan(office, tmp_path, language=language), "--json").json[0]
    assert ("language_fallback" in {each["code"] for each in made["warnings"]}) is bool(code)


def test_large_print_is_taken_from_the_plan_file_or_the_roster(office: Office, tmp_path: Path) -> None:
    plain = office.cli("plan", "issue", _plan(office, tmp_path, format_need="standard"), "--json").json[0]
    assert plain["large_print"] is False
    large = office.cli("plan", "issue", _plan(office, tmp_path, name="ltss", format_need="large_print"), "--json").json[
        0
    ]
    assert large["large_print"] is True
    assert large["pages"] > plain["pages"]


def test_braille_is_no_print_and_somebody_is_told(office: Office, tmp_path: Path) -> None:
    made = office.cli("plan", "issue", _plan(office, tmp_path, format_need="braille"), "--json").json[0]
    assert "format_not_printable" in {each["code"] for each in made["warnings"]}


def test_the_record_says_what_was_printed(office: Office, tmp_path: Path) -> None:
    file = _plan(office, tmp_path, language="Spanish", format_need="large_print")
    made = office.cli("plan", "issue", file, "--allow-draft-translations", "--json").json[0]
    shown = office.cli("audit", "show", made["document_id"], "--json").json
    events = shown["events"] if isinstance(shown, dict) else shown
    data = next(each for each in events if each["type"] == "plan.issued")["data"]
    assert (data["language"], data["large_print"], data["draft_translation"]) == ("es", True, True)
