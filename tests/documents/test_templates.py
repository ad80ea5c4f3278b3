"""The shipped templates are whole: everything that docs/templates.md names is there, and the statement of the law is
guarded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cpdocs.documents import part2
from cpdocs.documents.notices import NoticeKind
from cpdocs.errors import InputFault
from tests.documents.papers import SHIPPED

DOCS = Path(__file__).parents[2] / "docs" / "templates.md"


def test_every_file_that_the_documentation_names_exists():
    named = set(re.findall(r"`([a-z0-9]+/[\w/]+\.(?:html|css|toml))`", DOCS.read_text("utf-8")))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (SHIPPED / name).is_file()] == []


def test_every_kind_of_notice_has_its_template_and_stands_in_the_documentation():
    text = DOCS.read_text("utf-8")
    for kind in NoticeKind:
        assert (SHIPPED / "notice" / f"{kind}.html").is_file()
        assert kind.value in text


def test_a_sites_own_statement_is_used_and_a_broken_one_refused(tmp_path):
    (tmp_path / "part2").mkdir()
    asset = tmp_path / "part2" / "notice.toml"
    asset.write_text(
        (SHIPPED / "part2" / "notice.toml").read_text("utf-8").replace('verified = ""', 'verified = "2027-01-04"'),
        "utf-8",
    )
    assert part2.statement((tmp_path, SHIPPED)).verified == "2027-01-04"
    asset.write_text("version = '2024'\n", "utf-8")
    with pytest.raises(InputFault, match=r"part2/notice\.toml"):
        part2.statement((tmp_path, SHIPPED))


def test_the_shipped_statement_says_that_it_was_not_compared_yet():
    text = part2.statement((SHIPPED,))
    assert (text.version, text.citation, text.verified) == ("2024", "42 CFR 2.32(a)(1)", "")
    assert len(text.items) == 3


def test_no_template_fetches_from_the_network_or_scripts():
    for path in SHIPPED.rglob("*"):
        if path.suffix in (".html", ".css"):
            text = path.read_text("utf-8")
            assert not re.search(r"https?://|<script|javascript:|data:", text), path
