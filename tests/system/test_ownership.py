"""What may be loaded, and that links in outbox/ are not followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cpdocs.errors import WorkspaceFault
from cpdocs.system import ownership
from cpdocs.system.durable import write_durably
from cpdocs.system.ownership import may_load


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The account's own list, which isn't there yet."""
    file = tmp_path / "machine.toml"
    monkeypatch.setattr(ownership, "own_settings", lambda _: (file,))
    return file


def test_a_module_in_a_folder_of_anybodys_is_not_loaded(tmp_path: Path, own: Path) -> None:
    module = tmp_path / "evil.so"
    module.write_bytes(b"")
    assert not may_load(str(module), os.geteuid())
    own.write_text(f'pkcs11_modules = ["{module}"]\n')
    assert may_load(str(module), os.geteuid())


def test_a_module_that_root_put_among_the_systems_libraries_is(own: Path) -> None:
    module = next(Path("/usr/lib").rglob("libc.so*"))
    assert may_load(str(module), os.geteuid())
    assert not may_load(str(module.parent / "not-there.so"), os.geteuid())
    assert not own.exists()


@pytest.mark.parametrize("text", ["workspaces = 3", "pkcs11_modules = ['relative.so']", "other = []", "no toml"])
def test_a_list_that_cant_be_read_is_named(own: Path, text: str) -> None:
    own.write_text(text)
    with pytest.raises(WorkspaceFault, match="can't be read"):
        may_load("/opt/x.so", os.geteuid())


@pytest.mark.parametrize("link", ["outbox", "outbox/plans", "outbox/plans/P1"])
def test_a_link_in_outbox_is_not_followed(tmp_path: Path, link: str) -> None:
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "ws"
    elsewhere.mkdir()
    root.mkdir()
    (root / "cpdocs.toml").touch()
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    (root / link).symlink_to(elsewhere)
    with pytest.raises(WorkspaceFault, match="is a link"):
        write_durably(root / "outbox" / "plans" / "P1" / "plan.pdf", b"%PDF")
    assert not list(elsewhere.rglob("*"))
