"""Secrets come from files or prompts: never from arguments or the environment, which others on the machine can read."""

from __future__ import annotations

import ast
import getpass
import re
from pathlib import Path

import click
import pytest

from tests.conftest import CommandLine
from tests.flows.conftest import Office
from tests.reference import commands

PRODUCT = Path(__file__).parents[2] / "cpdocs"
SECRET = re.compile(r"pass(word|phrase|code)?|pin\b|secret|private|token|credential-key|identity-file|\bkey\b")
PUBLIC = {("cpdocs verify", "--key")} | {
    (f"cpdocs {command}", "--log-key")
    for command in ("audit cosign", "audit verify", "backup verify", "backup restore")
}
"""Public keys."""


def parameters() -> list[tuple[str, click.Parameter]]:
    return [(name, each) for name, command in commands() for each in command.params]


def test_no_option_takes_a_secret_itself() -> None:
    taking = [
        (name, each)
        for name, each in parameters()
        if any(SECRET.search(word) for word in each.opts) and (name, each.opts[0]) not in PUBLIC
    ]
    assert len(taking) >= 12
    wrong = [
        (name, each.opts)
        for name, each in taking
        if not (isinstance(each.type, click.Path) or getattr(each, "is_flag", False))
    ]
    assert wrong == []


def test_no_option_is_read_from_the_environment() -> None:
    assert [(name, each.opts) for name, each in parameters() if each.envvar] == []
    assert {command.context_settings.get("auto_envvar_prefix") for _, command in commands()} == {None}


def test_the_environment_is_read_in_one_place_and_for_nothing_secret() -> None:
    read = {}
    for path in PRODUCT.rglob("*.py"):
        found = set(re.findall(r"(?:environ(?:\.get)?\W+|getenv\()\"?([A-Z_]+)", path.read_text("utf-8")))
        if found:
            read[path.relative_to(PRODUCT).as_posix()] = found
    assert {name for names in read.values() for name in names} <= {"CPDOCS_WORKSPACE", "CPDOCS_NOW", "PATH"}
    assert {place for place, names in read.items() if names - {"PATH"}} == {"wiring.py"}


NO_SECRETS = {"cli/setup.py"}
"""Where what is asked for is an address, a name or a folder; PINs are asked for where all commands do."""


def test_every_prompt_keeps_what_is_typed_to_itself() -> None:
    asked = []
    for path in PRODUCT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                assert name not in ("input", "raw_input"), path
                if name == "prompt" and path.relative_to(PRODUCT).as_posix() not in NO_SECRETS:
                    hidden = [each.value for each in node.keywords if each.arg == "hide_input"]
                    asked.append(path)
                    assert [each.value for each in hidden if isinstance(each, ast.Constant)] == [True], path
    assert asked


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "crl", "--pin-file", "{open}"),
        ("user", "add", "somebody", "--role", "witness", "--new-pin-file", "{open}", "--pin-file", "{open}"),
    ],
)
def test_a_secret_that_others_can_read_is_warned_about(
    real: CommandLine, tmp_path: Path, words: tuple[str, ...]
) -> None:
    secret = tmp_path / "open"
    secret.write_text("739 114\n", "utf-8")
    secret.chmod(0o644)
    if words[0] == "keys":
        real("user", "add", getpass.getuser(), "--role", "issuer", "--pin-file", secret)
    assert "other accounts on this machine can read" in real(*(word.format(open=secret) for word in words)).err


def test_a_signers_passphrase_file_that_others_can_read_is_warned_about(issued: Office, tmp_path: Path) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse\n", "utf-8")
    secret.chmod(0o600)
    identity = ("--identity", "badge seen", "--by", "Sam Sample", "--passphrase-file", secret)
    issued.cli("keys", "issue", "--npi", issued.sample.npis["pcp1"], *identity, "--out", tmp_path / "pcp.p12")
    secret.chmod(0o640)
    plan = next((issued.cli.root / "outbox" / "plans").rglob(f"{issued.documents['bh']}.pdf"))
    key = ("--key", tmp_path / "pcp.p12", "--passphrase-file", secret)
    told = issued.cli(
        "sign", plan, "--slot", "pcp", *key, "-o", tmp_path / "signed.pdf", now="2026-11-03T15:00:00Z"
    ).err
    assert "other accounts on this machine can read" in told
