"""``[[filing.target]]`` and ``[channel.NAME]`` of cpdocs.toml: a schema for each kind, and what no target may be.

File names must differ for every document of a target, on every file system: a second plan must never take the place of
a first (contract §9).
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from cpdocs.core.options import FilingTarget
from cpdocs.core.places import Channel, Place

Text = Annotated[str, Field(max_length=400, pattern=r"^[^\x00-\x1f\x7f]*$")]
Filled = Annotated[str, Field(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]+$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
File = Annotated[str, Field(pattern=r"^/[^\x00-\x1f\x7f]+$", max_length=400)]
Folder = Annotated[str, Field(pattern=r"^(/[^\x00-\x1f\x7f]+)?$", max_length=400)]
Mode = Annotated[str, Field(pattern=r"^0?[0-7]{3}$")]
Field2 = Annotated[str, Field(max_length=180, pattern=r"^[^\x00-\x1f\x7f|~\\&\r\n]*$")]
Edition = Literal["", "sealed", "fax"]
Deadline = Annotated[int, Field(ge=1, le=3600)]

_DEVICES = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_PLACEHOLDERS = ("document_id", "mrn", "type", "date", "version")


HostKey = Annotated[
    str,
    Field(
        pattern=r"^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,}={0,2}( .*)?$", max_length=2000
    ),
]
"""A server's public key as OpenSSH writes it, in one line."""


class _DocumentTypes(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    BH: Filled
    LTSS: Filled
    part2: Text = ""


class _Target(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    kept: ClassVar[frozenset[str]] = frozenset({"name", "kind", "ehrs", "document_type", "file_name"})

    name: Name
    ehrs: list[Filled] = []
    document_type: Text | _DocumentTypes = "Care Plan"
    file_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.{}-]+\.pdf$")] = "{document_id}.pdf"

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        used = re.findall(r"\{([^{}]*)\}", self.file_name)
        unknown = [each for each in used if each not in _PLACEHOLDERS]
        if unknown or re.search(r"[{}]", re.sub(r"\{[a-z0-9_]+\}", "", self.file_name)):
            raise ValueError(f"file_name may use {', '.join('{' + each + '}' for each in _PLACEHOLDERS)} and no others")
        if _DEVICES.match(self.file_name):
            raise ValueError("file_name is the name of a device under Windows; choose another")
        types = self.document_type
        by_program = isinstance(types, _DocumentTypes) and types.BH != types.LTSS
        whole = {"mrn", "version", "type"} <= set(used) and (by_program or types == "")
        if "document_id" not in used and not whole:
            raise ValueError(
                "file_name must differ for every document: use {document_id}, or {mrn}, {type} and {version} together "
                "with a document_type that differs by program"
            )
        return self


class _FolderTarget(_Target):
    kind: Literal["folder"] = "folder"


class _Placed(_Target):
    folder: Folder = ""
    group: Text = ""
    mode: Mode = "0600"
    acknowledgement_folder: Folder = ""


class _Handoff(_Placed):
    kind: Literal["handoff"]


class _Xdm(_Placed):
    kind: Literal["xdm"]


class _OnBase(_Placed):
    kind: Literal["onbase_dip"]
    tags: dict[
        Literal["document_type", "mrn", "name", "dob", "date", "document_id", "description"],
        Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f:]{1,20}$")],
    ] = {}


class _Sftp(_Target):
    kind: Literal["sftp"]
    host: Host
    port: Port = 22
    user: Filled
    key_file: File
    host_key: HostKey
    folder: Filled
    acknowledgement_folder: Text = ""
    deadline_seconds: Deadline = 120


class _Hl7v2(_Target):
    kind: Literal["hl7v2"]
    host: Host
    port: Port
    tls: bool = True
    ca_file: Folder = ""
    cert_file: Folder = ""
    key_file: Folder = ""
    sending_application: Field2 = "CPDOCS"
    sending_facility: Field2 = ""
    receiving_application: Field2 = ""
    receiving_facility: Field2 = ""
    mrn_authority: Field2 = ""
    txa2: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,30}$")] = "PR"
    txa17: Literal["AU", "DI", "DO", "IN", "IP", "LA", "PA"] = "AU"
    on_error: Literal["hold", "retry"] = "hold"
    tells_apart: bool = False
    deadline_seconds: Deadline = 60

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> Self:
        if not self.tls and not is_loopback(self.host):
            raise ValueError(f"tls = false only goes with this machine itself, and {self.host} is another")
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("cert_file and key_file belong together")
        return self


