"""What every use case is handed: where things lie, what time it is, who acts, and the record."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.clock import Clock
from cpdocs.core.options import Options
from cpdocs.core.senders import EXAMPLE_NAME, Senders
from cpdocs.errors import WorkspaceFault
from cpdocs.system.ownership import require_owner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cpdocs.index.store import Index
    from cpdocs.ledger.blobs import BlobStore
    from cpdocs.ledger.events import EventStore
    from cpdocs.ledger.transaction import Transaction


KEY_FILES = ("ids.key", "seal.p12", "checkpoint.key", "issuing.p12", "crl.der")
"""What a workspace can't work without, in its state/keys/; in place of a .p12 a .token says on which token the key
is."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one workspace (contract §2). ``derived_elsewhere``: what is derived isn't kept in it."""

    root: Path
    derived_elsewhere: Path | None = None

    @property
    def settings(self) -> Path:
        return self.root / "cpdocs.toml"

    @property
    def templates(self) -> Path:
        return self.root / "templates"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def letters(self) -> Path:
        return self.outbox / "letters"

    @property
    def plans(self) -> Path:
        return self.outbox / "plans"

    @property
    def notices(self) -> Path:
        return self.outbox / "notices"

    @property
    def ehr(self) -> Path:
        return self.outbox / "ehr"

    @property
    def renewed(self) -> Path:
        """Filed plans that were stamped anew."""
        return self.outbox / "renewed"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def ledger(self) -> Path:
        """The ledger's file; there is none where a database keeps it."""
        return self.state / "ledger.db"

    @property
    def derived(self) -> Path:
        """What is made of the rest, kept to be quick, and made anew where it is missing: no backup holds it."""
        return self.derived_elsewhere or self.state / "derived"

    @property
    def index(self) -> Path:
        """The derived index, on this machine also where a database keeps the ledger."""
        return self.derived / "index.db"

    @property
    def keys(self) -> Path:
        return self.state / "keys"

    @property
    def missing_keys(self) -> tuple[str, ...]:
        """Those of ``KEY_FILES`` that aren't there."""
        found = (self.keys / name for name in KEY_FILES)
        return tuple(
            each.name
            for each in found
            if not (each.is_file() or (each.suffix == ".p12" and each.with_suffix(".token").is_file()))
        )

    @property
    def users(self) -> Path:
        return self.state / "users"

    @property
    def claims(self) -> Path:
        return self.state / "claims"

    @property
    def retained(self) -> Path:
        """Returned files that were taken in, for as long as their writer may not be done."""
        return self.state / "retained"

    def make_folders(self) -> None:
        """Makes the folders that a workspace has and this one lacks. Raises OSError."""
        for folder in (self.root, self.templates, self.inbox, self.letters, self.plans, self.notices, self.ehr):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.state, self.keys, self.users, self.claims):
            folder.mkdir(mode=0o700, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the account of the real user id and the host, recorded with every event.

    ``sudo`` is the account that sudo says it came from, ``person`` whom ``--as`` named: who they are is proven by
    their PIN alone (:mod:`cpdocs.people`).
    """

    user: str
    host: str
    sudo: str = ""
    person: str = ""

    @property
    def claimed(self) -> str:
        """The enrolled name under which somebody acts: the one that ``--as`` gave, else the account's."""
        return self.person or self.user


@dataclass(frozen=True)
class Workspace:
    """One open workspace. ``shipped_templates`` is the folder that came with cpdocs; the site's own files win over it.
    ``settings_text`` is cpdocs.toml as it was read.

    The ledger and the store are opened when first used, so that a command which needs neither doesn't pay for them.
    """

    paths: Paths
    clock: Clock
    actor: Actor
    senders: Senders
    options: Options
    shipped_templates: Path
    sandbox: bool
    settings_text: bytes = b""
    owned: bool = True
    """Whether it belongs to the account that acts; in another's nothing is written."""

    @property
    def ledger_place(self) -> Path | str:
        """The ledger's file, or the address of the database that is set."""
        return self.options.ledger_url or self.paths.ledger

    @cached_property
    def ledger(self) -> EventStore:
        """The record of events."""
        from cpdocs.ledger.events import EventStore

        return EventStore.open(
            self.ledger_place,
            clock=self.clock,
            user=self.actor.user,
            host=self.actor.host,
            sudo=self.actor.sudo,
            foreword=partial(
                _before_writing, text=self.settings_text, strangers=None if self.owned else self.paths.root
            ),
            by_the_clock=True,
        )

    def as_sandbox(self, clock: Clock) -> Workspace:
        """This workspace, whose ledger says that it is a sandbox: ``clock`` may be fixed there, and the ledger goes by
        it. It isn't opened a second time."""
        made = replace(self, clock=clock, sandbox=True)
        self.ledger.goes_by(clock)
        made.__dict__["ledger"] = self.ledger
        return made

    @property
    def consent_form(self) -> Mapping[str, str]:
        """What the organization's consent form to disclose Part 2 records says; a practice form in a sandbox whose
        settings have none."""
        from cpdocs.core.part2_rules import PRACTICE_FORM

        if self.options.consent_form is None:
            return PRACTICE_FORM if self.sandbox else {}
        return self.options.consent_form

    def require_sender(self) -> None:
        """Raises WorkspaceFault while cpdocs.toml has the shipped example's organization: nothing goes out under its
        name (contract §7). A sandbox is for trying things out."""
        if not self.sandbox and self.senders.organization.name == EXAMPLE_NAME:
            raise WorkspaceFault(
                f"cpdocs.toml still has the example organization ({EXAMPLE_NAME}): nothing goes out under its name.",
                todo=f"Say who you are under [organization] in {self.paths.settings}, or run `cpdocs setup`.",
            )

    def close(self) -> None:
        """Lets go of the ledger, if it was opened; the workspace can't be used afterwards."""
        index: Index | None = self.__dict__.get("index")
        if index is not None:
            index.close()
        opened: EventStore | None = self.__dict__.get("ledger")
        if opened is not None:
            opened.close()
        if self.paths.derived_elsewhere is not None:
            shutil.rmtree(self.paths.derived_elsewhere, ignore_errors=True)

    @cached_property
    def index(self) -> Index:
        """Rows about everything that the ledger holds, to look things up in."""
        from cpdocs.index.store import Index

        return Index(self.paths.index, self.ledger)

    @cached_property
    def blobs(self) -> BlobStore:
        """The content-addressed store of every byte that came or went."""
        from cpdocs.ledger.blobs import BlobStore

        return BlobStore(self.paths.state / "store")

    @cached_property
    def id_secret(self) -> bytes:
        """The key with which document ids are derived."""
        return (self.paths.keys / "ids.key").read_bytes()


def _before_writing(tx: Transaction, *, text: bytes, strangers: Path | None) -> None:
    """What comes before whatever a command records: that it may write here at all, and its settings."""
    from cpdocs.ledger.settings_seen import note_settings

    if strangers is not None:
        require_owner(strangers, os.geteuid())
    note_settings(tx, text=text)
