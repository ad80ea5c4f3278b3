"""A draft's text as what a new form is filled with: the draft says once what is known and what must be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cpdocs.core.plan_form import GOAL, NUMBER, FieldKind, FormSheet, FormValues, form_sheets, in_words
from cpdocs.intake.trees import Entries, Items, Node, Scalar, read_tree

_ASKS = re.compile(r" *[a-z][a-z0-9_]*:.*   # (?:([a-z ]+): )?ASK:? ?(.*)")
_KEY = re.compile(r"( *)([a-z][a-z0-9_]*):")


def form_values(draft: str) -> FormValues:
    """The values and questions of a draft (a plan file's text, with its comments)."""
    tree = read_tree(draft.encode(), "draft.yaml")
    assert isinstance(tree, Entries), "a draft is a mapping"
    answers: dict[str, str] = {}
    rows: dict[str, list[dict[str, str]]] = {}
    for sheet in form_sheets():
        if not sheet.items:
            answers |= _texts(sheet, tree)
        elif sheet.items == "goals.steps":
            rows[sheet.items] = [
                {GOAL: str(place), **_texts(sheet, step)}
                for place, goal in enumerate(_items(tree.entries.get("goals")), 1)
                for step in _items(goal.entries.get("steps"))
            ]
        else:
            rows[sheet.items] = [_texts(sheet, item) for item in _items(tree.entries.get(sheet.items))]
    for place, goal in enumerate(rows.get("goals", ()), 1):
        goal[NUMBER] = str(place)
    return FormValues(answers, rows, dict(_questions(draft)))


def _items(node: Node | None) -> list[Entries]:
    return [each for each in node.items if isinstance(each, Entries)] if isinstance(node, Items) else []


def _texts(sheet: FormSheet, tree: Entries) -> dict[str, str]:
    found = {}
    for field in sheet.fields:
        node: Node | None = tree
        for part in field.key.split("."):
            node = node.entries.get(part) if isinstance(node, Entries) else None
        if isinstance(node, Items) and field.kind is FieldKind.LINES:
            found[field.key] = "\n".join(each.text for each in node.items if isinstance(each, Scalar))
        elif isinstance(node, Scalar) and not node.is_null and node.text.strip():
            text = node.text.strip()
            if field.kind is FieldKind.YES_NO:
                text = {"true": "yes", "false": "no"}.get(text.casefold(), text)
            found[field.key] = in_words(text) if field.kind is FieldKind.CHOICE else text
    return found


def _questions(draft: str) -> Iterator[tuple[str, str]]:
    """What is asked at which key of the first two levels."""
    block = ""
    for line in draft.split("\n"):
        if key := _KEY.match(line):
            if not key[1]:
                block = key[2]
            if asks := _ASKS.fullmatch(line):
                yield (f"{block}.{key[2]}" if key[1] else key[2]), _sentence(asks[1] or "", asks[2])


def _sentence(whence: str, question: str) -> str:
    """A draft's question as a form says it: ``Carried over. Ask whether it still holds.``"""
    asked = f"Ask {question}" if question.startswith("whether") else question[:1].upper() + question[1:]
    told = f"{whence.capitalize()}. {asked}" if whence else asked
    return told if told.endswith((".", "?")) else f"{told}."
