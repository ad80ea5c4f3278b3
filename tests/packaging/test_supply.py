"""What the product is made of is pinned, known, and builds to the same bytes anywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent.parent
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
NAMED = [
    *PROJECT["project"]["dependencies"],
    *(each for extra in PROJECT["project"]["optional-dependencies"].values() for each in extra),
]


def locked() -> dict[str, list[tuple[Requirement, str]]]:
    """Each locked requirement by name, with the text of its hashes. A name may be there twice, under different
    markers."""
    found: dict[str, list[tuple[Requirement, str]]] = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.M)[1:]:
        head, _, rest = block.partition("\\\n")
        requirement = Requirement(head.strip())
        found.setdefault(canonicalize_name(requirement.name), []).append((requirement, rest))
    return found


def test_every_locked_package_is_pinned_to_one_version_with_hashes() -> None:
    for name, entries in locked().items():
        for requirement, rest in entries:
            assert [each.operator for each in requirement.specifier] == ["=="], name
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", rest), name
            assert not re.search(r"--hash=(?!sha256:)", rest), name


def test_the_lock_names_no_index_and_fetches_from_no_address() -> None:
    assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|--find-links|-f|-e|--trusted-host)\b", LOCK, re.M)
    assert "://" not in LOCK


@pytest.mark.parametrize("stated", NAMED)
def test_every_dependency_is_locked_within_its_range(stated: str) -> None:
    wanted = Requirement(stated)
    (entries,) = [locked().get(canonicalize_name(wanted.name), [])]
    assert entries, f"{stated} isn't in requirements.lock: run `make lock`"
    for requirement, _ in entries:
        assert Version(next(iter(requirement.specifier)).version) in wanted.specifier


def test_what_builds_the_package_is_pinned_and_locked_too() -> None:
    for stated in PROJECT["build-system"]["requires"]:
        requirement = Requirement(stated)
        assert [each.operator for each in requirement.specifier] == ["=="]
        assert requirement.specifier == locked()[canonicalize_name(requirement.name)][0][0].specifier


def sbom(out: Path) -> dict[str, Any]:
    subprocess.run([sys.executable, ROOT / ".ci" / "sbom", out], check=True, capture_output=True)
    read: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return read


def test_the_bill_of_materials_has_every_locked_package_with_its_hashes(tmp_path: Path) -> None:
    bill = sbom(tmp_path / "one.json")
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    parts = {part["name"]: part for part in bill["components"]}
    assert set(parts) == set(locked())
    for name, entries in locked().items():
        kept = {each["value"] for each in parts[name]["properties"] if each["name"] == "cpdocs:locked-sha256"}
        assert kept <= set(re.findall(r"sha256:([0-9a-f]{64})", "".join(rest for _, rest in entries)))
        assert kept
    assert {
        parts[canonicalize_name(Requirement(each).name)]["scope"] for each in PROJECT["project"]["dependencies"]
    } == {"required"}
    assert parts["pytest"]["scope"] == "excluded"
    known = {bill["metadata"]["component"]["bom-ref"], *(part["bom-ref"] for part in bill["components"])}
    assert {ref for edge in bill["dependencies"] for ref in (edge["ref"], *edge["dependsOn"])} <= known


def test_the_same_lock_gives_the_same_bill(tmp_path: Path) -> None:
    sbom(tmp_path / "one.json")
    sbom(tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def supply(*advisories: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / ".ci" / "supply", *advisories], check=False, capture_output=True, text=True
    )


def advisory(**affected: Any) -> dict[str, Any]:
    """An invented weakness of Jinja2, in OSV's form."""
    about = {"package": {"ecosystem": "PyPI", "name": "Jinja2"}, **affected}
    return {
        "id": "TEST-2026-1",
        "modified": "2026-11-01T00:00:00Z",
        "summary": "Invented for a test",
        "affected": [about],
    }


def between(*events: dict[str, str]) -> dict[str, Any]:
    return {"ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}


def test_what_is_installed_is_what_is_locked_and_no_silence_is_taken_for_safety() -> None:
    done = supply()
    assert done.returncode == 0, done.stderr
    assert "No advisories were looked at" in done.stdout


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (advisory(**between({"introduced": "0"})), True),
        (advisory(versions=[str(next(iter(locked()["jinja2"][0][0].specifier)).version)]), True),
        (advisory(**between({"introduced": "0"}, {"last_affected": "9999"})), True),
        (advisory(**between({"introduced": "0"}, {"fixed": "2.0"}, {"introduced": "3.0"}, {"fixed": "9999"})), True),
        (advisory(**between({"introduced": "0"}, {"fixed": "2.0"})), False),
        (advisory(**between({"introduced": "9999"})), False),
        (advisory(versions=["0.1"]), False),
        ({**advisory(**between({"introduced": "0"})), "withdrawn": "2026-11-02T00:00:00Z"}, False),
    ],
)
def test_a_locked_version_that_stands_in_an_advisory_is_named(
    record: dict[str, Any], told: bool, tmp_path: Path
) -> None:
    (tmp_path / "one.json").write_text(json.dumps(record), "utf-8")
    done = supply(tmp_path)
    assert (done.returncode, "TEST-2026-1" in done.stderr) == ((1, True) if told else (0, False))
    assert "1 advisories looked at" in done.stdout


def test_an_advisory_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text('{"id": "TEST"}', "utf-8")
    assert supply(tmp_path / "one.json").returncode == 2


def test_wheel_and_source_build_to_the_same_bytes_in_another_folder_at_another_time(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "two" / "deeper"
    sources(one)
    shutil.copytree(one, other)
    built = [build(one, 0o600, 0o077, 1_500_000_000), build(other, 0o666, 0o002, 1_700_000_000)]
    assert {Path(name).suffix for name in built[0]} == {".whl", ".gz"}
    assert built[0] == built[1]


def sources(folder: Path) -> None:
    """Copies what the packages are built from; of the tests one file stands for all."""
    folder.mkdir(parents=True)
    skip = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    for name in ("cpdocs", "templates", "docs", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", folder / "tests")
    for name in PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]:
        if (ROOT / name.lstrip("/")).is_file():
            shutil.copy(ROOT / name.lstrip("/"), folder)


def build(folder: Path, mode: int, umask: int, day: int) -> dict[str, str]:
    """Builds both packages, the files there having this mode and time, under this umask: by name their SHA-256."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            path.chmod(mode)
        os.utime(path, (day, day))
    environment = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build"],
        cwd=folder,
        env=environment,
        umask=umask,
        check=True,
        capture_output=True,
    )
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (folder / "dist").iterdir()}
