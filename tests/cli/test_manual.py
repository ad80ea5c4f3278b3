"""The man pages: one for each command, read by man itself without a complaint."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.manual import write
from tests.reference import commands


def test_every_command_has_a_page_that_roff_reads_without_a_warning(tmp_path: Path) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff isn't installed (Debian: groff-base)")
    pages = write(tmp_path)
    assert len(pages) == len(list(commands()))
    done = subprocess.run(
        [groff, "-Kutf8", "-man", "-ww", "-Wbreak", "-Tutf8", *pages], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "cpdocs held list" in done.stdout


def test_an_example_keeps_its_lines_and_a_point_at_a_line_s_beginning_is_text(tmp_path: Path) -> None:
    write(tmp_path)
    text = (tmp_path / "cpdocs-letters-run.1").read_text("utf-8")
    assert ".nf\ncpdocs letters run" in text
    assert all(
        line.split(" ")[0] in {".TH", ".SH", ".B", ".TP", ".PP", ".nf", ".fi"}
        for line in text.splitlines()
        if line.startswith(".")
    )
