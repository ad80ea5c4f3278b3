"""The program that an export carries: a yes only where it knows, a no where something is wrong, else "not proven"."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cpdocs.core.events import EventType, NewEvent
from cpdocs.trail import verify_export
from cpdocs.trail.verify_export import NOT_PROVEN, PROVEN, WRONG, Findings, check, signature_check
from cpdocs.wiring import open_workspace
from tests.conftest import NOW, CommandLine


@pytest.fixture(scope="module")
def _exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trail of several events under three checkpoints."""
    folder = tmp_path_factory.mktemp("exported")
    cli = CommandLine(folder / "ws")
    cli("init", cli.root, "--sandbox", workspace=False)
    for number in range(3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CPDOCS_NOW", NOW)
            ws = open_workspace(cli.root)
        for part in range(number + 2):
            ws.ledger.append(NewEvent(EventType.RUN_STAGED, (f"run:R{number}{part}",), {"run_id": f"R{number}{part}"}))
        ws.ledger.close()
        cli("audit", "checkpoint")
    cli("audit", "export", folder / "trail")
    return folder / "trail"


@pytest.fixture
def trail(_exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_exported, tmp_path / "trail"))


def checked(trail: Path, *outside: Path) -> Findings:
    return check(trail, outside, signature_check())


def run(trail: Path, *outside: Path, code: str = "pass") -> subprocess.CompletedProcess[str]:
    """The program as whoever has the export runs it; ``code`` runs before it in the same interpreter."""
    program = f"import runpy, sys; {code}; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-c", program, trail / "verify.py", *outside]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_export_carries_the_program_byte_for_byte(trail: Path) -> None:
    assert (trail / "verify.py").read_bytes() == Path(verify_export.__file__).read_bytes()


def test_a_whole_export_is_proven_and_the_program_says_so(trail: Path) -> None:
    found = checked(trail)
    assert (found.status, found.wrong, found.unproven) == (PROVEN, [], [])
    done = run(trail)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-2].startswith("PROVEN")
    done = run(trail, trail / "checkpoint.txt")
    assert (done.returncode, "PROVEN: " in done.stdout) == (0, True)


@pytest.mark.parametrize("part", ["README.txt", "checkpoint.txt", "checkpoints", "consistency.json", "public-key.txt"])
def test_each_part_that_was_deleted_leaves_it_not_proven(trail: Path, part: str) -> None:
    path = trail / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    found = checked(trail)
    assert (found.status, found.wrong) == (NOT_PROVEN, [])
    assert any(part in each for each in found.unproven)


def test_an_export_without_its_events_is_wrong(trail: Path) -> None:
    (trail / "events.jsonl").unlink()
    assert checked(trail).status == WRONG


@pytest.mark.parametrize("number", [0, 1, -1])
def test_each_checkpoint_that_was_deleted_leaves_it_not_proven(trail: Path, number: int) -> None:
    sorted((trail / "checkpoints").iterdir())[number].unlink()
    assert checked(trail).status == NOT_PROVEN


def test_all_checkpoints_deleted_is_not_proven(trail: Path) -> None:
    for path in (trail / "checkpoints").iterdir():
        path.unlink()
    (trail / "checkpoint.txt").unlink()
    done = run(trail)
    assert done.returncode == 2
    assert "NOT PROVEN" in done.stdout
    assert "There is no checkpoint" in done.stdout


@pytest.mark.parametrize("module", ["cryptography", "cryptography.hazmat.primitives.asymmetric.ed25519"])
def test_without_a_package_for_signatures_it_is_not_proven(trail: Path, module: str) -> None:
    done = run(trail, code=f"sys.modules[{module!r}] = None")
    assert done.returncode == 2
    assert "install the package cryptography" in done.stdout
    assert "PROVEN" not in done.stdout.replace("NOT PROVEN", "")


def test_a_forged_event_is_wrong_with_and_without_signatures(trail: Path) -> None:
    events = trail / "events.jsonl"
    events.write_text(events.read_text().replace('"R10"', '"R99"'))
    assert checked(trail).status == WRONG
    assert check(trail).status == WRONG
    assert run(trail).returncode == 1


def test_an_event_added_after_the_last_checkpoint_is_not_proven(trail: Path) -> None:
    lines = (trail / "events.jsonl").read_text().splitlines()
    new = json.loads(lines[-1]) | {"seq": len(lines) + 1}
    with (trail / "events.jsonl").open("a") as events:
        events.write(json.dumps(new) + "\n")
    found = checked(trail)
    assert (found.status, found.wrong) == (NOT_PROVEN, [])
    assert f"Events {len(lines) + 1} to {len(lines) + 1} came after" in " ".join(found.unproven)


