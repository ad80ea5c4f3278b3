"""Where a ledger lies: a file of this workspace, or a PostgreSQL database that several machines share.

The database's address stands in cpdocs.toml, which is backed up and read by everybody who works here; so it never holds
a password. How one is proven otherwise: the operating-system user on a socket (peer), a password file (~/.pgpass), a
service file, or a client certificate.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from cpdocs.errors import WorkspaceFault

Place: TypeAlias = "Path | str"
"""A SQLite file's path, or the ``postgresql://`` address of a database."""

_SCHEME = "postgresql"
_SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret"})
_KNOWN = frozenset(
    {
        "host",
        "hostaddr",
        "port",
        "user",
        "dbname",
        "service",
        "passfile",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "sslcrl",
        "target_session_attrs",
        "load_balance_hosts",
        "gssencmode",
        "krbsrvname",
        "channel_binding",
        "require_auth",
    }
)
_PROVEN = ("verify-ca", "verify-full")
_EXAMPLE = "postgresql:///cpdocs, postgresql://db.example.org/cpdocs or postgresql:///?service=cpdocs"


def checked_address(url: str) -> str:
    """``url``, once it is an address that can be kept in cpdocs.toml, with the way in which the connection is secured.

    Over a network the server's certificate is checked (``sslmode=verify-full``, unless ``verify-ca`` is asked for):
    what travels is members' data. Raises WorkspaceFault, whose text never holds the address.
    """
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        secret = parts.password is not None
    except ValueError:
        raise _unusable("it can't be read") from None
    if secret or any(name in _SECRETS for name, _ in query):
        raise WorkspaceFault(
            (
                "[ledger] url in cpdocs.toml holds a password, which this file must not: it is read and backed up "
                "by others."
            ),
            todo=(
                "Take it out and change it; prove yourself by the system's user (peer), ~/.pgpass, a service "
                "file or a certificate."
            ),
        )
    if parts.scheme != _SCHEME or parts.fragment:
        raise _unusable("it doesn't begin with postgresql://")
    unknown = sorted(name for name, _ in query if name not in _KNOWN)
    if unknown:
        raise _unusable(f"it sets {unknown[0][:30]!r}, which can't be set there")
    given = dict(query)
    mode = given.get("sslmode")
    if mode is None:
        return f"{url}{'&' if parts.query else '?'}sslmode={_PROVEN[-1]}"
    if mode not in _PROVEN and not _on_this_machine(parts.netloc, given):
        raise WorkspaceFault(
            (
                f"[ledger] url in cpdocs.toml asks for sslmode={mode[:20]} to another machine: nobody would know "
                "who answers, or who listens."
            ),
            todo="Leave sslmode out (verify-full), or set verify-ca; sslrootcert names the authority's certificate.",
        )
    return url


def _on_this_machine(netloc: str, given: dict[str, str]) -> bool:
    if "service" in given:
        return False
    named = [
        *unquote(netloc.rpartition("@")[2]).split(","),
        *given.get("host", "").split(","),
        *given.get("hostaddr", "").split(","),
    ]
    return all(not host or host.startswith(("/", "@")) or _loopback(host) for host in named)


def _loopback(host: str) -> bool:
    name = (
        host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0] if host.count(":") == 1 else host
    )
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _unusable(why: str) -> WorkspaceFault:
    return WorkspaceFault(f"[ledger] url in cpdocs.toml can't be used: {why}.", todo=f"Write it like {_EXAMPLE}.")
