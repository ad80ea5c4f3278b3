"""Puts a workspace together: the only place that reads the system's clock, user, host and environment."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cpdocs
from cpdocs import settings
from cpdocs.core.events import EventType, NewEvent
from cpdocs.errors import InputFault, UsageFault, WorkspaceFault
from cpdocs.mailroom.workspace import Actor, Paths, Workspace

SANDBOX_MARK = "sandbox"


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock, or in a sandbox the moment that CPDOCS_NOW fixes."""

    fixed: datetime | None = None

    def now(self) -> datetime:
        return self.fixed or self.true_now()

    def true_now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 the one place


def shipped_templates() -> Path:
    """The templates that came with cpdocs: inside the installed package, or at the root of the repository."""
    package = Path(cpdocs.__file__).parent
    for folder in (package / "_templates", package.parent / "templates"):
        if folder.is_dir():
            return folder
    raise WorkspaceFault("The templates that come with cpdocs are missing.", todo="Install cpdocs again.")


def find_workspace(start: Path | None) -> Path:
    """The workspace to work in: ``start``, else CPDOCS_WORKSPACE, else the nearest cpdocs.toml upwards."""
    named = start or (Path(os.environ["CPDOCS_WORKSPACE"]) if os.environ.get("CPDOCS_WORKSPACE") else None)
    if named is not None:
        if not (named / "cpdocs.toml").is_file():
            raise WorkspaceFault(f"{named} is not a workspace: it has no cpdocs.toml.", todo="Make one with `cpdocs init DIR`.")
        return named.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "cpdocs.toml").is_file():
            return folder
    raise WorkspaceFault(
        "No workspace here: there is no cpdocs.toml in this folder or above it.",
        todo="Make one with `cpdocs init DIR`, or name one with --workspace DIR.",
    )


def open_workspace(start: Path | None = None) -> Workspace:
    """Opens the workspace that :func:`find_workspace` finds.

    Raises:
        WorkspaceFault: none found, settings that can't be used, or one that ``init`` didn't finish.
        UsageFault: CPDOCS_NOW is set outside a sandbox.
    """
    paths = Paths(find_workspace(start))
    try:
        text = paths.settings.read_bytes()
        read = settings.load(text.decode(), str(paths.settings))
    except UnicodeDecodeError:
        raise WorkspaceFault(f"{paths.settings} is not UTF-8 text.", todo="Save it as UTF-8.") from None
    except OSError as error:
        raise WorkspaceFault(f"{paths.settings} can't be read: {error.strerror}.") from None
    if not (paths.state / "ledger.db").is_file():
        raise WorkspaceFault(
            f"{paths.root} has settings but no ledger in state/.",
            todo="Run `cpdocs init` there; if the ledger is lost, restore it from the backup before anything else.",
        )
    plain = _workspace(paths, read, SystemClock(), text, sandbox=False)
    sandbox = _is_sandbox(plain)
    fixed = _fixed_clock(sandbox=sandbox)
    if not sandbox:
        return plain
    return _workspace(paths, read, SystemClock(fixed), text, sandbox=True)


def create_workspace(root: Path, *, sandbox: bool) -> Workspace:
    """Makes a workspace in ``root``: settings, folders, keys, and the ledger with its first event.

    A workspace that is already there is left as it is and refused; one that an earlier ``init`` didn't finish is finished.

    Raises:
        InputFault: ``root`` is already a workspace.
        WorkspaceFault: the folder can't be written.
    """
    from cpdocs.ledger.blobs import write_durably
    from cpdocs.ledger.events import EventStore
    from cpdocs.mailroom.keys import create_keys
    from cpdocs.mailroom.settings_seen import settings_event

    paths = Paths(root.resolve())
    if (paths.state / "ledger.db").exists():
        raise InputFault(f"{paths.root} is already a workspace.", todo="Use it as it is; nothing was changed.")
    clock = SystemClock(_fixed_clock(sandbox=sandbox))
    try:
        for folder in (paths.root, paths.templates, paths.inbox, paths.letters, paths.plans, paths.notices, paths.ehr):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (paths.state, paths.keys, paths.users, paths.claims):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not paths.settings.exists():
            write_durably(paths.settings, settings.default_text().encode())
    except OSError as error:
        raise WorkspaceFault(f"{paths.root} can't be made a workspace: {error.strerror}.") from None
    text = paths.settings.read_bytes()
    read = settings.load(text.decode(), str(paths.settings))
    workspace = _workspace(paths, read, clock, text, sandbox=sandbox)
    keys = create_keys(paths, read.senders.organization.name, clock.now(), sandbox=sandbox)
    begin = NewEvent(EventType.WORKSPACE_CREATED, ("workspace:",), {SANDBOX_MARK: sandbox, "version": cpdocs.__version__, **keys})
    seen = settings_event(text)
    EventStore.create(paths.state / "ledger.db", begin, seen, clock=clock, user=workspace.actor.user, host=workspace.actor.host).close()
    return workspace


def _workspace(paths: Paths, read: settings.Settings, clock: SystemClock, text: bytes, *, sandbox: bool) -> Workspace:
    return Workspace(
        paths=paths,
        clock=clock,
        actor=Actor(getpass.getuser(), socket.gethostname()),
        senders=read.senders,
        options=read.options,
        shipped_templates=shipped_templates(),
        sandbox=sandbox,
        settings_text=text,
    )


def _is_sandbox(workspace: Workspace) -> bool:
    """What the ledger's first event says: no setting can make a sandbox of a workspace that holds real members."""
    for event in workspace.ledger.events(types=(EventType.WORKSPACE_CREATED,)):
        return event.data.get(SANDBOX_MARK) is True
    raise WorkspaceFault(
        f"The ledger of {workspace.paths.root} has no beginning.", todo="Run `cpdocs audit verify`, and restore it from the backup."
    )


def _fixed_clock(*, sandbox: bool) -> datetime | None:
    text = os.environ.get("CPDOCS_NOW")
    if not text:
        return None
    if not sandbox:
        raise UsageFault(
            "CPDOCS_NOW is set, and this workspace is not a sandbox.",
            todo="Unset it; a fixed clock is only for workspaces made with `cpdocs init --sandbox`.",
        )
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageFault(f"CPDOCS_NOW is {text!r}, which is no ISO 8601 time.", todo="Write it like 2026-11-02T15:00:00Z.") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
