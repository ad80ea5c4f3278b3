"""The statement that goes with substance use disorder records (42 CFR 2.32), and what the consent allows (2.31).

The words are fixed by law and kept in one versioned file, ``part2/notice.toml``; nothing here rephrases them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cpdocs.core.plans import Consent
from cpdocs.documents.phrases import Phrases, Said, Value
from cpdocs.errors import InputFault

ASSET = "part2/notice.toml"


@dataclass(frozen=True, slots=True)
class Statement:
    """The statement, paragraph by paragraph, and where it comes from. ``verified``: the day it was compared, or
    empty."""

    version: str
    citation: str
    source: str
    verified: str
    lead: str
    items: tuple[str, ...]
    closing: str


def statement(folders: Sequence[Path]) -> Statement:
    """The statement in the first of ``folders`` that has one. Raises InputFault where the file is missing or
    incomplete."""
    for folder in folders:
        path = folder / ASSET
        if path.is_file():
            try:
                data = tomllib.loads(path.read_text("utf-8"))
                texts = {
                    name: str(data[name]) for name in ("version", "citation", "source", "verified", "lead", "closing")
                }
                return Statement(items=tuple(str(item) for item in data["items"]), **texts)
            except (tomllib.TOMLDecodeError, KeyError, TypeError, UnicodeDecodeError) as fault:
                raise InputFault(
                    f"{ASSET} can't be used: {type(fault).__name__}.", todo="Put back the file that came with cpdocs."
                ) from fault
    raise InputFault(f"There is no {ASSET} in the template folders.", todo="Put back the file that came with cpdocs.")


def consent_rows(consent: Consent, member_name: str, say: Phrases) -> list[tuple[Said, Value]]:
    """What the consent allows, as (heading, text) in the order of 42 CFR 2.31(a); absent parts are left out."""
    rows: list[tuple[Said, Value]] = [
        (say("Patient"), consent.patient or member_name),
        (say("Who may disclose"), consent.discloser),
        (say("What may be disclosed"), consent.scope),
        (say("To whom"), consent.recipients),
        (say("For what purpose"), consent.purpose),
        (say("How it may be revoked"), consent.revocation),
        (say("Signed on"), say.day(consent.signed_on, long=True)),
        (say("Signed by"), consent.signed_by or (consent.patient or member_name if consent.signed_on else "")),
        (say("Ends on"), say.day(consent.expires_on, long=True)),
        (say("Ends when"), consent.expires_when),
        (say("Passing on"), consent.redisclosure),
        (say("If not signed"), consent.refusal),
    ]
    return [row for row in rows if row[1]]
