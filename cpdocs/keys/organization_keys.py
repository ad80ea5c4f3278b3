"""The workspace's own keys: made at ``init``, read when something is sealed, certified or witnessed.

state/keys/  ids.key                                  document ids are derived with it
             root.p12 root.pass root.crt              the root: for removal to a safe place
             issuing.p12 issuing.crt                  certifies clinicians; opens with an issuer's PIN
             issuing.pass                             until `cpdocs keys protect` puts it under that PIN
             in-person.p12 in-person.pass in-person.crt   certifies members' one-time keys
             seal.p12 seal.pass seal.crt              certifies issued plans
             checkpoint.key                           signs the ledger's checkpoints
             crl.der root.crl                         the two authorities' lists of revoked certificates

Where a key is on a token (PKCS#11) there is NAME.token, which says on which and under what label, in place of NAME.p12
and NAME.pass. A root and an issuing key that were followed by another are kept as NAME-<twelve digits of the
fingerprint>.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent
from cpdocs.core.options import TokenPlace
from cpdocs.core.people import user_subject
from cpdocs.errors import InputFault, UsageFault, WorkspaceFault
from cpdocs.system.durable import fsync_folder, make_folder, read_plain, write_durably
from cpdocs.workspace import Paths, Workspace

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads
    from cpdocs.signing.authority import Validity
    from cpdocs.signing.keyfiles import KeyPair, PrivateKey

TokenPin = Callable[[], bytes]
"""Gives the PIN of the tokens that hold keys, when it is needed: from a file or by asking."""

SANDBOX_IDS = sha256(b"cpdocs sandbox ids").digest()
"""A sandbox's ids are the same on every machine, so that a demonstration can be compared with the last one."""

_SANDBOX_BACKDATE = timedelta(days=5 * 365)


@dataclass(frozen=True, slots=True)
class TokenUse:
    """Which keys belong on tokens, and what gives their PIN (None: nobody can be asked)."""

    places: Mapping[str, TokenPlace]
    pin: TokenPin | None = None

    def key_for(self, name: str) -> PrivateKey | None:
        """The key called ``name`` on its token, found there or made there; None where it belongs in a file."""
        from cpdocs.signing.tokens import find_key, make_key

        place = self.places.get(name)
        if place is None:
            return None
        pin = _pin(self.pin, place)
        return find_key(place, pin) or make_key(place, pin)


def create_keys(
    paths: Paths, organization: str, now: datetime, *, sandbox: bool, tokens: TokenUse | None = None
) -> Mapping[str, JSON]:
    """Makes every key that a workspace needs and gives what its first event records: fingerprints and certificates.

    Files that are there already are kept, so that an ``init`` that was killed can be run again. In a sandbox, whose
    clock may be set back, the certificates begin years before ``now``. Keys that ``tokens`` names are made, or found,
    there.

    Raises:
        WorkspaceFault: the disk or a token refuses, or the folder holds part of a set whose root is gone.
        InputFault: a token's PIN is wrong.
    """
    from cpdocs.ledger.checkpoint import load_checkpoint_key, new_checkpoint_key, public_bytes
    from cpdocs.signing import authority
    from cpdocs.signing.keyfiles import certificate_pem, fingerprint

    tokens = tokens or TokenUse({})
    _keep_or_write(paths, "ids.key", lambda: SANDBOX_IDS if sandbox else secrets.token_bytes(32))
    _keep_or_write(paths, "checkpoint.key", new_checkpoint_key)
    backdate = _SANDBOX_BACKDATE if sandbox else authority.SKEW

    def lasting(life: timedelta) -> Validity:
        return authority.Validity.at(now, life, backdate=backdate)

    def ensure(name: str, make: Callable[[PrivateKey | None], KeyPair]) -> KeyPair:
        return _ensure_pair(paths, name, make, tokens)

    root = ensure("root", partial(authority.make_root, organization, lasting(authority.ROOT_LIFE)))
    under_root = {
        "issuing": (authority.make_issuing, authority.AUTHORITY_LIFE),
        "in-person": (authority.make_in_person, authority.AUTHORITY_LIFE),
        "seal": (authority.make_seal, authority.SEAL_LIFE),
    }
    pairs = {"root": root} | {
        name: ensure(name, partial(make, root, organization, lasting(life)))
        for name, (make, life) in under_root.items()
    }
    for name, signer, life in (
        ("root.crl", root, authority.ROOT_CRL_LIFE),
        ("crl.der", pairs["issuing"], authority.CRL_LIFE),
    ):
        _keep_or_write(
            paths, name, partial(authority.make_crl, signer, (), number=1, now=now - backdate, life=life + backdate)
        )
    return {
        "checkpoint_key": public_bytes(load_checkpoint_key(paths.keys / "checkpoint.key")).hex(),
        "certificates": {
            name: {"fingerprint": fingerprint(pair.certificate), "pem": certificate_pem(pair.certificate).decode()}
            for name, pair in pairs.items()
        },
    }


