"""What is missing or unsafe in a workspace and on this machine, and how to mend it.

Each check is a function from the workspace to its findings; none changes anything. A fault makes ``doctor`` answer no;
a warning is for a person to weigh (reliability.md, "People and keys").
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cpdocs.core.events import EventType
from cpdocs.mailroom.workspace import Workspace

LOW_DISK = 1 * 1024**3
_CLOCK_SLACK = timedelta(minutes=5)
_CRL_WARNING = timedelta(days=7)
_LIST_WARNING = timedelta(days=2)
_EMERGENCY_SHOWN = timedelta(days=30)
_SEAL_WARNING = timedelta(days=60)
_AUTHORITY_WARNING = timedelta(days=400)
"""An authority's certificate should end after everything that it certifies, a year and more from now."""
_LIBRARIES = {
    "pango-1.0": ("libpango-1.0-0", "lays out text"),
    "pangoft2-1.0": ("libpangoft2-1.0-0", "lays out text"),
    "harfbuzz-subset": ("libharfbuzz-subset0", "cuts fonts; without it a letter takes ten times as long"),
}


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Checked:
    """One answer: what was looked at, how it is, in words, and how to mend it."""

    check: str
    level: Level
    message: str
    todo: str = ""


def examine(ws: Workspace) -> list[Checked]:
    """Every check's answers, in the order in which a person would mend them."""
    checks: tuple[Callable[[Workspace], Iterator[Checked]], ...] = (
        _libraries,
        _fonts,
        _confinement,
        _folders,
        _permissions,
        _disk,
        _keys,
        _time_stamps,
        _database,
        _clock,
        _settings,
        _emergencies,
        _backups,
    )
    return [answer for check in checks for answer in check(ws)]


def _libraries(_: Workspace) -> Iterator[Checked]:
    missing = [(package, use) for name, (package, use) in _LIBRARIES.items() if ctypes.util.find_library(name) is None]
    for package, use in missing:
        yield Checked("libraries", Level.FAULT, f"{package} is missing: it {use}.", f"apt-get install {package}")
    if not missing:
        yield Checked("libraries", Level.OK, "Pango and the HarfBuzz subsetter are here.")


def _confinement(_: Workspace) -> Iterator[Checked]:
    from cpdocs.mailroom.apart.confinement import LANDLOCK, SECCOMP, measures

    in_force = measures()
    missing = [name for name in (SECCOMP, LANDLOCK) if name not in in_force]
    if missing:
        kept = "network and other programs" if SECCOMP in missing else "this workspace's files"
        yield Checked(
            "confinement",
            Level.WARNING,
            f"This kernel doesn't let cpdocs use {' or '.join(missing)}: a hostile file's parser isn't kept from {kept}.",
            "Run the watcher as a service without network (systemd: PrivateNetwork=yes), or on a newer kernel.",
        )
    else:
        yield Checked("confinement", Level.OK, "Strangers' files are parsed without network, writing, or sight of this workspace.")


def _fonts(ws: Workspace) -> Iterator[Checked]:
    from cpdocs.documents.fonts import missing_fonts

    missing = missing_fonts(ws.shipped_templates)
    for name, package in missing:
        yield Checked("fonts", Level.FAULT, f"The font {name} is missing.", f"apt-get install {package}")
    if not missing:
        yield Checked("fonts", Level.OK, "Every font that letters and plans use is here.")


def _folders(ws: Workspace) -> Iterator[Checked]:
    paths = ws.paths
    places = {name: path.resolve() for name, path in (("inbox", paths.inbox), ("outbox", paths.outbox), ("state", paths.state))}
    faults = 0
    for name, place in places.items():
        if not place.is_dir():
            faults += 1
            yield Checked("folders", Level.FAULT, f"{name}/ is missing.", f"mkdir {name}/ in the workspace")
        for other, elsewhere in places.items():
            if name != other and place.is_relative_to(elsewhere):
                faults += 1
                yield Checked(
                    "folders", Level.FAULT, f"{name}/ lies inside {other}/.", "Keep the three apart; one must never feed another."
                )
    if paths.inbox.is_dir() and paths.claims.is_dir() and paths.inbox.stat().st_dev != paths.claims.stat().st_dev:
        faults += 1
        yield Checked("folders", Level.WARNING, "inbox/ and state/ are on different disks: claims are copied instead of renamed.")
    if not faults:
        yield Checked("folders", Level.OK, "inbox/, outbox/ and state/ are apart.")


