"""``cpdocs.toml`` to values: every key known and typed, every fault told at once (contract §2)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cpdocs.core.mail_barcodes import Mailer
from cpdocs.core.options import AgeRange, Options, SchedulerOptions, TokenPlace
from cpdocs.core.print_files import FileLimit
from cpdocs.core.seeds import Seed
from cpdocs.core.senders import Payer, Sender, Senders
from cpdocs.errors import WorkspaceFault
from cpdocs.settings_delivery import DEFAULT_TARGET, AnyChannel, AnyTarget, channel_of, target_of
from cpdocs.settings_faults import problem

Text = Annotated[str, Field(max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$")]
Filled = Annotated[str, Field(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _default(values: type, field: str) -> Any:
    """The default that the core gives a field: said there once, and taken from there."""
    return values.__dataclass_fields__[field].default  # type: ignore[attr-defined]  # every caller hands a dataclass


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Organization(_Table):
    name: Filled
    address1: Filled
    address2: Text = ""
    city: Filled
    state: Filled
    zip: Filled
    phone: Filled
    hours: Filled
    tty: Filled
    fax: Text = ""
    email: Text = ""
    email_secure: bool = False
    correction_email: Text = ""


class _CpOrg(_Table):
    name: Filled | None = None
    address1: Filled | None = None
    address2: Text | None = None
    city: Filled | None = None
    state: Filled | None = None
    zip: Filled | None = None
    phone: Filled | None = None
    hours: Filled | None = None
    tty: Filled | None = None
    fax: Text | None = None
    email: Text | None = None
    email_secure: bool | None = None
    correction_email: Text | None = None


class _Coordinator(_Table):
    phone: Filled


class _Payer(_Table):
    due_days: Annotated[int, Field(ge=1, le=90)] | None = None
    chart_notes: bool = False
    enrollees: Annotated[int, Field(ge=1)] | None = None
    member_name: Text = ""
    phone: Text = ""
    channel: Text = ""
    fax: Text = ""
    email: Text = ""


def _payer(name: str, table: _Payer) -> Payer:
    """A payer's terms; where they don't say how many days, the period is the organization's own."""
    stated = {key: value for key, value in table.model_dump().items() if value is not None}
    return Payer(name, due_days_stated=table.due_days is not None, **stated)


class _MassHealth(_Table):
    phone: Filled = _default(Senders, "masshealth_phone")
    tty: Filled = _default(Senders, "masshealth_tty")
    hours: Filled = _default(Senders, "masshealth_hours")


class _Ombudsman(_Table):
    name: Filled = _default(Senders, "ombudsman_name")
    phone: Filled = _default(Senders, "ombudsman_phone")


_Ages = Annotated[list[Annotated[int, Field(ge=0, le=130)]], Field(min_length=2, max_length=2)]


class _AgeTable(_Table):
    BH: _Ages = [18, 64]
    LTSS: _Ages = [3, 64]


class _Titles(_Table):
    BH: Filled = "Treatment Plan"
    LTSS: Filled = "Care Plan"


class _Intake(_Table):
    max_bytes: Annotated[int, Field(ge=100_000, le=4 * 1024**3)] = _default(Options, "max_return_bytes")
    max_pages: Annotated[int, Field(ge=1, le=10_000)] = _default(Options, "max_return_pages")
    settle_seconds: Annotated[float, Field(ge=0, le=600, strict=False)] = _default(Options, "settle_seconds")
    scan_seconds: Annotated[float, Field(ge=0.2, le=3600, strict=False)] = _default(Options, "scan_seconds")
    retain_seconds: Annotated[float, Field(ge=300, le=604_800, strict=False)] = _default(Options, "retain_seconds")
    draw_pictures: bool = True


class _Review(_Table):
    second_reader: bool = False


class _Signing(_Table):
    tsa_url: Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$")] = ""
    key_days: Annotated[int, Field(ge=1, le=1095)] = 365
    fetch_revocation: list[Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:[0-9]{1,5})?$")]] = []
    fetch_minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)] = _default(Options, "fetch_minutes")


class _Token(_Table):
    module: Annotated[str, Field(pattern=r"^/[^\x00-\x1f\x7f]+$", max_length=400)]
    token: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=32)]
    key: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=100)]


class _Ledger(_Table):
    url: Annotated[str, Field(pattern=r"^\S*$", max_length=1000)] = ""


