"""Names and lists from the index, for pages that show people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cpdocs.index.queries import Page

if TYPE_CHECKING:
    import sqlite3

    from cpdocs.index.store import Index


def member_names(index: Index, member_ids: Iterable[str]) -> dict[str, str]:
    """The name of each of these members as the roster last wrote it, by member id."""
    found: dict[str, str] = {}
    query = "SELECT member_id, name FROM members WHERE member_id IN ({keys}) ORDER BY member_id, program"
    for row in index.rows_of(query, member_ids):
        found.setdefault(row["member_id"], str(row["name"]))
    return found


def members_like(index: Index, text: str, limit: int) -> list[sqlite3.Row]:
    """Members whose last name begins with the first word of ``text`` before a comma, or whose first and last name begin
    with its words: rows of ``members``."""
    last, comma, first = (part.strip() for part in text.partition(","))
    if not comma and " " in last:
        first, _, last = last.rpartition(" ")
    query = (
        "SELECT * FROM members WHERE last_name COLLATE NOCASE >= ? AND last_name COLLATE NOCASE < ? "
        "AND first_name LIKE ? ESCAPE '\\' ORDER BY last_name COLLATE NOCASE, first_name COLLATE NOCASE LIMIT ?"
    )
    escaped = first.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return index.rows(query, (last, last + "\U0010ffff", f"{escaped}%", limit))


def plans_of_member(index: Index, member_id: str) -> list[sqlite3.Row]:
    """The member's plan versions, the newest first: rows of ``plans``."""
    return index.rows("SELECT * FROM plans WHERE member_id = ? ORDER BY seq DESC", (member_id,))


def coordinators(index: Index) -> list[str]:
    """The names of those who have members assigned to them, in order."""
    return [row[0] for row in index.rows("SELECT DISTINCT coordinator FROM members WHERE coordinator <> '' ORDER BY 1")]


def is_practice(index: Index, practice_id: str) -> bool:
    """Whether a practice of this id is on record."""
    return bool(index.rows("SELECT 1 FROM practices WHERE practice_id = ?", (practice_id,)))


def practice_names(index: Index) -> list[tuple[str, str]]:
    """The id and the name of each practice, by name."""
    return [(row[0], row[1]) for row in index.rows("SELECT practice_id, name FROM practices ORDER BY name")]


def practices(index: Index, page: Page) -> list[sqlite3.Row]:
    """Practices by name, each with how many of its plans wait for an approval (``running``)."""
    query = (
        "SELECT p.*, (SELECT count(*) FROM plans WHERE practice_id = p.practice_id AND running = 1) AS running "
        "FROM practices p ORDER BY p.name LIMIT ? OFFSET ?"
    )
    return index.rows(query, page.values)


def clinicians_of(index: Index, practice_id: str) -> list[sqlite3.Row]:
    """The practice's clinicians by name, those who left last: rows of ``clinicians``."""
    return index.rows("SELECT * FROM clinicians WHERE practice_id = ? ORDER BY active DESC, name", (practice_id,))


def clinician_names(index: Index, npis: Iterable[str]) -> dict[str, str]:
    """The name of each of these clinicians, as far as they are on record, by NPI."""
    found: dict[str, str] = {}
    query = "SELECT npi, name FROM clinicians WHERE npi IN ({keys}) ORDER BY npi, practice_id"
    for row in index.rows_of(query, npis):
        found.setdefault(row["npi"], str(row["name"]))
    return found


def returns_of_plan(index: Index, document_id: str) -> list[sqlite3.Row]:
    """What came back for a plan version, in order of arrival: rows of ``returns``."""
    return index.rows("SELECT * FROM returns WHERE document_id = ? ORDER BY seq, part", (document_id,))


def notices_of_plan(index: Index, document_id: str) -> list[sqlite3.Row]:
    """The notices that were written about a plan version, in order: rows of ``notices``."""
    return index.rows("SELECT * FROM notices WHERE document_id = ? ORDER BY seq", (document_id,))


def names_of_plans(index: Index, document_ids: Iterable[str]) -> dict[str, str]:
    """The member's name of each of these plan versions, by document id."""
    query = (
        "SELECT p.document_id, m.name FROM plans p JOIN members m ON m.member_id = p.member_id "
        "AND m.program = p.program WHERE p.document_id IN ({keys})"
    )
    return {row[0]: str(row[1]) for row in index.rows_of(query, document_ids)}


def unlettered(index: Index) -> tuple[frozenset[tuple[str, ...]], list[str]]:
    """The assignments that no letter of assignment counts for, by their keys; and the ids of their members with all
    who may be the same persons."""
    query = (
        "SELECT member_id, program, cp_org, assigned_on, person FROM assignments INDEXED BY assignments_unlettered "
        "WHERE lettered = 0"
    )
    rows = [tuple(row) for row in index.rows(query)]
    alike = index.rows_of("SELECT member_id FROM assignments WHERE person IN ({keys})", (row[4] for row in rows))
    return frozenset(row[:4] for row in rows), sorted({row[0] for row in alike})


def runs(index: Index, page: Page) -> list[sqlite3.Row]:
    """The runs of letters, the latest first: rows of ``runs``."""
    return index.rows("SELECT * FROM runs ORDER BY run_id DESC LIMIT ? OFFSET ?", page.values)


def pieces_of_run(index: Index, run_id: str, page: Page) -> list[sqlite3.Row]:
    """The letters of a run in mailing order: rows of ``pieces``."""
    return index.rows("SELECT * FROM pieces WHERE run_id = ? ORDER BY piece LIMIT ? OFFSET ?", (run_id, *page.values))


def count_pieces(index: Index, run_id: str) -> int:
    """How many letters a run has."""
    return int(index.one("SELECT count(*) FROM pieces WHERE run_id = ?", (run_id,))[0])