def _cut(lines: list[str]) -> list[str]:
    return lines[:-1]


def _swapped(lines: list[str]) -> list[str]:
    return [*lines[:-2], lines[-1], lines[-2]]


def _nonsense(lines: list[str]) -> list[str]:
    return [*lines, "no event"]


@pytest.mark.parametrize("harm", [_cut, _swapped, _nonsense])
def test_events_cut_off_out_of_order_or_none_are_wrong(trail: Path, harm: Callable[[list[str]], list[str]]) -> None:
    events = trail / "events.jsonl"
    events.write_text("\n".join(harm(events.read_text().splitlines())) + "\n")
    assert checked(trail).status == WRONG


def test_a_last_event_without_its_line_end_is_wrong(trail: Path) -> None:
    events = trail / "events.jsonl"
    events.write_bytes(events.read_bytes()[:-1])
    assert checked(trail).status == WRONG


def _sign(trail: Path, *, into_first_event: bool) -> None:
    """The whole trail signed anew with a key of a forger's."""
    from cpdocs.ledger.checkpoint import new_checkpoint_key, public_bytes, read_checkpoint_key, sign_note, verifier_key

    key = read_checkpoint_key(new_checkpoint_key())
    for path in [*(trail / "checkpoints").iterdir(), trail / "checkpoint.txt"]:
        text = path.read_text("utf-8").rpartition("\n\n")[0] + "\n"
        path.write_text(sign_note(text, "cpdocs", key), "utf-8")
    if into_first_event:
        (trail / "public-key.txt").write_text(verifier_key("cpdocs", public_bytes(key)) + "\n")


def test_checkpoints_signed_by_another_key_are_wrong(trail: Path) -> None:
    _sign(trail, into_first_event=False)
    assert "by another key" in " ".join(checked(trail).wrong)


def test_another_key_than_the_first_event_names_is_wrong(trail: Path) -> None:
    _sign(trail, into_first_event=True)
    assert checked(trail).wrong == ["public-key.txt isn't the key that the first event names."]


def test_a_signature_with_one_bit_changed_is_wrong(trail: Path) -> None:
    path = trail / "checkpoint.txt"
    head, space, encoded = path.read_text("utf-8").strip("\n").rpartition(" ")
    raw = bytearray(base64.b64decode(encoded))
    raw[-1] ^= 1
    path.write_text(f"{head}{space}{base64.b64encode(raw).decode()}\n", "utf-8")
    assert checked(trail).status == WRONG


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("checkpoint.txt", "nothing"),
        ("checkpoints/note.txt", "nothing"),
        ("public-key.txt", "nothing"),
        ("public-key.txt", "cpdocs+00000000+AAAA"),
        ("consistency.json", "nothing"),
        ("consistency.json", '[{"first": 2, "second": 1, "proof": []}]'),
    ],
)
def test_a_part_that_holds_something_else_is_wrong(trail: Path, part: str, text: str) -> None:
    (trail / part).write_text(text)
    assert checked(trail).status == WRONG


def test_a_step_that_doesnt_lead_from_one_tree_to_the_next_is_wrong(trail: Path) -> None:
    path = trail / "consistency.json"
    steps = json.loads(path.read_text())
    assert len(steps) > 1
    for place, step in enumerate(steps):
        for change in ([], [*step["proof"], "00" * 32], ["00" * 32, *step["proof"][1:]]):
            if change == step["proof"]:
                continue
            path.write_text(json.dumps([*steps[:place], step | {"proof": change}, *steps[place + 1 :]]))
            assert checked(trail).wrong == [
                f"consistency.json: the step from {step['first']} to {step['second']} events doesn't hold."
            ]


def test_a_checkpoint_kept_elsewhere_shows_a_trail_that_was_rewritten_and_signed_again(
    trail: Path, tmp_path: Path
) -> None:
    """Whoever has the key can make a trail that holds together; the one kept elsewhere shows another."""
    other = CommandLine(tmp_path / "other")
    other("init", other.root, "--sandbox", workspace=False)
    kept = tmp_path / "kept.txt"
    kept.write_text(other("audit", "checkpoint").out, "utf-8")
    assert checked(trail, kept).status == WRONG
    assert run(trail, kept).returncode == 1
    assert checked(trail, tmp_path / "absent.txt").status == WRONG
