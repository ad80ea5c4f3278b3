"""What a letter costs in CPU: merged into a print file, laid out in full, by bare WeasyPrint, by Typst and by
ReportLab.

All in one run, on the same invented members, for two kinds of letter: ``two-pages`` (benchmarks/site), one page with
the notice in every language on its back, and the shipped letter of four pages. ``--letters N`` merges N letters
(default 600). Peers are installed into a venv in .cache/; where that can't be done they are skipped with a word. What a
whole run costs, roster and ledger included, is measured by letters_run.py.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import weasyprint

from cpdocs.core.ids import derive_document_id
from cpdocs.documents.letters import Letter, LetterRenderer
from cpdocs.documents.mail_merge.printing import MergedPrintFile
from cpdocs.documents.mail_merge.readback import document_ids
from cpdocs.documents.mail_merge.renderer import MailMerge, MergedLetter
from tests.documents.letter_samples import LTSS, SHIPPED, letter, renderer

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "benchmarks" / "site"
KINDS = ("two-pages", "assignment")
PEERS = ROOT / ".cache" / "peers"
SLOW, BULK = 7, 40
"""Letters laid out in full, and letters that the peers make."""
WARM = 8


def member(number: int, kind: str = "assignment") -> Letter:
    """A letter to an invented member."""
    name = "".join(chr(97 + number // 26**place % 26) for place in range(3)).title()
    item = letter(
        kind=kind, first_name=f"Sample{name}", address1=f"{number} Specimen Street", **(LTSS if number % 2 else {})
    )
    return replace(item, document_id=derive_document_id(b"b" * 32, "letter", str(number)))


def cpu(call: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.process_time()
    call()
    return (time.process_time() - start) * 1000


def merged(ours: LetterRenderer, number: int, kind: str) -> tuple[float, float, int]:
    """Milliseconds and bytes a letter, print file and reading it back included; layouts beforehand. Then megabytes."""
    merging = MailMerge(ours)
    for place in range(WARM):
        merging.make(member(place, kind))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "print.pdf"

        def run() -> None:
            made = [
                item for place in range(number) if isinstance(item := merging.make(member(place, kind)), MergedLetter)
            ]
            shared, faces = merging.taken()
            with path.open("wb") as target:
                file = MergedPrintFile("2026-11-02-01", target, shared)
                for piece, item in enumerate(made, start=1):
                    file.add_letter(item, piece)
                file.finish(faces, merging.lay)
            assert sum(1 for ids in document_ids(path) if ids) == sum(len(item.sides) for item in made)

        ms = cpu(run) / number
        return ms, path.stat().st_size / number, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def words(ours: LetterRenderer, item: Letter) -> list[list[str]]:
    """A letter's paragraphs by page, for the peers."""
    address = ours.address(item)
    assert address is not None
    page = re.split(r'<section id="(?:rights|notice)"', ours.html(item, address).partition("<body")[2])
    return [[text for block in re.split(r"</(?:p|li|h1|h2|div)>", part) if (text := plain(block))] for part in page]


def plain(block: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>|^[^<]*>", " ", block)).split())


def peers(ours: LetterRenderer, kind: str) -> dict[str, object]:
    python = PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--quiet", "typst", "reportlab"], check=False)
    asked = {"fonts": str(SHIPPED / "fonts"), "letters": [words(ours, member(number, kind)) for number in range(BULK)]}
    answer = subprocess.run(
        [str(python), str(ROOT / "benchmarks" / "_peers.py")],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    return (
        json.loads(answer.stdout) if answer.returncode == 0 else {"Typst and ReportLab": "skipped: they can't be run"}
    )


def compared(kind: str, number: int) -> None:
    ours = renderer(SITE)
    item = member(1, kind)
    address = ours.address(item)
    assert address is not None
    page = ours.html(item, address)
    sheets = [SHIPPED / name for name in ours.kind(item.kind).stylesheets]

    def bare() -> object:
        return weasyprint.HTML(string=page, base_url=str(SHIPPED)).write_pdf(
            stylesheets=[weasyprint.CSS(filename=sheet) for sheet in sheets]
        )

    ms, size, memory = merged(ours, number, kind)
    rounds = [(cpu(lambda: ours.make(item)), cpu(bare)) for _ in range(SLOW + 1)][1:]
    full, plain_weasyprint = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{kind}, CPU a letter; {number} merged, {BULK} by each peer")
    print(f"  merged, print file written and read back  {ms:8.2f} ms  {size / 1000:7.2f} KB  ({memory} MB at most)")
    rows: dict[str, object] = {
        "laid out in full, tagged, preflighted": {"ms": full},
        "bare WeasyPrint": {"ms": plain_weasyprint},
    }
    for name, value in {**rows, **peers(ours, kind)}.items():
        if isinstance(value, dict):
            kb = f"{value['kb']:7.2f} KB" if "kb" in value else " " * 10
            print(f"  {name:41s} {value['ms']:8.2f} ms  {kb}  {value['ms'] / ms:6.1f} times ours")
        else:
            print(f"  {name}: {value}")


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--letters", type=int, default=600)
    number = reading.parse_args().letters
    for kind in KINDS:
        compared(kind, number)


if __name__ == "__main__":
    main()
