"""The built wheel works alone: templates, fonts and settings travel inside it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the unpacked wheel; dependencies come from the tests' own environment."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)], check=True
    )
    (wheel,) = folder.glob("cpdocs-*.whl")
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--target", str(folder / "site"), str(wheel)], check=True
    )
    return folder / "site"


def run(site: Path, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    # -P and a foreign working folder: only the wheel's own copy may be found, never the repository's.
    environment = {**os.environ, "PYTHONPATH": str(site), "CPDOCS_NOW": "2026-11-02T15:00:00Z"}
    return subprocess.run(
        [sys.executable, "-P", "-m", "cpdocs", *args],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        check=False,
    )


def test_the_wheel_holds_templates_fonts_and_settings(installed: Path) -> None:
    package = installed / "cpdocs"
    assert (package / "default_settings.toml").is_file()
    assert (package / "py.typed").is_file()
    assert list((package / "_templates").rglob("*.html"))
    assert list((package / "_templates").rglob("*.ttf"))


def test_init_and_letters_work_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    where = run(installed, "init", "ws", "--sandbox", cwd=tmp_path)
    assert where.returncode == 0, where.stderr
    found = subprocess.run(
        [sys.executable, "-P", "-c", "from cpdocs.wiring import shipped_templates as s; print(s())"],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(installed)}, check=True,
    )  # fmt: skip
    assert Path(found.stdout.strip()) == installed / "cpdocs" / "_templates"
    status = run(installed, "--workspace", "ws", "status", "--json", cwd=tmp_path)
    assert (status.returncode, status.stdout.strip()) == (0, "[]"), status.stderr
