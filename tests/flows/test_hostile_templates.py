"""Templates that ask for what they may not have, lead out of their folder, or never end: named, and nothing begun."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CommandLine
from tests.letters.letter_rosters import line, write_roster

SHIPPED = Path(__file__).parent.parent.parent / "templates"
LETTER = "letters/assignment/letter.html"


@pytest.fixture
def cli(short_notice: CommandLine) -> CommandLine:
    return short_notice


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    return write_roster(tmp_path / "roster.csv", line(1))


def place(cli: CommandLine, name: str) -> Path:
    path = cli.root / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


def added(cli: CommandLine, text: str) -> None:
    """The site's own letter, with ``text`` in its body."""
    shipped = (SHIPPED / LETTER).read_text("utf-8")
    place(cli, LETTER).write_text(shipped.replace("{% block body %}", "{% block body %}" + text), "utf-8")


def refused(cli: CommandLine, roster: Path, *more: str) -> str:
    """What is said where a run is refused; nothing is begun then."""
    said = cli("letters", "run", "--roster", roster, "--jobs", "1", *more, status=3).err
    assert "Traceback" not in said
    assert cli("letters", "list", "--json").json == []
    return said


@pytest.mark.parametrize(
    ("asking", "named"),
    [
        ('<img alt="x" src="https://example.org/a.png">', "https"),
        ('<img alt="x" src="data:image/png;base64,AAAA">', "data"),
        ('<img alt="x" src="../../cpdocs.toml">', "cpdocs.toml"),
        ('<img alt="x" src="no-such-logo.png">', "no-such-logo.png"),
        ('<link rel="stylesheet" href="http://example.org/a.css">', "http"),
        ('<p style="background: url(file:///etc/passwd)">x</p>', "passwd"),
        ("<style>@import 'ftp://example.org/a.css';</style>", "ftp"),
    ],
)
def test_a_template_that_asks_for_what_is_not_beside_it_is_named(
    cli: CommandLine, roster: Path, asking: str, named: str
) -> None:
    added(cli, asking)
    assert named in refused(cli, roster)
    assert named in refused(cli, roster, "--dry-run")


def test_a_picture_that_is_missing_or_none_is_one_clear_error_in_every_command(cli: CommandLine, roster: Path) -> None:
    place(cli, "letters/common/logo.html").write_text('<p><img alt="x" src="our-logo.png"></p>', "utf-8")
    commands = [
        ("letters", "run", "--roster", roster, "--dry-run"),
        ("letters", "run", "--roster", roster),
        ("letters", "run"),
        ("letters", "preview", "--roster", roster, "--line", "2"),
        ("letters", "proof"),
    ]
    for command in commands:
        said = cli(*command, status=3).err
        assert "our-logo.png, which isn't in the template folders" in said
        assert said.count("cpdocs:") == 1
    place(cli, "letters/common/our-logo.png").write_bytes(b"no picture")
    for command in commands:
        assert "a picture that can't be read" in cli(*command, status=3).err
    assert cli("letters", "list", "--json").json == []


def test_a_fault_that_only_a_members_letter_has_is_named_and_leaves_nothing_begun(
    cli: CommandLine, roster: Path
) -> None:
    added(cli, '{% if member_name == "Nameb Testperson" %}{{ no_such_value }}{% endif %}')
    run = ("letters", "run", "--roster", roster, "--jobs", "1")
    assert "no_such_value" in cli(*run, "--dry-run", status=3).err
    assert cli("letters", "list", "--json").json == []
    assert "no_such_value" in cli(*run, status=3).err
    assert [item["state"] for item in cli("letters", "list", "--json").json] == ["cancelled"]
    place(cli, LETTER)
    again = cli(*run, "--json").json
    assert (again["mailed"], again["duplicate"]) == (1, 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{% include "letters/assignment/letter.html" %}', "without end"),
        ('{{ "x" * 1000000000 }}', "repeats text"),
        ("{{ 9 ** 999999999 }}", "number that no document has"),
        ('{{ "x"|center(1000000000) }}', "center asks for more"),
        ('{{ "%1000000000d" % 1 }}', "not allowed"),
        (
            "{% for a in notice_title %}{% for b in notice_title %}{% for c in notice_title %}"
            "{% for d in notice_title %}"
            "{{ notice_title * 400 }}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
            "million characters",
        ),
    ],
)
def test_a_template_that_never_ends_or_makes_too_much_is_told_so(
    cli: CommandLine, roster: Path, text: str, told: str
) -> None:
    added(cli, text)
    assert told in refused(cli, roster)


@pytest.mark.parametrize(
    "name", [LETTER, "letters/common/letter.css", "letters/assignment/kind.toml", "letters/locale/es.po"]
)
def test_a_link_out_of_the_templates_is_an_error_and_never_the_shipped_wording(
    cli: CommandLine, roster: Path, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / Path(name).name
    outside.write_bytes((SHIPPED / name).read_bytes())
    place(cli, name).symlink_to(outside)
    assert "leads out of the template folder" in refused(cli, roster)
    doctor = cli("doctor", "--json", status=None)
    assert any(name in item["message"] for item in doctor.json["checks"] if item["check"] == "templates")


def test_a_pipe_among_the_fonts_and_a_huge_template_are_told_and_hang_nothing(cli: CommandLine, roster: Path) -> None:
    pipe = place(cli, "fonts/Own-Regular.ttf")
    os.mkfifo(pipe)
    assert "is no file" in refused(cli, roster)
    pipe.unlink()
    with place(cli, LETTER).open("wb") as file:
        file.truncate(400 * 1024 * 1024)
    assert "more than 2 MB" in refused(cli, roster)


def test_a_link_within_the_templates_is_the_sites_own_business(cli: CommandLine, roster: Path) -> None:
    own = place(cli, "letters/assignment/ours.html")
    own.write_bytes((SHIPPED / LETTER).read_bytes())
    place(cli, LETTER).symlink_to("ours.html")
    assert cli("letters", "run", "--roster", roster, "--dry-run", "--json", "--jobs", "1").json["mailed"] == 1


def test_laying_out_starts_no_other_program() -> None:
    code = (
        "import sys\n"
        "def told(event, arguments):\n"
        "    if event in ('subprocess.Popen', 'os.posix_spawn', 'os.system'): print(arguments[0])\n"
        "sys.addaudithook(told)\n"
        "import cpdocs.documents.pdf\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
