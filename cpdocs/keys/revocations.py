"""The lists of revoked certificates, made from the ledger and put where others can fetch them.

For our own verdicts the ledger is the source; the lists are for everybody else (signing.md, check 9). Each issuing
authority signs a list of its own: one that was followed by another goes on doing so while anything that it certified is
within its dates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent
from cpdocs.core.key_records import CRL_SUBJECT, KEY_EVENTS, KeyRecord, fold_keys
from cpdocs.errors import CpdocsError, WorkspaceFault
from cpdocs.keys.organization_keys import TokenPin, former, load_issuing
from cpdocs.keys.trust import own_certificates
from cpdocs.system.durable import read_plain, write_durably

if TYPE_CHECKING:
    from cryptography import x509

    from cpdocs.ledger.reads import Reads
    from cpdocs.ledger.transaction import Transaction
    from cpdocs.signing.keyfiles import KeyPair
    from cpdocs.workspace import Workspace

FILE_NAME = "issuing.crl"


@dataclass(frozen=True, slots=True)
class Issuers:
    """The issuing authorities whose keys could be used: the current one first, then former ones of which something is
    alive. ``missing`` names the others of these, with what kept their keys from use."""

    pairs: tuple[KeyPair, ...]
    missing: Mapping[str, str]

    @property
    def current(self) -> KeyPair:
        return self.pairs[0]


@dataclass(frozen=True, slots=True)
class Published:
    """Where the current authority's list lies, and which former one's could not be made anew, and why."""

    file: Path
    missing: Mapping[str, str]


def load_issuers(ws: Workspace, pin: bytes, token_pin: TokenPin | None = None) -> Issuers:
    """Every issuing authority that must publish lists. Raises what ``load_issuing`` does for the current one."""
    current = load_issuing(ws, pin, token_pin)
    pairs, missing = [current], {}
    for name in former(ws.paths, "issuing"):
        if not _is_alive(ws, name):
            continue
        try:
            pairs.append(load_issuing(ws, pin, token_pin, name=name))
        except CpdocsError as error:
            missing[name] = error.message
    return Issuers(tuple(pairs), missing)


def publish(ws: Workspace, tx: Transaction, issuers: Issuers) -> Callable[[], Published]:
    """Makes the lists as the ledger has it inside ``tx`` and records them. What is given writes them once ``tx`` is
    durable.

    The files are state/keys/crl.der and outbox/crl/issuing.crl (given back); of a former authority state/keys/crl-….der
    and outbox/crl/issuing-….crl. DER all.
    """
    from cpdocs.signing.authority import CRL_LIFE, Revocation, make_crl
    from cpdocs.signing.keyfiles import fingerprint

    now = ws.clock.now()
    revoked = [
        key for key in fold_keys(tx.events(types=KEY_EVENTS)).values() if key.revoked_at is not None and not key.pinned
    ]
    number = max((int(event.data["number"]) for event in tx.events(types=(EventType.CRL_PUBLISHED,))), default=1)
    made: list[tuple[str, bytes]] = []
    for pair in issuers.pairs:
        number += 1
        entries = [
            Revocation(int(key.serial, 16), key.revoked_at, key.reason)
            for key in revoked
            if key.revoked_at and issued_under(key, pair.certificate)
        ]
        crl = make_crl(pair, entries, number=number, now=now)
        mark = fingerprint(pair.certificate)
        data: dict[str, JSON] = {
            "authority": mark,
            "number": number,
            "sha256": sha256(crl).hexdigest(),
            "this_update": now.isoformat(),
            "next_update": (now + CRL_LIFE).isoformat(),
            "revoked": len(entries),
        }
        ws.blobs.put(crl)
        tx.append(NewEvent(EventType.CRL_PUBLISHED, (CRL_SUBJECT,), data))
        made.append(("" if pair is issuers.current else f"-{mark[:12]}", crl))

    def write() -> Published:
        for ending, crl in made:
            write_durably(ws.paths.keys / f"crl{ending}.der", crl, overwrite=True)
            write_durably(ws.paths.outbox / "crl" / f"issuing{ending}.crl", crl, overwrite=True)
        return Published(ws.paths.outbox / "crl" / FILE_NAME, issuers.missing)

    return write


def issued_under(key: KeyRecord, authority: x509.Certificate) -> bool:
    """Whether ``authority`` certified the digital ID: as recorded, or, where that wasn't recorded yet, by its
    signature."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    from cpdocs.signing.keyfiles import fingerprint

    if key.authority:
        return key.authority == fingerprint(authority)
    with suppress(ValueError, TypeError, InvalidSignature):
        x509.load_pem_x509_certificate(key.pem.encode()).verify_directly_issued_by(authority)
        return True
    return False


