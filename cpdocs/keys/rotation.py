"""A new key of the organization before the old one ends, or once others may have it (``keys rotate``).

What the old one certified or sealed stays what it was: the ledger keeps every certificate that the organization had for
each of its keys, and a return is judged by all of them. Only the root can certify the others; it is brought back from
its safe for this and taken away again. A former root and a former issuing key are kept, since each signs its own list
of revoked certificates while anything of it is alive; a former seal and a former in-person key have nothing left to do
and are gone.

Where cpdocs.toml puts a key on a token, the new one is made there, or found there under the label that is set.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, WORKSPACE_SUBJECT, EventType, NewEvent
from cpdocs.core.people import Role
from cpdocs.errors import InputFault, WorkspaceFault
from cpdocs.keys.issue import require_said
from cpdocs.keys.organization_keys import (
    TokenUse,
    former,
    locked_event,
    put_on_token,
    read_pair,
    token_place,
    write_pair,
)
from cpdocs.keys.revocations import load_issuers, publish, publish_root_lists
from cpdocs.keys.trust import own_certificates
from cpdocs.people import people
from cpdocs.system.durable import read_plain, write_durably

if TYPE_CHECKING:
    from cryptography import x509

    from cpdocs.signing.keyfiles import KeyPair, PrivateKey
    from cpdocs.workspace import Workspace

ROLES = ("seal", "issuing", "in-person", "root")
SANDBOX_BACKDATE = timedelta(days=365)
_KEPT = frozenset({"issuing", "root"})


@dataclass(frozen=True, slots=True)
class Rotated:
    """The new certificate; ``adopted``: the key is the one in use, on its token from now on. ``cross`` is where the new
    root lies as certified by the old one; ``lists`` the lists of revoked certificates made anew, ``missing`` those that
    couldn't be, and why."""

    certificate: x509.Certificate
    adopted: bool = False
    cross: Path | None = None
    lists: tuple[Path, ...] = ()
    missing: tuple[str, ...] = ()


def rotate(
    ws: Workspace,
    name: str,
    *,
    reason: str,
    by: str,
    secret: people.Secret,
    token_pin: people.Secret | None = None,
    compromised: bool = False,
) -> Rotated:
    """Makes the key called ``name`` (one of ``ROLES``) anew, records it, and puts it in the old one's place.

    ``compromised``: others may have the old one; the root's list says so from now on.

    Raises:
        InputFault: nothing said of why or by whom, a token's key that was in use before, or a wrong PIN.
        WorkspaceFault: the acting account is no issuer, its PIN is wrong, a token can't be reached, or the root's key
        is not here
            or not the ledger's.
    """
    from cpdocs.signing.keyfiles import certificate_pem, fingerprint

    require_said(reason, "--reason", "why the key is changed")
    require_said(by, "--by", "who decided it")
    acting = people.require(ws, Role.ISSUER, secret)
    token_pin = cache(token_pin) if token_pin else None
    before = read_certificate_of(ws, name)
    key = TokenUse(ws.options.tokens, token_pin).key_for(name)
    if key is not None and key.public_key() == before.public_key():
        return _adopt(ws, name, before, key)
    if key is not None and any(_same_key(der, key) for der in own_certificates(ws.ledger).get(name, ())):
        raise InputFault(
            "The key with that label was in use before.",
            todo=f"Name another label under [token.{name}] in cpdocs.toml.",
        )
    root = None if name == "root" else load_root(ws, token_pin)
    old_root = _old_root(ws, token_pin) if name == "root" else None
    pair = _make(ws, name, root, key)
    cross = _cross(old_root, pair) if name == "root" else None
    recorded: dict[str, JSON] = {
        "name": name,
        "fingerprint": fingerprint(pair.certificate),
        "pem": certificate_pem(pair.certificate).decode(),
        "replaces": fingerprint(before),
        "replaces_pem": certificate_pem(before).decode(),
        "compromised": compromised,
        "on_token": key is not None,
        "cross_pem": certificate_pem(cross).decode() if cross else "",
        "reason": reason.strip(),
        "by": by.strip(),
    }
    # On record first: a kill in between leaves a key that nobody has, and the old one in force, never a key that nobody
    # knows.
    ws.ledger.append(NewEvent(EventType.ORGANIZATION_KEY_ROTATED, (WORKSPACE_SUBJECT,), recorded))
    if name in _KEPT:
        _keep_old(ws, name, fingerprint(before)[:12])
    _put(ws, name, pair, acting)
    return _publish(ws, name, pair, acting, token_pin, cross, root or pair, old_root)