def _permissions(ws: Workspace) -> Iterator[Checked]:
    loose = 0
    for path in (ws.paths.state, *_inside(ws.paths.state)):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077 and not path.is_symlink():
            loose += 1
    if loose:
        yield Checked("permissions", Level.FAULT, f"Others can read {loose} files or folders in state/.", f"chmod -R go= {ws.paths.state}")
    else:
        yield Checked("permissions", Level.OK, "state/ is for its owner alone.")


def _inside(folder: Path) -> Iterator[Path]:
    """The folder's own files and folders, two levels deep: enough to see a loose mode without walking every blob."""
    for child in sorted(folder.iterdir()):
        yield child
        if child.is_dir():
            yield from sorted(child.iterdir())[:1000]


def _disk(ws: Workspace) -> Iterator[Checked]:
    free = shutil.disk_usage(ws.paths.root).free
    if free < LOW_DISK:
        yield Checked("disk", Level.FAULT, f"Only {free // 1024**2} MB are free.", "Make room before the next run.")
    else:
        yield Checked("disk", Level.OK, f"{free // 1024**3} GB are free.")
    if _encrypted(ws.paths.root) is not True and not ws.sandbox:
        yield Checked(
            "encryption",
            Level.WARNING,
            "This disk doesn't show as encrypted.",
            "Member data belongs on an encrypted disk (201 CMR 17.04); if yours is encrypted below the operating system, note it.",
        )


def _encrypted(path: Path) -> bool | None:
    """Whether the file system stands on a dm-crypt device; None where the kernel doesn't tell."""
    device = path.stat().st_dev
    uuid = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/dm/uuid")
    try:
        return uuid.read_text().startswith("CRYPT-")
    except OSError:
        return None


def _keys(ws: Workspace) -> Iterator[Checked]:
    paths = ws.paths
    faults = 0
    for name in paths.missing_keys:
        faults += 1
        yield Checked(
            "keys", Level.FAULT, f"state/keys/{name} is missing.", "Restore it from the backup; nothing can be issued without it."
        )
    for answer in (*_keys_left_behind(ws), *_tokens(ws), *_certificates(ws), *_outside_authorities(ws)):
        faults += answer.level is not Level.OK
        yield answer
    if not faults:
        yield Checked("keys", Level.OK, "The organization's keys are in order.")


def _keys_left_behind(ws: Workspace) -> Iterator[Checked]:
    if ws.sandbox:
        return
    if any(ws.paths.keys.glob("root*.p12")):
        yield Checked(
            "root key",
            Level.FAULT,
            "The root key of your authority is still in state/keys/.",
            "Move root*.p12 and root*.pass to offline media in a safe, then delete them here.",
        )
    if (ws.paths.keys / "issuing.pass").exists():
        yield Checked(
            "issuing key",
            Level.FAULT,
            "The issuing key is not yet protected by an issuer's PIN.",
            "Run `cpdocs keys protect --pin-file FILE` as the person who issues digital IDs.",
        )


def _tokens(ws: Workspace) -> Iterator[Checked]:
    """Keys on tokens: whether each is there, without its PIN, and whether the settings and what is in use agree."""
    from cpdocs.errors import CpdocsError
    from cpdocs.mailroom.keys.rotation import read_certificate_of
    from cpdocs.mailroom.organization_keys import token_place
    from cpdocs.signing.tokens import look_for

    for name in ("root", "issuing", "seal"):
        wanted, used = ws.options.tokens.get(name), token_place(ws.paths, name)
        if wanted != used:
            said = "on another token, or under another label" if wanted and used else "in a file" if wanted else "on a token still"
            yield Checked(
                f"{name} key",
                Level.WARNING,
                f"cpdocs.toml and state/keys/ differ on where the {name} key is: it is {said}.",
                f"Run `cpdocs keys rotate {name}`, or correct [token.{name}].",
            )
        if used is None:
            continue
        try:
            found = look_for(used)
            matches = found == read_certificate_of(ws, name).public_key()
        except CpdocsError as error:
            level = Level.OK if name == "root" else Level.FAULT
            yield Checked(f"{name} key", level, f"{error.message} It holds the {name} key.", error.todo if level is Level.FAULT else "")
            continue
        where = f"{used.key} on the token {used.token}"
        if matches:
            yield Checked(f"{name} key", Level.OK, f"The {name} key is {where}.")
        elif found is None:
            yield Checked(
                f"{name} key", Level.WARNING, f"The token shows no {where} without its PIN.", "See with the token's tools that it is there."
            )
        else:
            yield Checked(
                f"{name} key", Level.FAULT, f"{where} is not the {name} key on record.", "Put the right token in, or correct its labels."
            )