def published_lists(ws: Workspace) -> tuple[bytes, ...]:
    """Each issuing authority's list as last published, DER: the bytes that the ledger names, or before the first the
    one of ``init``."""
    latest: dict[str, str] = {}
    for event in ws.ledger.events(types=(EventType.CRL_PUBLISHED,)):
        latest[event.data.get("authority", "")] = event.data["sha256"]
    if len(latest) > 1:
        latest.pop("", None)  # from before lists named their authority: of the first, which has published again since
    return tuple(ws.blobs.get(digest) for digest in latest.values()) or (read_plain(ws.paths.keys / "crl.der"),)


def alive_until(source: Reads, authority: str) -> datetime | None:
    """When the last digital ID ends that the issuing authority with this fingerprint certified; None where there is
    none on record."""
    from cpdocs.signing.keyfiles import fingerprint
    from cpdocs.signing.trust import load

    ours = [found for der in own_certificates(source).get("issuing", ()) if (found := load(der))]
    certificate = next((each for each in ours if fingerprint(each) == authority), None)
    if certificate is None:
        return None
    keys = [key for key in fold_keys(source.events(types=KEY_EVENTS)).values() if not key.pinned]
    ends = [key.not_after for key in keys if issued_under(key, certificate)]
    return max(ends, default=None)


def publish_root_lists(ws: Workspace, roots: Sequence[KeyPair]) -> tuple[Path, ...]:
    """Makes anew the list of each root whose key is at hand: which of the keys under it were given up because others
    may have them.

    The files are state/keys/root.crl and outbox/crl/root.crl, of a former root with the beginning of its fingerprint in
    the name.
    """
    from cryptography import x509

    from cpdocs.signing.authority import ROOT_CRL_LIFE, Revocation, make_crl
    from cpdocs.signing.keyfiles import fingerprint

    now = ws.clock.now()
    lost = [
        (event.at, event.data["replaces_pem"], "keyCompromise" if event.data["name"] == "seal" else "cACompromise")
        for event in ws.ledger.events(types=(EventType.ORGANIZATION_KEY_ROTATED,))
        if event.data.get("compromised")
    ]
    files = []
    for number, root in enumerate(roots):
        entries = []
        for at, pem, reason in lost:
            certificate = x509.load_pem_x509_certificate(pem.encode())
            if certificate.issuer == root.certificate.subject:
                entries.append(Revocation(certificate.serial_number, at, reason))
        name = "root.crl" if number == 0 else f"root-{fingerprint(root.certificate)[:12]}.crl"
        crl = make_crl(root, entries, number=_next_number(ws.paths.keys / name), now=now, life=ROOT_CRL_LIFE)
        ws.blobs.put(crl)
        for folder in (ws.paths.keys, ws.paths.outbox / "crl"):
            write_durably(folder / name, crl, overwrite=True)
        files.append(ws.paths.outbox / "crl" / name)
    return tuple(files)


def _next_number(file: Path) -> int:
    from cryptography import x509

    try:
        before = x509.load_der_x509_crl(read_plain(file))
        return before.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1
    except FileNotFoundError:
        return 1
    except (OSError, ValueError, x509.ExtensionNotFound):
        raise WorkspaceFault(f"state/keys/{file.name} can't be read.", todo="Restore it from the backup.") from None


def _is_alive(ws: Workspace, name: str) -> bool:
    """Whether anything that a former authority certified is within its dates."""
    from cpdocs.signing.keyfiles import fingerprint, read_certificates

    certificate = read_certificates(read_plain(ws.paths.keys / f"{name}.crt"), name=f"state/keys/{name}.crt")[0]
    until = alive_until(ws.ledger, fingerprint(certificate))
    return until is not None and until >= ws.clock.now()


@dataclass(frozen=True, slots=True)
class OwnList:
    """A list that the organization publishes: its file in state/keys/, whether it is a root's, until when it is good
    (None: unreadable)."""

    name: str
    of_root: bool
    next_update: datetime | None


def own_lists(ws: Workspace) -> tuple[OwnList, ...]:
    """Every list that has to be fresh: of former authorities only those of which something is alive."""
    from cryptography import x509

    names = ["crl.der", "root.crl"]
    names += [f"crl-{name.removeprefix('issuing-')}.der" for name in former(ws.paths, "issuing") if _is_alive(ws, name)]
    found = []
    for name in names:
        try:
            ends = x509.load_der_x509_crl(read_plain(ws.paths.keys / name)).next_update_utc
        except (OSError, ValueError):
            ends = None
        found.append(OwnList(name, name.startswith("root"), ends))
    return tuple(found)
