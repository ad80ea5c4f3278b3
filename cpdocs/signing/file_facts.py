"""What a signed file says of itself, as values: found by ``facts``, judged by ``verify``, known to no PDF library."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cpdocs.signing.certificates import CertificateFacts
from cpdocs.signing.coverage import Covers


class Change(StrEnum):
    """What came into the file after a signature, in the strict policy's judgment."""

    NONE = "none"
    ARCHIVAL = "archival"
    SIGNATURES = "signatures"
    OTHER = "other"
    UNCLEAR = "unclear"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """One signature, as found. Times are aware; ``end`` is the offset after the last byte that it covers.

    ``chain_ok`` is the library's word on the certificate's chain at ``judged_at``. ``problem`` names what kept the
    signature from being read, in words of ours; then the facts after it mean nothing. ``digest`` is of the file,
    ``signed_with`` that over which the key signed; without ``attributes_signed`` that is the file's digest itself,
    bare.
    """

    field: str
    is_timestamp: bool
    problem: str = ""
    certificate: CertificateFacts | None = None
    intact: bool = False
    valid: bool = False
    chain_ok: bool = False
    judged_at: datetime | None = None
    covers: Covers = Covers.UNCLEAR
    end: int = 0
    revision: int = 0
    change: Change = Change.NOT_JUDGED
    certifies: int = 0
    claimed_at: datetime | None = None
    timestamp_at: datetime | None = None
    timestamp_trusted: bool = False
    digest: str = ""
    signed_with: str = ""
    attributes_signed: bool = True
    reason: str = ""
    subfilter: str = ""
    blob_sha256: str = ""

    @property
    def sound(self) -> bool:
        """Made by the key in its certificate over exactly these bytes."""
        return not self.problem and self.intact and self.valid


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One form field: its full name, type, whether it is filled, and whether it is what a document time stamp adds."""

    name: str
    kind: str
    filled: bool
    is_timestamp: bool


@dataclass(frozen=True, slots=True)
class Additions:
    """``doubt``: in plain words, what in the appended bytes isn't accounted for; empty where all is.

    ``passed_over``: objects that every reader passes over, as number and offset of the table entry that lists it (see
    ``increment_rules.check_revisions``); empty wherever there is a doubt."""

    doubt: str = ""
    passed_over: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A whole file. ``problem`` is set where the library can't read it at all.

    ``material`` names the fields for whose signatures the file's own store says all that is needed (``dss.complete``).
    Only where an issued plan was given: ``extends_issued``, whether the file's revisions are the issued plan's
    own, then others; ``same_particulars``, whether title and other metadata are as issued; ``additions``, what was
    appended; ``other_pages``, where a parser reaches other pages than in the issued plan, in plain words.
    """

    signatures: tuple[SignatureFacts, ...] = ()
    fields: tuple[FieldFacts, ...] = ()
    revisions: int = 0
    issued_revisions: int = 0
    extends_issued: bool = False
    same_particulars: bool = False
    material: frozenset[str] = frozenset()
    additions: Additions = field(default_factory=Additions)
    other_pages: str = ""
    problem: str = ""

    def signature_in(self, field: str) -> SignatureFacts | None:
        """The signature in the field of that name."""
        return next((each for each in self.signatures if each.field == field), None)
