"""Power cuts on a real file system: the ledger and the files on two ext4 images, copied at the moment of the cut and
mounted again.

What the kernel holds back of the files' changes isn't in the image, as it wouldn't be on the disk. Two images, since
any fsync on one makes earlier changes of names on the same one last, and so hides what was not synced.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NEW_NAMES = 0x00020000
_OPTIONS = "loop,noatime,commit=300,noauto_da_alloc"
"""Nothing is written by the clock alone, nor by ext4's own care for programs that don't sync."""
_MEGABYTES = 64
FILES = ("state/store", "outbox", "inbox")
"""What of a workspace lies on the second image."""


@functools.cache
def why_not() -> str:
    """Why no image can be mounted here; empty where it can."""
    if missing := [name for name in ("mkfs.ext4", "mount", "umount") if shutil.which(name, path=_path()) is None]:
        return f"{missing[0]} isn't installed"
    if os.geteuid():
        return "mounting needs root"
    # Mounts in names of our own are gone with this process, however it ends.
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NAMES):
        return "this process may not have mounts of its own"
    with tempfile.TemporaryDirectory() as folder:
        try:
            _do("mount", "--make-rprivate", "/")
            image = _new_image(Path(folder) / "probe", 4)
            (Path(folder) / "on").mkdir()
            with mounted(image, Path(folder) / "on"):
                return ""
        except subprocess.CalledProcessError as error:
            return f"loop mounts aren't allowed here ({error.cmd[0]}: {error.stderr.strip()[:80]})"


@dataclass(frozen=True)
class Machine:
    """Two images in ``folder`` that hold a workspace."""

    folder: Path

    @classmethod
    def with_workspace(cls, folder: Path, workspace: Path) -> Machine:
        """Two new images with a copy of ``workspace``, all of it durable."""
        machine = cls(folder)
        folder.mkdir(parents=True)
        for name in ("ledger", "files"):
            _new_image(folder / name, _MEGABYTES)
        with machine.running() as root:
            shutil.copytree(workspace, root, dirs_exist_ok=True, symlinks=True)
        return machine

    @contextlib.contextmanager
    def running(self) -> Iterator[Path]:
        """The workspace, while both images are mounted."""
        ledger, files = self.folder / "on-ledger", self.folder / "on-files"
        for place in (ledger, files):
            place.mkdir(exist_ok=True)
        with contextlib.ExitStack() as mounts:
            mounts.enter_context(mounted(self.folder / "ledger", ledger))
            mounts.enter_context(mounted(self.folder / "files", files))
            root = ledger / "ws"
            for name in FILES:
                for place in (root / name, files / name):
                    place.mkdir(parents=True, exist_ok=True)
                mounts.enter_context(mounted(files / name, root / name, "bind"))
            yield root

    def copy(self, folder: Path) -> Machine:
        """The images as they are on the disk at this moment."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # In one go: the second one is a moment later, as the second disk's last write may be.
        _do("cp", "--sparse=always", *(str(self.folder / name) for name in ("ledger", "files")), str(folder))
        return Machine(folder)


@contextlib.contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """A file system in memory of that size at ``place``; :func:`grow` gives it another."""
    place.mkdir(parents=True, exist_ok=True)
    _do("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=0700", "none", str(place))
    try:
        yield place
    finally:
        _do("umount", "-l", str(place))


def grow(place: Path, kilobytes: int) -> None:
    """Gives a small disk another size."""
    _do("mount", "-o", f"remount,size={kilobytes}k", str(place))


@contextlib.contextmanager
def mounted(what: Path, place: Path, options: str = _OPTIONS) -> Iterator[None]:
    """Mounts ``what`` at ``place`` while the block runs."""
    _do("mount", "-o", options, str(what), str(place))
    try:
        yield
    finally:
        # Lazily: a process that was killed a moment ago may still be leaving.
        _do("umount", "-l", str(place))


def _new_image(image: Path, megabytes: int) -> Path:
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    _do("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
    return image


def _do(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True, env={"PATH": _path(), "LC_ALL": "C"})


def _path() -> str:
    return os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