def _certificates(ws: Workspace) -> Iterator[Checked]:
    from cpdocs.errors import CpdocsError
    from cpdocs.mailroom.keys.rotation import read_certificate_of

    now = ws.clock.now()
    for name in ("seal", "issuing", "in-person", "root"):
        try:
            ends = read_certificate_of(ws, name).not_valid_after_utc
        except (OSError, CpdocsError):
            yield Checked(
                "certificates", Level.FAULT, f"The {name} certificate can't be read.", f"Restore state/keys/{name}.crt from the backup."
            )
            continue
        if ends - now < (_SEAL_WARNING if name == "seal" else _AUTHORITY_WARNING):
            level = Level.FAULT if ends < now else Level.WARNING
            todo = f"Run `cpdocs keys rotate {name}` before then: docs/keys.md."
            yield Checked(name, level, f"The {name} certificate ends on {ends:%Y-%m-%d}.", todo)
    yield from _own_lists(ws, now)


def _own_lists(ws: Workspace, now: datetime) -> Iterator[Checked]:
    """The lists that we publish: the current authority's, those of former ones while anything of theirs is alive, the root's."""
    from cpdocs.mailroom.keys.revocations import own_lists

    for each in own_lists(ws):
        todo = "Run `cpdocs keys crl --root` with the root's key at hand." if each.of_root else "Run `cpdocs keys crl`."
        if each.next_update is None:
            yield Checked(
                "revocation list", Level.FAULT, f"state/keys/{each.name} can't be read.", "Restore it from the backup, or " + todo
            )
        elif each.next_update - now < (_SEAL_WARNING if each.of_root else _CRL_WARNING):
            ended = "ended" if each.next_update < now else "ends"
            said = f"The published revocation list {each.name} {ended} on {each.next_update:%Y-%m-%d}."
            yield Checked("revocation list", Level.WARNING, said, todo)


def _outside_authorities(ws: Workspace) -> Iterator[Checked]:
    """Those whose word on revocation is missing, old or about to be, and those whose own certificate ends."""
    from cpdocs.core.authority_records import Binding
    from cpdocs.mailroom.keys.authorities import authority_records

    now = ws.clock.now()
    for each in authority_records(ws.ledger).values():
        if not each.trusted:
            continue
        if each.binding is Binding.TIME:
            if each.not_after - now < _SEAL_WARNING:
                said = f"The time-stamping authority's certificate ends on {each.not_after:%Y-%m-%d}: {each.name}."
                yield Checked("time stamps", Level.WARNING, said, "Record its next one: `cpdocs keys import-ca FILE --vouches-for time`.")
            continue
        if each.answers and not each.lists:
            continue  # asked about each certificate by itself: nothing of its grows old for all
        oldest = min(each.lists.values(), key=lambda found: found.next_update, default=None)
        if oldest is None:
            problem = "There is no list of revoked certificates"
        elif oldest.next_update < now:
            problem = f"Returns are held: the list of revoked certificates is out of date since {oldest.next_update:%Y-%m-%d %H:%M} UTC"
        elif oldest.next_update - now < min(_LIST_WARNING, (oldest.next_update - oldest.this_update) / 4):
            problem = f"The list of revoked certificates is good only until {oldest.next_update:%Y-%m-%d %H:%M} UTC"
        elif each.not_after - now < _SEAL_WARNING:
            problem = f"The certificate ends on {each.not_after:%Y-%m-%d}"
        else:
            continue
        todo = "Fetch its current list and run `cpdocs keys import-crl FILE`; a scheduled job can."
        yield Checked("outside authority", Level.WARNING, f"{problem}: {each.name} ({each.fingerprint[:12]}).", todo)


def _time_stamps(ws: Workspace) -> Iterator[Checked]:
    """Whether the authority that is asked for time stamps is believed, and whose proof needs a new one."""
    from cpdocs.core.authority_records import Binding
    from cpdocs.mailroom.keeping.proofs import proofs
    from cpdocs.mailroom.keys.authorities import authority_records

    believed = any(each.trusted and each.binding is Binding.TIME for each in authority_records(ws.ledger).values())
    if ws.options.tsa_url and not believed:
        yield Checked(
            "time stamps",
            Level.WARNING,
            "An authority for time stamps is set (tsa_url) and none is believed: its stamps prove nothing here.",
            "Record its certificate: `cpdocs keys import-ca FILE --vouches-for time`.",
        )
    found = proofs(ws)
    if found.ended:
        said = f"The time stamps over {found.ended} signed files have ended: nothing can be laid over them any more."
        yield Checked("long-term proof", Level.WARNING, said, "Keep the checkpoints and the ledger: they still show when each came.")
    if found.ending and found.first:
        todo = "Run `cpdocs archive renew`" + ("." if ws.options.tsa_url else " once tsa_url names a time-stamping authority.")
        said = (
            f"The proof of {found.ending} signed files ends within {ws.options.renew_months} months, the first on {found.first:%Y-%m-%d}."
        )
        yield Checked("long-term proof", Level.WARNING, said, todo)
    elif found.files and not found.ended:
        bare = f"; {found.unstamped} carry no time stamp that is believed" if found.unstamped else ""
        yield Checked("long-term proof", Level.OK, f"{found.files} signed files are kept{bare}.")


