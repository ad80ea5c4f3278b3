"""The workspace's own keys: made at ``init``, read when something is sealed, certified or witnessed.

state/keys/  ids.key                                  document ids are derived with it
             root.p12 root.pass root.crt              the root: for removal to a safe place
             issuing.p12 issuing.crt                  certifies clinicians; opens with an issuer's PIN
             issuing.pass                             until `cpdocs keys protect` puts it under that PIN
             in-person.p12 in-person.pass in-person.crt   certifies members' one-time keys
             seal.p12 seal.pass seal.crt              certifies issued plans
             checkpoint.key                           signs the ledger's checkpoints
             crl.der root.crl                         the two authorities' lists of revoked certificates
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON
from cpdocs.errors import InputFault, WorkspaceFault
from cpdocs.ledger.durable import fsync_folder, make_folder, read_plain, write_durably
from cpdocs.mailroom.workspace import Paths, Workspace

if TYPE_CHECKING:
    from cpdocs.signing.authority import Validity
    from cpdocs.signing.keyfiles import KeyPair

SANDBOX_IDS = sha256(b"cpdocs sandbox ids").digest()
"""A sandbox's ids are the same on every machine, so that a demonstration can be compared with the last one."""

_SANDBOX_BACKDATE = timedelta(days=5 * 365)


def create_keys(paths: Paths, organization: str, now: datetime, *, sandbox: bool) -> Mapping[str, JSON]:
    """Makes every key that a workspace needs and gives what its first event records: fingerprints and certificates.

    Files that are there already are kept, so that an ``init`` that was killed can be run again. In a sandbox, whose
    clock may be set back, the certificates begin years before ``now``.

    Raises:
        WorkspaceFault: the disk refuses, or the folder holds part of a set whose root is gone.
    """
    from cpdocs.ledger.checkpoint import load_checkpoint_key, new_checkpoint_key, public_bytes
    from cpdocs.signing import authority
    from cpdocs.signing.keyfiles import certificate_pem, fingerprint

    _keep_or_write(paths, "ids.key", lambda: SANDBOX_IDS if sandbox else secrets.token_bytes(32))
    _keep_or_write(paths, "checkpoint.key", new_checkpoint_key)
    backdate = _SANDBOX_BACKDATE if sandbox else authority.SKEW

    def lasting(life: timedelta) -> Validity:
        return authority.Validity.at(now, life, backdate=backdate)

    root = _ensure_pair(paths, "root", partial(authority.make_root, organization, lasting(authority.ROOT_LIFE)))
    pairs = {
        "root": root,
        "issuing": _ensure_pair(paths, "issuing", partial(authority.make_issuing, root, organization, lasting(authority.AUTHORITY_LIFE))),
        "in-person": _ensure_pair(
            paths, "in-person", partial(authority.make_in_person, root, organization, lasting(authority.AUTHORITY_LIFE))
        ),
        "seal": _ensure_pair(paths, "seal", partial(authority.make_seal, root, organization, lasting(authority.SEAL_LIFE))),
    }
    for name, signer, life in (("root.crl", root, authority.ROOT_CRL_LIFE), ("crl.der", pairs["issuing"], authority.CRL_LIFE)):
        _keep_or_write(paths, name, partial(authority.make_crl, signer, (), number=1, now=now - backdate, life=life + backdate))
    return {
        "checkpoint_key": public_bytes(load_checkpoint_key(paths.keys / "checkpoint.key")).hex(),
        "certificates": {
            name: {"fingerprint": fingerprint(pair.certificate), "pem": certificate_pem(pair.certificate).decode()}
            for name, pair in pairs.items()
        },
    }


def load_pair(ws: Workspace, name: str) -> KeyPair:
    """The key called ``name`` (``seal``, ``in-person``) whose passphrase lies beside it.

    Raises:
        WorkspaceFault: a file is missing.
        InputFault: the passphrase does not open the key, or its certificate is past its dates.
    """
    from cpdocs.signing.keyfiles import check_dates

    pair = read_pair(ws.paths, name)
    check_dates(pair, ws.clock.now(), name=f"state/keys/{name}.p12")
    return pair


def load_issuing(ws: Workspace, pin: bytes) -> KeyPair:
    """The issuing authority's key, opened with the issuer's ``pin``; before ``keys protect`` with the passphrase of ``init``.

    Raises:
        WorkspaceFault: the file is missing.
        InputFault: the PIN does not open it: another issuer's protects it.
    """
    from cpdocs.signing.keyfiles import check_dates, read_pkcs12

    pair = None
    if (ws.paths.keys / "issuing.pass").exists():
        with suppress(InputFault):  # a `keys protect` that was killed leaves a passphrase that opens nothing any more
            pair = read_pair(ws.paths, "issuing")
    pair = pair or read_pkcs12(_read(ws.paths, "issuing.p12"), pin, name="state/keys/issuing.p12")
    check_dates(pair, ws.clock.now(), name="state/keys/issuing.p12")
    return pair


def protect_issuing(ws: Workspace, old_pin: bytes, new_pin: bytes) -> None:
    """Locks the issuing key with ``new_pin``; it opened with ``old_pin`` or, the first time, with the passphrase of ``init``.

    Raises:
        InputFault: ``old_pin`` does not open the key.
        WorkspaceFault: the disk refuses.
    """
    from cpdocs.signing.keyfiles import write_pkcs12

    pair = load_issuing(ws, old_pin)
    # The key under its new lock first: a kill in between leaves an old passphrase that opens nothing, and the next run removes it.
    write_durably(ws.paths.keys / "issuing.p12", write_pkcs12(pair, new_pin, friendly_name="cpdocs issuing"), overwrite=True)
    with suppress(FileNotFoundError):
        (ws.paths.keys / "issuing.pass").unlink()
    fsync_folder(ws.paths.keys)


def _ensure_pair(paths: Paths, name: str, make: Callable[[], KeyPair]) -> KeyPair:
    from cpdocs.signing.keyfiles import RANDOM_ROUNDS, certificate_pem, write_pkcs12

    if (paths.keys / f"{name}.p12").exists():
        pair = read_pair(paths, name)
    elif (paths.keys / f"{name}.crt").exists():
        raise WorkspaceFault(
            f"state/keys/ holds {name}.crt without its key: this was a workspace before.",
            todo="Restore state/ from the backup; a new set of keys would disown everything sealed with the old one.",
        )
    else:
        pair = make()
        passphrase = secrets.token_hex(32).encode()
        # The passphrase first: a kill between the two leaves a passphrase without a key, never a key that nothing opens.
        write_durably(paths.keys / f"{name}.pass", passphrase + b"\n", overwrite=True)
        write_durably(paths.keys / f"{name}.p12", write_pkcs12(pair, passphrase, friendly_name=f"cpdocs {name}", rounds=RANDOM_ROUNDS))
    write_durably(paths.keys / f"{name}.crt", certificate_pem(pair.certificate))
    return pair


def read_pair(paths: Paths, name: str) -> KeyPair:
    """The key called ``name`` whose passphrase lies beside it, whatever its dates. Raises as ``load_pair`` does."""
    from cpdocs.signing.keyfiles import read_passphrase, read_pkcs12

    passphrase = read_passphrase(_read(paths, f"{name}.pass"), name=f"state/keys/{name}.pass")
    return read_pkcs12(_read(paths, f"{name}.p12"), passphrase, name=f"state/keys/{name}.p12")


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