def load_root(ws: Workspace, token_pin: people.Secret | None = None) -> KeyPair:
    """The root's key, brought back for this. Raises WorkspaceFault where it isn't here, or isn't the current one on
    record."""
    from cpdocs.signing.keyfiles import certificate_der

    if not (ws.paths.keys / "root.p12").exists() and token_place(ws.paths, "root") is None:
        raise WorkspaceFault(
            "The root's key is not in state/keys/, where it shouldn't be day by day.",
            todo="Bring root.p12 and root.pass back from the safe, run this again, then take them away.",
        )
    root = read_pair(ws.paths, "root", token_pin)
    if certificate_der(root.certificate) != own_certificates(ws.ledger)["root"][-1]:
        raise WorkspaceFault(
            "The root in state/keys/ is not the one on record.",
            todo="Bring back the one that `cpdocs init` made, or the last that followed it.",
        )
    return root


@dataclass(frozen=True, slots=True)
class RootLists:
    """The roots' lists that were made anew, and the former roots whose keys aren't at hand for theirs."""

    files: tuple[Path, ...]
    missing: tuple[str, ...]


def republish_root(ws: Workspace, *, secret: people.Secret, token_pin: people.Secret | None = None) -> RootLists:
    """Makes the list of the root anew, and of every former one whose key is at hand. Raises as ``rotate`` does."""
    people.require(ws, Role.ISSUER, secret)
    roots, missing = [load_root(ws, token_pin)], []
    for name in former(ws.paths, "root"):
        if (ws.paths.keys / f"{name}.p12").exists() or token_place(ws.paths, name):
            roots.append(read_pair(ws.paths, name, token_pin))
        else:
            missing.append(name)
    return RootLists(publish_root_lists(ws, roots), tuple(missing))


def read_certificate_of(ws: Workspace, name: str) -> x509.Certificate:
    """The certificate of the organization's key ``name`` that is in use, by the file beside the key."""
    from cpdocs.signing.keyfiles import read_certificates

    return read_certificates(read_plain(ws.paths.keys / f"{name}.crt"), name=f"state/keys/{name}.crt")[0]


def _make(ws: Workspace, name: str, root: KeyPair | None, key: PrivateKey | None) -> KeyPair:
    from cpdocs.signing import authority

    backdate = SANDBOX_BACKDATE if ws.sandbox else authority.SKEW
    organization = ws.senders.organization.name
    generation = len(own_certificates(ws.ledger).get(name, ())) + 1
    lives = {"seal": authority.SEAL_LIFE, "root": authority.ROOT_LIFE}
    validity = authority.Validity.at(ws.clock.now(), lives.get(name, authority.AUTHORITY_LIFE), backdate=backdate)
    if root is None:
        return authority.make_root(organization, validity, key, generation)
    makers = {"seal": authority.make_seal, "issuing": authority.make_issuing, "in-person": authority.make_in_person}
    return makers[name](root, organization, validity, key, generation)


def _adopt(ws: Workspace, name: str, certificate: x509.Certificate, key: PrivateKey) -> Rotated:
    """The key in use was copied to its token: from now on it is used there, and its file goes. Nobody's trust
    changes."""
    from cpdocs.signing.keyfiles import KeyPair

    place = ws.options.tokens[name]
    if token_place(ws.paths, name) == place:
        raise InputFault(
            f"The token holds the key that is in use, under the label {place.key}.",
            todo=(
                f"To change it, name another label under [token.{name}] in cpdocs.toml first; the old key "
                "stays on the token."
            ),
        )
    chain = () if name == "root" else (read_certificate_of(ws, "root"),)
    put_on_token(ws.paths, name, KeyPair(key, certificate, chain), place)
    return Rotated(certificate, adopted=True)


