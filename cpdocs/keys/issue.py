"""Digital IDs for clinicians: issued, taken back, listed (contract §4, ``keys``).

An organization that can mint a clinician's key can forge an approval. So: only for an active clinician on record, only
with an issuer's PIN, with how the identity was established and by whom in the ledger, and with a notice to the
practice's key contact each time. Where the office makes the key itself (a certificate request) we never hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cpdocs.core.events import JSON, EventType, NewEvent, key_subject, practice_subject
from cpdocs.core.ids import is_npi
from cpdocs.core.key_records import KEY_EVENTS, KeyRecord, fold_keys
from cpdocs.core.people import Role
from cpdocs.core.providers import Clinician, Directory
from cpdocs.errors import CpdocsError, InputFault, WorkspaceFault
from cpdocs.keys.notices import tell_key_contacts
from cpdocs.keys.organization_keys import load_issuing
from cpdocs.keys.reuse import require_own_key
from cpdocs.keys.revocations import Published, load_issuers, publish
from cpdocs.people import people
from cpdocs.register.load import load_register
from cpdocs.system.durable import write_durably

if TYPE_CHECKING:
    from cryptography import x509

    from cpdocs.ledger.reads import Reads
    from cpdocs.workspace import Workspace

SANDBOX_BACKDATE = timedelta(days=365)
"""A sandbox's clock may be set back: what is issued there is valid before it was issued."""


def key_records(source: Reads) -> Mapping[str, KeyRecord]:
    """Every digital ID on record, by fingerprint. ``source`` is the ledger or a transaction on it."""
    return fold_keys(source.events(types=KEY_EVENTS))


def issue(
    ws: Workspace,
    npi: str,
    *,
    identity: str,
    by: str,
    out: Path,
    pin: people.Secret,
    token_pin: people.Secret | None = None,
    request: bytes | None = None,
    passphrase: bytes = b"",
) -> KeyRecord:
    """Issues a digital ID for the active clinician ``npi`` into the new file ``out``.

    With ``request`` (PKCS#10) ``out`` is the certificate and those above it (PEM): the office holds the key, and the
    names that it asks for are ignored, those on record stand. Without, ``out`` is a PKCS#12 under ``passphrase``.
    ``identity`` says how their identity was established, ``by`` who did so. The practices' key contacts are told.

    Raises:
        InputFault: no active clinician with that NPI on record, an unfit request, one for a key that is somebody else's
        or was
            compromised, a short passphrase, ``out`` is there.
        WorkspaceFault: the acting account is no issuer, or its PIN is wrong.
    """
    from cpdocs.signing import authority
    from cpdocs.signing.identity import Person
    from cpdocs.signing.keyfiles import KeyPair, certificate_pem, fingerprint, write_pkcs12
    from cpdocs.signing.trust import public_key_sha256

    require_said(identity, "--identity", "how the clinician's identity was established")
    require_said(by, "--by", "who established it")
    _require_new(out)
    directory = load_register(ws).directory
    rows = active_rows(directory, npi)
    public_key = (
        authority.read_request(request, name="The certificate request").public_key() if request is not None else None
    )
    if public_key is None and len(passphrase) < people.LEAST_PIN:
        raise InputFault(f"The passphrase is shorter than {people.LEAST_PIN} characters.", todo="Choose a longer one.")
    if public_key is not None:
        require_own_key(ws.ledger, public_key_sha256(public_key), name="the certificate request", npi=npi)
    acting = people.require(ws, Role.ISSUER, pin)
    issuing = load_issuing(ws, acting.pin, token_pin)
    person = Person(npi, rows[0].first_name, rows[0].last_name, rows[0].credential)
    backdate = SANDBOX_BACKDATE if ws.sandbox else authority.SKEW
    validity = authority.Validity.at(ws.clock.now(), timedelta(days=ws.options.key_days), backdate=backdate)
    above = (issuing.certificate, *issuing.chain)
    if public_key is not None:
        certificate = authority.certify_person(issuing, person, public_key, validity)
        data = b"".join(certificate_pem(item) for item in (certificate, *above))
    else:
        key = authority.new_key()
        certificate = authority.certify_person(issuing, person, key.public_key(), validity)
        data = write_pkcs12(KeyPair(key, certificate, above), passphrase, friendly_name=person.display_name)
    event = certificate_data(certificate, npi=npi, identity=identity, by=by) | {
        "credential": person.credential,
        "practice_ids": [row.practice_id for row in rows],
        "custody": "organization" if public_key is None else "holder",
        "authority": fingerprint(issuing.certificate),
    }
    subjects = (key_subject(str(event["serial"])), *(practice_subject(row.practice_id) for row in rows))
    ws.ledger.append(NewEvent(EventType.KEY_ISSUED, subjects, event))
    record = key_records(ws.ledger)[str(event["fingerprint"])]
    _hand_over(out, data, record)
    tell_key_contacts(
        ws, record, [directory.practices[row.practice_id] for row in rows if row.practice_id in directory.practices]
    )
    return record


