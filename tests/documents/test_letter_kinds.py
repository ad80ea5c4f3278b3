"""Kinds of letter and the notice are data: what can't be used is refused by name, and so is a letter that doesn't say
enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpdocs.documents.letter_kinds import kind_names, load_kind, load_notice
from cpdocs.documents.letter_lint import check_kind
from cpdocs.errors import InputFault
from tests.documents.letter_samples import ON, SHIPPED, renderer

FOLDERS = (SHIPPED,)


def write(site: Path, name: str, text: str) -> None:
    path = site / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def test_the_kinds_that_came_with_cpdocs_can_be_sent() -> None:
    assert "assignment" in kind_names(FOLDERS)
    for name in kind_names(FOLDERS):
        check_kind(renderer(), name, ON)


def test_a_site_adds_a_kind_by_adding_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "letters/hello/kind.toml", 'title = "Hello"\n')
    write(tmp_path, "letters/hello/letter.html", '{% extends "letters/assignment/letter.html" %}')
    assert load_kind("hello", (tmp_path, SHIPPED)).title == "Hello"
    check_kind(renderer(tmp_path), "hello", ON)


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ("title = 1\n", "text"),
        ('title = "A"\nsurprise = 1\n', "unknown key"),
        ("title = \n", "can't be used"),
        ('title = "A"\nstylesheets = "x"\n', "list"),
    ],
)
def test_a_kind_that_cannot_be_used_is_refused(tmp_path: Path, toml: str, fault: str) -> None:
    write(tmp_path, "letters/hello/kind.toml", toml)
    with pytest.raises(InputFault, match=fault):
        load_kind("hello", (tmp_path, SHIPPED))


@pytest.mark.parametrize("name", ["nowhere", "../common", "Assignment"])
def test_a_kind_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(InputFault, match="kind of letter"):
        load_kind(name, FOLDERS)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('data-says="decline"', "", "must_say_decline"),
        ('data-says="change-cp"', "", "must_say_change-cp"),
        ("You do not have to give a reason.", "You must give a reason.", "pressure"),
        ("It is your choice", "Your behavioral care is your choice", "forbidden_word"),
    ],
)
def test_a_letter_that_does_not_leave_the_choice_free_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    text = (SHIPPED / "letters/common/choice.html").read_text("utf-8")
    assert old in text
    write(tmp_path, "letters/common/choice.html", text.replace(old, new))
    with pytest.raises(InputFault) as refused:
        check_kind(renderer(tmp_path), "assignment", ON)
    assert code in {problem.code for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('data-answer="decline"', 'data-answer="change_cp"', "reply_answers"),
        ('<p class="code">{{ reply_code }}</p>', "", "reply_code"),
    ],
)
def test_a_reply_slip_that_could_not_be_read_again_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    text = (SHIPPED / "letters/common/reply.html").read_text("utf-8")
    assert old in text
    write(tmp_path, "letters/common/reply.html", text.replace(old, new))
    with pytest.raises(InputFault) as refused:
        check_kind(renderer(tmp_path), "assignment", ON)
    assert {problem.code for problem in refused.value.problems} == {code}


def test_a_letter_without_the_masshealth_line_or_a_tty_is_refused(tmp_path: Path) -> None:
    text = (SHIPPED / "letters/common/complaints.html").read_text("utf-8")
    write(tmp_path, "letters/common/complaints.html", text.replace("tty=masshealth_tty", 'tty="0"'))
    with pytest.raises(InputFault) as refused:
        check_kind(renderer(tmp_path), "assignment", ON)
    assert {problem.code for problem in refused.value.problems} == {"missing_masshealth_tty"}


def test_the_notice_speaks_the_languages_most_met_in_massachusetts() -> None:
    notice = load_notice(FOLDERS)
    tags = [language.tag for language in notice.languages]
    assert tags[0] == "en"
    assert {
        "es",
        "pt-BR",
        "ht",
        "vi",
        "kea",
        "zh-Hans",
        "zh-Hant",
        "ru",
        "ar",
        "km",
        "fr",
        "it",
        "ko",
        "el",
        "pl",
        "hi",
        "gu",
    } <= set(tags)
    assert next(language for language in notice.languages if language.tag == "ar").direction == "rtl"


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('tag = "xx"\nname = "X"\nstatus = "perhaps"\ntext = "{phone} {tty}"', "draft or reviewed"),
        ('tag = "xx"\nname = "X"\nstatus = "reviewed"\ntext = "{phone} {tty}"', "by whom"),
        ('tag = "xx"\nname = "X"\nstatus = "draft"\ntext = "{phone}"', "lacks"),
        ('tag = "xx"\nname = "X"\nstatus = "draft"\ntext = "{phone} {tty}"\nother = 1', "unknown key"),
    ],
)
def test_a_notice_that_cannot_be_used_is_refused(tmp_path: Path, entry: str, fault: str) -> None:
    write(tmp_path, "letters/common/notice.toml", f'title = "T"\n[[language]]\n{entry}\n')
    with pytest.raises(InputFault, match=fault):
        load_notice((tmp_path, SHIPPED))


@pytest.mark.parametrize(
    "sentence",
    [
        "We have told your health plan.",
        "We tried to call you last week.",
        "Your plan was signed by your doctor.",
        "A copy was given to you.",
        "Your medicines were reconciled by a nurse.",
        "You agreed to take part.",
    ],
)
def test_a_letter_that_states_a_fact_without_its_source_is_refused(tmp_path: Path, sentence: str) -> None:
    text = (SHIPPED / "letters/assignment/letter.html").read_text("utf-8")
    write(tmp_path, "letters/assignment/letter.html", text.replace("<h2>", f"<p>{sentence}</p><h2>", 1))
    with pytest.raises(InputFault) as refused:
        check_kind(renderer(tmp_path), "assignment", ON)
    (problem,) = refused.value.problems
    assert problem.code == "fact_without_source"
    assert sentence in problem.message


@pytest.mark.parametrize(
    "sentence", ["If you did not tell us this, call us.", "You can call us.", "We will call you by March 31."]
)
def test_a_condition_or_a_promise_states_no_fact(tmp_path: Path, sentence: str) -> None:
    text = (SHIPPED / "letters/assignment/letter.html").read_text("utf-8")
    write(tmp_path, "letters/assignment/letter.html", text.replace("<h2>", f"<p>{sentence}</p><h2>", 1))
    check_kind(renderer(tmp_path), "assignment", ON)


def test_a_fact_that_no_letter_states_and_a_source_that_stands_behind_none_are_refused(tmp_path: Path) -> None:
    toml = (SHIPPED / "letters/cannot-reach/kind.toml").read_text("utf-8")
    stale = '[[fact]]\ntext = "We wrote to you twice."\nsource = "mailed"\n'
    write(tmp_path, "letters/cannot-reach/kind.toml", toml + stale)
    with pytest.raises(InputFault) as refused:
        check_kind(renderer(tmp_path), "cannot-reach", ON)
    assert {problem.code for problem in refused.value.problems} == {"fact_not_said"}
    write(tmp_path, "letters/cannot-reach/kind.toml", toml.replace('rests_on = "attempt"\n', ""))
    with pytest.raises(InputFault, match="stands behind no letter"):
        check_kind(renderer(tmp_path), "cannot-reach", ON)


def test_the_documentation_lists_every_fact_of_every_kind() -> None:
    text = (SHIPPED.parent / "docs" / "letters.md").read_text("utf-8")
    for name in kind_names(FOLDERS):
        kind = load_kind(name, FOLDERS)
        for fact in (*kind.facts, *kind.common_facts):
            assert f"“{fact.text}” Source: " in text, name
