"""What only root can do for a service account: the account, its folders, the sudoers line, the systemd units.

The workspace itself is made by a child that has become the account for good: root leaves no file in it.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cpdocs
from cpdocs.errors import WorkspaceFault
from cpdocs.setup.answers import Answers, Service
from cpdocs.setup.steps import RECIPIENTS, Step
from cpdocs.system.durable import read_plain, write_durably

UNITS = (
    "cpdocs-watch.service",
    "cpdocs-backup.service",
    "cpdocs-backup.timer",
    "cpdocs-checkpoint.service",
    "cpdocs-checkpoint.timer",
)
_ENABLED = ("cpdocs-watch.service", "cpdocs-backup.timer", "cpdocs-checkpoint.timer")
_LIVE = Path("/run/systemd/system")


def make_account(root: Path, answers: Answers, service: Service) -> Step:
    """The system account that owns the workspace, and the folders that are its. Raises WorkspaceFault where the system
    refuses."""
    try:
        found = pwd.getpwnam(service.account)
        new = False
    except KeyError:
        _run("useradd", "--system", "--user-group", "--home-dir", root, "--shell", "/usr/sbin/nologin", service.account)
        found = pwd.getpwnam(service.account)
        new = True
    wanted = [root, *([Path(answers.backup.folder)] if answers.backup else []), Path(service.checkpoints)]
    for folder in wanted:
        made = not folder.exists()
        if made:
            folder.mkdir(mode=0o700, parents=True)
        # A mount point or folder of root's with nothing in it was made for this; anybody else's stays theirs.
        if made or (folder.stat().st_uid == 0 and not {each.name for each in folder.iterdir()} - {"lost+found"}):
            os.chown(folder, found.pw_uid, found.pw_gid)
            folder.chmod(0o700)
    return Step("account", True, new, f"The account {service.account} owns {root}.")


def as_account(account: str, work: Callable[[], Iterable[Step]]) -> Iterator[Step]:
    """Does ``work`` in a child that is the account, with no way back, and gives its steps as they come.

    Raises WorkspaceFault with what the child said where it failed.
    """
    found = pwd.getpwnam(account)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 1
        try:
            os.initgroups(account, found.pw_gid)
            os.setresgid(found.pw_gid, found.pw_gid, found.pw_gid)
            os.setresuid(found.pw_uid, found.pw_uid, found.pw_uid)
            os.chdir("/")
            with os.fdopen(writer, "w", encoding="utf-8") as out:
                status = _report(work, out.write)
        finally:
            os._exit(status)
    os.close(writer)
    failed: dict[str, str] | None = None
    with os.fdopen(reader, encoding="utf-8") as told:
        for line in told:
            said = json.loads(line)
            if "failed" in said:
                failed = said
            else:
                yield Step(**said)
    _, status = os.waitpid(child, 0)
    if failed or status:
        said = failed or {"failed": f"The part that runs as {account} ended with {status}.", "todo": "Run setup again."}
        raise WorkspaceFault(said["failed"], todo=said["todo"])


def _report(work: Callable[[], Iterable[Step]], tell: Callable[[str], object]) -> int:
    from dataclasses import asdict

    from cpdocs.errors import CpdocsError

    try:
        for step in work():
            tell(json.dumps(asdict(step)) + "\n")
    except CpdocsError as error:
        tell(json.dumps({"failed": error.message, "todo": error.todo}) + "\n")
        return 1
    return 0


def shipped_units() -> Path:
    """Where the units came with cpdocs: inside the installed package, or in the repository's docs/."""
    package = Path(cpdocs.__file__).parent
    for folder in (package / "_systemd", package.parent / "docs" / "systemd"):
        if folder.is_dir():
            return folder
    raise WorkspaceFault("The units that come with cpdocs are missing.", todo="Install cpdocs again.")


def unit_text(text: str, root: Path, answers: Answers, service: Service) -> str:
    """A shipped unit with this machine's paths and account in it."""
    backup = answers.backup.folder if answers.backup else "/mnt/backup"
    for shipped, ours in (
        ("/etc/cpdocs/backup-recipients.txt", str(root / RECIPIENTS)),
        ("/opt/cpdocs/bin/cpdocs", service.program),
        ("/mnt/compliance/cpdocs-", f"{service.checkpoints}/cpdocs-"),
        ("/mnt/compliance", service.checkpoints),
        ("/mnt/backup", backup),
        ("/srv/cpdocs", str(root)),
        ("User=cpdocs", f"User={service.account}"),
        ("Group=cpdocs", f"Group={service.account}"),
    ):
        text = text.replace(shipped, ours)
    return text


def install(root: Path, answers: Answers, service: Service) -> Iterator[Step]:
    """The sudoers line and the units; starts them where systemd runs."""
    if service.staff_group:
        yield _sudoers(service)
    new = False
    for name in UNITS:
        data = unit_text(read_plain(shipped_units() / name).decode(), root, answers, service).encode()
        target = Path(service.units) / name
        if not target.exists() or read_plain(target) != data:
            write_durably(target, data, mode=0o644, overwrite=True)
            new = True
    yield Step("units", True, new, f"The units are in {service.units}.")
    if not _LIVE.is_dir() or Path(service.units) != Path("/etc/systemd/system"):
        yield Step("service", False, False, "No systemd runs here: start the units where it does.")
        return
    _run("systemctl", "daemon-reload")
    _run("systemctl", "enable", "--now", *_ENABLED)
    yield Step("service", True, new, "The watcher runs, and the timers of backups and checkpoints.")


def _sudoers(service: Service) -> Step:
    try:
        grp.getgrnam(service.staff_group)
    except KeyError:
        _run("groupadd", "--system", service.staff_group)
    target = Path(service.sudoers) / "cpdocs"
    data = f"%{service.staff_group} ALL=({service.account}) {service.program}\n".encode()
    if target.exists() and read_plain(target) == data:
        return Step("sudoers", True, False, f"{target} lets {service.staff_group} run cpdocs as {service.account}.")
    write_durably(target, data, mode=0o440, overwrite=True)
    if (visudo := shutil.which("visudo")) is not None:
        try:
            _run(visudo, "-cf", target)
        except WorkspaceFault:
            target.unlink()
            raise
    return Step("sudoers", True, True, f"{target} lets {service.staff_group} run cpdocs as {service.account}.")


def _run(*words: str | Path) -> None:
    try:
        done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 fixed programs, checked words
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WorkspaceFault(
            f"{words[0]} can't be run ({type(error).__name__}).", todo="See that it is installed."
        ) from None
    if done.returncode:
        raise WorkspaceFault(f"{words[0]} refused: {done.stderr.strip()[:200]}", todo="Mend that and run setup again.")
