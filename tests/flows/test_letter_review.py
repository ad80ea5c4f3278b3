"""A reviewer gets one page of a language beside the English, marks it, and the marked page is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpdocs.sandbox.run import Stopped
from tests.conftest import CommandLine

SAID = "Usted decide"


@pytest.fixture
def page(cli: CommandLine) -> Path:
    return Path(cli("letters", "proof", "--review", "es", "--json").json["file"])


def test_the_page_has_both_languages_and_needs_nothing_else(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "It is your choice" in text
    assert SAID in text
    assert "<script" not in text
    assert "http" not in text.replace("www.hhs.gov", "")


def test_what_a_reviewer_typed_goes_into_the_sites_catalogue_and_stays_a_draft(cli: CommandLine, page: Path) -> None:
    page.write_text(page.read_text("utf-8").replace(f">{SAID}<", "><div>La decisión es <b>suya</b></div><"), "utf-8")
    answer = cli("letters", "proof", "--review", "es", "--marked", page, "--json").json
    assert answer["changed"] == 1
    own = (cli.root / "templates" / "letters" / "locale" / "es.po").read_text("utf-8")
    assert 'msgstr "La decisión es suya"' in own
    assert "X-Status: draft" in own
    assert cli("letters", "proof", "--review", "es", "--marked", page, "--json").json["changed"] == 0
    assert "La decisión es suya" in Path(cli("letters", "proof", "--review", "es", "--json").json["file"]).read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Para avisarnos, llame al %(phone)s.", "Para avisarnos, llame.", "other values or tags"),
        ("data-text=", "data-other=", "isn't the page"),
        ("<html", "<html>" + "x" * 4_000_001, "more than 3 MB"),
    ],
)
def test_a_page_that_cannot_be_used_changes_nothing(
    cli: CommandLine, page: Path, old: str, new: str, said: str
) -> None:
    page.write_text(page.read_text("utf-8").replace(old, new), "utf-8")
    assert said in cli("letters", "proof", "--review", "es", "--marked", page, status=3).err
    assert not (cli.root / "templates" / "letters" / "locale" / "es.po").exists()


def test_a_language_that_is_not_there_is_named(cli: CommandLine) -> None:
    assert "pt-BR" in cli("letters", "proof", "--review", "xx", status=3).err


def test_a_page_is_read_in_a_child_that_may_die(cli: CommandLine, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cpdocs.intake import marked_page

    def here(*_: object) -> None:
        raise AssertionError("a stranger's page was parsed in the command's own process")

    monkeypatch.setattr(marked_page, "read_cells", here)
    assert cli("letters", "proof", "--review", "es", "--marked", page, "--json").json["changed"] == 0

    def dead(*_: object, **__: object) -> None:
        raise Stopped("limit")

    monkeypatch.setattr("cpdocs.sandbox.run.run_sandboxed", dead)
    assert "within its limits" in cli("letters", "proof", "--review", "es", "--marked", page, status=3).err
    assert not (cli.root / "templates" / "letters" / "locale" / "es.po").exists()
