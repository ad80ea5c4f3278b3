"""The member id that a command is about: read from standard input, never an argument (contract §4)."""

from __future__ import annotations

import sys

import click

from cpdocs.core.ids import is_member_id
from cpdocs.errors import InputFault


def read_member_id() -> str:
    """The member id on standard input: a process's arguments can be seen by everyone on the machine.

    Raises InputFault where it holds none."""
    text = str(click.prompt("Member id", hide_input=True, err=True)) if sys.stdin.isatty() else sys.stdin.readline()
    member_id = "".join(text.split())
    if not is_member_id(member_id):
        raise InputFault(
            "Standard input holds no member id: twelve digits.", todo="Type or pipe the twelve digits, nothing else."
        )
    return member_id
