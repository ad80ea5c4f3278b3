"""Fetching what outside authorities say of revocation (``keys fetch``, and the watcher on an interval), where a site
allows it.

Asked are the addresses that were recorded with each authority (``keys import-ca --crl-url --ocsp-url``), if their host
is among those of ``[signing] fetch_revocation``; a returned file never says whom to ask, and no verdict waits for an
answer. What comes is recorded as an import is: proven to be the authority's own, and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cpdocs.core.authority_records import AuthorityRecord
from cpdocs.core.events import JSON
from cpdocs.core.return_record import RETURN_EVENTS, all_parts
from cpdocs.errors import CpdocsError, WorkspaceFault
from cpdocs.keys.authorities import MOST_BYTES, authority_records, import_revocations

if TYPE_CHECKING:
    from cpdocs.core.return_record import ReturnRecord
    from cpdocs.workspace import Workspace

WANTING = frozenset({"revocation_unknown", "revocation_stale"})
"""The findings that a fresh word of the authority clears."""
_MOST_ANSWER = 64 * 1024
_MOST_QUESTIONS = 200
"""Certificates asked about in one go: the rest wait for the next."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one question: ``kind`` is crl or ocsp; ``new``: something that wasn't on record; ``problem``: why
    nothing came."""

    authority: str
    kind: str
    url: str
    new: bool = False
    next_update: str = ""
    problem: str = ""

    def as_json(self) -> dict[str, JSON]:
        return {
            "authority": self.authority,
            "kind": self.kind,
            "url": self.url,
            "new": self.new,
            "next_update": self.next_update or None,
            "problem": self.problem or None,
        }


def fetch_all(ws: Workspace) -> Iterator[Fetched]:
    """Asks every authority that is believed and has an address. What fails is an outcome; the others are asked all the
    same.

    Raises WorkspaceFault where the settings allow no host.
    """
    if not ws.options.fetch_hosts:
        raise WorkspaceFault(
            "Fetching is off: no host may be asked.",
            todo="Name the authorities' hosts in fetch_revocation under [signing] in cpdocs.toml.",
        )
    records = [each for each in authority_records(ws.ledger).values() if each.trusted]
    for record in records:
        for url in record.crl_urls:
            yield _ask(ws, record, "crl", url, None)
        if record.ocsp_url:
            for serial in _asked_about(ws, record):
                yield _ask(ws, record, "ocsp", record.ocsp_url, serial)


def waiting_for_word(ws: Workspace) -> list[ReturnRecord]:
    """The held returns whose decision wants a fresh word of an authority."""
    return [
        record
        for record in all_parts(ws.ledger.events(types=RETURN_EVENTS))
        if record.waiting and record.decision and any(each.code in WANTING for each in record.decision.findings)
    ]


def _ask(ws: Workspace, record: AuthorityRecord, kind: str, url: str, serial: int | None) -> Fetched:
    from cryptography import x509

    from cpdocs.signing.fetching import fetch, question_about

    certificate = x509.load_pem_x509_certificate(record.pem.encode())
    question = question_about(certificate, serial) if serial is not None else None
    try:
        limit = MOST_BYTES if question is None else _MOST_ANSWER
        data = fetch(url, hosts=ws.options.fetch_hosts, most_bytes=limit, question=question)
        done = import_revocations(ws, data, name="What came", only=record.fingerprint)
    except CpdocsError as error:
        return Fetched(record.fingerprint, kind, url, problem=error.message)
    return Fetched(record.fingerprint, kind, url, new=done.new, next_update=done.next_update)


def _asked_about(ws: Workspace, record: AuthorityRecord) -> list[int]:
    """The serial numbers of the authority's certificates in returns that wait for its word. It signed each of them."""
    found = {
        str(signature["serial"])
        for each in waiting_for_word(ws)
        if each.decision
        for signature in each.decision.signatures
        if signature.get("authority") == record.fingerprint and signature.get("serial")
    }
    return sorted(int(each, 16) for each in found)[:_MOST_QUESTIONS]
