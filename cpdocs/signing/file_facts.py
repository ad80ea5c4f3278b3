"""What a returned file says of itself, as values: found in the confined child, judged by ``verify`` outside it, known
to no PDF library. Nothing here is a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cpdocs.core.page_facts import FilePages
from cpdocs.signing.certificates import CertificateFacts


class Covers(StrEnum):
    """How much of the file a signature's digest was made over."""

    WHOLE_FILE = "whole_file"
    REVISION = "revision"
    UNCLEAR = "unclear"


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
    bare. ``covered_sha256`` is of the file up to ``end``: what whoever signs after it is shown.
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
    covered_sha256: str = ""

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


class Tail(StrEnum):
    """What stands behind the file's last end mark, a line end aside; ``SPACE``: some white space and nothing else,
    behind everything that is signed. ``RESTORED``: the file was read with the line end that was signed, not with its
    own; ``UNPROVEN``: of a line end that was signed bytes are missing, and none that was tried is the one
    (``line_ends``)."""

    NOTHING = "nothing"
    SPACE = "space"
    RESTORED = "restored"
    UNPROVEN = "unproven"
    BROKEN_OFF = "broken_off"
    SOMETHING = "something"


class Begins(StrEnum):
    """How the bytes of a file that doesn't begin with those of an issued plan stand to them."""

    PUT_BEFORE = "put_before"
    CUT_OFF = "cut_off"
    OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class Beside:
    """A file held against one issued plan. ``same_text``: every issued page is there in order and shows at least its
    own text; ``fewer_pages`` than were issued; ``drawn_on`` are the pages, from 1, on which more is drawn than was
    issued, though their text is the same."""

    begins: Begins = Begins.OTHERWISE
    same_text: bool = False
    fewer_pages: bool = False
    drawn_on: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """An annotation that a reader left on a page (from 1): its kind and its words, which may be a stranger's or PHI:
    they are shown to a reviewer and recorded nowhere."""

    page: int
    kind: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class GateFacts:
    """The first look. ``readable`` is whether qpdf can read the file's structure, and ``repaired`` whether only by
    searching the bytes for objects, where another reader may find other ones; ``ends_well`` whether an end mark stands
    where a whole file has it; ``active`` names the kinds of active content, in order of the alphabet. ``noted`` is what
    keeps a file from being parsed or opened: the code of a finding each, with its detail."""

    is_pdf: bool
    readable: bool
    ends_well: bool
    pages: int = 0
    active: tuple[str, ...] = ()
    noted: tuple[tuple[str, str], ...] = ()
    repaired: bool = False

    @property
    def shut(self) -> bool:
        """Whether nothing further may be parsed."""
        return any(code in _SHUT for code, _ in self.noted)


_SHUT = frozenset(
    {"empty_file", "not_a_pdf", "wrapped_file", "too_large", "too_many_pages", "encrypted", "resource_limit"}
)


@dataclass(frozen=True, slots=True)
class ReturnFacts:
    """Everything that is known of one returned file but whom it is about.

    ``begins_with`` is the plan with whose issued bytes it begins (empty: none). ``named`` are the ids of documents in
    its metadata or its bytes; ``beside`` holds it against each issued plan that its pages or those ids name.
    ``stopped`` is why the child gave no answer (``limit``, or an error's name); then the rest says nothing.
    """

    gate: GateFacts
    signed: FileFacts = field(default_factory=FileFacts)
    tail: Tail = Tail.NOTHING
    begins_with: str = ""
    named: tuple[str, ...] = ()
    pages: FilePages = field(default_factory=FilePages)
    beside: Mapping[str, Beside] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    stopped: str = ""
