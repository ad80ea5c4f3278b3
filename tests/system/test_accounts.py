"""Whom sudo names: only sudo itself is believed."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from cpdocs.system.accounts import account_name, said_by_sudo

ROOT = {"SUDO_USER": "root", "SUDO_UID": "0"}
DAEMON = {"SUDO_USER": "daemon", "SUDO_UID": str(pwd.getpwnam("daemon").pw_uid)}
CALLER = f"Uid:\t{DAEMON['SUDO_UID']}\t0\t0\t0\n"


@pytest.mark.parametrize(
    ("environment", "comm", "uids", "said"),
    [
        (ROOT, "sudo", "Uid:\t0\t0\t0\t0\n", "root"),
        (DAEMON, "sudo", CALLER, "daemon"),
        (ROOT, "sudo", CALLER, ""),
        (DAEMON, "sh", CALLER, ""),
        (DAEMON, "sudo", CALLER.replace("\t0", "\t1"), ""),
        ({"SUDO_USER": "root", "SUDO_UID": DAEMON["SUDO_UID"]}, "sudo", CALLER, ""),
        ({"SUDO_USER": "root"}, "sudo", "Uid:\t0\t0\t0\t0\n", ""),
        ({}, "sudo", "Uid:\t0\t0\t0\t0\n", ""),
        (DAEMON, "sudo", "Gid:\t0\n", ""),
    ],
)
def test_sudo_is_believed_where_it_is_the_parent_and_that_account_started_it(
    tmp_path: Path, environment: dict[str, str], comm: str, uids: str, said: str
) -> None:
    (tmp_path / "comm").write_text(f"{comm}\n")
    (tmp_path / "status").write_text(f"Name:\t{comm}\n{uids}")
    assert said_by_sudo(environment, tmp_path) == said


def test_a_parent_that_is_gone_says_nothing(tmp_path: Path) -> None:
    assert said_by_sudo(ROOT, tmp_path / "gone") == ""


def test_an_account_is_named_by_its_number() -> None:
    assert account_name(os.getuid()) == pwd.getpwuid(os.getuid()).pw_name
    assert account_name(3_999_999_999) == "uid 3999999999"
