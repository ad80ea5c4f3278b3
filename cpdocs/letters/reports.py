"""What a run leaves for people and programs: the manifest, the reconciliation as JSON and as a page to sign off."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cpdocs.core.csvsafe import csv_text
from cpdocs.core.letter_counts import DISPOSITIONS, codes, counts, warning_counts
from cpdocs.core.letter_report import RunLine
from cpdocs.core.letters import RunRecord
from cpdocs.core.line_words import WARNINGS, why
from cpdocs.core.roster import Disposition
from cpdocs.letters.not_mailed import TO_LOOK_AT, NotMailed, held_csv
from cpdocs.letters.recipients import SLIP_WAITS
from cpdocs.letters.runs import HELD, MANIFEST, RECONCILIATION, RECONCILIATION_PDF

if TYPE_CHECKING:
    from cpdocs.letters.batch import Batch
    from cpdocs.workspace import Workspace

MANIFEST_COLUMNS = (
    *("line", "disposition", "code", "warnings", "piece", "document_id", "member_id", "language", "format"),
    *("pages", "sheets", "sha256", "print_file", "first_page", "archive_sha256", "program", "roster_language"),
    "sources",
)
"""The columns of manifest.csv (contract §4), where each piece is printed, and its own PDF where one was archived."""


def manifest(batch: Batch, sources: Mapping[int, str]) -> str:
    """A CSV with a line for every line of the roster; the columns after ``warnings`` say which piece it became, and
    where it is."""
    return csv_text(MANIFEST_COLUMNS, _manifest_rows(batch, sources))


def _manifest_rows(batch: Batch, sources: Mapping[int, str]) -> Iterator[dict[str, object]]:
    for line in batch.lines:
        row: dict[str, object] = {
            "line": line.line,
            "disposition": line.disposition,
            "code": line.code,
            "warnings": ";".join(line.warnings),
            "member_id": line.member_id,
            "program": line.program,
            "roster_language": line.language,
        }
        if line.piece is not None:
            row |= {
                "piece": line.piece.number,
                "document_id": line.piece.document_id,
                "language": line.piece.language,
                "format": line.piece.format,
                "pages": line.piece.pages,
                "sheets": line.piece.sheets,
                "sha256": line.piece.sha256,
                "print_file": batch.files[line.piece.file - 1].name,
                "first_page": line.piece.first_page,
                "archive_sha256": line.piece.archived,
                "sources": sources.get(line.line, ""),
            }
        yield row


def run_lines(ws: Workspace, run: RunRecord) -> Iterator[RunLine]:
    """The lines of a run from its manifest, as the month counts them; letters that were pulled went to nobody.

    Raises BlobMissing, BlobDamaged. A manifest of before these columns were there says neither program nor language.
    """
    if MANIFEST not in run.files:
        return
    text = io.TextIOWrapper(io.BytesIO(ws.blobs.get(run.files[MANIFEST])), "utf-8", newline="")
    for row in csv.DictReader(text):
        outcome = row["disposition"]
        if row["document_id"] in run.pulled and outcome == Disposition.MAILED.value:
            outcome = Disposition.SUPPRESSED.value
        yield RunLine(row["member_id"], row.get("program") or "", row.get("roster_language") or "", outcome)


def report_values(ws: Workspace, run: RunRecord, batch: Batch, grade: float) -> dict[str, Any]:
    """The run's figures: reconciliation.json, and what ``letters run --json`` prints besides the paths."""
    return {
        "run_id": run.run_id,
        "kind": run.kind,
        "date": run.on.isoformat(),
        "sandbox": ws.sandbox,
        "roster_sha256": run.roster,
        "records_in": len(batch.lines),
        **counts(batch.lines),
        "codes": codes(batch.lines),
        "warnings": warning_counts(batch.lines),
        "languages": dict(sorted(Counter(piece.language for piece in batch.letters).items())),
        "reading_grade": grade,
        "pieces": len(batch.pieces),
        "pages": sum(piece.pages for piece in batch.letters),
        "sheets": sum(piece.sheets for piece in batch.letters),
        "seeds": [
            {
                "piece": piece.number,
                "name": piece.seed,
                "document_id": piece.document_id,
                "pages": piece.pages,
                "sheets": piece.sheets,
                "print_file": batch.files[piece.file - 1].name,
                "first_page": piece.first_page,
            }
            for piece in batch.seeds
        ],
        "seeds_not_made": [{"name": name, "code": code} for name, code in batch.seeds_not_made],
        "barcodes": sum(1 for piece in batch.pieces if piece.barcode),
        "groups": [
            {
                "file": group.file,
                "sheets": group.sheets,
                "first_piece": group.first_piece,
                "last_piece": group.last_piece,
                "first_zip": group.first_zip,
                "last_zip": group.last_zip,
            }
            for group in batch.groups
        ],
        "print": {
            "files": [
                {
                    "name": file.name,
                    "sha256": file.sha256,
                    "pages": file.pages,
                    "sheets": file.pages // 2,
                    "first_piece": file.first_piece,
                    "last_piece": file.last_piece,
                }
                for file in batch.files
            ],
            "pages": batch.printed.pages,
            "sheets": batch.printed.pages // 2,
            "letter_pages": batch.printed.letter_pages,
            "blank_pages": batch.printed.blank_pages,
            "separator_pages": batch.printed.separator_pages,
        },
    }


