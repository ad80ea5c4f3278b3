"""Claims where the disk, a share or a stranger is odd: what a mutation tool found that no other test held."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cpdocs.errors import WorkspaceFault
from cpdocs.returns import claims
from cpdocs.returns.claims import Claim, abandoned, claimed, locked, only_machine, put_back, release
from cpdocs.returns.inbox import HIDDEN, scan
from cpdocs.workspace import Paths
from tests.returns.test_claims import drop, on_a_share, only, paths, planted, without_links

__all__ = ["on_a_share", "paths"]


def descriptors() -> list[tuple[str, str]]:
    """The open descriptors of this process with what each leads to."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists them
            found.append((link.name, str(link.readlink())))
    return sorted(found)


def refuse(error: int) -> Callable[..., None]:
    def refused(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    return refused


def test_claiming_leaves_no_descriptor_open_and_closes_none_that_is_anothers(paths: Paths, tmp_path: Path) -> None:
    drop(paths, folder="S01")
    drop(paths, "other.pdf", folder="S02")
    first, second = sorted(scan(paths.inbox), key=lambda each: each.spot.folder)
    before = descriptors()
    with claimed(paths, first) as mine:
        assert mine is not None
    (paths.inbox / "S02").rename(tmp_path / "real")
    (paths.inbox / "S02").symlink_to(tmp_path / "real")
    with claimed(paths, second) as mine:
        assert mine is None
    assert descriptors() == before


@pytest.mark.parametrize("data", [b"less", b"more than before", b"other"])
def test_a_file_that_changed_in_any_way_goes_back(paths: Paths, data: bytes) -> None:
    file = drop(paths, data=b"bytes")
    seen = only(paths)
    file.write_bytes(data)
    if len(data) == len(b"bytes"):
        os.utime(file, ns=(seen.look.mtime_ns - 10**9,) * 2)  # type: ignore[union-attr]
    with claimed(paths, seen) as mine:
        assert mine is None
    assert file.read_bytes() == data


def test_a_file_that_vanished_while_it_was_claimed_is_no_claim(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(paths)
    seen = only(paths)
    real = os.rename

    def lost(source: object, target: object, **folders: int) -> None:
        real(source, target, **folders)  # type: ignore[arg-type]
        Path(str(target)).unlink()

    monkeypatch.setattr(os, "rename", lost)
    with pytest.raises(WorkspaceFault), claimed(paths, seen) as mine:
        assert mine is None


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_refuses_the_claim_says_so_and_nothing_is_claimed_beside(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    drop(paths)
    seen = only(paths)
    monkeypatch.setattr(os, "rename", refuse(error))
    with pytest.raises(WorkspaceFault), claimed(paths, seen):
        pass
    assert not (paths.inbox / HIDDEN).exists()
    assert list(paths.claims.iterdir()) == []


def test_a_claim_that_another_worker_made_is_that_workers(paths: Paths) -> None:
    file = drop(paths)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        put_back(paths, mine)
        home = mine.home
    home.mkdir()
    with claimed(paths, only(paths)) as mine:
        assert mine is None
    assert file.read_bytes() == b"bytes"


def test_a_claim_somebody_works_on_doesnt_keep_the_others_waiting(paths: Paths) -> None:
    for name in ("1-1-1-", "2-2-2-", "3-3-3-"):
        (paths.claims / name).mkdir()
        (paths.claims / name / f"{name}.pdf").write_bytes(b"bytes")
    with locked(paths.claims / "1-1-1-", only_machine) as mine:
        assert mine
        assert [claim.home.name for claim in abandoned(paths)] == ["2-2-2-", "3-3-3-"]


def test_what_is_locked_is_a_folder_itself_and_no_program_of_ours_inherits_it(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (paths.claims / "file").write_bytes(b"")
    (paths.claims / "link").symlink_to(tmp_path, target_is_directory=True)
    for name in ("file", "link"):
        with locked(paths.claims / name, only_machine) as mine:
            assert mine is False
    real, seen = os.open, []

    def opened(path: object, flags: int, *more: object, **named: object) -> int:
        seen.append(flags)
        return real(path, flags, *more, **named)  # type: ignore[arg-type]

    (paths.claims / "home").mkdir()
    monkeypatch.setattr(os, "open", opened)
    with locked(paths.claims / "home", only_machine) as mine:
        assert mine
    assert seen == [os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC]


@pytest.mark.parametrize("later", [True, False])
def test_a_claim_made_anew_under_the_same_name_is_nobodys_whatever_its_number_on_the_disk(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, later: bool
) -> None:
    homes = sorted((paths.claims / "one", paths.claims / "other"))
    for home in homes:
        home.mkdir()
    homes.sort(key=lambda home: home.lstat().st_ino, reverse=later)
    home, another = homes
    real = claims._lock

    def swapped(descriptor: int) -> bool:
        home.rename(paths.claims / "gone")
        another.rename(home)
        return real(descriptor)

    monkeypatch.setattr(claims, "_lock", swapped)
    with locked(home, only_machine) as mine:
        assert mine is False


def test_a_claim_that_is_ended_already_is_ended_and_one_that_cant_be_is_told(paths: Paths) -> None:
    drop(paths)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        release(mine)
        release(mine)
        mine.home.mkdir()
        (mine.home / "another").write_bytes(b"")
        with pytest.raises(WorkspaceFault, match="remove a finished claim"):
            release(mine)


def test_a_link_that_was_claimed_goes_back_as_a_link(paths: Paths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"somebody's own")
    file = drop(paths)
    seen = only(paths)
    file.unlink()
    file.symlink_to(outside)
    with claimed(paths, seen) as mine:
        assert mine is None
    assert file.is_symlink()
    assert outside.stat().st_nlink == 1


def test_where_a_share_has_no_hard_links_a_link_that_leads_nowhere_keeps_its_name(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_links(monkeypatch, errno.EPERM)
    drop(paths)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        (paths.inbox / "return.pdf").symlink_to(paths.root / "nowhere")
        put_back(paths, mine)
    assert (paths.inbox / "return.pdf").is_symlink()
    assert (paths.inbox / "return~1.pdf").read_bytes() == b"bytes"


def test_a_link_in_the_inbox_to_a_claimed_file_is_no_second_name_of_it(paths: Paths, tmp_path: Path) -> None:
    drop(paths)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        os.link(mine.file, tmp_path / "second name")
        (paths.inbox / "link.pdf").symlink_to(mine.file)
    assert [claim.file.read_bytes() for claim in abandoned(paths)] == [b"bytes"]


def test_a_file_on_a_share_that_vanished_before_it_was_looked_at_is_nothing(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    (planted(paths, "S01", "1-2-3-S01") / "return.pdf").write_bytes(b"bytes")

    def vanishes(_: Paths, claim: Claim) -> bool:
        claim.file.unlink()
        return False

    monkeypatch.setattr(claims, "given_back", vanishes)
    assert list(abandoned(paths)) == []


def test_a_link_to_a_folder_in_the_inbox_has_no_claims(paths: Paths, tmp_path: Path) -> None:
    home = tmp_path / "elsewhere" / HIDDEN / "1-2-3-"
    home.mkdir(parents=True)
    (home / "own.pdf").write_bytes(b"somebody's own")
    (paths.inbox / "S09").symlink_to(tmp_path / "elsewhere")
    assert list(abandoned(paths)) == []
    assert (home / "own.pdf").exists()


@pytest.mark.parametrize(("letters", "kept"), [(60, True), (61, False)])
def test_a_folders_name_stands_in_its_claims_name_up_to_sixty_letters(paths: Paths, letters: int, kept: bool) -> None:
    folder = "S-0-" + "1" * (letters - 4)
    drop(paths, folder=folder)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
    assert [claim.folder for claim in abandoned(paths)] == [folder if kept else ""]


def test_a_name_is_shortened_where_it_is_given_anew_and_folders_are_ours_alone(paths: Paths) -> None:
    name = "a" * 180 + "." + "b" * 30
    drop(paths, name, folder="S01")
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        assert mine.home.stat().st_mode & 0o777 == 0o700
        (paths.inbox / "S01").rmdir()
        put_back(paths, mine)
    assert (paths.inbox / "S01").stat().st_mode & 0o777 == 0o700
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        drop(paths, name, folder="S01")
        put_back(paths, mine)
    assert (paths.inbox / "S01" / f"{'a' * 100}~1.{'b' * 19}").exists()
