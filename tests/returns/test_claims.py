"""Claims and the inbox as files on disk; who wins, what is left, what a dead worker leaves behind."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
from pathlib import Path

import pytest

from cpdocs.errors import WorkspaceFault
from cpdocs.returns.claims import ORIGIN, abandoned, claimed, locked, only_machine, put_back, release
from cpdocs.returns.inbox import HIDDEN, Seen, Spot, check_folders, is_set_aside, scan
from cpdocs.workspace import Paths


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = Paths(tmp_path)
    for folder in (found.inbox, found.outbox, found.claims):
        folder.mkdir(parents=True)
    return found


def drop(paths: Paths, name: str = "return.pdf", data: bytes = b"bytes", folder: str = "") -> Path:
    target = paths.inbox / folder / name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(data)
    return target


def only(paths: Paths) -> Seen:
    (seen,) = scan(paths.inbox)
    return seen


def test_a_claimed_file_is_out_of_the_inbox_and_gone_once_released(paths: Paths) -> None:
    file = drop(paths, folder="S01")
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        assert mine.folder == "S01"
        assert not file.exists()
        assert mine.file.read_bytes() == b"bytes"
        release(mine)
    assert list(paths.claims.iterdir()) == []


def test_a_claim_outlives_its_worker_and_is_found_again_with_its_folder(paths: Paths) -> None:
    drop(paths, folder="Ünder & co")
    with claimed(paths, only(paths)):
        assert list(abandoned(paths)) == []
    (left,) = abandoned(paths)
    assert (left.folder, left.file.name) == ("Ünder & co", "return.pdf")


def test_what_a_killed_worker_noted_beside_a_file_is_no_return(paths: Paths) -> None:
    drop(paths)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        (mine.home / ORIGIN).write_text("{}")
        mine.file.rename(mine.home / "return")
    (left,) = abandoned(paths)
    assert left.file.name == "return"
    release(left)
    assert list(paths.claims.iterdir()) == []


def test_a_note_whose_file_is_gone_is_cleared_away(paths: Paths) -> None:
    home = paths.claims / "1-2-3-S01"
    home.mkdir(parents=True)
    (home / ORIGIN).write_text("{}")
    assert list(abandoned(paths)) == []
    assert list(paths.claims.iterdir()) == []


def test_a_file_that_changed_since_it_was_looked_at_goes_back(paths: Paths) -> None:
    file = drop(paths)
    seen = only(paths)
    file.write_bytes(b"more bytes than before")
    with claimed(paths, seen) as mine:
        assert mine is None
    assert file.read_bytes() == b"more bytes than before"
    assert list(abandoned(paths)) == []


def test_a_file_replaced_by_a_link_since_it_was_looked_at_is_not_taken(paths: Paths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"somebody's own")
    file = drop(paths)
    seen = only(paths)
    file.unlink()
    file.symlink_to(outside)
    with claimed(paths, seen) as mine:
        assert mine is None
    assert outside.read_bytes() == b"somebody's own"


def test_a_folder_replaced_by_a_link_since_it_was_looked_at_is_not_followed(paths: Paths, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    drop(paths, folder="S01")
    seen = only(paths)
    (paths.inbox / "S01").rename(elsewhere / "real")
    (paths.inbox / "S01").symlink_to(elsewhere / "real")
    with claimed(paths, seen) as mine:
        assert mine is None
    assert (elsewhere / "real" / "return.pdf").exists()


def test_a_file_that_is_gone_is_nobodys(paths: Paths) -> None:
    file = drop(paths)
    seen = only(paths)
    file.unlink()
    with claimed(paths, seen) as mine:
        assert mine is None
    assert list(paths.claims.iterdir()) == []


def test_putting_back_never_overwrites(paths: Paths) -> None:
    drop(paths)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        drop(paths, data=b"another")
        put_back(paths, mine)
    assert sorted(path.name for path in paths.inbox.iterdir()) == ["return.pdf", "return~1.pdf"]
    assert (paths.inbox / "return.pdf").read_bytes() == b"another"


def test_from_another_file_system_a_file_is_claimed_beside_where_it_lay(on_a_share: Paths) -> None:
    paths = on_a_share
    drop(paths, folder="S01")
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        assert mine.home.parent == paths.inbox / "S01" / HIDDEN
    assert list(scan(paths.inbox)) == []
    assert [claim.folder for claim in abandoned(paths)] == ["S01"]


@pytest.fixture
def on_a_share(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """An inbox from which nothing can be renamed into state/claims."""
    real = os.rename

    def across(source: object, target: object, **folders: int) -> None:
        if str(target).startswith(str(paths.claims)):
            raise OSError(18, "Invalid cross-device link")
        real(source, target, **folders)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "rename", across)
    return paths


def planted(paths: Paths, folder: str, claim: str) -> Path:
    """A folder that a stranger made where claims on shares lie."""
    home = paths.inbox / folder / HIDDEN / claim
    home.mkdir(parents=True)
    return home


def test_a_link_where_claims_on_shares_lie_leads_nowhere(paths: Paths) -> None:
    keys = paths.state / "keys"
    keys.mkdir()
    (keys / "seal.p12").write_bytes(b"the organization's own")
    (paths.inbox / HIDDEN).symlink_to(paths.state)
    assert list(abandoned(paths)) == []
    assert (keys / "seal.p12").read_bytes() == b"the organization's own"


def test_a_link_among_the_claims_on_a_share_leads_nowhere(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "own.pdf").write_bytes(b"somebody's own")
    (paths.inbox / HIDDEN).mkdir()
    (paths.inbox / HIDDEN / "1-2-3-").symlink_to(tmp_path / "elsewhere")
    (planted(paths, "S01", "1-2-3-S01") / "return.pdf").symlink_to(tmp_path / "elsewhere" / "own.pdf")
    os.link(tmp_path / "elsewhere" / "own.pdf", planted(paths, "S02", "1-2-3-S02") / "return.pdf")
    assert list(abandoned(paths)) == []
    assert (tmp_path / "elsewhere" / "own.pdf").exists()


def test_no_file_is_claimed_through_a_link_that_bears_the_claims_name(on_a_share: Paths, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    file = drop(on_a_share)
    seen = only(on_a_share)
    (on_a_share.inbox / HIDDEN).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WorkspaceFault, match="A link bears the name"), claimed(on_a_share, seen):
        pass
    assert file.exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_claim_on_a_share_came_by_the_folder_it_lies_in_whatever_its_name_says(paths: Paths) -> None:
    (planted(paths, "S01", "1-2-3-S02") / "return.pdf").write_bytes(b"bytes")
    assert [claim.folder for claim in abandoned(paths)] == ["S01"]


def test_putting_back_follows_no_link(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    drop(paths, folder="S01")
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        (paths.inbox / "S01").rmdir()
        (paths.inbox / "S01").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(WorkspaceFault):
            put_back(paths, mine)
        assert mine.file.exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_inbox_that_went_away_is_not_made_anew_for_a_file_that_is_put_back(paths: Paths) -> None:
    drop(paths)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        paths.inbox.rmdir()
        with pytest.raises(WorkspaceFault):
            put_back(paths, mine)
    assert not paths.inbox.exists()
    assert [claim.file.name for claim in abandoned(paths)] == ["return.pdf"]


def test_a_file_half_put_back_is_put_back(paths: Paths) -> None:
    file = drop(paths, folder="S01")
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        os.link(mine.file, file)
    assert list(abandoned(paths)) == []
    assert list(paths.claims.iterdir()) == []
    assert file.stat().st_nlink == 1


def test_empty_claims_are_cleared_away(paths: Paths) -> None:
    (paths.claims / "1-2-3-").mkdir()
    assert list(abandoned(paths)) == []
    assert list(paths.claims.iterdir()) == []


def race(root: Path, gate: object, won: object) -> None:
    paths = Paths(root)
    seen = sorted(scan(paths.inbox), key=lambda each: each.spot.name)
    gate.wait()  # type: ignore[attr-defined]
    for each in seen:
        with claimed(paths, each) as mine:
            if mine:
                won.put(mine.file.name)  # type: ignore[attr-defined]
                release(mine)


def test_of_two_workers_each_file_has_one(paths: Paths) -> None:
    names = [f"{number:02}.pdf" for number in range(30)]
    for name in names:
        drop(paths, name=name)
    context = multiprocessing.get_context("fork")
    gate, won = context.Barrier(2), context.Queue()
    workers = [context.Process(target=race, args=(paths.root, gate, won)) for _ in range(2)]
    for worker in workers:
        worker.start()
    taken = sorted(won.get(timeout=60) for _ in names)
    for worker in workers:
        worker.join(60)
    assert taken == names
    assert won.empty()


def test_looks_say_what_is_left_and_why(paths: Paths) -> None:
    drop(paths, "ok.pdf")
    os.mkfifo(paths.inbox / "pipe")
    seen = {each.spot: (each.look is not None, each.left.name if each.left else "") for each in scan(paths.inbox)}
    assert seen == {Spot("", "ok.pdf"): (True, ""), Spot("", "pipe"): (False, "SPECIAL")}


def test_a_missing_inbox_is_empty(paths: Paths) -> None:
    paths.inbox.rmdir()
    assert list(scan(paths.inbox)) == []


@pytest.mark.parametrize("name", ["Return.PDF", "part", "fax.tiff", "tmp", "a.part.pdf"])
def test_ordinary_names_are_not_taken_for_unfinished_ones(name: str) -> None:
    assert not is_set_aside(name)


@pytest.mark.parametrize("inner", ["inbox", "outbox"])
def test_folders_inside_one_another_are_refused(tmp_path: Path, inner: str) -> None:
    (tmp_path / "state" / "inner").mkdir(parents=True)
    (tmp_path / inner).symlink_to(tmp_path / "state" / "inner")
    with pytest.raises(WorkspaceFault, match="lies inside state"):
        check_folders(Paths(tmp_path))


def test_a_file_that_got_another_name_after_it_was_looked_at_is_not_taken(paths: Paths, tmp_path: Path) -> None:
    file = drop(paths)
    seen = only(paths)
    os.link(file, tmp_path / "another name")
    with claimed(paths, seen) as mine:
        assert mine is None
    assert file.read_bytes() == b"bytes"
    assert (tmp_path / "another name").read_bytes() == b"bytes"
    assert list(abandoned(paths)) == []


def without_links(monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "link", refuse)


def test_where_a_share_has_no_hard_links_putting_back_never_overwrites_either(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_links(monkeypatch, errno.EOPNOTSUPP)
    drop(paths)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        drop(paths, data=b"another")
        put_back(paths, mine)
    assert {path.name: path.read_bytes() for path in paths.inbox.iterdir()} == {
        "return.pdf": b"another",
        "return~1.pdf": b"bytes",
    }
    assert list(paths.claims.iterdir()) == []


def test_a_disk_that_refuses_to_name_a_file_leaves_it_claimed(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    without_links(monkeypatch, errno.EIO)
    drop(paths)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        with pytest.raises(WorkspaceFault, match="disk reports an error"):
            put_back(paths, mine)
    assert [claim.file.read_bytes() for claim in abandoned(paths)] == [b"bytes"]


def test_an_inbox_that_went_away_before_the_claim_has_nothing_to_claim(paths: Paths) -> None:
    file = drop(paths)
    seen = only(paths)
    file.unlink()
    paths.inbox.rmdir()
    with claimed(paths, seen) as mine:
        assert mine is None


def test_a_folders_name_that_is_too_long_for_a_claims_name_is_left_out_of_it(paths: Paths) -> None:
    drop(paths, folder="ü" * 100)
    with claimed(paths, only(paths)) as mine:
        assert mine is not None
        assert mine.folder == "ü" * 100
    assert [claim.folder for claim in abandoned(paths)] == [""]


def test_a_claim_that_is_gone_or_was_made_anew_before_the_lock_was_had_is_nobodys(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = paths.claims / "1-2-3-"
    with locked(home, only_machine) as mine:
        assert mine is False

    def finished_meanwhile(*_: object) -> None:
        home.rename(paths.claims / "finished")

    def made_anew(*_: object) -> None:
        finished_meanwhile()
        home.mkdir()

    for meanwhile in (finished_meanwhile, made_anew):
        home.mkdir()
        with monkeypatch.context() as patched:
            patched.setattr(fcntl, "flock", meanwhile)
            with locked(home, only_machine) as mine:
                assert mine is False
        (paths.claims / "finished").rmdir()


@pytest.mark.parametrize(("error", "ours"), [(errno.EWOULDBLOCK, False), (errno.EACCES, False), (errno.ENOLCK, True)])
def test_a_lock_that_somebody_has_is_told_from_a_share_without_locks(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, error: int, ours: bool
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    home = paths.claims / "1-2-3-"
    home.mkdir()
    monkeypatch.setattr(fcntl, "flock", refuse)
    with locked(home, only_machine) as mine:
        assert mine is ours