def _database(ws: Workspace) -> Iterator[Checked]:
    head = ws.ledger.head()
    if head.size == 0:
        yield Checked("ledger", Level.FAULT, "The ledger is empty.", "Restore it from the backup.")
    else:
        yield Checked("ledger", Level.OK, f"The ledger opens and holds {head.size} events; `cpdocs audit verify` proves them.")


def _clock(ws: Workspace) -> Iterator[Checked]:
    """A clock behind the last event would put events out of order and dates on letters in the past."""
    now = ws.clock.true_now()
    last = max(
        (event.recorded_at for event in ws.ledger.events(after=max(0, ws.ledger.head().size - 1))), default=datetime.min.replace(tzinfo=UTC)
    )
    if now + _CLOCK_SLACK < last:
        yield Checked("clock", Level.FAULT, f"This machine's clock is behind the last event by {last - now}.", "Set the clock (NTP).")
    else:
        yield Checked("clock", Level.OK, "The clock is not behind the record.")
    if ws.sandbox:
        yield Checked("sandbox", Level.WARNING, "This is a sandbox: its clock can be fixed and no PIN is asked. No real members here.")


def _settings(ws: Workspace) -> Iterator[Checked]:
    if ws.senders.organization.name == "Example Community Partners" and not ws.sandbox:
        yield Checked(
            "settings", Level.FAULT, "cpdocs.toml still has the example organization.", f"Say who you are in {ws.paths.settings}."
        )
    elif not ws.sandbox and not any(True for _ in ws.ledger.events(types=(EventType.USER_ENROLLED,))):
        yield Checked(
            "people", Level.WARNING, "Nobody is enrolled to review, witness or issue keys.", "cpdocs user add NAME --role reviewer"
        )
    else:
        yield Checked("settings", Level.OK, "cpdocs.toml is read and complete.")


def _backups(ws: Workspace) -> Iterator[Checked]:
    """A backup that is old, was never made, failed, or had to leave damaged files out."""
    from cpdocs.mailroom.keeping.lists import failed_attempt, made_backups

    allowed = timedelta(hours=ws.options.backup_hours)
    made = made_backups(ws.ledger)
    failed = failed_attempt(ws.paths)
    if failed and (not made or failed > made[-1].at):
        yield Checked(
            "backup",
            Level.WARNING,
            f"The backup begun on {failed:%Y-%m-%d at %H:%M} UTC was not finished.",
            "Run `cpdocs backup create` by hand, and mend what it says.",
        )
    elif not made:
        if allowed and not ws.sandbox:
            yield Checked("backup", Level.WARNING, "No backup was ever made.", "Set up `cpdocs backup create`: docs/backup.md.")
    elif allowed and ws.clock.true_now() - made[-1].at > allowed:
        age = ws.clock.true_now() - made[-1].at
        yield Checked(
            "backup", Level.WARNING, f"The last backup is {age.days} days and {age.seconds // 3600} hours old.", "See why it isn't made."
        )
    elif made[-1].damaged:
        yield Checked("backup", Level.WARNING, f"The last backup left {made[-1].damaged} damaged files out.", "Run `cpdocs audit verify`.")
    else:
        yield Checked("backup", Level.OK, f"The last backup was made on {made[-1].at:%Y-%m-%d at %H:%M} UTC.")


def _emergencies(ws: Workspace) -> Iterator[Checked]:
    """Who acted without the role within the last month, until somebody looked and the month is over."""
    from cpdocs.mailroom.access import glasses_broken

    for event in glasses_broken(ws.ledger, ws.clock.true_now() - _EMERGENCY_SHOWN):
        message = f"{event.user} acted without the role of {event.data['role']} on {event.recorded_at:%Y-%m-%d} (event {event.seq})."
        yield Checked("emergency", Level.WARNING, message, "Have a second person look at what was decided: `cpdocs audit show` tells why.")
