"""Closing the signed files that are kept: with all that later checks need, and a time stamp over it where an authority
is set.

Used when a plan is filed and when its archive is stamped anew (``archive renew``): the same material, the same judgment
of how far the proof reaches. What was accepted is a stranger's file still: whatever reads it does so in the confined
child; here are only its bytes and the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cpdocs.core.authority_records import Binding
from cpdocs.core.events import JSON
from cpdocs.core.plan_record import KeptFile
from cpdocs.errors import Defect
from cpdocs.keys.authorities import authority_records
from cpdocs.keys.revocations import published_lists
from cpdocs.keys.trust import load_trust
from cpdocs.sandbox.run import Stopped, run_sandboxed
from cpdocs.system.durable import read_plain

if TYPE_CHECKING:
    from cpdocs.signing.file_facts import FileFacts
    from cpdocs.signing.trust import Trust
    from cpdocs.workspace import Workspace


SECONDS = 20.0
MEGABYTES = 1024


@dataclass(frozen=True, slots=True)
class Closed:
    """A file as it is kept: its bytes, and how far its proof reaches."""

    data: bytes
    kept: KeptFile


class Closer:
    """Closes files for one workspace: trust and material are read once. ``stamped``: whether an authority is set."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self.trust: Trust = load_trust(ws.ledger, ws.blobs)
        self.stamped = bool(ws.options.tsa_url)

    def facts(self, data: bytes) -> FileFacts:
        """What a file that was accepted shows now; a ``problem`` where the child gave no answer."""
        from cpdocs.signing.facts import read_facts
        from cpdocs.signing.file_facts import FileFacts

        try:
            found: FileFacts = _confined(read_facts, data, self.trust, self._ws.clock.now())
        except Stopped as stopped:
            return FileFacts(problem=stopped.why)
        return found

    def as_signed(self, data: bytes) -> bytes:
        """``data``, which was accepted, as it was signed: a mail system may have changed the line end at its end.
        Raises Defect where it can't be read any more."""
        from cpdocs.signing.line_ends import may_differ
        from cpdocs.signing.reading import bytes_as_signed

        if not may_differ(data):
            return data
        try:
            found: bytes = _confined(bytes_as_signed, data, self.trust, self._ws.clock.now())
        except Stopped as stopped:
            raise _cannot_be_closed(stopped) from None
        return found

    def close(self, data: bytes) -> Closed:
        """``data``, whose signatures were accepted, with what this workspace can put behind it.

        Raises TimestampUnavailable where the authority that is set gives no time stamp, Defect where the file can't be
        read any more.
        """
        from cpdocs.signing.ltv import close
        from cpdocs.signing.timestamps import UrlTimeStamper

        lists, answers, authorities = self._said(self.facts(data))
        stamper = UrlTimeStamper(self._ws.options.tsa_url) if self.stamped else None
        ours = (*self.trust.roots, *self.trust.issuing, *self.trust.in_person, *self.trust.seals, *authorities)
        try:
            closed = close(data, certificates=ours, crls=lists, answers=answers, timestamper=stamper, run=_confined)
        except Stopped as stopped:
            raise _cannot_be_closed(stopped) from None
        return Closed(closed, self.kept(closed))

    def kept(self, data: bytes) -> KeptFile:
        """How far the proof of a closed file reaches, as it stands."""
        from cpdocs.signing.baseline_level import proof_of

        proof = proof_of(self.facts(data))
        return KeptFile(sha256(data).hexdigest(), proof.level, proof.until, proof.stamped_at, proof.authority)

    def _said(self, facts: FileFacts) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """Lists, answers and authorities' certificates (DER) that speak for the file's signatures and for time
        stamps."""
        ws = self._ws
        lists = [*published_lists(ws), *(read_plain(file) for file in sorted(ws.paths.keys.glob("root*.crl")))]
        answers: list[bytes] = []
        authorities = list(self.trust.timestamp_roots)
        certificates = [each.certificate for each in facts.signatures if each.certificate]
        for certificate in certificates:
            if certificate.outside is None:
                continue
            authorities += [
                each.certificate
                for each in self.trust.outside
                if _mark(each.certificate) == certificate.outside.authority
            ]
            for status in certificate.outside.statuses:
                (lists if status.kind == "crl" else answers).append(ws.blobs.get(status.sha256))
        for record in authority_records(ws.ledger).values():
            if record.trusted and record.binding is Binding.TIME:
                lists += [ws.blobs.get(each.sha256) for each in record.lists.values()]
        return lists, answers, authorities


def _confined(function: Callable[..., Any], *given: Any) -> Any:
    """What ``function`` gives, run in the confined child. Raises Stopped."""
    name = f"{function.__module__}:{function.__qualname__}"
    return run_sandboxed(name, *given, seconds=SECONDS, megabytes=MEGABYTES)


def _cannot_be_closed(stopped: Stopped) -> Defect:
    return Defect(
        f"A signed file that was accepted can't be read any more ({stopped.why}); `cpdocs audit verify` tells whether "
        "it is whole."
    )


def kept_json(kept: KeptFile) -> dict[str, JSON]:
    """What events, manifests and commands say of a kept file."""
    return {
        "sha256": kept.sha256,
        "level": kept.level.value,
        "until": kept.until.isoformat() if kept.until else None,
        "stamped_at": kept.stamped_at.isoformat() if kept.stamped_at else None,
        "authority": kept.authority,
    }


def _mark(der: bytes) -> str:
    from cpdocs.signing.trust import fingerprint

    return fingerprint(der)
