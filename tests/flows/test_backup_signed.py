"""Archives that somebody else made, or changed, for whoever restores: named and refused, whatever proof is given.

Everybody who can write where backups lie can encrypt to the recipients, so that encryption proves nothing of who wrote.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import pyrage
import pytest

from tests.conftest import CommandLine
from tests.flows.test_backup import Vault, checkpoint, vault_for

Inside: TypeAlias = "dict[str, bytes]"


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Vault, dict[str, Any], dict[str, Any], Path, str]:
    """A vault with a nightly archive and one with keys, a checkpoint from before them, and the ledger's public key."""
    folder = tmp_path_factory.mktemp("signed")
    cli = CommandLine(folder / "ws")
    cli("init", cli.root, "--sandbox", workspace=False)
    (cli.root / "templates" / "letters").mkdir(parents=True)
    (cli.root / "templates" / "letters" / "mine.html").write_text("<p>mine</p>")
    anchor = checkpoint(cli, folder / "anchor.txt")
    public = cli("audit", "checkpoint", "--public-key").out.strip()
    vault = vault_for(cli, folder)
    return vault, vault.create("--full"), vault.create("--with-keys", "--full"), anchor, public


@pytest.fixture
def vault(_made: tuple[Any, ...]) -> Vault:
    found: Vault = _made[0]
    return found


