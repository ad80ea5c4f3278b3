"""A second organization as witness, time stamps, and what becomes of an insider who rewrites the ledger with its
key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from asn1crypto import cms

from cpdocs.core.events import EventType, NewEvent
from cpdocs.returns.watcher import Watcher
from cpdocs.trail.audit import sign_if_new
from cpdocs.wiring import open_workspace
from tests.conftest import NOW, CommandLine
from tests.signing.test_ltv import address, server

__all__ = ["server"]


class Second:
    """The second organization: its key, its memory, and what it holds to be the ledger's key."""

    def __init__(self, cli: CommandLine, folder: Path) -> None:
        self.cli = cli
        self.key = folder / "witness.key"
        self.public = cli(
            "audit", "witness-key", self.key, "--name", "witness.example.org", workspace=False
        ).out.strip()
        self.log = cli("audit", "checkpoint", "--public-key").out.strip()

    def cosign(self, request: str, status: int = 0, log: str = ""):
        how = ("--key", self.key, "--log-key", log or self.log)
        return self.cli("audit", "cosign", "-", *how, stdin=request, workspace=False, status=status)


@pytest.fixture
def root(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CPDOCS_NOW", NOW)
    record(cli.root, 10)
    return cli.root


@pytest.fixture
def second(cli: CommandLine, root: Path, tmp_path: Path) -> Second:
    return Second(cli, tmp_path)


def record(root: Path, count: int) -> None:
    ws = open_workspace(root)
    ws.ledger.append(
        *(NewEvent(EventType.RECORD_ACCESSED, (f"run:R{number}",), {"how": "letters show"}) for number in range(count))
    )
    ws.ledger.close()


def size_of(note: str) -> str:
    return note.split("\n")[1]


def test_a_witness_signs_what_continues_what_it_signed_last(
    cli: CommandLine, second: Second, root: Path, tmp_path: Path
) -> None:
    first = second.cosign(cli("audit", "checkpoint").out)
    assert "the first that this witness signs" in first.err
    record(root, 5)
    request = cli("audit", "checkpoint", "--since", size_of(first.out)).out
    assert request.startswith(f"old {size_of(first.out)}\n")
    again = second.cosign(request)
    assert f"continues the {size_of(first.out)} signed last" in again.err
    assert second.cosign(request).out.partition("\n\n")[0] == again.out.partition("\n\n")[0], (
        "the same again is signed again"
    )
    (tmp_path / "cosigned.txt").write_text(again.out)
    cli("audit", "verify", "--against", tmp_path / "cosigned.txt", "--witness", second.public)


def test_a_witness_does_not_go_back_or_sign_without_the_proof(cli: CommandLine, second: Second, root: Path) -> None:
    old = cli("audit", "checkpoint").out
    record(root, 5)
    new = cli("audit", "checkpoint").out
    second.cosign(new)
    assert "It was cut off, or is an old one" in second.cosign(old, status=1).err
    record(root, 5)
    assert f"--since {size_of(new)}" in second.cosign(cli("audit", "checkpoint").out, status=3).err


@pytest.mark.ledger_file
def test_an_insiders_rewrite_with_the_key_is_seen_by_the_witness_and_from_its_copy(
    cli: CommandLine, second: Second, root: Path, tmp_path: Path
) -> None:
    """The ledger as it once was, other events appended, everything signed anew with the right key: only outside is it
    seen."""
    shutil.copytree(root, tmp_path / "before")
    record(root, 5)
    cosigned = tmp_path / "cosigned.txt"
    cosigned.write_text(second.cosign(cli("audit", "checkpoint").out).out)
    seen = size_of(cosigned.read_text())

    forged = CommandLine(tmp_path / "before")
    for appended in (5, 3):  # as long as the one that was signed, then longer
        record(forged.root, appended)
        request = forged("audit", "checkpoint", "--since", seen).out
        assert forged("audit", "verify", "--json").json["ok"], "by itself the rewritten ledger is whole"
        assert "rewritten" in second.cosign(request, status=1).err
        answer = forged("audit", "verify", "--json", "--against", cosigned, status=1).json
        assert [problem["code"] for problem in answer["problems"]] == ["checkpoint_contradicts"]
    cli("audit", "verify", "--against", cosigned, "--witness", second.public)


@pytest.mark.ledger_file
def test_a_ledger_cut_off_behind_the_witness_cannot_ask_it(
    cli: CommandLine, second: Second, root: Path, tmp_path: Path
) -> None:
    shutil.copytree(root, tmp_path / "before")
    record(root, 5)
    seen = size_of(second.cosign(cli("audit", "checkpoint").out).out)
    assert "events are lost" in CommandLine(tmp_path / "before")("audit", "checkpoint", "--since", seen, status=3).err


def test_a_witness_knows_its_ledger_and_its_own_memory(
    cli: CommandLine, second: Second, root: Path, tmp_path: Path
) -> None:
    note = cli("audit", "checkpoint").out
    other = Second(cli, _made(tmp_path / "other"))
    assert "signature is wrong" in second.cosign(note.replace("cpdocs\n", "another\n", 1), status=3).err
    second.cosign(note, status=3, log=other.public)
    second.cosign(note)
    shutil.copy(second.key.with_suffix(".last"), other.key.with_suffix(".last"))
    assert "isn't signed by it" in other.cosign(note, status=3).err


def test_a_checkpoint_that_the_witness_did_not_sign_is_named(
    cli: CommandLine, second: Second, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "plain.txt").write_text(cli("audit", "checkpoint").out)
    answer = cli(
        "audit", "verify", "--json", "--against", tmp_path / "plain.txt", "--witness", second.public, status=1
    ).json
    assert [problem["code"] for problem in answer["problems"]] == ["witness_missing"]
    cli("audit", "verify", "--witness", second.public, status=2)


def test_a_witness_key_is_private_and_never_written_over(second: Second) -> None:
    assert second.key.stat().st_mode & 0o777 == 0o600
    second.cli("audit", "witness-key", second.key, "--name", "witness.example.org", workspace=False, status=4)
    assert "PRIVATE" not in second.public


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# Time stamps


def with_authority(root: Path, url: str) -> None:
    settings = root / "cpdocs.toml"
    settings.write_text(settings.read_text("utf-8").replace('# tsa_url = ""', f'tsa_url = "{url}"'), "utf-8")


def test_a_time_stamp_is_kept_beside_its_checkpoint_and_proven(cli: CommandLine, root: Path, server) -> None:
    with_authority(root, address(server))
    signed = cli("audit", "checkpoint", "--json").json
    token = Path(signed["timestamp_file"])
    stamped = cms.ContentInfo.load(token.read_bytes())["content"]["encap_content_info"]["content"].parsed
    assert stamped["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha256"
    assert cli("audit", "verify", "--json").json["ok"]
    before = token.read_bytes()
    cli("audit", "checkpoint")
    assert token.read_bytes() == before
    for altered in (before[:-1] + bytes([before[-1] ^ 1]), b"no token", before.replace(b"\x30", b"\x31", 1)):
        token.write_bytes(altered)
        problems = cli("audit", "verify", "--json", status=1).json["problems"]
        assert [(problem["code"], problem["where"]) for problem in problems] == [
            ("timestamp_invalid", f"checkpoints/{token.name}")
        ]


def test_another_checkpoints_time_stamp_is_not_this_ones(cli: CommandLine, root: Path, server) -> None:
    with_authority(root, address(server))
    first = Path(cli("audit", "checkpoint", "--json").json["timestamp_file"])
    record(root, 1)
    second = Path(cli("audit", "checkpoint", "--json").json["timestamp_file"])
    shutil.copy(first, second)
    assert [problem["where"] for problem in cli("audit", "verify", "--json", status=1).json["problems"]] == [
        f"checkpoints/{second.name}"
    ]


def test_a_checkpoint_is_signed_where_no_time_stamp_can_be_had(cli: CommandLine, root: Path, server) -> None:
    with_authority(root, address(server))
    server.answer = lambda _: b"busy"
    signed = cli("audit", "checkpoint")
    assert "No time stamp" in signed.err
    assert cli("audit", "verify", "--json").json["checkpoints"] == 1


# Each day


def test_a_watcher_signs_a_checkpoint_when_it_starts_where_something_is_new(root: Path) -> None:
    ws = open_workspace(root)
    said: list[str] = []
    watcher = Watcher(ws, report=lambda _: watcher.stop(), say=said.append)
    watcher._pause = lambda *_, **__: watcher.stop()  # type: ignore[method-assign]  # one look is enough
    watcher.run()
    assert said == []
    assert [size_of(note) for note in ws.ledger.checkpoints()] == [str(ws.ledger.head().size)]
    assert sign_if_new(ws) is None
    ws.ledger.append(NewEvent(EventType.RECORD_ACCESSED, ("run:R1",), {"how": "letters show"}))
    assert sign_if_new(ws) is not None
    ws.ledger.close()
