"""Programs that nobody here wrote, for tests to talk to: what ``.ci/peers`` installed into .cache/receivers.

Where one is missing the test skips and says so; with CPDOCS_PEERS=required it fails instead.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent / ".cache" / "receivers"
MODULES = HOME / "node_modules"


def program(name: str) -> str:
    """The path of a program of the receivers' venv: ``node``, ``sekmet``."""
    return str(_present(HOME / "venv" / "bin" / name))


def package(name: str) -> Path:
    """The folder of an npm package."""
    return _present(MODULES / name)


def _present(path: Path) -> Path:
    if not path.exists():
        why = f"{path.name} isn't installed: .ci/peers installs it"
        if os.environ.get("CPDOCS_PEERS") == "required":
            pytest.fail(why)
        pytest.skip(why)
    return path
