"""Letters filled into forms: the very tokens of their own HTML, or their own HTML."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from cpdocs.documents.letter_kinds import kind_names
from cpdocs.documents.letters import LetterRenderer
from cpdocs.documents.mail_merge import forms as forms
from cpdocs.documents.mail_merge.forms import Forms
from cpdocs.documents.mail_merge.placeholders import placeholders_of
from cpdocs.documents.mail_merge.renderer import _PERSONAL
from cpdocs.errors import InputFault
from tests.documents.letter_samples import SHIPPED, letter, renderer
from tests.documents.test_mail_merge import a_letter

HOSTILE = ("<b>Al</b> & “Co”", "\ue000Hole3\ue001", "{{ cp_org }}", " Al", "<!--", "&amp;", "x>y", "")


def same_tokens(ours: LetterRenderer, filled: Forms, item) -> bool:
    """Whether a letter's tokens are those of its HTML, and whether a form gave them."""
    address = ours.address(item)
    if address is None:
        return False
    tokens, own = filled.tokens(item.kind, item.language, ours.values(item, address))
    assert tokens == placeholders_of(ours.html(item, address))
    assert tokens.page == ours.html(item, address)
    for index, text in enumerate(tokens.texts):
        if own is not None and item.document_id in text:
            assert index in own
    return own is not None


@pytest.mark.parametrize("kind", kind_names((SHIPPED,)))
def test_every_kind_is_filled_into_forms_in_every_language(kind: str) -> None:
    chance, ours = random.Random(kind), renderer()
    filled = Forms(ours, _PERSONAL)
    for language in ("en", *ours.catalogues):
        assert sum(same_tokens(ours, filled, a_letter(chance, kind, language)) for _ in range(4)) >= 2


def test_hostile_values_are_filled_in_as_text() -> None:
    ours = renderer()
    filled = Forms(ours, _PERSONAL)
    for said in (*HOSTILE, *HOSTILE):
        same_tokens(ours, filled, letter(coordinator=said, last_name=said or "Sample"))
        same_tokens(ours, filled, letter(cp_org=said))


def site(tmp_path: Path, body: str) -> LetterRenderer:
    source = (SHIPPED / "letters/common/greeting.html").read_text("utf-8")
    path = tmp_path / "letters/common/greeting.html"
    path.parent.mkdir(parents=True)
    path.write_text(source + body, "utf-8")
    return renderer(tmp_path)


NAMES = ("Al", "Wilhelmina", "al", "Alder Birch Cedar Dogwood")


@pytest.mark.parametrize(
    "body",
    [
        '{% if member_name == "Al Sample" %}<p>one</p>{% endif %}',
        "{% if member_name|length > 12 %}<p>long</p>{% endif %}",
        '{% if "Al" in member_name %}<p>in</p>{% endif %}',
        '<p title="{{ coordinator }}">x</p>',
        '{% if coordinator == "Al" %}<p>two</p>{% endif %}',
        "{% for part in cp_org %}<i>{{ part }}</i>{% endfor %}",
        "{% if coordinator %}{{ coordinator }}{% else %}none{% endif %}",
        "{{ coordinator or plan_name }}",
        "{{ coordinator.name is defined }}",
    ],
)
def test_what_a_template_asks_of_a_value_decides_the_form(body: str, tmp_path: Path) -> None:
    ours = site(tmp_path, body)
    filled = Forms(ours, _PERSONAL)
    for name in NAMES:
        for coordinator in ("", "Al", "Casey"):
            same_tokens(ours, filled, letter(first_name=name, coordinator=coordinator))


@pytest.mark.parametrize(
    "body",
    [
        "{{ member_name|upper }}",
        "{% filter upper %}{{ member_name }}{% endfilter %}",
        "{% set said %}{{ member_name }}{% endset %}{{ said|length }}",
        "{{ (member_name ~ coordinator)|length }}",
        "{% macro said(name) %}{{ name }}{% endmacro %}{{ said(member_name) }}",
        "{{ member_name is sameas coordinator }}",
        "{{ member_name is escaped }}",
        "{% with said = member_name|trim %}{{ said }}{% endwith %}",
    ],
)
def test_templates_that_do_more_than_print_are_rendered_letter_by_letter(body: str, tmp_path: Path) -> None:
    ours = site(tmp_path, body)
    filled = Forms(ours, _PERSONAL)
    assert not any(same_tokens(ours, filled, letter(first_name=name)) for name in NAMES)


def test_a_fault_of_a_template_is_told_as_ever(tmp_path: Path) -> None:
    ours = site(tmp_path, "{{ nothing.like.it }}")
    item = letter()
    address = ours.address(item)
    assert address is not None
    with pytest.raises(InputFault, match="template"):
        Forms(ours, _PERSONAL).tokens(item.kind, item.language, ours.values(item, address))


def test_a_form_that_does_not_give_the_letter_is_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = renderer()
    monkeypatch.setattr(forms, "escape", lambda value: value)
    assert not same_tokens(ours, Forms(ours, _PERSONAL), letter(cp_org="Sample & Co"))


def test_a_letter_of_the_same_form_costs_no_rendering(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = renderer()
    filled = Forms(ours, _PERSONAL)
    assert same_tokens(ours, filled, letter())
    item = replace(letter(first_name="Birch"), document_id="8K3M-9QXW-2RR")
    address = ours.address(item)
    assert address is not None
    values = ours.values(item, address)
    monkeypatch.setattr(LetterRenderer, "rendered", None)
    assert "Birch" in filled.tokens(item.kind, item.language, values)[0].page
