"""What the machine gives: libraries, fonts, confinement for strangers' files, room and encryption, the clock."""

from __future__ import annotations

import ctypes.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from cpdocs.core.clock_steps import SLACK
from cpdocs.core.events import EventType
from cpdocs.health.answers import LOW_DISK, Checked, Level
from cpdocs.health.health import recent_steps
from cpdocs.workspace import Workspace

_LIBRARIES = {
    "pango-1.0": ("libpango-1.0-0", "lays out text"),
    "pangoft2-1.0": ("libpangoft2-1.0-0", "lays out text"),
    "harfbuzz-subset": ("libharfbuzz-subset0", "cuts fonts; without it a letter takes ten times as long"),
}


def libraries(_: Workspace) -> Iterator[Checked]:
    missing = [(package, use) for name, (package, use) in _LIBRARIES.items() if ctypes.util.find_library(name) is None]
    for package, use in missing:
        yield Checked("libraries", Level.FAULT, f"{package} is missing: it {use}.", f"apt-get install {package}")
    if not missing:
        yield Checked("libraries", Level.OK, "Pango and the HarfBuzz subsetter are here.")


def fonts(ws: Workspace) -> Iterator[Checked]:
    from cpdocs.documents.fonts import missing_fonts

    missing = missing_fonts(ws.shipped_templates)
    for name, package in missing:
        yield Checked("fonts", Level.FAULT, f"The font {name} is missing.", f"apt-get install {package}")
    if not missing:
        yield Checked("fonts", Level.OK, "Every font that letters and plans use is here.")


def confinement(_: Workspace) -> Iterator[Checked]:
    from cpdocs.sandbox.confinement import LANDLOCK, SECCOMP, measures

    in_force = measures()
    missing = [name for name in (SECCOMP, LANDLOCK) if name not in in_force]
    if missing:
        kept = "network and other programs" if SECCOMP in missing else "this workspace's files"
        yield Checked(
            "confinement",
            Level.WARNING,
            (
                f"This kernel doesn't let cpdocs use {' or '.join(missing)}: a hostile file's parser isn't kept "
                f"from {kept}."
            ),
            "Run the watcher as a service without network (systemd: PrivateNetwork=yes), or on a newer kernel.",
        )
    else:
        yield Checked(
            "confinement", Level.OK, "Strangers' files are parsed without network, writing, or sight of this workspace."
        )


def disk(ws: Workspace) -> Iterator[Checked]:
    free = shutil.disk_usage(ws.paths.root).free
    if free < LOW_DISK:
        yield Checked("disk", Level.FAULT, f"Only {free // 1024**2} MB are free.", "Make room before the next run.")
    else:
        yield Checked("disk", Level.OK, f"{free // 1024**3} GB are free.")
    if _encrypted(ws.paths.root) is not True and not ws.sandbox:
        yield Checked(
            "encryption",
            Level.WARNING,
            "This disk doesn't show as encrypted.",
            (
                "Member data belongs on an encrypted disk (201 CMR 17.04); if yours is encrypted below the "
                "operating system, note it."
            ),
        )


def _encrypted(path: Path) -> bool | None:
    """Whether the file system stands on a dm-crypt device; None where the kernel doesn't tell."""
    device = path.stat().st_dev
    uuid = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/dm/uuid")
    try:
        return uuid.read_text().startswith("CRYPT-")
    except OSError:
        return None


def clock(ws: Workspace) -> Iterator[Checked]:
    """A clock behind the last event would put events out of order and dates on letters in the past; steps back that are
    on record stay in sight."""
    from cpdocs.ledger.clock_guard import told

    late = ws.ledger.behind()
    if late > SLACK:
        yield Checked(
            "clock",
            Level.FAULT,
            f"This machine's clock is behind what was recorded last by {told(late)}: nothing can be recorded.",
            "Set the clock (NTP); if it was ahead before and is right now, `cpdocs audit clock --reason R`.",
        )
    else:
        yield Checked("clock", Level.OK, "The clock is not behind the record.")
    for step in recent_steps(ws):
        yield Checked(
            "clock",
            Level.WARNING,
            f"The clock went back by {told(step.behind)} before event {step.seq}.",
            "`cpdocs audit verify --json` lists what was decided around it.",
        )
    for event in ws.ledger.events(types=(EventType.CLOCK_CORRECTED,)):
        yield Checked(
            "clock",
            Level.WARNING,
            f"{event.who} said on {event.recorded_at:%Y-%m-%d} that the clock is right (event {event.seq}).",
            "`cpdocs audit verify` lists what bears times from before.",
        )
    if ws.sandbox:
        yield Checked(
            "sandbox",
            Level.WARNING,
            "This is a sandbox: its clock can be fixed and no PIN is asked. No real members here.",
        )
