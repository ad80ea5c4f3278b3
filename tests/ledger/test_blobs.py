"""The store of bytes and durable writing: whole or absent, never trusted unhashed."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import stat
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpdocs.errors import InputFault, WorkspaceFault
from cpdocs.ledger import blobs
from cpdocs.ledger.blobs import BlobDamaged, BlobMissing, BlobStore, OutputExists, SourceChanged, write_durably
from cpdocs.system import durable
from cpdocs.system.durable import make_folder, stream_durably

ROOT = os.geteuid() == 0


@pytest.fixture
def store(tmp_path):
    return BlobStore(tmp_path / "state" / "store")


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def refuse(monkeypatch, name: str, code: int, after: int = 0) -> None:
    """Makes os.<name> fail with ``code`` once it has been called ``after`` times."""
    real, calls = getattr(os, name), []

    def failing(*args, **kwargs):
        calls.append(args)
        if len(calls) > after:
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)

    monkeypatch.setattr(os, name, failing)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=3000))
def test_what_is_put_comes_back_and_is_named_by_its_hash(store, data):
    sha = store.put(data)
    assert sha == sha256(data).hexdigest()
    assert store.has(sha)
    assert store.get(sha) == data
    assert store.path(sha) == store.root / sha[:2] / sha


def test_files_and_folders_are_private(store):
    path = store.path(store.put(b"bytes"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (path.parent, store.root, store.root.parent)} == {0o700}


def test_the_same_bytes_twice_are_one_file(store):
    assert store.put(b"bytes") == store.put(b"bytes")
    assert len(everything(store.root)) == 1


def test_a_file_is_copied_by_its_content_and_stays_where_it_is(store, tmp_path):
    source = tmp_path / "returned.pdf"
    source.write_bytes(os.urandom(3 << 20))
    sha = store.put_file(source)
    assert store.get(sha) == source.read_bytes()
    assert store.put_file(source) == sha
    assert len(everything(store.root)) == 1


def test_damage_is_damage_whatever_the_damaged_bytes_come_to(store):
    """By equality: neither a smaller nor a larger digest passes."""
    data = b"the true bytes"
    sha = store.put(data)
    others = [b"%d" % number for number in range(20)]
    assert {sha256(other).hexdigest() < sha for other in others} == {True, False}
    for other in others:
        store.path(sha).unlink()
        store.path(sha).write_bytes(other)
        with pytest.raises(BlobDamaged):
            store.get(sha)
        with pytest.raises(BlobDamaged):
            list(store.chunks(sha))


def test_a_damaged_file_is_named_and_never_returned(store):
    sha = store.put(b"the true bytes")
    store.path(sha).write_bytes(b"the true bytez")
    with pytest.raises(BlobDamaged, match=sha):
        store.get(sha)


def test_a_damaged_file_is_mended_when_its_bytes_come_again(store, tmp_path, caplog):
    sha = store.put(b"the true bytes")
    source = tmp_path / "source"
    source.write_bytes(b"the true bytes")
    for again in (lambda: store.put(b"the true bytes"), lambda: store.put_file(source)):
        store.path(sha).write_bytes(b"poisoned by a short write"[:5])
        assert again() == sha
        assert store.get(sha) == b"the true bytes"
        assert sha in caplog.text
        caplog.clear()


def test_a_missing_file_is_named(store):
    sha = sha256(b"never put").hexdigest()
    assert not store.has(sha)
    with pytest.raises(BlobMissing, match=sha):
        store.get(sha)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_hash_is_a_name(store, name):
    with pytest.raises(ValueError, match="64"):
        store.path(name)


def test_a_link_in_the_stores_place_is_not_followed(store, tmp_path):
    sha = sha256(b"secret").hexdigest()
    (tmp_path / "secret").write_bytes(b"secret")
    store.path(sha).parent.mkdir(parents=True)
    store.path(sha).symlink_to(tmp_path / "secret")
    with pytest.raises(WorkspaceFault):
        store.get(sha)


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "absent"])
def test_only_regular_files_are_taken(store, tmp_path, kind):
    source = tmp_path / "source"
    if kind == "link":
        (tmp_path / "target").write_bytes(b"x")
        source.symlink_to(tmp_path / "target")
    elif kind == "folder":
        source.mkdir()
    elif kind == "pipe":
        os.mkfifo(source)
    with pytest.raises(InputFault, match="can't be read"):
        store.put_file(source)
    assert everything(store.root) == []


@pytest.mark.parametrize("change", ["grow", "replace", "remove"])
def test_a_file_that_changes_while_it_is_copied_is_not_kept(store, tmp_path, monkeypatch, change):
    source = tmp_path / "source"
    source.write_bytes(b"first half")
    real = blobs._read

    def read_and_change(descriptor):
        chunk = real(descriptor)
        if not chunk and change == "grow":
            source.write_bytes(b"first half, second half")
        elif not chunk and change == "replace":
            (tmp_path / "other").write_bytes(b"first half")
            (tmp_path / "other").replace(source)
        elif not chunk:
            source.unlink()
        return chunk

    monkeypatch.setattr(blobs, "_read", read_and_change)
    with pytest.raises(SourceChanged, match="changed"):
        store.put_file(source)
    assert everything(store.root) == []


def test_short_writes_are_carried_on(store, tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:7])))
    data = bytes(range(256))
    assert store.get(store.put(data)) == data
    write_durably(tmp_path / "out", data)
    assert (tmp_path / "out").read_bytes() == data


@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "disk is full"), (errno.EIO, "disk reports an error"), (errno.EDQUOT, "quota")]
)
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_that_refuses_leaves_nothing_and_says_why(store, tmp_path, monkeypatch, call, code, words):
    store.put(b"before")
    kept = everything(tmp_path)
    source = tmp_path / "source"
    source.write_bytes(b"new bytes")
    refuse(monkeypatch, call, code)
    for act in (
        lambda: store.put(b"new bytes"),
        lambda: store.put_file(source),
        lambda: write_durably(tmp_path / "out.csv", b"new bytes"),
    ):
        with pytest.raises(WorkspaceFault, match=words):
            act()
    monkeypatch.undo()
    assert everything(tmp_path) == sorted([*kept, "source"])


@pytest.mark.parametrize("call", ["open", "replace", "write", "fsync", "fchmod", "link", "mkdir"])
def test_whichever_call_fails_the_next_try_succeeds(store, tmp_path, monkeypatch, call):
    for after in range(12):
        with monkeypatch.context() as patch:
            refuse(patch, call, errno.EIO, after)
            for act in (
                lambda: store.put(b"new bytes"),
                lambda: write_durably(tmp_path / "out" / "out.csv", b"new bytes"),
            ):
                try:
                    act()
                except WorkspaceFault:
                    continue
        sha = sha256(b"new bytes").hexdigest()
        assert not store.has(sha) or store.get(sha) == b"new bytes"
        out = tmp_path / "out" / "out.csv"
        assert not out.exists() or out.read_bytes() == b"new bytes"
        assert [name for name in everything(tmp_path) if name.endswith(".part")] == []
    assert store.get(store.put(b"new bytes")) == b"new bytes"


def put_over_the_limit(root: Path, outcome) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    try:
        BlobStore(root).put(bytes(1 << 20))
    except WorkspaceFault as error:
        outcome.put(error.message)


def test_a_real_limit_of_the_system_cuts_a_write_short_and_nothing_is_kept(store):
    context = multiprocessing.get_context("spawn")
    outcome = context.Queue()
    child = context.Process(target=put_over_the_limit, args=(store.root, outcome))
    child.start()
    assert "larger than the system allows" in outcome.get(timeout=60)
    child.join()
    assert everything(store.root) == []


def test_an_output_is_never_written_over_unless_asked(tmp_path):
    path = tmp_path / "new" / "folder" / "out.csv"
    write_durably(path, b"first")
    write_durably(path, b"first")
    with pytest.raises(OutputExists, match=r"out\.csv"):
        write_durably(path, b"second")
    assert path.read_bytes() == b"first"
    write_durably(path, b"second", overwrite=True)
    assert path.read_bytes() == b"second"
    assert everything(path.parent) == ["out.csv"]


def test_an_output_has_the_mode_asked_for_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        write_durably(tmp_path / "shared", b"x", mode=0o640)
        write_durably(tmp_path / "private", b"x")
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("shared", "private")] == [0o640, 0o600]


def test_a_link_at_the_outputs_place_is_neither_followed_nor_replaced(tmp_path):
    (tmp_path / "target").write_bytes(b"x")
    (tmp_path / "out").symlink_to(tmp_path / "target")
    with pytest.raises(OutputExists):
        write_durably(tmp_path / "out", b"x")
    (tmp_path / "loose").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputExists):
        write_durably(tmp_path / "loose", b"x")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_system_without_hard_links_will_do(tmp_path, monkeypatch):
    refuse(monkeypatch, "link", errno.EPERM)
    write_durably(tmp_path / "out", b"first")
    write_durably(tmp_path / "out", b"first")
    with pytest.raises(OutputExists):
        write_durably(tmp_path / "out", b"second")
    assert (tmp_path / "out").read_bytes() == b"first"


def test_a_stream_that_fails_half_way_leaves_nothing(tmp_path):
    def chunks():
        yield b"first"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        stream_durably(tmp_path / "out", chunks())
    assert everything(tmp_path) == []


def test_every_new_folder_and_name_is_made_durable(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(durable, "fsync_folder", synced.append)
    monkeypatch.setattr(blobs, "fsync_folder", synced.append)
    sha = BlobStore(tmp_path / "state" / "store").put(b"x")
    assert synced[-1] == tmp_path / "state" / "store" / sha[:2]
    assert {tmp_path, tmp_path / "state", tmp_path / "state" / "store"} <= set(synced)
    synced.clear()
    write_durably(tmp_path / "out" / "a" / "file", b"x")
    assert synced[-1] == tmp_path / "out" / "a"
    assert {tmp_path, tmp_path / "out"} <= set(synced)


@pytest.mark.skipif(ROOT, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(WorkspaceFault, match="permission is denied"):
        write_durably(tmp_path / "out", b"x")


def test_a_file_in_a_folders_place_is_named(tmp_path):
    (tmp_path / "store").write_bytes(b"")
    with pytest.raises(WorkspaceFault, match="store"):
        make_folder(tmp_path / "store" / "ab")


def test_what_killed_commands_left_unfinished_is_removed_once_it_is_old(tmp_path):
    store = BlobStore(tmp_path / "store")
    sha = store.put(b"whole")
    old, new = (tmp_path / "store" / f".cpdocs-{age}.part" for age in ("old", "new"))
    inside = store.path(sha).parent / ".cpdocs-inside.part"
    for part in (old, new, inside):
        part.write_bytes(b"half")
    for path in (old, inside, store.path(sha)):
        os.utime(path, (1000, 1000))
    assert store.remove_unfinished(datetime.fromtimestamp(2000, UTC)) == 2
    assert (old.exists(), inside.exists(), new.exists()) == (False, False, True)
    assert store.get(sha) == b"whole"


def test_a_returned_file_is_durable_then_looked_at_again_then_named_and_its_name_made_durable(tmp_path, monkeypatch):
    """The order of reliability.md: copy with SHA-256, fsync, re-stat the source, rename, fsync the folder."""
    source = tmp_path / "return.pdf"
    source.write_bytes(b"bytes")
    order = []

    def noted(module, name, said):
        real = getattr(module, name)

        def call(*given, **named):
            order.append(said(*given) if callable(said) else said)
            return real(*given, **named)

        monkeypatch.setattr(module, name, call)

    noted(os, "fsync", lambda opened: "sync the folder" if stat.S_ISDIR(os.fstat(opened).st_mode) else "sync the file")
    noted(blobs, "_unchanged", "look again")
    noted(Path, "replace", "name")
    store = BlobStore(tmp_path / "store")
    store.put(b"something else")
    order.clear()
    sha = store.put_file(source)
    named = order.index("name")
    assert [step for step in order[:named] if step != "sync the folder"] == ["sync the file", "look again"]
    assert order[named:] == ["name", "sync the folder"]
    order.clear()
    assert store.put_file(source) == sha
    assert order == ["sync the folder", "look again"]


def test_a_stored_file_is_given_in_parts_and_damage_is_told_before_the_end(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "store")
    data = bytes(range(256)) * 9000
    sha = store.put(data)
    parts = list(store.chunks(sha))
    assert len(parts) > 1
    assert b"".join(parts) == data
    path = store.path(sha)
    path.chmod(0o600)
    path.write_bytes(data[:-1] + b"x")
    with pytest.raises(BlobDamaged):
        list(store.chunks(sha))
    path.unlink()
    with pytest.raises(BlobMissing):
        next(store.chunks(sha))
