"""Document ids, member ids and NPIs: their forms and their check characters.

A document id is ten characters drawn with a workspace's secret key plus one check character, written in groups
for reading aloud: ``7K3M-9QXW-2RC``. The alphabet has no O/0 and no I/1 (contract §1).
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PAYLOAD = 10
_MEMBER_ID = re.compile(r"[0-9]{12}")
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?E[+-]?[0-9]+", re.IGNORECASE)
_NPI = re.compile(r"[12][0-9]{9}")


def luhn_mod_n(payload: str) -> str:
    """The Luhn mod 32 check character of ``payload``: finds any one wrong character and most swapped neighbours."""
    total = 0
    factor = 2
    size = len(ALPHABET)
    for char in reversed(payload):
        product = ALPHABET.index(char) * factor
        total += product // size + product % size
        factor = 3 - factor
    return ALPHABET[-total % size]


def derive_document_id(secret: bytes, *parts: str) -> str:
    """The id of the document that ``parts`` name: the same for ever in one workspace, unguessable without ``secret``.

    Keyed, because an id stands in logs and on paper and must not let anyone test whether a person is a member.
    """
    message = "\x1f".join(parts).encode()
    number = int.from_bytes(hmac.digest(secret, message, sha256)[:8])
    payload = "".join(ALPHABET[(number >> (5 * i)) & 31] for i in range(_PAYLOAD))
    return format_document_id(payload + luhn_mod_n(payload))


def format_document_id(compact: str) -> str:
    """Eleven characters in groups of four, four and three."""
    return f"{compact[:4]}-{compact[4:8]}-{compact[8:]}"


def parse_document_id(text: str) -> str | None:
    """The document id in ``text`` in its written form, or None where the form or the check character is wrong.

    Case, spaces and hyphens don't count, as they don't when an id is read over the telephone.
    """
    compact = re.sub(r"[\s-]", "", text).upper()
    if len(compact) != _PAYLOAD + 1 or any(char not in ALPHABET for char in compact):
        return None
    if luhn_mod_n(compact[:-1]) != compact[-1]:
        return None
    return format_document_id(compact)


def is_member_id(text: str) -> bool:
    """A MassHealth member id: twelve digits (no public check digit is known)."""
    return _MEMBER_ID.fullmatch(text) is not None


def is_damaged_by_spreadsheet(text: str) -> bool:
    """An id that a spreadsheet turned into a rounded number, ``1.00E+11``: its digits are lost."""
    return _SCIENTIFIC.fullmatch(text) is not None


def is_npi(text: str) -> bool:
    """A National Provider Identifier: ten digits, first 1 or 2, Luhn over the prefix 80840 (which adds 24)."""
    if not _NPI.fullmatch(text):
        return False
    total = 24
    for place, char in enumerate(reversed(text)):
        digit = int(char) * (1 + place % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0


def last_four(member_id: str) -> str:
    """How a member may appear in a message: the last four digits of the id."""
    return f"…{member_id[-4:]}" if len(member_id) >= 4 else "…"