class _Fhir(_Target):
    kind: Literal["fhir"]
    url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$", max_length=400)]
    mrn_system: Filled
    token_url: Annotated[str, Field(pattern=r"^(https?://[^\s#]+)?$", max_length=400)] = ""
    client_id: Text = ""
    key_file: Folder = ""
    ca_file: Folder = ""
    scope: Text = "system/DocumentReference.crus system/Provenance.crs system/EpisodeOfCare.crs system/Patient.rs"
    deadline_seconds: Deadline = 60

    @model_validator(mode="after")
    def _not_in_the_clear(self) -> Self:
        for url in filter(None, (self.url, self.token_url)):
            parts = urlsplit(url)
            if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
                raise ValueError("http:// only goes with this machine itself; use https://")
            if parts.username or parts.password:
                raise ValueError("no user or password may stand in a url")
        if self.token_url and not (self.client_id and self.key_file):
            raise ValueError("token_url needs client_id and key_file")
        return self


def _kind(value: Any) -> str:
    return str(value.get("kind", "folder") if isinstance(value, dict) else getattr(value, "kind", "folder"))


AnyTarget = Annotated[
    Annotated[_FolderTarget, Tag("folder")]
    | Annotated[_Handoff, Tag("handoff")]
    | Annotated[_Sftp, Tag("sftp")]
    | Annotated[_OnBase, Tag("onbase_dip")]
    | Annotated[_Hl7v2, Tag("hl7v2")]
    | Annotated[_Fhir, Tag("fhir")]
    | Annotated[_Xdm, Tag("xdm")],
    Discriminator(_kind),
]
KINDS = ("folder", "handoff", "sftp", "onbase_dip", "hl7v2", "fhir", "xdm", "smtp")
DEFAULT_TARGET = _FolderTarget(name="chart")


class _FolderChannel(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    kind: Literal["folder"]
    edition: Edition = ""
    folder: Annotated[str, Field(pattern=r"^(/[^\x00-\x1f\x7f]+)?$", max_length=400)] = ""
    group: Text = ""
    mode: Mode = "0600"


class _SmtpChannel(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)
    kind: Literal["smtp"]
    edition: Edition = ""
    host: Host
    port: Port = 587
    tls: Literal["starttls", "tls"] = "starttls"
    ca_file: Folder = ""
    user: Text = ""
    password_file: Folder = ""
    sender: Annotated[str, Field(alias="from", pattern=r"^[^@\s<>,;\"]+@[A-Za-z0-9.-]+$")]
    to: Annotated[str, Field(pattern=r"^[^\s<>,;\"]+$")] = "{email}"
    deadline_seconds: Deadline = 120

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        if not re.fullmatch(r"\{email\}|(?:[^{}@]|\{fax\})+@[A-Za-z0-9.-]+", self.to):
            raise ValueError('to is "{email}", or an address in which {fax} may stand, such as "{fax}@fax.example.org"')
        if bool(self.user) != bool(self.password_file):
            raise ValueError("user and password_file belong together")
        return self


class _SftpChannel(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    kind: Literal["sftp"]
    edition: Edition = ""
    host: Host
    port: Port = 22
    user: Filled
    key_file: File
    host_key: HostKey
    folder: Filled
    acknowledgement_folder: Text = ""
    deadline_seconds: Deadline = 120


AnyChannel = Annotated[_FolderChannel | _SmtpChannel | _SftpChannel, Discriminator("kind")]


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine itself, by its written form: a name that is looked up could be anything."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def target_of(read: Any) -> FilingTarget:
    """A target as the core's value."""
    types = read.document_type
    table = types.model_dump() if isinstance(types, BaseModel) else {}
    return FilingTarget(
        read.name,
        read.kind,
        tuple(read.ehrs),
        "" if table else types,
        read.file_name,
        {key: value for key, value in table.items() if value},
        _place(read.kind, read.model_dump(exclude=set(_Target.kept))),
    )


def channel_of(name: str, read: Any) -> Channel:
    """A channel as the core's value."""
    keys = read.model_dump(exclude={"kind"})
    keys["edition"] = read.edition or ("fax" if "{fax}" in keys.get("to", "") else "sealed")
    return Channel(name, read.kind, _place(read.kind, keys))


def _place(kind: str, keys: dict[str, Any]) -> Place:
    if isinstance(keys.get("tls"), bool):
        keys["tls"] = "tls" if keys["tls"] else "none"
    # A file's name is taken once, and a FHIR server is asked with If-None-Exist: both know a delivery that comes again.
    keys.setdefault("tells_apart", kind not in ("smtp", "hl7v2"))
    return Place(**keys)
