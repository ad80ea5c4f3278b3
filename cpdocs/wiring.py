"""Puts a workspace together: the only place that reads the system's clock, user, host and environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cpdocs
from cpdocs import settings_cache
from cpdocs.core.events import EventType, NewEvent
from cpdocs.errors import InputFault, NoWorkspace, UsageFault, WorkspaceFault
from cpdocs.system.accounts import account_name, said_by_sudo
from cpdocs.system.ownership import require_own, require_owner
from cpdocs.workspace import Actor, Paths, Workspace

if TYPE_CHECKING:
    from cpdocs.core.options import Options
    from cpdocs.core.senders import Senders
    from cpdocs.ledger.events import EventStore
    from cpdocs.trail.ledger_move import Moved

SANDBOX_MARK = "sandbox"


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock, or in a sandbox the moment that CPDOCS_NOW fixes."""

    fixed: datetime | None = None

    def now(self) -> datetime:
        return self.fixed or self.true_now()

    def true_now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 the one place


def acting_account() -> Actor:
    """The account of the real user id on this host, and what sudo says beside it; never LOGNAME or USER."""
    return Actor(account_name(os.getuid()), os.uname().nodename, said_by_sudo(os.environ))


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
            raise WorkspaceFault(
                f"{named} is not a workspace: it has no cpdocs.toml.", todo="Make one with `cpdocs init DIR`."
            )
        return named.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "cpdocs.toml").is_file():
            return folder.resolve()
    raise NoWorkspace(
        "No workspace here: there is no cpdocs.toml in this folder or above it.",
        todo="Make one with `cpdocs init DIR`, or name one with --workspace DIR.",
    )


def find_own(start: Path | None) -> tuple[Path, bool]:
    """The workspace that ``find_workspace`` finds, and whether it is the acting account's own.

    Raises WorkspaceFault for another's, unless a setting of the account's own names it.
    """
    root = find_workspace(start)
    return root, require_own(root, os.geteuid())


def open_workspace(start: Path | None = None, *, person: str = "") -> Workspace:
    """Opens the workspace that :func:`find_workspace` finds; ``person`` is who acts, where somebody said so.

    Raises:
        WorkspaceFault: none found, settings that can't be used, one that ``init`` didn't finish, or one with two
        ledgers. UsageFault: CPDOCS_NOW is set outside a sandbox.
    """
    root, owned = find_own(start)
    paths = Paths(root, None if owned else _elsewhere())
    try:
        text = paths.settings.read_bytes()
        senders, options = settings_cache.load(text.decode(), str(paths.settings), paths.derived)
    except UnicodeDecodeError:
        raise WorkspaceFault(f"{paths.settings} is not UTF-8 text.", todo="Save it as UTF-8.") from None
    except OSError as error:
        raise WorkspaceFault(f"{paths.settings} can't be read: {error.strerror}.") from None
    if options.ledger_url:
        _refuse_two_ledgers(paths)
    elif not paths.ledger.is_file():
        raise WorkspaceFault(
            f"{paths.root} has settings but no ledger in state/.",
            todo="Run `cpdocs init` there; if the ledger is lost, restore it from the backup before anything else.",
        )
    plain = _workspace(paths, senders, options, SystemClock(), text, sandbox=False, person=person, owned=owned)
    sandbox = _is_sandbox(plain)
    fixed = _fixed_clock(sandbox=sandbox)
    return plain.as_sandbox(SystemClock(fixed)) if sandbox else plain


def _elsewhere() -> Path:
    """A new folder for what is derived from another's workspace."""
    import tempfile

    return Path(tempfile.mkdtemp(prefix="cpdocs-"))


def create_workspace(root: Path, *, sandbox: bool, token_pin: Callable[[], bytes] | None = None) -> Workspace:
    """Makes a workspace in ``root``: settings, folders, keys, and the ledger with its first event.

    A workspace that is already there is left as it is and refused; one that an earlier ``init`` didn't finish is
    finished. Where settings that lie there already name tokens, the keys are made or found on those; ``token_pin``
    gives their PIN.

    Raises:
        InputFault: ``root`` is already a workspace.
        WorkspaceFault: the folder can't be written.
    """
    from cpdocs import settings
    from cpdocs.keys.organization_keys import TokenUse, create_keys
    from cpdocs.ledger.backends import backend_of
    from cpdocs.ledger.blobs import write_durably
    from cpdocs.ledger.events import EventStore
    from cpdocs.ledger.settings_seen import settings_event

    paths = Paths(root.resolve())
    if paths.root.exists():
        require_owner(paths.root, os.geteuid())
    if paths.ledger.exists():
        raise InputFault(f"{paths.root} is already a workspace.", todo="Use it as it is; nothing was changed.")
    clock = SystemClock(_fixed_clock(sandbox=sandbox))
    try:
        paths.make_folders()
        if not paths.settings.exists():
            write_durably(paths.settings, settings.default_text().encode())
    except OSError as error:
        raise WorkspaceFault(f"{paths.root} can't be made a workspace: {error.strerror}.") from None
    text = paths.settings.read_bytes()
    read = settings.load(text.decode(), str(paths.settings))
    workspace = _workspace(paths, read.senders, read.options, clock, text, sandbox=sandbox)
    if read.options.ledger_url and backend_of(read.options.ledger_url).there():
        raise InputFault(
            f"The database that {paths.settings} names holds a ledger already.",
            todo="Use it as it is; nothing was changed.",
        )
    tokens = TokenUse(read.options.tokens, token_pin)
    keys = create_keys(paths, read.senders.organization.name, clock.now(), sandbox=sandbox, tokens=tokens)
    begin = NewEvent(
        EventType.WORKSPACE_CREATED, ("workspace:",), {SANDBOX_MARK: sandbox, "version": cpdocs.__version__, **keys}
    )
    seen = settings_event(text)
    EventStore.create(
        workspace.ledger_place,
        begin,
        seen,
        clock=clock,
        user=workspace.actor.user,
        host=workspace.actor.host,
        sudo=workspace.actor.sudo,
    ).close()
    return workspace


