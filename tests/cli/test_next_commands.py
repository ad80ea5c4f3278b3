"""Commands that the program itself shows can be typed: the examples of every help, and the next steps of `todo`."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from cpdocs.core.worklist import Kind, Waiting
from tests.reference import commands

KNOWN = dict(commands())
ID = "7K3M-9QXW-2RC"


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_examples_stand_one_to_a_line(name: str) -> None:
    for block in (KNOWN[name].help or "").split("\b\n")[1:]:
        before = ""
        for line in block.split("\n\n")[0].splitlines():
            begins = re.match(r"\s*(?:cpdocs|python|CPDOCS_NOW=\S+)\b", line) is not None
            assert begins or before.endswith("\\") or not line.strip(), f"{name}: {line}"
            assert not re.search(r'["a-z0-9] cpdocs [a-z]', line), f"{name}: {line}"
            before = line.rstrip()


def _command(line: str) -> tuple[click.Command, list[str]]:
    name, rest = "cpdocs", shlex.split(line)[1:]
    while rest and f"{name} {rest[0]}" in KNOWN:
        name, rest = f"{name} {rest[0]}", rest[1:]
    return KNOWN[name], rest


@pytest.mark.parametrize("kind", Kind)
def test_a_next_step_names_all_that_its_command_asks_for(kind: Kind) -> None:
    about = "2026-11-05T14:00:00-05:00" if kind is Kind.HOME_VISIT_DUE else "x"
    item = Waiting(kind, "2026-11-02", "2026-11-05", ID, "100000000001", program="BH", key_contact="K", about=about)
    for line in re.findall(r"`(cpdocs [^`]+)`", item.what_to_do):
        command, words = _command(line)
        asked = [each for each in command.params if isinstance(each, click.Option) and each.required]
        assert [each.name for each in asked if not set(each.opts) & set(words)] == [], line


@pytest.mark.parametrize("name", ['Kim "KC" Sample', "Pat O'Sample", "$(id) `id`", "Sam\\", "Hey!"])
def test_a_contacts_name_is_one_argument_and_nothing_else(name: str) -> None:
    item = Waiting(Kind.PCP_SIGNATURE, "2026-11-02", document_id=ID, key_contact=name)
    line = item.what_to_do.partition(": `")[2].removesuffix("`.")
    assert shlex.split(line)[:5] == ["cpdocs", "call", ID, "--to", name]
    assert '"' not in line.partition(name)[0] or not set(name) & set('"$`\\!')
