"""What every command that makes a digital ID asks for, and how it shows what it made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cpdocs.cli.secrets import FILE, PIN_FILE, TOKEN_PIN_FILE, pin_from, secret_file, token_pin_from
from cpdocs.errors import UsageFault

if TYPE_CHECKING:
    from cpdocs.core.key_records import KeyRecord
    from cpdocs.people.people import Secret
    from cpdocs.workspace import Workspace

_OPTIONS = (
    click.option("--csr", type=FILE, help="The office's own certificate request: then we never hold the key."),
    click.option("--out", type=FILE, required=True, help="The new file: a certificate with --csr, else a .p12."),
    click.option(
        "--passphrase-file",
        type=FILE,
        help="What locks the .p12, on the first line of a file; give it to the clinician separately.",
    ),
    PIN_FILE,
    TOKEN_PIN_FILE,
)


@dataclass(frozen=True, slots=True)
class NewKey:
    """Where a new digital ID goes, whose key it certifies (``request``, else one made here under ``passphrase``), and
    the PINs."""

    out: Path
    request: bytes | None
    passphrase: bytes
    pin: Secret
    token_pin: Secret


def asks_for_new_key(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options to ``command``, which gets what they say as ``new_key``. Exactly one of request and passphrase
    is given."""

    @wraps(command)
    def wrapper(
        *args: Any,
        csr: Path | None,
        out: Path,
        passphrase_file: Path | None,
        pin_file: Path | None,
        token_pin_file: Path | None,
        **others: Any,
    ) -> None:
        from cpdocs.plans.signing import read_input

        ctx = click.get_current_context()
        if csr is None and passphrase_file is None:
            raise UsageFault(
                "Give --csr FILE, or --passphrase-file FILE for a key made here.",
                todo="A request from the office is better.",
            )
        if csr is not None and passphrase_file is not None:
            raise UsageFault("With --csr there is no key to lock.", todo="Leave --passphrase-file out.")
        new_key = NewKey(
            out,
            read_input(csr, "a certificate request") if csr else None,
            secret_file(ctx, passphrase_file) if passphrase_file else b"",
            pin_from(ctx, pin_file),
            token_pin_from(ctx, token_pin_file),
        )
        command(*args, new_key=new_key, **others)

    return reduce(lambda made, option: option(made), reversed(_OPTIONS), wrapper)


def key_row(ws: Workspace, record: KeyRecord) -> dict[str, str]:
    """The contract's object for one digital ID (§4)."""
    return {
        "serial": record.serial,
        "npi": record.npi,
        "name": record.name,
        "credential": record.credential,
        "not_after": record.not_after.isoformat(),
        "status": record.status(ws.clock.now()).value,
    }


def made_row(ws: Workspace, record: KeyRecord, new_key: NewKey) -> dict[str, str]:
    """The same for one that was just made, with what only its maker is told."""
    return {
        **key_row(ws, record),
        "fingerprint": record.fingerprint,
        "file": str(new_key.out.resolve()),
        "custody": record.custody,
    }