def ledger_place(paths: Paths) -> Path | str:
    """Where the ledger is, for an audit, which looks also where a workspace can't be opened.

    Raises WorkspaceFault where the settings can't be read and there is no file that could be meant.
    """
    from cpdocs import settings

    try:
        url = settings.load(paths.settings.read_text("utf-8"), str(paths.settings)).options.ledger_url
    except (WorkspaceFault, OSError, UnicodeDecodeError):
        if paths.ledger.is_file():
            return paths.ledger
        raise
    if url:
        _refuse_two_ledgers(paths)
    return url or paths.ledger


def move_ledger(start: Path | None, url: str) -> Moved:
    """Moves the workspace's ledger from its file into the database at ``url``, then says so in cpdocs.toml.

    Raises what :func:`cpdocs.trail.ledger_move.move` raises, UsageFault where a database keeps the ledger already.
    """
    from cpdocs import settings, settings_edit
    from cpdocs.ledger.blobs import write_durably
    from cpdocs.trail.ledger_move import move

    root, _ = find_own(start)
    require_owner(root, os.geteuid())
    paths = Paths(root)
    text = paths.settings.read_text("utf-8")
    now = settings.load(text, str(paths.settings)).options.ledger_url
    if now and (now != url or not paths.ledger.exists()):
        raise UsageFault(
            "A database keeps the ledger of this workspace already.", todo="docs/ledger.md tells how to go from there."
        )
    changed = settings_edit.with_ledger_url(text, url)
    return move(paths, url, lambda: write_durably(paths.settings, changed.encode(), overwrite=True))


def open_restored(root: Path, *, sandbox: bool) -> EventStore:
    """The ledger of a workspace that was made of a backup: the file that came with it, whatever its settings named,
    which then name it no more. Nothing else of what was restored is opened or used."""
    from cpdocs import settings, settings_edit
    from cpdocs.ledger.blobs import write_durably
    from cpdocs.ledger.events import EventStore

    paths = Paths(root)
    text = paths.settings.read_text("utf-8")
    if settings.load(text, str(paths.settings)).options.ledger_url:
        write_durably(paths.settings, settings_edit.with_ledger_url(text, "").encode(), overwrite=True)
    clock = SystemClock(_fixed_clock(sandbox=sandbox))
    actor = acting_account()
    return EventStore.open(paths.ledger, clock=clock, user=actor.user, host=actor.host, sudo=actor.sudo)


def _refuse_two_ledgers(paths: Paths) -> None:
    if paths.ledger.exists():
        raise WorkspaceFault(
            (
                f"{paths.settings} names a database, and there is a ledger in state/ as well: nobody can say which "
                "one holds."
            ),
            todo="After a move that was interrupted, run `cpdocs audit move` again; after a restore, take "
            "[ledger] url out, "
            "and move to a new database when you are sure.",
        )


def _workspace(
    paths: Paths,
    senders: Senders,
    options: Options,
    clock: SystemClock,
    text: bytes,
    *,
    sandbox: bool,
    person: str = "",
    owned: bool = True,
) -> Workspace:
    return Workspace(
        paths=paths,
        clock=clock,
        actor=replace(acting_account(), person=person),
        senders=senders,
        options=options,
        shipped_templates=shipped_templates(),
        sandbox=sandbox,
        settings_text=text,
        owned=owned,
    )


def _is_sandbox(workspace: Workspace) -> bool:
    """What the ledger's first event says: no setting can make a sandbox of a workspace that holds real members."""
    for event in workspace.ledger.events(types=(EventType.WORKSPACE_CREATED,)):
        return event.data.get(SANDBOX_MARK) is True
    raise WorkspaceFault(
        f"The ledger of {workspace.paths.root} has no beginning.",
        todo="Run `cpdocs audit verify`, and restore it from the backup.",
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
        raise UsageFault(
            f"CPDOCS_NOW is {text!r}, which is no ISO 8601 time.", todo="Write it like 2026-11-02T15:00:00Z."
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
