"""Which Intelligent Mail barcode a piece carries: the mailer's id, the service, and a serial of its own.

A serial may not be used again within 45 days of mailing (USPS-B-3200). A run's serials follow those of the run before,
round and round through as many as the mailer's id leaves room for, and every piece's is the run's first plus its place
in the run. Fifteen digits name mailer and serial: a six-digit mailer id leaves nine for the serial, a nine-digit one
six.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

UNIQUE_FOR = timedelta(days=45)
"""How long after its mailing no other piece may have a piece's serial."""
_MAILER_AND_SERIAL = 15
_ID_LENGTHS = (6, 9)
_SERVICE_LENGTH = 3


@dataclass(frozen=True, slots=True)
class Mailer:
    """Who mails: the Mailer ID of six or nine digits, and the three digits of the service type, as the Postal Service
    gave them."""

    mailer_id: str
    service: str

    def __post_init__(self) -> None:
        """Raises ValueError where a number hasn't the digits that it must have."""
        if not self.mailer_id.isascii() or not self.mailer_id.isdigit() or len(self.mailer_id) not in _ID_LENGTHS:
            raise ValueError("a Mailer ID has six or nine digits")
        if not self.service.isascii() or not self.service.isdigit() or len(self.service) != _SERVICE_LENGTH:
            raise ValueError("a service type has three digits")

    @property
    def serials(self) -> int:
        """How many different serials there are."""
        return int(10 ** (_MAILER_AND_SERIAL - len(self.mailer_id)))

    def tracking(self, serial: int) -> str:
        """The barcode's first twenty digits: barcode id (00), service, mailer and serial."""
        return f"00{self.service}{self.mailer_id}{serial % self.serials:0{_MAILER_AND_SERIAL - len(self.mailer_id)}d}"


@dataclass(frozen=True, slots=True)
class Serials:
    """The serials of one run: from ``first`` on, ``count`` of them, for that mailer."""

    mailer: Mailer
    first: int
    count: int

    def tracking(self, piece: int) -> str:
        """The barcode's first twenty digits for piece number ``piece``, from 1."""
        return self.mailer.tracking(self.first + piece - 1)


def serials_for(used: Sequence[tuple[Serials, bool]], mailer: Mailer, count: int) -> Serials | None:
    """Serials for a run of ``count`` pieces; None where one would be used again too soon.

    ``used`` are all serials handed out so far, in order, each with whether the pieces may be in the mail still, or were
    mailed within :data:`UNIQUE_FOR`.
    """
    own = [(serials, counts) for serials, counts in used if serials.mailer.mailer_id == mailer.mailer_id]
    # From the oldest that counts on, everything handed out since lies between it and the new ones.
    start = next((place for place, (_, counts) in enumerate(own) if counts), len(own))
    if sum(serials.count for serials, _ in own[start:]) + count > mailer.serials:
        return None
    last = own[-1][0] if own else None
    return Serials(mailer, (last.first + last.count) % mailer.serials if last else 1, count)
