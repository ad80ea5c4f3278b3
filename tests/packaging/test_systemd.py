"""The service's units are ones that systemd takes, run commands that exist, and give away little."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.reference import commands

UNITS = Path(__file__).parents[2] / "docs" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
MOST_EXPOSURE = 1.0
"""Of ten; below two systemd calls it safe."""


def lines(unit: Path) -> list[tuple[str, str]]:
    """Every setting of a unit as (name, value), in order, repeated ones too."""
    found = []
    for line in unit.read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            name, equals, value = line.partition("=")
            assert equals, f"{unit.name}: {line}"
            found.append((name, value))
    return found


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_runs_a_command_that_exists_with_its_options(unit: Path) -> None:
    known = dict(commands())
    command = dict(lines(unit))["ExecStart"]
    words = shlex.split(re.search(r"bin/cpdocs (.*?)(?: > .*)?$", command)[1])  # type: ignore[index]
    name, rest = "cpdocs", words
    while rest and (rest[0] == "--workspace" or f"{name} {rest[0]}" in known):
        name, rest = (name, rest[2:]) if rest[0] == "--workspace" else (f"{name} {rest[0]}", rest[1:])
    options = {option for param in known[name].params for option in param.opts}
    assert name != "cpdocs"
    assert {word for word in rest if word.startswith("--")} <= options


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_a_service_may_write_only_where_it_must(unit: Path) -> None:
    settings = dict(lines(unit))
    assert settings["User"] == "cpdocs"
    assert settings["UMask"] == "0077"
    assert settings["ProtectSystem"] == "strict"
    assert settings["PrivateNetwork"] == "yes"
    assert settings["ReadWritePaths"].split()[0] == "/srv/cpdocs"


def test_the_watcher_may_confine_its_children_and_gets_time_to_stop() -> None:
    settings = lines(UNITS / "cpdocs-watch.service")
    allowed = " ".join(value for name, value in settings if name == "SystemCallFilter" and not value.startswith("~"))
    assert {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(allowed.split())
    assert dict(settings)["Restart"] == "always"
    assert dict(settings)["KillMode"] == "mixed"


@pytest.mark.parametrize("timer", sorted(UNITS.glob("*.timer")), ids=lambda timer: timer.name)
def test_a_timer_has_its_service_and_makes_up_for_a_night_off(timer: Path) -> None:
    assert timer.with_suffix(".service") in SERVICES
    assert dict(lines(timer))["Persistent"] == "true"


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_systemd_finds_little_exposed(unit: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze isn't installed")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    score = re.search(r"Overall exposure level for .*: ([0-9.]+)", done.stdout)
    if score is None:
        pytest.skip("this systemd-analyze doesn't judge a unit offline")
    assert float(score[1]) <= MOST_EXPOSURE
