"""A new document seal before the old one ends, or once its key may be known to others (``keys rotate seal``).

Plans sealed with the old one stay what they were: each is known by the fingerprint of its own seal, and the ledger keeps
every seal's certificate. Only the root can make a seal; it is brought back from its safe for this and taken away again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cpdocs.core.events import WORKSPACE_SUBJECT, EventType, NewEvent
from cpdocs.core.people import Role
from cpdocs.errors import WorkspaceFault
from cpdocs.ledger.durable import read_plain, write_durably
from cpdocs.mailroom import people
from cpdocs.mailroom.keys.issue import require_said
from cpdocs.mailroom.keys.trust import load_trust
from cpdocs.mailroom.organization_keys import read_pair

if TYPE_CHECKING:
    from cryptography import x509

    from cpdocs.mailroom.workspace import Workspace

SANDBOX_BACKDATE = timedelta(days=365)


def rotate_seal(ws: Workspace, *, reason: str, by: str, secret: people.Secret) -> x509.Certificate:
    """Makes a new seal, records it, and puts it in the old one's place, whose private key is gone then. Gives its certificate.

    Raises:
        InputFault: nothing said of why or by whom.
        WorkspaceFault: the acting account is no issuer, its PIN is wrong, or the root's key is not here or not the ledger's.
    """
    from cpdocs.signing import authority
    from cpdocs.signing.keyfiles import RANDOM_ROUNDS, certificate_der, certificate_pem, fingerprint, read_passphrase, write_pkcs12

    require_said(reason, "--reason", "why the seal is changed")
    require_said(by, "--by", "who decided it")
    people.require(ws, Role.ISSUER, secret)
    keys = ws.paths.keys
    if not (keys / "root.p12").exists():
        raise WorkspaceFault(
            "The root's key is not in state/keys/, where it shouldn't be day by day.",
            todo="Bring root.p12 and root.pass back from the safe, run this again, then take them away.",
        )
    root = read_pair(ws.paths, "root")
    if certificate_der(root.certificate) not in load_trust(ws.ledger).roots:
        raise WorkspaceFault("The root in state/keys/ is not the one on record.", todo="Bring back the one that `cpdocs init` made.")
    old = read_pair(ws.paths, "seal")
    passphrase = read_passphrase(read_plain(keys / "seal.pass"), name="state/keys/seal.pass")
    backdate = SANDBOX_BACKDATE if ws.sandbox else authority.SKEW
    validity = authority.Validity.at(ws.clock.now(), authority.SEAL_LIFE, backdate=backdate)
    pair = authority.make_seal(root, ws.senders.organization.name, validity)
    recorded = {
        "name": "seal",
        "fingerprint": fingerprint(pair.certificate),
        "pem": certificate_pem(pair.certificate).decode(),
        "replaces": fingerprint(old.certificate),
        "reason": reason.strip(),
        "by": by.strip(),
    }
    # On record first: a kill in between leaves a seal that nobody has, and the old one in force, never a seal nobody knows. The
    # passphrase stays, so that one rename changes the key.
    ws.ledger.append(NewEvent(EventType.ORGANIZATION_KEY_ROTATED, (WORKSPACE_SUBJECT,), recorded))
    sealed = write_pkcs12(pair, passphrase, friendly_name="cpdocs seal", rounds=RANDOM_ROUNDS)
    write_durably(keys / "seal.p12", sealed, overwrite=True)
    write_durably(keys / "seal.crt", certificate_pem(pair.certificate), overwrite=True)
    return pair.certificate