def load_pair(ws: Workspace, name: str, token_pin: TokenPin | None = None) -> KeyPair:
    """The key called ``name`` (``seal``, ``in-person``) whose passphrase lies beside it, or which is on a token.

    Raises:
        WorkspaceFault: a file is missing, or the token can't be reached.
        InputFault: the passphrase or PIN does not open the key, or its certificate is past its dates.
    """
    from cpdocs.signing.keyfiles import check_dates

    pair = read_pair(ws.paths, name, token_pin)
    check_dates(pair, ws.clock.now(), name=f"state/keys/{name}.crt")
    return pair


def load_issuing(ws: Workspace, pin: bytes, token_pin: TokenPin | None = None, *, name: str = "issuing") -> KeyPair:
    """The issuing authority's key, opened with the issuer's ``pin``; before ``keys protect`` with the passphrase of
    ``init``; on a token with the token's. ``name`` is that of a former one, whose dates aren't asked: it still signs
    its list.

    Raises:
        WorkspaceFault: the file is missing, or the token can't be reached.
        InputFault: the PIN does not open it: another issuer's protects it.
    """
    from cpdocs.signing.keyfiles import check_dates, read_pkcs12

    pair = None
    if token_place(ws.paths, name):
        pair = read_pair(ws.paths, name, token_pin)
    elif (ws.paths.keys / f"{name}.pass").exists():
        with suppress(InputFault):  # a `keys protect` that was killed leaves a passphrase that opens nothing any more
            pair = read_pair(ws.paths, name)
    pair = pair or read_pkcs12(_read(ws.paths, f"{name}.p12"), pin, name=f"state/keys/{name}.p12")
    if name == "issuing":
        check_dates(pair, ws.clock.now(), name="state/keys/issuing.crt")
    return pair


def protect_issuing(ws: Workspace, old_pin: bytes, new_pin: bytes, user: str) -> None:
    """Locks the issuing key, and former ones that are kept, with ``new_pin`` of ``user``; each opened with
    ``old_pin`` or, the first time, with the passphrase of ``init``.

    Raises:
        InputFault: ``old_pin`` does not open a key.
        WorkspaceFault: the disk refuses, or the key is on a token.
    """
    from cpdocs.signing.keyfiles import write_pkcs12

    if token_place(ws.paths, "issuing"):
        raise WorkspaceFault(
            "The issuing key is on a token, which has a PIN of its own.", todo="Change it with the token's tools."
        )
    names = [name for name in ("issuing", *former(ws.paths, "issuing")) if (ws.paths.keys / f"{name}.p12").exists()]
    for name, pair in [(name, load_issuing(ws, old_pin, name=name)) for name in names]:
        # The key under its new lock first: a kill in between leaves an old passphrase that opens nothing, and the next
        # run removes it.
        write_durably(
            ws.paths.keys / f"{name}.p12", write_pkcs12(pair, new_pin, friendly_name=f"cpdocs {name}"), overwrite=True
        )
        with suppress(FileNotFoundError):
            (ws.paths.keys / f"{name}.pass").unlink()
    fsync_folder(ws.paths.keys)
    ws.ledger.append(locked_event(user))


def locked_event(user: str) -> NewEvent:
    """The issuing key opens with the PIN of ``user`` from now on."""
    return NewEvent(EventType.ISSUING_KEY_LOCKED, (user_subject(user),), {"user": user})


def issuing_locked_by(source: Reads) -> str:
    """Whose PIN opens the issuing key; empty where none does, or that isn't on record."""
    return max(
        ((event.seq, str(event.data["user"])) for event in source.events(types=(EventType.ISSUING_KEY_LOCKED,))),
        default=(0, ""),
    )[1]


def former(paths: Paths, name: str) -> tuple[str, ...]:
    """The names under which the keys are kept that ``name`` had before."""
    return tuple(sorted(each.stem for each in paths.keys.glob(f"{name}-{'[0-9a-f]' * 12}.crt")))


def token_place(paths: Paths, name: str) -> TokenPlace | None:
    """Where the key called ``name`` is, as recorded when it was put to use there; None where it is in a file.

    Raises WorkspaceFault where that can't be read.
    """
    file = paths.keys / f"{name}.token"
    if not file.exists():
        return None
    try:
        return TokenPlace(**json.loads(read_plain(file)))
    except (OSError, ValueError, TypeError):
        raise WorkspaceFault(f"state/keys/{file.name} is damaged.", todo="Restore it from the backup.") from None


