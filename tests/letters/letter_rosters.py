"""Rosters for letter tests: lines about invented people, one fault or need at a time."""

from __future__ import annotations

from pathlib import Path

from cpdocs.core.csvsafe import csv_text
from cpdocs.core.roster_lines import COLUMNS
from tests.conftest import CommandLine

_PLAIN = {
    "last_name": "Testperson",
    "dob": "1980-05-04",
    "sex": "F",
    "language_spoken": "English",
    "language_written": "English",
    "format_need": "standard",
    "address1": "1 Sample Street",
    "city": "Boston",
    "state": "MA",
    "zip": "02118",
    "county": "Suffolk",
    "safe_contact": "mail",
    "plan_name": "Sample Health Plan",
    "plan_type": "ACPP",
    "program": "BH",
    "cp_org": "Sample BH Partners",
    "assigned_on": "2026-11-01",
    "status": "assigned",
    "assignment_source": "auto",
    "dmh_accs": "N",
    "pcp_npi": "1234567893",
    "coordinator": "Casey Sample",
}


def line(number: int, **cells: str) -> dict[str, str]:
    """The roster line of the invented member ``number``; ``cells`` differ from the plain ones."""
    return {**_PLAIN, "member_id": f"{100000000000 + number}", "first_name": f"Name{_letters(number)}", **cells}


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def write_roster(path: Path, *lines: dict[str, str]) -> Path:
    """Writes a roster file with these lines, the first of them being line 2."""
    path.write_bytes(csv_text(COLUMNS, lines).encode())
    return path


def add_second_kind(cli: CommandLine) -> str:
    """A site's own kind of letter to everybody assigned, beside the shipped ones; gives its name."""
    shipped = Path(__file__).parents[2] / "templates" / "letters" / "assignment"
    folder = cli.root / "templates" / "letters" / "second"
    folder.mkdir(parents=True)
    for name in ("kind.toml", "letter.html"):
        (folder / name).write_text((shipped / name).read_text("utf-8"), "utf-8")
    settings = cli.root / "cpdocs.toml"
    text = settings.read_text("utf-8").replace("[letters]\n", '[letters]\nkinds = ["assignment", "second"]\n', 1)
    settings.write_text(text, "utf-8")
    return "second"