def report_files(
    ws: Workspace,
    run: RunRecord,
    batch: Batch,
    grade: float,
    not_mailed: Sequence[NotMailed],
    sources: Mapping[int, str],
) -> dict[str, str]:
    """Puts the run's files into the store: SHA-256 by file name. ``sources`` are by line the events behind what its
    letter states. Print files are there already; a run without letters
    has none."""
    values = report_values(ws, run, batch, grade)
    files = {
        MANIFEST: manifest(batch, sources).encode(),
        RECONCILIATION: (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode(),
        RECONCILIATION_PDF: _page(ws, run, batch, values),
    }
    if any(line.disposition in TO_LOOK_AT for line in not_mailed):
        files[HELD] = held_csv(not_mailed).encode()
    kept = {name: ws.blobs.put(data) for name, data in files.items()}
    return {**kept, **{file.name: file.sha256 for file in batch.files}}


def _page(ws: Workspace, run: RunRecord, batch: Batch, values: dict[str, Any]) -> bytes:
    from cpdocs.documents.letter_kinds import load_kind
    from cpdocs.documents.letter_papers import Papers

    papers = Papers(ws.shipped_templates, ws.paths.templates, run.run_id, run.on)
    figures = {
        **{name: values[name] for name in ("records_in", "pieces", "sandbox")},
        "kind_title": load_kind(run.kind, papers.folders).title,
        "roster": values["roster_sha256"],
        "files": values["print"]["files"],
        "dispositions": [
            {
                "disposition": name,
                "lines": values[name],
                "codes": [
                    {"code": code, "why": why(code), "lines": number}
                    for code, number in values["codes"].get(name, {}).items()
                ],
            }
            for name in DISPOSITIONS
        ],
        "words": {SLIP_WAITS: "a reply slip of the member waits to be read, see `cpdocs held list`"},
        "seeds": values["seeds"],
        "seeds_not_made": values["seeds_not_made"],
        "separator_sheets": batch.printed.separator_pages // 2,
        "print_sheets": batch.printed.pages // 2,
        "print_pages": batch.printed.pages,
        **{name: getattr(batch.printed, name) for name in ("letter_pages", "blank_pages", "separator_pages")},
        "warnings": [
            {"code": code, "said": WARNINGS.get(code, code), "lines": number}
            for code, number in values["warnings"].items()
        ],
    }
    attention: dict[tuple[str, str], list[int]] = {}
    for line in batch.lines:
        if line.disposition in TO_LOOK_AT:
            attention.setdefault((line.disposition, line.code), []).append(line.line)
    return papers.reconciliation(figures, batch.groups, dict(sorted(attention.items())))
