"""The list of revoked certificates, made from the ledger and put where others can fetch it.

For our own verdicts the ledger is the source; the list is for everybody else (signing.md, check 9).
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent
from cpdocs.core.key_records import CRL_SUBJECT, KEY_EVENTS, fold_keys
from cpdocs.ledger.durable import read_plain, write_durably

if TYPE_CHECKING:
    from cpdocs.ledger.events import Transaction
    from cpdocs.mailroom.workspace import Workspace
    from cpdocs.signing.keyfiles import KeyPair

FILE_NAME = "issuing.crl"


def publish(ws: Workspace, tx: Transaction, issuing: KeyPair) -> Callable[[], Path]:
    """Makes the list as the ledger has it inside ``tx`` and records it. What is given writes it once ``tx`` is durable.

    The files are state/keys/crl.der and outbox/crl/issuing.crl (given back), DER both.
    """
    from cpdocs.signing.authority import CRL_LIFE, Revocation, make_crl

    now = ws.clock.now()
    revoked = [
        Revocation(int(key.serial, 16), key.revoked_at, key.reason)
        for key in fold_keys(tx.events(types=KEY_EVENTS)).values()
        if key.revoked_at is not None and not key.pinned
    ]
    number = 1 + max((int(event.data["number"]) for event in tx.events(types=(EventType.CRL_PUBLISHED,))), default=1)
    crl = make_crl(issuing, revoked, number=number, now=now)
    data: dict[str, JSON] = {
        "number": number,
        "sha256": sha256(crl).hexdigest(),
        "this_update": now.isoformat(),
        "next_update": (now + CRL_LIFE).isoformat(),
        "revoked": len(revoked),
    }
    ws.blobs.put(crl)
    tx.append(NewEvent(EventType.CRL_PUBLISHED, (CRL_SUBJECT,), data))

    def write() -> Path:
        published = ws.paths.outbox / "crl" / FILE_NAME
        write_durably(ws.paths.keys / "crl.der", crl, overwrite=True)
        write_durably(published, crl, overwrite=True)
        return published

    return write


def published_list(ws: Workspace) -> bytes:
    """The issuing authority's list as last published, DER: the bytes that the ledger names, or before the first the one of ``init``."""
    published = list(ws.ledger.events(types=(EventType.CRL_PUBLISHED,)))
    return ws.blobs.get(published[-1].data["sha256"]) if published else read_plain(ws.paths.keys / "crl.der")