@pytest.fixture
def nightly(_made: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = _made[1]
    return found


@pytest.fixture
def with_keys(_made: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = _made[2]
    return found


@pytest.fixture
def anchor(_made: tuple[Any, ...]) -> Path:
    found: Path = _made[3]
    return found


@pytest.fixture
def public(_made: tuple[Any, ...]) -> str:
    found: str = _made[4]
    return found


def packed(vault: Vault, inside: Inside, file: Path) -> Path:
    """An archive of these files under the name of ``file``, as anybody with the recipient's key makes one."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in inside.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pyrage.encrypt(tar.getvalue(), [pyrage.x25519.Recipient.from_str(vault.recipient)]))
    return file


def relisted(inside: Inside) -> Inside:
    """The same with a manifest that fits, the signature left as it was."""
    kept = [json.loads(line) for line in inside["manifest.jsonl"].splitlines()]
    files = {name: data for name, data in inside.items() if not name.startswith("manifest.")}
    lines = [kept[0]]
    lines += [{"name": name, "sha256": sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()]
    lines += [line for line in kept[1:] if "name" not in line]
    manifest = b"".join(json.dumps(line, sort_keys=True).encode() + b"\n" for line in lines)
    return files | {"manifest.jsonl": manifest, "manifest.note": inside["manifest.note"]}


def _settings(inside: Inside) -> str:
    inside["cpdocs.toml"] += b"\n# changed\n"
    return "cpdocs.toml"


def _template(inside: Inside) -> str:
    inside["templates/letters/mine.html"] = b"<p>theirs</p>"
    return "templates/letters/mine.html"


def _new_template(inside: Inside) -> str:
    inside["templates/letters/theirs.html"] = b"<p>theirs</p>"
    return "templates/letters/theirs.html"


def _key(inside: Inside) -> str:
    inside["state/keys/extra.pem"] = b"-----BEGIN CERTIFICATE-----"
    return "state/keys/extra.pem"


def _private_key(inside: Inside) -> str:
    inside["state/keys/seal.p12"] = b"theirs"
    return "state/keys/seal.p12"


def _verifier(inside: Inside) -> str:
    inside["state/users/mallory.json"] = b"{}"
    return "state/users/mallory.json"


def _dot_file(inside: Inside) -> str:
    inside[".profile"] = b"echo"
    return ".profile"


def _hidden_template(inside: Inside) -> str:
    inside["templates/.hidden"] = b"echo"
    return "templates/.hidden"


def _program(inside: Inside) -> str:
    inside["state/module.so"] = b"\x7fELF"
    return "state/module.so"


def _missing(inside: Inside) -> str:
    del inside["templates/letters/mine.html"]
    return "templates/letters/mine.html"


HARMS: list[Callable[[Inside], str]] = [
    _settings, _template, _new_template, _key, _private_key, _verifier, _dot_file, _hidden_template, _program, _missing,
]  # fmt: skip


@pytest.mark.parametrize("proof", ["without", "against", "log key"])
@pytest.mark.parametrize("harm", HARMS)
def test_what_was_changed_is_named_and_refused_with_and_without_proof_from_elsewhere(
    vault: Vault,
    nightly: dict[str, Any],
    anchor: Path,
    public: str,
    tmp_path: Path,
    harm: Callable[[Inside], str],
    proof: str,
) -> None:
    inside = vault.opened(nightly, tmp_path)
    name = harm(inside)
    file = packed(vault, relisted(inside), tmp_path / "changed" / Path(nightly["file"]).name)
    given: dict[str, tuple[str | Path, ...]] = {
        "without": (), "against": ("--against", anchor), "log key": ("--log-key", public)
    }  # fmt: skip
    said = vault.restore(file, tmp_path / "again", *given[proof], status=1)
    assert name in said
    assert not (tmp_path / "again").exists()
    assert list(tmp_path.glob(".cpdocs-restore-*")) == []
    told = vault.cli("backup", "verify", file, "--identity-file", vault.identity, status=1).err
    assert name in told


def test_a_changed_file_under_the_old_manifest_is_named_too(
    vault: Vault, nightly: dict[str, Any], tmp_path: Path
) -> None:
    inside = vault.opened(nightly, tmp_path)
    name = _settings(inside)
    file = packed(vault, inside, tmp_path / "changed" / Path(nightly["file"]).name)
    assert name in vault.restore(file, tmp_path / "again", status=1)


@pytest.mark.parametrize("name", [".bashrc", "state/run.sh", "templates/../../x", "state/keys/sub/x.pem"])
def test_no_flag_brings_in_a_file_that_no_backup_holds(
    vault: Vault, nightly: dict[str, Any], tmp_path: Path, name: str
) -> None:
    inside = unsigned(vault.opened(nightly, tmp_path))
    manifest, files = inside.pop("manifest.jsonl"), dict(inside)
    files[name] = b"x"
    entry = json.dumps({"name": name, "sha256": sha256(b"x").hexdigest(), "size": 1}).encode()
    lines = manifest.splitlines()
    files["manifest.jsonl"] = b"\n".join([*lines[:-1], entry, lines[-1]]) + b"\n"
    file = packed(vault, files, tmp_path / "changed" / Path(nightly["file"]).name)
    if ".." in name:
        vault.restore(file, tmp_path / "again", "--unsigned", status=3)
        return
    found = vault.restore(file, tmp_path / "again", "--unsigned")
    assert found["left_out"] == [name]
    assert not (tmp_path / "again" / name).exists()


def unsigned(inside: Inside) -> Inside:
    """The archive as it was made before backups were signed."""
    rest = {name: data for name, data in inside.items() if name != "manifest.note"}
    rest["manifest.jsonl"] = rest["manifest.jsonl"].replace(b"cpdocs.backup/2", b"cpdocs.backup/1")
    return rest


def test_an_archive_without_a_signature_is_refused_unless_whoever_restores_says_so(
    vault: Vault, nightly: dict[str, Any], tmp_path: Path
) -> None:
    inside = vault.opened(nightly, tmp_path)
    name = Path(nightly["file"]).name
    file = packed(vault, unsigned(inside), tmp_path / "old" / name)
    assert "isn't signed" in vault.restore(file, tmp_path / "again", status=1)
    assert not (tmp_path / "again").exists()
    found = vault.restore(file, tmp_path / "again", "--unsigned")
    assert (found["signed"], found["events"]) == (False, nightly["events"])
    del inside["manifest.note"]
    stripped = packed(vault, inside, tmp_path / "stripped" / name)
    for more in ((), ("--unsigned",)):
        assert "isn't signed by the key" in vault.restore(stripped, tmp_path / "third", *more, status=1)


def test_an_older_archive_under_a_newer_ones_name_is_refused(
    vault: Vault, nightly: dict[str, Any], with_keys: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / Path(with_keys["file"]).name
    file.write_bytes(Path(nightly["file"]).read_bytes())
    said = vault.restore(file, tmp_path / "again", status=1)
    assert Path(nightly["file"]).name in said


def test_an_archive_signed_by_another_key_is_refused(
    vault: Vault, nightly: dict[str, Any], public: str, tmp_path: Path
) -> None:
    """Somebody signs a changed archive anew with a key of their own, and has the manifest name that key."""
    from cpdocs.ledger.checkpoint import new_checkpoint_key, public_bytes, read_checkpoint_key
    from cpdocs.retention.archive_signature import sign_archive

    key = read_checkpoint_key(new_checkpoint_key())
    inside = vault.opened(nightly, tmp_path)
    _settings(inside)
    first, *rest = relisted(inside)["manifest.jsonl"].splitlines()
    head = json.loads(first) | {"checkpoint_key": public_bytes(key).hex()}
    inside["manifest.jsonl"] = b"\n".join([json.dumps(head).encode(), *rest]) + b"\n"
    files = {
        name: (sha256(data).hexdigest(), len(data))
        for name, data in inside.items()
        if not name.startswith(("manifest.", "state/store/"))
    }
    name = Path(nightly["file"]).name
    digest = sha256(inside["manifest.jsonl"]).hexdigest()
    inside["manifest.note"] = sign_archive(name, digest, files, "cpdocs", key).encode()
    ordered = {each: inside[each] for each in inside if not each.startswith("manifest.")}
    ordered |= {"manifest.jsonl": inside["manifest.jsonl"], "manifest.note": inside["manifest.note"]}
    file = packed(vault, ordered, tmp_path / "forged" / name)
    said = vault.restore(file, tmp_path / "again", status=1)
    assert "isn't the one that the ledger's first event names" in said
    assert "another key" in vault.restore(file, tmp_path / "again", "--log-key", public, status=1)


def test_the_archive_with_the_keys_is_held_to_the_same(
    vault: Vault, nightly: dict[str, Any], with_keys: dict[str, Any], tmp_path: Path
) -> None:
    inside = vault.opened(with_keys, tmp_path)
    inside["state/users/mallory.json"] = b"{}"
    file = packed(vault, relisted(inside), tmp_path / "changed" / Path(with_keys["file"]).name)
    assert "mallory" in vault.restore(nightly, tmp_path / "again", "--keys", file, status=1)
    assert "holds no keys" in vault.restore(nightly, tmp_path / "again", "--keys", nightly["file"], status=3)
    other = CommandLine(tmp_path / "other")
    other("init", other.root, "--sandbox", workspace=False)
    theirs = Vault(other, tmp_path / "theirs", vault.identity, vault.recipient).create("--with-keys")
    assert "another ledger" in vault.restore(nightly, tmp_path / "again", "--keys", theirs["file"], status=1)


def test_what_steers_the_restored_workspace_is_named_and_none_of_it_was_used(
    vault: Vault, with_keys: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def used(*_: object, **__: object) -> None:
        raise AssertionError("the restored workspace was opened")

    monkeypatch.setattr("cpdocs.wiring.open_workspace", used)
    found = vault.restore(with_keys, tmp_path / "again")
    assert {"cpdocs.toml", "templates/letters/mine.html", "state/keys/checkpoint.key"} <= set(found["beside"])
    assert not any(name.startswith("state/store/") for name in found["beside"])
    args = ("backup", "restore", with_keys["file"], "--into", tmp_path / "more", "--identity-file", vault.identity)
    said = CommandLine(tmp_path / "more")(*args, workspace=False).err
    assert "Look at these before you start anything there" in said
    assert "mine.html" in said


def test_a_file_in_state_that_cpdocs_doesnt_know_is_left_out_and_named(cli: CommandLine, tmp_path: Path) -> None:
    (cli.root / "state" / "notes.txt").write_text("mine")
    vault = vault_for(cli, tmp_path)
    assert vault.create()["left_out"] == ["state/notes.txt"]
