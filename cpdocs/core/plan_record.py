"""One issued plan version as a value: what was issued, what came of it, and the contract's word for where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from cpdocs.core.verdicts import Evidence, Slot


class PlanState(StrEnum):
    """Where a version stands (contract §4)."""

    ISSUED = "issued"
    PARTLY_SIGNED = "partly_signed"
    COMPLETE = "complete"
    FILED = "filed"
    UPLOADED = "uploaded"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned_with_comments"
    REFUSED = "refused"


class ProofLevel(StrEnum):
    """How far a signature's proof reaches (PAdES, ETSI EN 319 142-1), the least first:
    ``cpdocs.signing.baseline_level`` says what each means."""

    BASIC = "B-B"
    TIMED = "B-T"
    LONG_TERM = "B-LT"
    ARCHIVAL = "B-LTA"


@dataclass(frozen=True, slots=True)
class SlotFill:
    """What fills a slot. ``role`` is member, representative, pcp or pcp_designee; ``on_behalf_of`` the PCP's NPI for a
    designee, the relation to the member for a representative. ``signed_at`` is a proven time where ``timestamped`` or
    witnessed, else the signer's own claim, None where nothing states it; ``received_at`` is when it came to us: the two
    are never mixed (requirements X8). ``how`` names the witness of a signing in person, or who read the ink."""

    slot: Slot
    evidence: Evidence
    signer: str
    npi: str
    credential: str
    role: str
    on_behalf_of: str
    signed_at: datetime | None
    received_at: datetime
    return_sha256: str = ""
    attested_by: str = ""
    how: str = ""
    note: str = ""
    on: date | None = None
    timestamped: bool = False
    key_issued_by_us: bool = False
    certificate_sha256: str = ""
    further: tuple[str, ...] = ()
    """The other files in which pages of the same paper came."""
    stated: str = ""
    """The reason that a digital signature of the PCP's slot carries: what its signer attested by it."""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A member's refusal: what was offered, by whom, in which language, and why (documents.md §3)."""

    slot: Slot
    on: date
    offered: str
    language: str
    by: str
    reason: str
    verbal_consent: str = ""
    next_try: date | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """One logged sending: to whom, by which channel, when; ``seq`` is the number of the event that says so."""

    to: str
    channel: str
    at: datetime
    seq: int = 0


@dataclass(frozen=True, slots=True)
class ReceiptCorrection:
    """A logged receipt that was wrong: what it ``was``, why, and who said so when. Nothing logged is ever taken out."""

    was: datetime
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Remark:
    """Something said once: a return with comments, a withdrawal, a confirmation."""

    at: datetime
    text: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class CopyGiven:
    """A copy of this version that the member was given, as it was recorded (requirements X1)."""

    on: date
    format: str
    language: str
    interpreter: str
    by: str


class ConsentEnd(StrEnum):
    """How a consent to disclose Part 2 records ended after its plan was issued."""

    REVOKED = "revoked"
    EXPIRED = "expired"

    @property
    def words(self) -> str:
        """What it did, in words."""
        return "was revoked" if self is ConsentEnd.REVOKED else "has expired"


@dataclass(frozen=True, slots=True)
class ConsentEnded:
    """A consent's end, as it was recorded: the day, how that is known, who took it down."""

    why: ConsentEnd
    on: date
    how: str
    by: str

    @property
    def words(self) -> str:
        """What it means for the plan, for our own people."""
        return (
            f"the consent to disclose its Part 2 records {self.why.words} on {self.on.isoformat()}: nothing of it is "
            "sent, printed for the PCP or filed any more, and nobody is asked to sign it; it waits for a new version, "
            "with a new consent or without those items"
        )


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A signed file as it is kept for good, closed, by its digest: how far its proof reaches, until when, and whose
    time stamp of when is the last over it (None and empty: none). ``renewed`` counts the stamps that were laid over it
    since."""

    sha256: str
    level: ProofLevel
    until: datetime | None
    stamped_at: datetime | None
    authority: str
    renewed: int = 0


@dataclass(frozen=True, slots=True)
class Filing:
    """A package that was built: its target, its folder under outbox/, the digests that pin it, and the signed files
    kept with it."""

    target: str
    package: str
    upload_sha256: str
    manifest_sha256: str
    closed_sha256: str
    at: datetime
    kept: tuple[KeptFile, ...] = ()
    seq: int = 0
    """The number of the event that recorded it."""

    @property
    def level(self) -> ProofLevel | None:
        """The least that is proven of the files kept; None where none of them is signed digitally."""
        return min((each.level for each in self.kept), key=list(ProofLevel).index, default=None)

    @property
    def proven_until(self) -> datetime | None:
        """When the first of the proofs ends."""
        return min((each.until for each in self.kept if each.until), default=None)


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """One issued plan version, as its events tell it. The fields of ``PLAN_ISSUED`` come first.

    ``choices`` names the answers on choice that are yes; ``services`` and ``affiliated`` count the services named and
    those by a provider linked to the CP.
    """

    document_id: str
    member_id: str
    program: str
    version: int
    practice_id: str
    pcp_npi: str
    payer: str
    sha256: str
    size: int
    pages: int
    seal_fingerprint: str
    plan_sha256: str
    cover_sha256: str
    file: str
    cover_file: str
    part2: bool
    reason: str
    supersedes: str
    due_days: int
    suffolk: bool
    issued_at: datetime
    issued_by: str
    seq: int
    assigned_on: date | None = None
    """The day of the assignment that the version stands on; None for those issued before that was recorded."""
    pcp_meaning: str = ""
    """What the paper says that the PCP's signature means; empty for plans issued before that was recorded."""
    choices: frozenset[str] = frozenset()
    services: int = 0
    affiliated: int = 0
    language: str = "en"
    """BCP 47: the language that stands beside English on its pages."""
    large_print: bool = False
    draft_translation: bool = False
    moved_from: tuple[str, str] = ("", "")
    """NPI and practice of the PCP whom the roster named when a person transferred the plan to this version's; empty
    where nobody did."""
    superseded_by: str = ""
    sendings: tuple[Sending, ...] = ()
    received_at: datetime | None = None
    received_how: str = ""
    receipt_corrections: tuple[ReceiptCorrection, ...] = ()
    returned: Remark | None = None
    withdrawn: Remark | None = None
    copies: tuple[CopyGiven, ...] = ()
    consent_until: date | None = None
    """The last day of the consent behind its Part 2 records, where the plan states one."""
    next_review: date | None = None
    """The day of the next review that the plan names; None for a version that was issued before this was kept."""
    consent_ended: ConsentEnded | None = None
    consent_form: Mapping[str, str] = field(default_factory=dict)
    """What its consent says that the plan file leaves to the organization's consent form, as it was on the day."""
    fills: Mapping[Slot, SlotFill] = field(default_factory=dict)
    refusal: Refusal | None = None
    filing: Filing | None = None
    filings_before: tuple[Filing, ...] = ()
    """Packages that an approval taken back made void."""
    filing_held: tuple[Mapping[str, str], ...] = ()
    uploaded: Remark | None = None

    @property
    def complete(self) -> bool:
        """Both approvals are in."""
        return all(slot in self.fills for slot in Slot)

    @property
    def closed(self) -> str:
        """Why nothing may count for this version any more: ``withdrawn``, ``superseded``, or empty while it is open."""
        if self.withdrawn:
            return "withdrawn"
        return "superseded" if self.superseded_by else ""

    @property
    def on_hold(self) -> str:
        """Why nobody is asked for an approval of a version that stands: it was ``returned`` with comments, or the
        consent behind its Part 2 records ended (``consent_ended``), and without one nothing of it leaves (42 CFR
        2.31): it waits for a new version. Empty otherwise."""
        if self.closed:
            return ""
        return "consent_ended" if self.consent_ended else "returned" if self.returned else ""

    def consent_over(self, on: date) -> str:
        """How the consent behind its Part 2 records ended, in words, as far as that day: as it was recorded, or by its
        own last day, whether or not that was recorded yet. Empty while it stands, and where there is none."""
        if self.consent_ended:
            return self.consent_ended.why.words
        over = self.part2 and self.consent_until is not None and self.consent_until < on
        return ConsentEnd.EXPIRED.words if over else ""

    @property
    def public_word(self) -> str:
        """All that anybody who asks is told: ``open``, ``on hold``, ``replaced`` or ``withdrawn``. Comments, a refusal
        and a consent that ended have one word, so that it tells of none of them."""
        if self.on_hold or self.state is PlanState.REFUSED:
            return "on hold"
        return {"": "open", "superseded": "replaced"}.get(self.closed, self.closed)

    def pcp_now(self, on_roster: str) -> str:
        """Who the member's PCP is, the roster naming ``on_roster`` (NPI, or empty): a roster that still names whom a
        person moved the plan away from is behind, and the version's own PCP is the member's."""
        return self.pcp_npi if on_roster and on_roster == self.moved_from[0] else on_roster

    @property
    def sent_at(self) -> datetime | None:
        """The first logged sending."""
        return self.sendings[0].at if self.sendings else None

    @property
    def state(self) -> PlanState:
        """The contract's word for where it stands: what closed it, else how far it came, else what stopped it."""
        if self.closed:
            return PlanState(self.closed)
        if self.uploaded:
            return PlanState.UPLOADED
        if self.filing:
            return PlanState.FILED
        if self.complete:
            return PlanState.COMPLETE
        if self.refusal:
            return PlanState.REFUSED
        if self.returned:
            return PlanState.RETURNED
        return PlanState.PARTLY_SIGNED if self.fills else PlanState.ISSUED
