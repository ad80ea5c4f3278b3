"""Settings kept as plain values: always what reading the file gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cpdocs import settings, settings_cache
from cpdocs.errors import WorkspaceFault


def read(text: str) -> tuple[object, object]:
    found = settings.load(text)
    return found.senders, found.options


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "derived"


def test_what_is_kept_is_what_was_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = settings.default_text()
    expected = read(text)
    assert settings_cache.load(text, "cpdocs.toml", folder) == expected
    monkeypatch.setattr(settings, "load", lambda *_: pytest.fail("it was read again"))
    assert settings_cache.load(text, "cpdocs.toml", folder) == expected


def test_what_many_tables_say_is_kept_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = settings.default_text() + (
        '\n[payer."Example Health"]\ndue_days = 5\n[coordinator."A. Example"]\nphone = "617-555-0100"\n'
        '[token.seal]\nmodule = "/usr/lib/x.so"\ntoken = "t"\nkey = "k"\n'
        '[[letters.seed]]\nname = "S"\naddress1 = "1 A St"\ncity = "Lynn"\nstate = "MA"\nzip = "01901"\n'
        '[letters.barcode]\nmailer_id = "123456"\nservice = "300"\n'
    )
    expected = settings_cache.load(text, "cpdocs.toml", folder)
    monkeypatch.setattr(settings, "load", lambda *_: pytest.fail("it was read again"))
    assert settings_cache.load(text, "cpdocs.toml", folder) == expected


def test_another_text_is_read_for_itself(folder: Path) -> None:
    text = settings.default_text()
    settings_cache.load(text, "cpdocs.toml", folder)
    changed = text.replace("Example Community Partners", "Another Example")
    senders, _ = settings_cache.load(changed, "cpdocs.toml", folder)
    assert senders.organization.name == "Another Example"


@pytest.mark.parametrize("harm", [b"", b"[]", b"\xff", b'{"key": 1}', b"null"])
def test_what_is_damaged_there_is_passed_over(harm: bytes, folder: Path) -> None:
    text = settings.default_text()
    expected = settings_cache.load(text, "cpdocs.toml", folder)
    (folder / "settings.json").write_bytes(harm)
    assert settings_cache.load(text, "cpdocs.toml", folder) == expected


def test_values_of_another_shape_are_passed_over(folder: Path) -> None:
    text = settings.default_text()
    expected = settings_cache.load(text, "cpdocs.toml", folder)
    kept = json.loads((folder / "settings.json").read_text())
    del kept["options"]["held_days"]
    (folder / "settings.json").write_text(json.dumps(kept))
    assert settings_cache.load(text, "cpdocs.toml", folder) == expected


def test_a_fault_is_told_every_time_and_never_kept(folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(WorkspaceFault):
            settings_cache.load("[organisation]\n", "cpdocs.toml", folder)
    assert not folder.exists()


def test_it_is_private(folder: Path) -> None:
    settings_cache.load(settings.default_text(), "cpdocs.toml", folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "settings.json").stat().st_mode & 0o077 == 0
