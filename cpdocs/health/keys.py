"""The organization's keys, certificates and lists, outside authorities, and proof that must last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cpdocs.core.plurals import counted
from cpdocs.health.answers import Checked, Level
from cpdocs.keys.package_key import package_key
from cpdocs.workspace import Workspace

_CRL_WARNING = timedelta(days=7)
_LIST_WARNING = timedelta(days=2)
_SEAL_WARNING = timedelta(days=60)
_AUTHORITY_WARNING = timedelta(days=400)
"""An authority's certificate should end after everything that it certifies, a year and more from now."""


def keys_in_order(ws: Workspace) -> Iterator[Checked]:
    paths = ws.paths
    faults = 0
    for name in paths.missing_keys:
        faults += 1
        yield Checked(
            "keys",
            Level.FAULT,
            f"state/keys/{name} is missing.",
            "Restore it from the backup; nothing can be issued without it.",
        )
    for answer in (*_keys_left_behind(ws), *_tokens(ws), *_certificates(ws), *_outside_authorities(ws)):
        faults += answer.level is not Level.OK
        yield answer
    if not faults:
        yield Checked("keys", Level.OK, "The organization's keys are in order.")
    yield Checked(
        "package key",
        Level.OK,
        f"Packages are signed with the public key {package_key(ws).hex()} (`cpdocs verify PACKAGE --key` takes it).",
    )


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
    from cpdocs.keys.organization_keys import token_place
    from cpdocs.keys.rotation import read_certificate_of
    from cpdocs.signing.tokens import look_for

    for name in ("root", "issuing", "seal"):
        wanted, used = ws.options.tokens.get(name), token_place(ws.paths, name)
        if wanted != used:
            said = (
                "on another token, or under another label"
                if wanted and used
                else "in a file"
                if wanted
                else "on a token still"
            )
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
            yield Checked(
                f"{name} key",
                level,
                f"{error.message} It holds the {name} key.",
                error.todo if level is Level.FAULT else "",
            )
            continue
        where = f"{used.key} on the token {used.token}"
        if matches:
            yield Checked(f"{name} key", Level.OK, f"The {name} key is {where}.")
        elif found is None:
            yield Checked(
                f"{name} key",
                Level.WARNING,
                f"The token shows no {where} without its PIN.",
                "See with the token's tools that it is there.",
            )
        else:
            yield Checked(
                f"{name} key",
                Level.FAULT,
                f"{where} is not the {name} key on record.",
                "Put the right token in, or correct its labels.",
            )


def _certificates(ws: Workspace) -> Iterator[Checked]:
    from cpdocs.errors import CpdocsError
    from cpdocs.keys.rotation import read_certificate_of

    now = ws.clock.now()
    for name in ("seal", "issuing", "in-person", "root"):
        try:
            ends = read_certificate_of(ws, name).not_valid_after_utc
        except (OSError, CpdocsError):
            yield Checked(
                "certificates",
                Level.FAULT,
                f"The {name} certificate can't be read.",
                f"Restore state/keys/{name}.crt from the backup.",
            )
            continue
        if ends - now < (_SEAL_WARNING if name == "seal" else _AUTHORITY_WARNING):
            level = Level.FAULT if ends < now else Level.WARNING
            todo = f"Run `cpdocs keys rotate {name}` before then: docs/keys.md."
            yield Checked(name, level, f"The {name} certificate ends on {ends:%Y-%m-%d}.", todo)
    yield from _own_lists(ws, now)


def _own_lists(ws: Workspace, now: datetime) -> Iterator[Checked]:
    """The lists that we publish: the current authority's, those of former ones while anything of theirs is alive, the
    root's."""
    from cpdocs.keys.revocations import own_lists

    for each in own_lists(ws):
        todo = "Run `cpdocs keys crl --root` with the root's key at hand." if each.of_root else "Run `cpdocs keys crl`."
        if each.next_update is None:
            yield Checked(
                "revocation list",
                Level.FAULT,
                f"state/keys/{each.name} can't be read.",
                "Restore it from the backup, or " + todo,
            )
        elif each.next_update - now < (_SEAL_WARNING if each.of_root else _CRL_WARNING):
            ended = "ended" if each.next_update < now else "ends"
            said = f"The published revocation list {each.name} {ended} on {each.next_update:%Y-%m-%d}."
            yield Checked("revocation list", Level.WARNING, said, todo)


def _outside_authorities(ws: Workspace) -> Iterator[Checked]:
    """Those whose word on revocation is missing, old or about to be, and those whose own certificate ends."""
    from cpdocs.core.authority_records import Binding
    from cpdocs.keys.authorities import authority_records

    now = ws.clock.now()
    for each in authority_records(ws.ledger).values():
        if not each.trusted:
            continue
        if each.binding is Binding.TIME:
            if each.not_after - now < _SEAL_WARNING:
                said = f"The time-stamping authority's certificate ends on {each.not_after:%Y-%m-%d}: {each.name}."
                yield Checked(
                    "time stamps",
                    Level.WARNING,
                    said,
                    "Record its next one: `cpdocs keys import-ca FILE --vouches-for time`.",
                )
            continue
        if each.answers and not each.lists:
            continue  # asked about each certificate by itself: nothing of its grows old for all
        oldest = min(each.lists.values(), key=lambda found: found.next_update, default=None)
        if oldest is None:
            problem = "There is no list of revoked certificates"
        elif oldest.next_update < now:
            problem = (
                "Returns are held: the list of revoked certificates is out of date since "
                f"{oldest.next_update:%Y-%m-%d %H:%M} UTC"
            )
        elif oldest.next_update - now < min(_LIST_WARNING, (oldest.next_update - oldest.this_update) / 4):
            problem = f"The list of revoked certificates is good only until {oldest.next_update:%Y-%m-%d %H:%M} UTC"
        elif each.not_after - now < _SEAL_WARNING:
            problem = f"The certificate ends on {each.not_after:%Y-%m-%d}"
        else:
            continue
        todo = "Fetch its current list and run `cpdocs keys import-crl FILE`; a scheduled job can."
        yield Checked("outside authority", Level.WARNING, f"{problem}: {each.name} ({each.fingerprint[:12]}).", todo)


def time_stamps(ws: Workspace) -> Iterator[Checked]:
    """Whether the authority that is asked for time stamps is believed, and whose proof needs a new one."""
    from cpdocs.core.authority_records import Binding
    from cpdocs.keys.authorities import authority_records
    from cpdocs.retention.expiring import proofs

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
        yield Checked(
            "long-term proof",
            Level.WARNING,
            said,
            "Keep the checkpoints and the ledger: they still show when each came.",
        )
    if found.ending and found.first:
        todo = "Run `cpdocs archive renew`" + (
            "." if ws.options.tsa_url else " once tsa_url names a time-stamping authority."
        )
        said = (
            f"The proof of {counted(found.ending, 'signed file')} ends within {ws.options.renew_months} months, the "
            f"first on {found.first:%Y-%m-%d}."
        )
        yield Checked("long-term proof", Level.WARNING, said, todo)
    elif found.files and not found.ended:
        bare = f"; {found.unstamped} without a time stamp that is believed" if found.unstamped else ""
        yield Checked("long-term proof", Level.OK, f"{counted(found.files, 'signed file')} kept{bare}.")
