"""Shell completion: each shell gets its script, and the script's question is answered from the command line alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cpdocs.cli.completion import SHELLS
from tests.conftest import CommandLine


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_a_script_that_completes_cpdocs(shell: str, bare_cli: CommandLine) -> None:
    script = bare_cli("completion", shell, workspace=False).out
    assert f"_CPDOCS_COMPLETE={shell}_complete" in script


def test_bash_takes_the_script(bare_cli: CommandLine, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    (tmp_path / "completion").write_text(bare_cli("completion", "bash", workspace=False).out, "utf-8")
    subprocess.run([bash, "-n", tmp_path / "completion"], check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [("cpdocs let", "letters"), ("cpdocs letters rel", "release"), ("cpdocs sign --sl", "--slot")],
)
def test_a_word_begun_is_completed(words: str, expected: str, tmp_path: Path) -> None:
    asked = {
        **os.environ,
        "_CPDOCS_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = subprocess.run(
        [sys.executable, "-c", "from cpdocs.__main__ import main; main()"],
        env=asked,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"plain,{expected}" in done.stdout.splitlines()