def put_on_token(paths: Paths, name: str, pair: KeyPair, place: TokenPlace) -> None:
    """Records that the key called ``name`` is on a token from now on, with its certificate and those above; the file
    with a key, if there was one, goes."""
    from cpdocs.signing.keyfiles import certificate_pem

    chain = b"".join(certificate_pem(each) for each in (pair.certificate, *pair.chain))
    write_durably(paths.keys / f"{name}.crt", chain, overwrite=True)
    write_durably(paths.keys / f"{name}.token", json.dumps(asdict(place), indent=1).encode() + b"\n", overwrite=True)
    for ending in ("p12", "pass"):
        with suppress(FileNotFoundError):
            (paths.keys / f"{name}.{ending}").unlink()
    fsync_folder(paths.keys)


def read_pair(paths: Paths, name: str, token_pin: TokenPin | None = None) -> KeyPair:
    """The key called ``name``, on a token or with its passphrase beside it, whatever its dates. Raises as ``load_pair``
    does."""
    from cpdocs.signing.keyfiles import read_passphrase, read_pkcs12

    place = token_place(paths, name)
    if place is not None:
        return _on_token(paths, name, place, token_pin)
    passphrase = read_passphrase(_read(paths, f"{name}.pass"), name=f"state/keys/{name}.pass")
    return read_pkcs12(_read(paths, f"{name}.p12"), passphrase, name=f"state/keys/{name}.p12")


def _on_token(paths: Paths, name: str, place: TokenPlace, token_pin: TokenPin | None) -> KeyPair:
    from cpdocs.signing.keyfiles import KeyPair, read_certificates
    from cpdocs.signing.tokens import TokenUnavailable, find_key

    certificate, *chain = read_certificates(_read(paths, f"{name}.crt"), name=f"state/keys/{name}.crt")
    key = find_key(place, _pin(token_pin, place))
    if key is None or key.public_key() != certificate.public_key():
        what = "has no key" if key is None else "has another key labelled"
        raise TokenUnavailable(
            f"The token {place.token} {what} {place.key}.", todo=f"Put in the token with the key of {name}.crt."
        )
    return KeyPair(key, certificate, tuple(chain))


def _pin(token_pin: TokenPin | None, place: TokenPlace) -> bytes:
    if token_pin is None:
        raise UsageFault(
            f"The token {place.token} asks for its PIN.", todo="Give a file that holds it with --token-pin-file."
        )
    return token_pin()


def _ensure_pair(paths: Paths, name: str, make: Callable[[PrivateKey | None], KeyPair], tokens: TokenUse) -> KeyPair:
    from cpdocs.signing.keyfiles import certificate_pem

    certificate = paths.keys / f"{name}.crt"
    if (paths.keys / f"{name}.p12").exists() or ((paths.keys / f"{name}.token").exists() and certificate.exists()):
        pair = read_pair(paths, name, tokens.pin)
    elif certificate.exists() and name not in tokens.places:
        raise WorkspaceFault(
            f"state/keys/ holds {name}.crt without its key: this was a workspace before.",
            todo="Restore state/ from the backup; a new set of keys would disown everything sealed with the old one.",
        )
    else:
        pair = make(tokens.key_for(name))
        if name in tokens.places:
            put_on_token(paths, name, pair, tokens.places[name])
        else:
            write_pair(paths, name, pair)
    if token_place(paths, name) is None:
        write_durably(certificate, certificate_pem(pair.certificate))
    return pair


def write_pair(paths: Paths, name: str, pair: KeyPair) -> None:
    """Writes a key into a file under a passphrase of 256 random bits, which lies beside it; not its certificate."""
    from cpdocs.signing.keyfiles import RANDOM_ROUNDS, write_pkcs12

    passphrase = secrets.token_hex(32).encode()
    # The passphrase first: a kill between the two leaves a passphrase without a key, never a key that nothing opens.
    write_durably(paths.keys / f"{name}.pass", passphrase + b"\n", overwrite=True)
    write_durably(
        paths.keys / f"{name}.p12", write_pkcs12(pair, passphrase, friendly_name=f"cpdocs {name}", rounds=RANDOM_ROUNDS)
    )


def _read(paths: Paths, name: str) -> bytes:
    try:
        return read_plain(paths.keys / name)
    except OSError as error:
        raise WorkspaceFault(
            f"state/keys/{name} can't be read: {(error.strerror or 'unreadable').lower()}.",
            todo="Run `cpdocs doctor`; restore the file from the backup.",
        ) from None


def _keep_or_write(paths: Paths, name: str, make: Callable[[], bytes]) -> None:
    if not (paths.keys / name).exists():
        make_folder(paths.keys)
        write_durably(paths.keys / name, make())