class _Audit(_Table):
    origin: Annotated[str, Field(pattern=r"^[^\s+]+$", max_length=100)] = _default(Options, "checkpoint_origin")


class _Barcode(_Table):
    mailer_id: Annotated[str, Field(pattern=r"^([0-9]{6}|[0-9]{9})$")]
    service: Annotated[str, Field(pattern=r"^[0-9]{3}$")]


class _Seed(_Table):
    name: Filled
    address1: Filled
    address2: Text = ""
    city: Filled
    state: Filled
    zip: Annotated[str, Field(pattern=r"^[0-9]{5}(-?[0-9]{4})?$")]
    language: Text = ""
    large_print: bool = False
    program: Literal["BH", "LTSS"] = "BH"
    cp_org: Text = ""


class _Scheduler(_Table):
    ca_file: Text = ""
    cert_file: Text = ""
    key_file: Text = ""
    closed_network: bool = False


class _Letters(_Table):
    kinds: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]] = list(_default(Options, "letter_kinds"))
    file_sheets: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    file_pieces: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    barcode: _Barcode | None = None
    seed: list[_Seed] = []
    scheduler: _Scheduler = _Scheduler()


class _Backup(_Table):
    max_age_hours: Annotated[int, Field(ge=0, le=24 * 366)] = _default(Options, "backup_hours")


class _Archive(_Table):
    retention_years: Annotated[int, Field(ge=6, le=100)] = _default(Options, "retention_years")
    renew_months: Annotated[int, Field(ge=1, le=120)] = _default(Options, "renew_months")


class _Health(_Table):
    watch_minutes: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = _default(Options, "watch_minutes")
    checkpoint_hours: Annotated[int, Field(ge=0, le=24 * 366)] = _default(Options, "checkpoint_hours")
    held_days: Annotated[int, Field(ge=0, le=366)] = _default(Options, "held_days")
    delivery_hours: Annotated[int, Field(ge=0, le=24 * 31)] = _default(Options, "delivery_hours")


class _Work(_Table):
    plan_days: Annotated[int, Field(ge=1, le=366)] = _default(Options, "plan_days")
    contact_day: Annotated[int, Field(ge=0, le=90)] = _default(Options, "contact_day")
    health_plan_day: Annotated[int, Field(ge=0, le=90)] = _default(Options, "health_plan_day")


class _ConsentForm(_Table):
    revocation: Text = ""
    redisclosure: Text = ""
    refusal: Text = ""


class _Words(_Table):
    avoid: dict[Filled, Filled] = {}


class _Filing(_Table):
    mrn_ehr: Text = ""
    mrn_length: Annotated[int, Field(ge=0, le=40)] = 0
    target: list[AnyTarget] = [DEFAULT_TARGET]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [each.name.casefold() for each in self.target]
        if len(set(names)) < len(names):
            raise ValueError("two targets have the same name")
        return self


class _Settings(_Table):
    organization: _Organization
    cp_org: dict[str, _CpOrg] = {}
    coordinator: dict[str, _Coordinator] = {}
    payer: dict[str, _Payer] = {}
    masshealth: _MassHealth = _MassHealth()
    ombudsman: _Ombudsman = _Ombudsman()
    columns: dict[str, Filled] = {}
    ages: _AgeTable = _AgeTable()
    plan_titles: _Titles = _Titles()
    intake: _Intake = _Intake()
    review: _Review = _Review()
    signing: _Signing = _Signing()
    token: dict[Literal["root", "issuing", "seal"], _Token] = {}
    ledger: _Ledger = _Ledger()
    audit: _Audit = _Audit()
    backup: _Backup = _Backup()
    archive: _Archive = _Archive()
    health: _Health = _Health()
    work: _Work = _Work()
    words: _Words = _Words()
    consent_form: _ConsentForm | None = None
    letters: _Letters = _Letters()
    filing: _Filing = _Filing()
    channel: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")], AnyChannel] = {}

    @model_validator(mode="after")
    def _one_name_one_way(self) -> Self:
        both = {each.name for each in self.filing.target} & set(self.channel)
        if both:
            raise ValueError(f"{sorted(both)[0]!r} names a filing target and a channel; let one have another name")
        return self

    @model_validator(mode="after")
    def _payers_channels(self) -> Self:
        for name, payer in self.payer.items():
            if payer.channel and payer.channel not in self.channel:
                raise ValueError(f"payer {name!r} has the channel {payer.channel!r}, and no [channel.NAME] is that")
        return self


