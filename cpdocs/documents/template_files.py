"""Files of the template folders: which one a name means, and which ones are no templates at all.

A site's own file wins over the shipped one. A link that leads out of its folder, a pipe or a device, and a file larger
than any template are errors and never passed over: what a site put there would silently be replaced by the shipped
wording, and mailed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from cpdocs.errors import InputFault

MAX_TEXT = 2 * 1024 * 1024
"""Bytes of a template, style sheet, catalogue or kind.toml: fifty times the largest that came with cpdocs."""
MAX_BINARY = 64 * 1024 * 1024
"""Bytes of a picture or a font."""
_TEXTS = frozenset({".html", ".css", ".toml", ".po", ".pot", ".txt", ".svg"})
_TODO = "Put a real file there, or remove it to use the one that came with cpdocs."


def template_file(folders: Sequence[Path], name: str) -> Path | None:
    """The real file that ``name`` means in the first of ``folders`` that has it; None where none has.

    Raises InputFault, naming the file, for a link that leads out, what is no file, and one that is too large.
    """
    for folder in folders:
        path = folder / name
        if os.path.lexists(path):
            check_file(folder, path)
            return path.resolve()
    return None


def check_file(folder: Path, path: Path) -> None:
    """Raises InputFault where ``path`` (in the template ``folder``) can't be used as a file of templates."""
    if fault := file_fault(folder, path):
        raise InputFault(f"A template can't be used: {_shown(folder, path)} {fault}.", todo=_TODO)


def file_fault(folder: Path, path: Path) -> str:
    """Why ``path`` is no file of templates, in words; empty where it is one."""
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(folder)):
        return "leads out of the template folder"
    try:
        found = real.stat()
    except OSError:
        return "is a link to nothing" if path.is_symlink() else "can't be read"
    if not S_ISREG(found.st_mode):
        return "is no file"
    most = MAX_TEXT if real.suffix.lower() in _TEXTS else MAX_BINARY
    if found.st_size > most:
        return f"has more than {most // 1024**2} MB"
    return ""


def faults_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything in a template folder that can't be used, by its path there, with why."""
    for path in sorted(folder.rglob("*")):
        if (path.is_symlink() or not S_ISDIR(path.lstat().st_mode)) and (fault := file_fault(folder, path)):
            if path.is_dir() and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
                continue
            yield _shown(folder, path), fault


def _shown(folder: Path, path: Path) -> str:
    return ascii(path.relative_to(folder).as_posix())[1:-1] if path.is_relative_to(folder) else path.name
