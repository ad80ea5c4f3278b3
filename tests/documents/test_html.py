"""Templates: escaped without exception, sandboxed, and every mistake named with file, line and name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cpdocs.core.phones import phone
from cpdocs.documents.html import environment, fill, long_date, render, short_date, template_folders
from cpdocs.errors import InputFault


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    shipped, site = tmp_path / "shipped", tmp_path / "site"
    shipped.mkdir()
    site.mkdir()
    return shipped, site


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")


def drawn(folders: tuple[Path, Path], text: str, **values: object) -> str:
    put(folders[0], "a.html", text)
    return render(environment(*folders), "a.html", values)


def test_a_sites_file_wins_over_the_shipped_one_and_the_rest_stays(folders):
    put(folders[0], "a.html", "shipped {% include 'b.html' %}")
    put(folders[0], "b.html", "part")
    put(folders[1], "b.html", "own part")
    assert render(environment(*folders), "a.html", {}) == "shipped own part"


def test_markup_in_a_members_words_stays_words(folders):
    html = drawn(folders, '<p title="{{ x }}">{{ x }}</p>', x='"><script>alert(1)</script>')
    assert (
        html == '<p title="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">'
        "&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    )


def test_an_undefined_name_is_an_error_with_file_line_and_name(folders):
    with pytest.raises(InputFault, match=r"a\.html, line 3: 'membr' is undefined"):
        drawn(folders, "<p>\n\n{{ membr }}")


def test_an_undefined_name_in_an_included_file_names_that_file(folders):
    put(folders[1], "part.html", "\n{{ wrong }}")
    with pytest.raises(InputFault, match=r"part\.html, line 2: 'wrong' is undefined"):
        drawn(folders, "{% include 'part.html' %}")


def test_a_malformed_template_is_an_error_with_file_and_line(folders):
    with pytest.raises(InputFault, match=r"a\.html, line 2"):
        drawn(folders, "<p>\n{% if %}")


def test_a_missing_template_is_named(folders):
    with pytest.raises(InputFault, match=r"no template gone\.html"):
        render(environment(*folders), "gone.html", {})


@pytest.mark.parametrize(
    "text",
    [
        "{{ x.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ x | attr('__class__') }}",
        "{{ x | safe }}",
        "{% autoescape false %}{{ x }}{% endautoescape %}",
        "{{ x | xmlattr }}",
        "{{ cycler('a') }}",
        "{% include '../secret.html' %}",
        "{% include '/etc/passwd' %}",
    ],
)
def test_the_sandbox_refuses(folders, text):
    put(folders[0].parent, "secret.html", "secret")
    with pytest.raises(InputFault):
        drawn(folders, text, x="value")


def test_a_template_cannot_be_a_link_that_leads_out(folders, tmp_path):
    put(tmp_path, "secret.html", "secret")
    (folders[1] / "linked.html").symlink_to(tmp_path / "secret.html")
    with pytest.raises(InputFault, match=r"linked\.html leads out of the template folder"):
        drawn(folders, "{% include 'linked.html' %}")


@pytest.mark.parametrize("value", [None, ["a"], {"a": 1}, print])
def test_what_is_not_text_is_never_printed(folders, value):
    with pytest.raises(InputFault, match=r"a\.html, line 1: prints a value that isn't text"):
        drawn(folders, "{{ x }}", x=value)


def test_a_value_wins_over_a_method_of_the_same_name(folders):
    assert (
        drawn(folders, "{{ x.copy }}{% for i in x.items %}{{ i }}{% endfor %}", x={"copy": "c", "items": ["1"]}) == "c1"
    )


def test_an_error_never_quotes_a_value(folders):
    with pytest.raises(InputFault) as caught:
        drawn(folders, "{{ x + 1 }}", x="Testina Samplewick")
    assert "Samplewick" not in f"{caught.value.message} {caught.value.todo}"


def test_a_template_that_changed_is_read_again(folders):
    assert drawn(folders, "one") == "one"
    assert drawn(folders, "two, longer") == "two, longer"


def test_a_sites_first_template_counts_at_once(folders):
    shipped, site = folders
    put(shipped, "paper.html", "ours")
    assert template_folders(shipped, site) == (shipped,)
    assert fill("paper.html", {}, shipped=shipped, site=site) == "ours"
    put(site, "paper.html", "theirs")
    assert fill("paper.html", {}, shipped=shipped, site=site) == "theirs"


def test_dates_are_written_as_their_readers_write_them():
    day = date(2026, 10, 6)
    assert long_date(day) == "October 6, 2026"
    assert long_date(day, "es") == "6 de octubre de 2026"
    assert long_date(day, "xx-nowhere") == "October 6, 2026"
    assert short_date(day) == "Oct 6, 2026"
    assert short_date(None) == ""


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("6175550100", "(617) 555-0100"),
        ("1-617-555-0100", "(617) 555-0100"),
        ("(617) 555-0100 ext. 7", "(617) 555-0100 ext. 7"),
        ("711", "711"),
        ("", ""),
    ],
)
def test_telephone_numbers_have_one_form(written, shown):
    assert phone(written) == shown
