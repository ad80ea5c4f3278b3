"""One key is one person's: asked before a public key is certified, or a certificate over it pinned.

A signature is a key's, and one key can stand in any number of certificates. Whoever held a key that was recorded for
two people could fill both slots from two files, and a compromised key would be as good as before in a new certificate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpdocs.core.key_records import KEY_EVENTS, fold_keys
from cpdocs.errors import InputFault
from cpdocs.keys.trust import load_trust

if TYPE_CHECKING:
    from cpdocs.ledger.reads import Reads

_NEW_KEY = "Let its holder make a new key; the old one must not be used again."


def require_own_key(source: Reads, key_sha256: str, *, name: str, npi: str = "", member_id: str = "") -> None:
    """Raises InputFault where the public key with this SHA-256, found in the file ``name``, can't be that person's
    alone: it was compromised, is on record for somebody else, or is one of the organization's own."""
    from cryptography import x509

    from cpdocs.signing.trust import COMPROMISE, load
    from cpdocs.signing.trust import key_sha256 as digest_of

    trust = load_trust(source)
    own = (load(der) for der in (*trust.roots, *trust.issuing, *trust.in_person, *trust.seals))
    if any(each is not None and digest_of(each) == key_sha256 for each in own):
        raise InputFault(f"The key in {name} is the organization's own.", todo=_NEW_KEY)
    for record in fold_keys(source.events(types=KEY_EVENTS)).values():
        if digest_of(x509.load_pem_x509_certificate(record.pem.encode())) != key_sha256:
            continue
        if record.revoked_at is not None and record.reason in COMPROMISE:
            raise InputFault(f"The key in {name} was taken back as compromised ({record.serial}).", todo=_NEW_KEY)
        if (record.npi, record.member_id) != (npi, member_id):
            raise InputFault(f"The key in {name} is on record for somebody else ({record.serial}).", todo=_NEW_KEY)
