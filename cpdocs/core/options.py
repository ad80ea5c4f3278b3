"""A site's choices that are not names or addresses: everything in cpdocs.toml that a rule or a use case takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cpdocs.core.mail_barcodes import Mailer
from cpdocs.core.places import Channel, Place
from cpdocs.core.print_files import FileLimit
from cpdocs.core.seeds import Seed


@dataclass(frozen=True, slots=True)
class AgeRange:
    """Ages, both ends included, outside which a member's program is warned about (never dropped)."""

    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class FilingTarget:
    """One way into an EHR: its name (a folder under outbox/ehr/), its kind and the practices' ``ehr`` values it
    serves."""

    name: str
    kind: str = "folder"
    ehrs: tuple[str, ...] = ()
    document_type: str = ""
    file_name: str = "{document_id}.pdf"
    document_types: Mapping[str, str] = field(default_factory=dict)
    """By program, and ``part2``; where there are any, ``document_type`` doesn't count."""
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where a key lies that never leaves its token: the PKCS#11 module's path, the token's label, the key's label."""

    module: str
    token: str
    key: str


@dataclass(frozen=True, slots=True)
class SchedulerOptions:
    """The files with which a tls:// scheduler is talked to, and whether plain TCP may leave this machine: the network
    is closed."""

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    closed_network: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """Every choice, with the value that holds where cpdocs.toml is silent."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """A site's own header (any case) → ours."""
    ages: Mapping[str, AgeRange] = field(default_factory=lambda: {"BH": AgeRange(18, 64), "LTSS": AgeRange(3, 64)})
    plan_titles: Mapping[str, str] = field(default_factory=lambda: {"BH": "Treatment Plan", "LTSS": "Care Plan"})
    targets: tuple[FilingTarget, ...] = (FilingTarget("chart"),)
    channels: tuple[Channel, ...] = ()
    """The ways to practices; without one packets are carried by hand."""
    mrn_ehr: str = ""
    """The EHR that the roster's MRNs belong to; empty means that they hold for every practice."""
    mrn_length: int = 0
    """How many characters every MRN has; 0 means any number."""
    max_return_bytes: int = 64 * 1024 * 1024
    max_return_pages: int = 400
    settle_seconds: float = 2.0
    scan_seconds: float = 30.0
    retain_seconds: float = 1800.0
    """How long a file that was taken in stays where its writer can go on writing into it, after its last change."""
    draw_pictures: bool = True
    """Whether the pictures that a reviewer looks at are drawn when a return is taken in."""
    second_reader: bool = False
    """Whether ink counts only once a second person has attested the same."""
    checkpoint_origin: str = "cpdocs"
    ledger_url: str = ""
    """The database that several machines share; empty: a file in state/."""
    tsa_url: str = ""
    key_days: int = 365
    """How long a digital ID that we issue is valid."""
    fetch_hosts: frozenset[str] = frozenset()
    """The hosts that may be asked what outside authorities revoked; none: nothing is fetched."""
    fetch_minutes: int = 60
    """How often the watcher asks."""
    tokens: Mapping[str, TokenPlace] = field(default_factory=dict)
    """Which of the organization's keys (root, issuing, seal) are, or shall be, on a token; the others are in files."""
    letter_kinds: tuple[str, ...] = (
        "assignment",
        "reminder",
        "cannot-reach",
        "plan-copy",
        "decline-confirmation",
        "change-confirmation",
    )
    """The kinds of letter that may be sent: folders of templates/letters/."""
    print_limit: FileLimit = field(default_factory=FileLimit)
    """The most that one print file may have; a run of more has several."""
    mailer: Mailer | None = None
    """Whose Intelligent Mail barcodes stand on letters; None: there are none."""
    seeds: tuple[Seed, ...] = ()
    """Our own people who get a letter of every run."""
    scheduler: SchedulerOptions = SchedulerOptions()
    """How a Dask scheduler may be talked to."""
    backup_hours: int = 26
    """The age of the last backup that ``doctor`` and ``health`` accept; this and the four below: 0 accepts any."""
    watch_minutes: int = 10
    checkpoint_hours: int = 26
    held_days: int = 5
    delivery_hours: int = 24
    retention_years: int = 7
    """Counted from the last event about a document; at least six (45 CFR 164.316(b)(2))."""
    renew_months: int = 12
    """A proof that ends sooner than this many months from now wants a new time stamp."""
    plan_days: int = 90
    """A plan is missing so many days after the assignment."""
    avoided_words: tuple[tuple[str, str], ...] = ()
    """A site's own words that label a member, each with what says it instead."""
    consent_form: Mapping[str, str] | None = None
    """What the organization's consent form to disclose Part 2 records says to everybody, by clause (42 CFR 2.31); None
    where the settings have none."""
    contact_day: int = 10
    """The business day after receipt on which the key contact is called about a plan that nobody answered; 0: never."""
    health_plan_day: int = 15
    """The business day after receipt on which the health plan is told; 0: never."""
