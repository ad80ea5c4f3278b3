"""No paper states a fact whose source isn't named: not by a template, nor by the words that code puts into one."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpdocs.documents.html import fill
from cpdocs.documents.stated_facts import FILE, PAPER_SOURCES, PAPERS, facts_of, require_sources, stating
from cpdocs.documents.stated_facts import template_sentences as sentences_of
from cpdocs.errors import InputFault
from tests.documents.papers import SHIPPED

CODE = {
    "plan": ("documents/plan_views", "documents/service_views", "documents/signing_views", "signing/field_names"),
    "cover": ("documents/cover_views", "core/plan_changes"),
    "notice": ("core/notice_words", "documents/notices", "keys/notices", "sending/notices"),
    "certificate": ("documents/certificate", "chart/attestations"),
    "leaflets": ("documents/medication_list", "documents/leaflets"),
    "filed": ("documents/filed_bands",),
}
"""By folder the modules whose words stand on its papers."""
LABELS = {"Reconciled by", "Service options were given", "Provider options were given", "How it was established"}
"""What stands before a value, or above a column."""


def told_by_code(module: str) -> Iterator[str]:
    """The sentences in a module's strings that state a fact, docstrings apart."""
    tree = ast.parse((SHIPPED.parent / "cpdocs" / f"{module}.py").read_text("utf-8"))
    loose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    inner = {id(value) for node in joined for value in node.values}
    texts = [
        "".join(str(value.value) if isinstance(value, ast.Constant) else "%(value)s" for value in node.values)
        for node in joined
    ]
    texts += [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in loose | inner
    ]
    for text in texts:
        yield from stating(text)


@pytest.mark.parametrize("folder", sorted(PAPERS))
def test_every_fact_of_the_shipped_papers_names_its_source_and_no_name_is_left_over(folder: str) -> None:
    declared = facts_of(folder, (SHIPPED,))
    stated = [each for path in (SHIPPED / folder).glob("*.html") for each in sentences_of(path.read_text("utf-8"))]
    stated += [each for module in CODE[folder] for each in told_by_code(module) if each not in LABELS]
    assert [each for each in stated if not any(fact.pattern.fullmatch(each) for fact in declared)] == []
    assert [fact.text for fact in declared if not any(fact.pattern.fullmatch(each) for each in stated)] == []


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("plan/plan.html", "We have told your health plan."),
        ("cover/cover.html", "The member was given a copy."),
        ("notice/held.html", "Your signature was compared with the one on file."),
        ("certificate/certificate.html", "The PCP was called."),
        ("leaflets/guide.html", "We visited your office."),
    ],
)
def test_a_template_that_states_another_fact_isnt_used(tmp_path: Path, template: str, sentence: str) -> None:
    require_sources(template, (tmp_path, SHIPPED))
    site = tmp_path / template
    site.parent.mkdir()
    text = (SHIPPED / template).read_text("utf-8")
    inside = "</body>" if "</body>" in text else "{% block body %}"
    added = f"<p>{sentence}</p>" + inside if inside == "</body>" else inside + f"<p>{sentence}</p>"
    site.write_text(text.replace(inside, added, 1), "utf-8")
    with pytest.raises(InputFault) as refused:
        fill(template, {}, shipped=SHIPPED, site=tmp_path)
    (problem,) = refused.value.problems
    assert (problem.code, problem.where) == ("fact_without_source", template)
    assert sentence in problem.message
    folder = template.partition("/")[0]
    shutil.copy(SHIPPED / folder / FILE, tmp_path / folder / FILE)
    with (tmp_path / folder / FILE).open("a", encoding="utf-8") as facts:
        facts.write(f'[[fact]]\ntext = "{sentence}"\nsource = "approval"\n')
    require_sources(template, (tmp_path, SHIPPED))


def test_a_source_that_there_isnt_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / FILE).write_text('[[fact]]\ntext = "We met."\nsource = "hearsay"\n', "utf-8")
    with pytest.raises(InputFault, match="no source is called 'hearsay'"):
        require_sources("plan/plan.html", (tmp_path, SHIPPED))


def test_the_documentation_lists_every_source() -> None:
    text = (SHIPPED.parent / "docs" / "templates.md").read_text("utf-8")
    assert [name for name in PAPER_SOURCES if f"| `{name}` |" not in text] == []