@dataclass(frozen=True, slots=True)
class Settings:
    """What one cpdocs.toml says, as the core's values."""

    senders: Senders
    options: Options


def default_text() -> str:
    """The documented settings file that ``init`` writes: every key, with its meaning."""
    return (files("cpdocs") / "default_settings.toml").read_text("utf-8")


@cache
def schema() -> dict[str, Any]:
    """Every key with what it takes and its default, as JSON Schema; keys as they are written in the file. It is kept:
    callers only read it."""
    return _Settings.model_json_schema(by_alias=True)


def load(text: str, name: str = "cpdocs.toml") -> Settings:
    """Reads settings from the text of a cpdocs.toml.

    Raises:
        WorkspaceFault: not TOML, or with unknown, missing or unusable keys; each fault is listed with its line.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WorkspaceFault(
            f"{name} can't be read: {error}.", todo="Mend that line; strings stand in double quotes."
        ) from None
    try:
        return _values(_Settings.model_validate(raw))
    except ValidationError as error:
        problems = [problem(fault, text, _Settings) for fault in error.errors(include_url=False, include_context=False)]
        raise WorkspaceFault(f"{name} has settings that can't be used.", problems=problems) from None


def _values(read: _Settings) -> Settings:
    organization = Sender(**read.organization.model_dump())
    base = read.organization.model_dump()
    cp_orgs = {
        name: Sender(
            **{**base, "name": name, **{key: value for key, value in table.model_dump().items() if value is not None}}
        )
        for name, table in read.cp_org.items()
    }
    senders = Senders(
        organization=organization,
        cp_orgs=cp_orgs,
        coordinator_phones={name: table.phone for name, table in read.coordinator.items()},
        payers={name: _payer(name, table) for name, table in read.payer.items()},
        masshealth_phone=read.masshealth.phone,
        masshealth_tty=read.masshealth.tty,
        masshealth_hours=read.masshealth.hours,
        ombudsman_name=read.ombudsman.name,
        ombudsman_phone=read.ombudsman.phone,
    )
    options = Options(
        columns=read.columns,
        ages={program: AgeRange(*limits) for program, limits in read.ages.model_dump().items()},
        plan_titles=read.plan_titles.model_dump(),
        targets=tuple(map(target_of, read.filing.target)),
        channels=tuple(channel_of(name, each) for name, each in read.channel.items()),
        mrn_ehr=read.filing.mrn_ehr,
        mrn_length=read.filing.mrn_length,
        max_return_bytes=read.intake.max_bytes,
        max_return_pages=read.intake.max_pages,
        settle_seconds=read.intake.settle_seconds,
        scan_seconds=read.intake.scan_seconds,
        retain_seconds=read.intake.retain_seconds,
        draw_pictures=read.intake.draw_pictures,
        second_reader=read.review.second_reader,
        ledger_url=_address(read.ledger.url),
        checkpoint_origin=read.audit.origin,
        tsa_url=read.signing.tsa_url,
        key_days=read.signing.key_days,
        fetch_hosts=frozenset(read.signing.fetch_revocation),
        fetch_minutes=read.signing.fetch_minutes,
        tokens={name: TokenPlace(**place.model_dump()) for name, place in read.token.items()},
        backup_hours=read.backup.max_age_hours,
        retention_years=read.archive.retention_years,
        renew_months=read.archive.renew_months,
        watch_minutes=read.health.watch_minutes,
        checkpoint_hours=read.health.checkpoint_hours,
        held_days=read.health.held_days,
        delivery_hours=read.health.delivery_hours,
        plan_days=read.work.plan_days,
        avoided_words=tuple(read.words.avoid.items()),
        consent_form=read.consent_form.model_dump() if read.consent_form else None,
        contact_day=read.work.contact_day,
        health_plan_day=read.work.health_plan_day,
        letter_kinds=tuple(read.letters.kinds),
        print_limit=FileLimit(read.letters.file_sheets, read.letters.file_pieces),
        mailer=Mailer(**read.letters.barcode.model_dump()) if read.letters.barcode else None,
        scheduler=SchedulerOptions(**read.letters.scheduler.model_dump()),
        seeds=tuple(Seed(**seed.model_dump()) for seed in read.letters.seed),
    )
    return Settings(senders, options)


def _address(url: str) -> str:
    """The database's address as it is written, once it is one that may stand in a settings file."""
    if url:
        from cpdocs.ledger.address import checked_address

        checked_address(url)
    return url