def revoke(
    ws: Workspace, serial: str, *, reason: str, pin: people.Secret, token_pin: people.Secret | None = None
) -> tuple[KeyRecord, Published]:
    """Takes the digital ID ``serial`` back from now on, for an RFC 5280 ``reason``, and publishes the lists at once.

    A pinned one may be named by its SHA-256 fingerprint too.

    Raises:
        InputFault: no such ID, revoked already, or no such reason.
        WorkspaceFault: the acting account is no issuer, or its PIN is wrong.
    """
    from cpdocs.signing.authority import parse_reason

    why = parse_reason(reason)
    wanted = serial.strip().lower().replace(":", "").removeprefix("0x").lstrip("0")
    acting = people.require(ws, Role.ISSUER, pin)
    issuers = load_issuers(ws, acting.pin, token_pin)
    with ws.ledger.write() as tx:
        found = [key for key in key_records(tx).values() if wanted in (key.serial, key.fingerprint.lstrip("0"))]
        if len(found) != 1:
            raise InputFault(
                f"{'Several digital IDs have' if found else 'No digital ID has'} that serial number.",
                todo="See them with `cpdocs keys list`; a pinned one can be named by its SHA-256 fingerprint.",
            )
        key = found[0]
        if key.revoked_at is not None:
            raise InputFault(
                f"{key.serial} was revoked on {key.revoked_at:%Y-%m-%d} ({key.reason}).",
                todo="There is nothing more to do.",
            )
        event: dict[str, JSON] = {
            "serial": key.serial,
            "fingerprint": key.fingerprint,
            "reason": why,
            "at": ws.clock.now().isoformat(),
        }
        tx.append(NewEvent(EventType.KEY_REVOKED, (key_subject(key.serial),), event))
        write_files = publish(ws, tx, issuers)
        after = key_records(tx)[key.fingerprint]
    return after, write_files()


def republish(ws: Workspace, *, pin: people.Secret, token_pin: people.Secret | None = None) -> Published:
    """Publishes the lists of revoked certificates anew, so that they don't grow stale.

    Raises WorkspaceFault where the acting account is no issuer, or its PIN is wrong.
    """
    acting = people.require(ws, Role.ISSUER, pin)
    issuers = load_issuers(ws, acting.pin, token_pin)
    with ws.ledger.write() as tx:
        write_files = publish(ws, tx, issuers)
    return write_files()


def certificate_data(certificate: x509.Certificate, *, npi: str, identity: str, by: str) -> dict[str, JSON]:
    """What the ledger keeps of a certificate and of whose it is (see ``core.key_records``)."""
    from cpdocs.signing.identity import named_in
    from cpdocs.signing.keyfiles import certificate_pem, fingerprint, serial_text

    return {
        "serial": serial_text(certificate),
        "fingerprint": fingerprint(certificate),
        "npi": npi,
        "name": named_in(certificate).name,
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "pem": certificate_pem(certificate).decode(),
        "identity": identity.strip(),
        "by": by.strip(),
    }


def rows_on_record(directory: Directory, npi: str) -> tuple[Clinician, ...]:
    """The clinician's rows. Raises InputFault for no NPI, or one of nobody on record."""
    if not is_npi(npi):
        raise InputFault("This is no NPI: ten digits with a right check digit.", todo="Check the number.")
    rows = directory.rows_of(npi)
    if not rows:
        raise InputFault(
            f"No clinician with the NPI {npi} is on record.", todo="Import the clinicians' list that has them first."
        )
    return rows


def active_rows(directory: Directory, npi: str) -> tuple[Clinician, ...]:
    """The clinician's active rows. Raises InputFault where there is none."""
    rows = tuple(row for row in rows_on_record(directory, npi) if row.active)
    if not rows:
        raise InputFault(
            f"The clinician {npi} is not active at any practice.", todo="Digital IDs are for active clinicians only."
        )
    return rows


def require_said(text: str, option: str, meaning: str) -> None:
    """Raises InputFault where ``option`` was left empty: it stands in the ledger for good."""
    if not text.strip():
        raise InputFault(f"{option} is empty.", todo=f"Say {meaning}: it stands in the ledger for good.")


def _require_new(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise InputFault(f"{out} is there already and is left alone.", todo="Choose another name.")
    if not out.parent.is_dir():
        raise InputFault(f"There is no folder {out.parent}.", todo="Make it first.")


def _hand_over(out: Path, data: bytes, record: KeyRecord) -> None:
    """Writes the ID once it is on record: one that exists and isn't on record must never be."""
    try:
        write_durably(out, data)
    except CpdocsError as error:
        raise WorkspaceFault(
            f"The digital ID {record.serial} is on record but could not be written: {error.message}",
            todo=f"Run `cpdocs keys revoke {record.serial} --reason superseded`, then issue another.",
        ) from None
