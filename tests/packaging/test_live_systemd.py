"""The units under a live systemd: Debian's own, booted in namespaces of its own, set up by `cpdocs setup` as root.

``make systemd`` runs it: it needs root, debootstrap and a network, and takes some minutes.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpdocs.system.age import new_key
from tests.flows.test_setup import ANSWERS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROGRAM = "/opt/cpdocs/bin/cpdocs"
PACKAGES = (
    "ca-certificates,python3,python3-venv,systemd,systemd-sysv,dbus,sudo,"
    "libpango-1.0-0,libpangoft2-1.0-0,libharfbuzz-subset0"
)
BOOT = """
mount --make-rprivate / && mount --bind {root} {root}
mount -t proc proc {root}/proc && mount -t sysfs -o ro sysfs {root}/sys
mount -t tmpfs tmpfs {root}/sys/fs/cgroup && mount -t cgroup2 none {root}/sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs {root}/dev
for each in null zero full random urandom tty; do touch {root}/dev/$each; mount --bind /dev/$each {root}/dev/$each; done
mkdir -p {root}/dev/shm && mount -t tmpfs tmpfs {root}/dev/shm && ln -s /proc/self/fd {root}/dev/fd
mount -t tmpfs -o mode=755 tmpfs {root}/run && mount -t tmpfs tmpfs {root}/tmp
cd {root} && mkdir -p old && pivot_root . old && umount -l /old
exec env -i container=cpdocs PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""


class Machine:
    """A Debian whose first process is systemd."""

    def __init__(self, root: Path, leader: int) -> None:
        self.root = root
        self._leader = leader

    def run(self, *words: str, check: bool = True) -> str:
        """Runs a program inside, as root, and gives what it said."""
        inside = ["nsenter", "-t", str(self._leader), "-m", "-p", "-C", "-u", "-i", "env", "-i"]
        inside += ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", *words]
        done = subprocess.run(inside, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def cpdocs(self, *words: str, check: bool = True) -> str:
        """The command as the service account."""
        return self.run("sudo", "-u", "cpdocs", PROGRAM, "--workspace", "/srv/cpdocs", *words, check=check)


def until(ready: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 90
    while not ready():
        assert time.monotonic() < end, what
        threading.Event().wait(0.3)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if os.geteuid() or not all(map(shutil.which, ("debootstrap", "unshare", "nsenter", "pivot_root"))):
        pytest.skip("needs root, debootstrap and util-linux")
    unified = next(
        (Path(each) for each in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup") if (Path(each) / "cgroup.procs").exists()),
        None,
    )
    if unified is None:
        pytest.skip("no cgroup2 here")
    root = tmp_path_factory.mktemp("debian")
    made = subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", _suite(), root], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("debootstrap reaches no mirror")
    _install(root)
    group = unified / f"cpdocs-test-{os.getpid()}"
    group.mkdir()
    (root / "boot.sh").write_text(BOOT.format(root=root), "utf-8")
    leader = subprocess.Popen(
        [
            "sh",
            "-c",
            f"echo $$ > {group}/cgroup.procs; exec unshare --pid --fork --mount --cgroup --uts --ipc sh {root}/boot.sh",
        ],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    first: list[int] = []

    def booted() -> bool:
        children = Path(f"/proc/{leader.pid}/task/{leader.pid}/children").read_text("utf-8").split()
        first[:] = [int(each) for each in children]
        return bool(first) and "running" in Machine(root, first[0]).run("systemctl", "is-system-running", check=False)

    try:
        until(booted, "systemd didn't come up")
        yield Machine(root, first[0])
    finally:
        for each in first:
            os.kill(each, signal.SIGKILL)
        leader.wait(10)
        until(lambda: not (group / "cgroup.procs").read_text("utf-8").strip(), "its processes stay")
        for folder in sorted((each for each in group.rglob("*") if each.is_dir()), reverse=True):
            folder.rmdir()
        group.rmdir()


def _suite() -> str:
    found = re.search(r"VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text("utf-8"))
    return found[1] if found else "stable"


def _install(root: Path) -> None:
    """The wheel and the locked dependencies into /opt/cpdocs, as operations.md says."""
    dist = root / "opt" / "dist"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", dist, ROOT], check=True)
    subprocess.run(["chroot", root, "python3", "-m", "venv", "/opt/cpdocs"], check=True)
    shutil.copytree(ROOT / ".venv" / "lib", root / "opt" / "cpdocs" / "lib", dirs_exist_ok=True)
    for each in (root / "opt" / "cpdocs" / "lib").rglob("*cpdocs*.pth"):
        each.unlink()
    (wheel,) = dist.glob("*.whl")
    subprocess.run(
        [
            "chroot",
            root,
            "/opt/cpdocs/bin/python3",
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--force-reinstall",
            f"/opt/dist/{wheel.name}",
        ],
        check=True,
    )


def test_the_first_day_leaves_a_service_that_takes_returns_restarts_and_backs_up(machine: Machine) -> None:
    home = machine.root / "root"
    for name in ("ada", "ida", "rea"):
        (home / f"{name}.pin").write_text(f"{name} 482916\n")
        (home / f"{name}.pin").chmod(0o600)
    for folder in ("media/safe", "mnt/backup", "mnt/compliance"):
        (machine.root / folder).mkdir(parents=True)
    recipient = new_key(machine.root / "media" / "safe" / "backup-key.txt")
    text = ANSWERS.replace("{folder}/backup", "/mnt/backup").replace("{folder}/safe", "/media/safe")
    service = '\n[service]\naccount = "cpdocs"\nstaff_group = "cpdocs-staff"\n'
    (home / "answers.toml").write_text(text.format(recipient=recipient) + service)
    said = machine.run(PROGRAM, "setup", "/srv/cpdocs", "--answers", "/root/answers.toml")
    assert "The watcher runs" in said

    assert machine.run("systemctl", "is-active", "cpdocs-watch.service").strip() == "active"
    assert machine.run("systemctl", "list-timers", "--no-pager").count("cpdocs-") >= 2

    (machine.root / "opt" / "x.pdf").write_bytes(b"%PDF-1.4 nothing\n%%EOF\n")
    machine.run("install", "-o", "cpdocs", "-m", "600", "/opt/x.pdf", "/srv/cpdocs/inbox/")
    until(lambda: "1 held" in machine.cpdocs("held", "list"), "the watcher takes nothing in")

    machine.run("systemctl", "kill", "-s", "KILL", "cpdocs-watch.service")
    until(
        lambda: machine.run("systemctl", "is-active", "cpdocs-watch.service", check=False).strip() == "active",
        "it isn't started again",
    )

    for unit in ("cpdocs-backup.service", "cpdocs-checkpoint.service"):
        machine.run("systemctl", "start", unit)
    assert len(list((machine.root / "mnt" / "backup").glob("*.age"))) == 2
    assert list((machine.root / "mnt" / "compliance").glob("cpdocs-*.txt"))
    machine.run("systemctl", "stop", "cpdocs-watch.service")
    assert "Result=success" in machine.run("systemctl", "show", "cpdocs-watch.service", "-p", "Result")
    assert "0 loaded units" in machine.run("systemctl", "--failed", "--no-pager")
    assert "whole" in machine.cpdocs("audit", "verify")
