"""Workspaces that have come some way: people on record, plans issued. Made once a session, copied for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cpdocs.demo.files import Sample, write_sample
from tests.answers import Kept, keep_answers
from tests.conftest import NOW, CommandLine

AS_OF = date.fromisoformat(NOW[:10])


@dataclass(frozen=True)
class Office:
    """A command line in a workspace that has the sample's people on record; ``documents`` are issued plans by name."""

    cli: CommandLine
    sample: Sample
    documents: dict[str, str]

    def status(self, document_id: str, now: str | None = None) -> dict[str, Any]:
        """What ``status`` says of one version."""
        rows = self.cli("status", "--json", now=now).json
        return next(row for row in rows if row["document_id"] == document_id)


@pytest.fixture(scope="session")
def _kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kept"
    folder.mkdir(exist_ok=True)
    return Kept(folder)


@pytest.fixture(scope="module", autouse=True)
def _answers(_kept: Kept) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        keep_answers(patch, _kept)
        yield


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The product's own sample files."""
    return write_sample(tmp_path_factory.mktemp("sample"), AS_OF)


@pytest.fixture(scope="session")
def _peopled(tmp_path_factory: pytest.TempPathFactory, sample: Sample) -> Path:
    root = tmp_path_factory.mktemp("peopled") / "ws"
    cli = CommandLine(root)
    cli("init", root, "--sandbox", workspace=False)
    for table in ("practices", "clinicians", "designations", "roster"):
        cli("import", table, getattr(sample, table))
    return root


@pytest.fixture(scope="session")
def _issued(tmp_path_factory: pytest.TempPathFactory, sample: Sample, _peopled: Path) -> tuple[Path, dict[str, str]]:
    root = tmp_path_factory.mktemp("issued") / "ws"
    shutil.copytree(_peopled, root)
    names = ("bh", "ltss")
    rows = CommandLine(root)("plan", "issue", *(sample.plans[name] for name in names), "--json").json
    return root, {name: row["document_id"] for name, row in zip(names, rows, strict=True)}


@pytest.fixture
def office(tmp_path: Path, sample: Sample, _peopled: Path) -> Office:
    """People on record, nothing issued."""
    shutil.copytree(_peopled, tmp_path / "ws")
    return Office(CommandLine(tmp_path / "ws"), sample, {})


@pytest.fixture
def issued(tmp_path: Path, sample: Sample, _issued: tuple[Path, dict[str, str]]) -> Office:
    """People on record and the plans ``bh`` and ``ltss`` issued at ``NOW``."""
    root, documents = _issued
    shutil.copytree(root, tmp_path / "ws")
    return Office(CommandLine(tmp_path / "ws"), sample, dict(documents))