def _old_root(ws: Workspace, token_pin: people.Secret | None) -> KeyPair | None:
    """The root in use, if its key is at hand: it certifies its successor. A lost one can be followed all the same."""
    with suppress(WorkspaceFault):
        return load_root(ws, token_pin)
    return None


def _cross(old: KeyPair | None, pair: KeyPair) -> x509.Certificate | None:
    from cpdocs.signing.authority import cross_certify

    return cross_certify(old, pair.certificate) if old else None


def _keep_old(ws: Workspace, name: str, mark: str) -> None:
    """Copies the old key's files to the names under which it is kept; they stay until the new one is in its place."""
    keys = ws.paths.keys
    lists = {"issuing": ("crl.der", f"crl-{mark}.der"), "root": ("root.crl", f"root-{mark}.crl")}
    copies = [(f"{name}.{ending}", f"{name}-{mark}.{ending}") for ending in ("crt", "p12", "pass", "token")]
    for source, target in (*copies, lists[name]):
        if (keys / source).exists():
            write_durably(keys / target, read_plain(keys / source), overwrite=True)


def _put(ws: Workspace, name: str, pair: KeyPair, acting: people.Acting) -> None:
    from cpdocs.signing.keyfiles import RANDOM_ROUNDS, certificate_pem, read_passphrase, write_pkcs12

    keys, place = ws.paths.keys, ws.options.tokens.get(name)
    if place is not None:
        put_on_token(ws.paths, name, pair, place)
        return
    if (keys / f"{name}.pass").exists():
        # The passphrase stays, so that one rename changes the key.
        passphrase = read_passphrase(read_plain(keys / f"{name}.pass"), name=f"state/keys/{name}.pass")
        data = write_pkcs12(pair, passphrase, friendly_name=f"cpdocs {name}", rounds=RANDOM_ROUNDS)
        write_durably(keys / f"{name}.p12", data, overwrite=True)
    elif name == "issuing" and acting.pin:
        write_durably(
            keys / f"{name}.p12", write_pkcs12(pair, acting.pin, friendly_name=f"cpdocs {name}"), overwrite=True
        )
        ws.ledger.append(locked_event(acting.user))
    else:
        with suppress(FileNotFoundError):
            (keys / f"{name}.p12").unlink()
        write_pair(ws.paths, name, pair)
    write_durably(keys / f"{name}.crt", certificate_pem(pair.certificate), overwrite=True)
    with suppress(FileNotFoundError):
        (keys / f"{name}.token").unlink()


def _publish(
    ws: Workspace,
    name: str,
    pair: KeyPair,
    acting: people.Acting,
    token_pin: people.Secret | None,
    cross: x509.Certificate | None,
    root: KeyPair,
    old_root: KeyPair | None,
) -> Rotated:
    """The lists that the change calls for, and the new root as the old one certified it."""
    from cpdocs.signing.keyfiles import certificate_pem, fingerprint

    missing: list[str] = []
    lists = []
    if name == "issuing":
        issuers = load_issuers(ws, acting.pin, token_pin)
        with ws.ledger.write() as tx:
            write_files = publish(ws, tx, issuers)
        done = write_files()
        lists.append(done.file)
        missing += [f"{former_name}: {why}" for former_name, why in done.missing.items()]
    lists += publish_root_lists(ws, [root, *([old_root] if old_root else [])])
    if cross is None:
        return Rotated(pair.certificate, lists=tuple(lists), missing=tuple(missing))
    file = ws.paths.outbox / "crl" / f"root-{fingerprint(pair.certificate)[:12]}-cross.crt"
    write_durably(file, certificate_pem(cross), overwrite=True)
    return Rotated(pair.certificate, cross=file, lists=tuple(lists), missing=tuple(missing))


def _same_key(der: bytes, key: PrivateKey) -> bool:
    from cpdocs.signing.trust import load

    certificate = load(der)
    return certificate is not None and certificate.public_key() == key.public_key()
