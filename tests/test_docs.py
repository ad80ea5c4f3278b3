"""The documentation is true: every command it shows exists with these options, and every command is documented."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from tests.reference import REFERENCE, commands, reference

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
SHOWN = re.compile(r"^(?: {4,}|\s*\$ )(?:\$ )?((?:CPDOCS_NOW=\S+ )?cpdocs .*)$|`(cpdocs [^`\n]+)`", re.M)


def shown_commands() -> list[tuple[str, str]]:
    """(page, command line) for every command shown in a code block or between backticks."""
    found = []
    for page in PAGES:
        if page == REFERENCE:
            continue
        for match in SHOWN.finditer(page.read_text("utf-8")):
            line = re.split(r"\s{2,}|\s#|\s\\$", (match[1] or match[2]).strip())[0]
            found.append((page.name, re.sub(r"^CPDOCS_NOW=\S+ ", "", line)))
    return found


@pytest.mark.parametrize(("page", "line"), sorted(set(shown_commands())))
def test_a_command_shown_exists_with_its_options(page: str, line: str) -> None:
    known = dict(commands())
    words = shlex.split(line.replace("…", "").replace("|", " "))
    words = [word for word in words if word not in {"[--json]"}]
    name, rest = "cpdocs", words[1:]
    while rest and (rest[0].startswith("--workspace") or f"{name} {rest[0]}" in known):
        if rest[0].startswith("--workspace"):
            rest = rest[2:]
        else:
            name, rest = f"{name} {rest[0]}", rest[1:]
    command = known[name]
    if isinstance(command, click.Group) and rest and rest[0].isupper():
        rest = rest[1:]
    assert not isinstance(command, click.Group) or not rest or rest[0].startswith("-"), (
        f"{page}: no such command: {line}"
    )
    options = {option for param in command.params for option in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    options |= {option for param in known["cpdocs"].params for option in param.opts}
    for word in rest:
        if re.match(r"--?[a-z]", word):
            assert word.split("=")[0] in options, f"{page}: {name} has no option {word}"


def test_the_reference_is_what_help_says() -> None:
    assert REFERENCE.read_text("utf-8") == reference(), "run `make docs`"


@pytest.mark.parametrize("name", [name for name, _ in commands() if name != "cpdocs"])
def test_every_command_has_help_with_an_example(name: str) -> None:
    command = dict(commands())[name]
    text = command.help or ""
    assert text.strip(), f"{name} has no help"
    assert "cpdocs " in text or isinstance(command, click.Group), f"{name} shows no example"


def test_every_page_in_docs_is_linked() -> None:
    texts = {page: page.read_text("utf-8") for page in PAGES}
    unlinked = [
        page.name
        for page in PAGES[1:]
        if not any(f"{page.name})" in text for other, text in texts.items() if other != page)
    ]
    assert unlinked == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


ROOM = re.compile(r"`((?:[a-z_0-9]+/)+[a-z_0-9]*|[a-z_0-9]+/)`")


def test_the_map_of_the_house_names_every_room_and_nothing_that_is_not_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    house = ROOT / "cpdocs"
    named = {name.rstrip("/") for name in ROOM.findall(page)} - {
        "inbox",
        "outbox/ehr",
        "state/claims",
        "tests/security",
    }
    named = {name for name in named if name.split("/")[0] not in {"inbox", "outbox", "state", "tests"}}
    gone = [name for name in named if not ((house / name).is_dir() or (house / f"{name}.py").is_file())]
    assert gone == []
    rooms = {path.parent.name for path in house.glob("*/__init__.py")}
    assert rooms - {name.split("/")[0] for name in named} == set()


def test_what_the_map_says_is_in_a_room_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = page[page.index("## Rooms") :].split("\n## ", 2)[0]
    missing = []
    for line in table.splitlines():
        cells = line.split("|")
        rooms = re.findall(r"`([a-z_/]+)/`", cells[1]) if len(cells) > 3 else []
        for name in re.findall(r"`([a-z][a-z_0-9]*)`", cells[2]) if rooms else []:
            places = [ROOT / "cpdocs" / room for room in rooms]
            places += [place / "internals" for place in places]
            if not any((place / f"{name}.py").exists() or (place / name).exists() for place in places):
                missing.append((rooms[0], name))
    assert not missing, missing
