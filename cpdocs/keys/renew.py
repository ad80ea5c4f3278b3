"""A digital ID's successor, for the same person, before it ends: both are good until then, so nothing in flight
breaks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.key_records import KeyRecord
from cpdocs.core.people import Role
from cpdocs.errors import InputFault
from cpdocs.keys.issue import issue, key_records, require_said
from cpdocs.people import people

if TYPE_CHECKING:
    from cpdocs.workspace import Workspace


def renew(
    ws: Workspace,
    serial: str,
    *,
    by: str,
    out: Path,
    pin: people.Secret,
    token_pin: people.Secret | None = None,
    request: bytes | None = None,
    passphrase: bytes = b"",
) -> tuple[KeyRecord, KeyRecord]:
    """Issues another digital ID to the holder of ``serial``, as ``issue`` does, and gives the old one and the new.

    Who they are was established for the old one and holds on, as long as that is good; the ledger says so of the new
    one.

    Raises:
        InputFault: no such ID of ours, one that has ended or was taken back, and what ``issue`` refuses.
        WorkspaceFault: the acting account is no issuer, or its PIN is wrong.
    """
    require_said(by, "--by", "who vouches that it is still the same person")
    once = cache(pin)  # asked for here and by issue: a person types it once
    people.require(ws, Role.ISSUER, once)
    wanted = serial.strip().lower().replace(":", "").removeprefix("0x").lstrip("0")
    old = next((each for each in key_records(ws.ledger).values() if each.serial == wanted and not each.pinned), None)
    if old is None:
        raise InputFault(
            "No digital ID that was issued here has that serial number.",
            todo="See them with `cpdocs keys list`; the successor of a pinned certificate is pinned like the first.",
        )
    if old.revoked_at is not None or ws.clock.now() > old.not_after:
        ended = f"was revoked on {old.revoked_at:%Y-%m-%d}" if old.revoked_at else f"ended on {old.not_after:%Y-%m-%d}"
        raise InputFault(
            f"{old.serial} {ended}: there is nothing left to renew.",
            todo="Establish anew who the clinician is, then run `cpdocs keys issue`.",
        )
    how = f"renewal of {old.serial}, for which: {old.identity.removeprefix('renewal of ')}"
    return old, issue(
        ws, old.npi, identity=how, by=by, out=out, pin=once, token_pin=token_pin, request=request, passphrase=passphrase
    )
