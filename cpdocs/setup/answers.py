"""What ``cpdocs setup`` is told, by questions or in a file (``--answers``, TOML).

    [organization]            any of the keys of cpdocs.toml's table
    [[person]]                name, full_name, roles, pin_file (else the PIN is asked for)
    [backup]                  recipients (age public keys), folder
    [root_key]                carry_to: a folder on media that go into the safe
    [service]                 account, staff_group, checkpoints, units, program: only root can do these

Every table may be left out; what is left out stays as it is, and is named as left to do.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cpdocs.errors import InputFault, Problem

RoleName = Literal["administrator", "reviewer", "issuer", "witness", "registrar"]
Account = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,30}$")]
Folder = Annotated[str, Field(pattern=r"^/[^\x00-\x1f\x7f\"'\\%$ ]*$", max_length=400)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Person(_Table):
    """Somebody to be enrolled."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    full_name: str = ""
    roles: Annotated[list[RoleName], Field(min_length=1)]
    pin_file: str = ""


class Backups(_Table):
    """Whom backups are encrypted to, and the folder on another disk where they go."""

    recipients: Annotated[list[str], Field(min_length=1)]
    folder: Folder


class RootKey(_Table):
    """Where the root key is carried."""

    carry_to: Folder


class Service(_Table):
    """The account that owns the workspace, the group whose members may run cpdocs as it, and the systemd units."""

    account: Account = "cpdocs"
    staff_group: Account | Literal[""] = ""
    checkpoints: Folder = "/mnt/compliance"
    units: Folder = "/etc/systemd/system"
    sudoers: Folder = "/etc/sudoers.d"
    program: Folder = "/opt/cpdocs/bin/cpdocs"


class Answers(_Table):
    """All that was answered; empty parts stay as they are."""

    organization: dict[str, str] = Field(default_factory=dict)
    person: list[Person] = Field(default_factory=list)
    backup: Backups | None = None
    root_key: RootKey | None = None
    service: Service | None = None


def read_answers(data: bytes, name: str) -> Answers:
    """The answers in a file. Raises InputFault with every fault at once."""
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputFault(f"{name} is no TOML: {error}.", todo="Mend it and run setup again.") from None
    return checked(values, name)


def checked(values: dict[str, Any], name: str) -> Answers:
    """The answers, once all fit. Raises InputFault with every fault at once."""
    try:
        return Answers.model_validate(values)
    except ValidationError as error:
        problems = [Problem("answer_invalid", each["msg"], ".".join(map(str, each["loc"]))) for each in error.errors()]
        raise InputFault(
            f"{name} has answers that can't be used; nothing was done.", problems=problems, todo="Mend them."
        ) from None


def secret_path(person: Person, beside: Path | None) -> Path | None:
    """The person's PIN file; a relative one lies beside the answers."""
    if not person.pin_file:
        return None
    return (beside / person.pin_file) if beside else Path(person.pin_file)
