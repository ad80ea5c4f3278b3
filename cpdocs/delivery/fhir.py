"""FHIR R4: find the patient, create the document unless it is there, read it back, then its Provenance.

A POST with ``If-None-Exist`` leaves one document however often it is sent; a search before a blind POST doesn't, where
an answer is overtaken by its retry (ehr.md, "What can be exactly once"). Delivered means that the server, asked
afterwards, has exactly one document under our identifier, of this patient, with these very bytes.
"""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import sha256
from typing import Any

from cpdocs.core.deliveries import Answer, Outcome
from cpdocs.core.places import Place
from cpdocs.delivery.fhir_http import NoAnswer, NotSent, Reply, Server
from cpdocs.delivery.fhir_resources import IDENTIFIER_SYSTEM, identifier_of
from cpdocs.delivery.parcel import Deadline, Parcel, accepted, not_sent, refused, unknown

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_COME_AGAIN = (408, 425, 429, 500, 502, 503, 504)


_HINTS = {
    401: " It doesn't know us: check token_url, client_id and key_file.",
    403: " We may not do that there: the site has to grant every part of `scope`.",
    404: " Nothing is there: check that `url` is the base of the server's R4 interface.",
}


class _Ended(Exception):
    """A step said how the attempt ends."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.words)
        self.answer = answer


def send(parcel: Parcel, place: Place, epoch: int) -> Answer:
    """Files the document of ``parcel`` (its first part; the second is the Provenance, a third the
    enrollment), or takes one back."""
    server = Server(place, epoch, Deadline(place.deadline_seconds))
    posted = False
    try:
        if parcel.details.get("recall"):
            return _recall(server, parcel)
        patient = _patient(server, parcel, place)
        body = parcel.parts[0].data.replace(b"Patient/{patient}", f"Patient/{patient}".encode(), 1)
        if replaced := parcel.details.get("supersedes"):
            old = _one(server, str(replaced))
            body = body.replace(b"DocumentReference/{replaced}", f"DocumentReference/{old['id']}".encode(), 1)
        posted = True
        _done(server.post("DocumentReference", body, identifier=_token(parcel.document_id)), "the document")
        found = _read_back(server, parcel, patient)
        remark = _provenance(server, parcel, found)
        remark += _episode(server, parcel, patient)
        if replaced:
            _set_status(server, str(replaced), "superseded")
        return accepted(f"The server has it once, read back and the same.{remark}")
    except _Ended as ended:
        if posted and ended.answer.outcome is Outcome.BUSY:
            return unknown(f"{ended.answer.words} The document may be there already.")
        return ended.answer
    except NotSent as error:
        return unknown(f"{error} The document may be there already.") if posted else not_sent(str(error))
    except NoAnswer:
        words = "No whole answer came."
        return unknown(f"{words} The document may be there already.") if posted else not_sent(words)


def _patient(server: Server, parcel: Parcel, place: Place) -> str:
    """The server's one patient with our MRN, name and date of birth; anything else ends the attempt."""
    details = parcel.details
    hits = _hits(_done(server.get("Patient", identifier=f"{place.mrn_system}|{details['mrn']}"), "the search"))
    if len(hits) != 1:
        raise _Ended(refused(f"The server knows {len(hits) or 'no'} patients with this MRN; there must be one."))
    patient = hits[0]
    born = str(patient.get("birthDate", ""))
    if born != details["dob"]:
        raise _Ended(refused("The patient with this MRN has another date of birth there; nothing was filed."))
    family = _folded(details["last_name"])
    names = [each for each in patient.get("name") or [] if isinstance(each, dict)]
    if not any(_folded(each.get("family", "")) == family for each in names):
        raise _Ended(refused("The patient with this MRN has another last name there; nothing was filed."))
    return _id(patient)


def _read_back(server: Server, parcel: Parcel, patient: str) -> dict[str, Any]:
    """Our document as the server gives it, once it is the only one and the same."""
    found = _one(server, parcel.document_id)
    if (found.get("subject") or {}).get("reference", "").rpartition("Patient/")[2] != patient:
        raise _Ended(refused("The server has the document under another patient. Look there at once."))
    try:
        attachment = found["content"][0]["attachment"]
        data = b64decode(attachment["data"], validate=True) if attachment.get("data") else _fetched(server, attachment)
    except (KeyError, IndexError, TypeError, ValueError):
        raise _Ended(refused("The server's document has no PDF that can be read back.")) from None
    if sha256(data).hexdigest() != parcel.details["pdf_sha256"]:
        raise _Ended(refused("The server has a document under our identifier with other bytes."))
    return found


def _fetched(server: Server, attachment: dict[str, Any]) -> bytes:
    """The bytes of an attachment that the server keeps as a Binary of its own; never from elsewhere."""
    path = re.search(r"(?:^|/)(Binary/[A-Za-z0-9.-]{1,64})$", str(attachment.get("url", "")))
    if path is None:
        raise ValueError("no bytes")
    reply = _done(server.get(path[1]), "reading back")
    return b64decode((reply.resource or {})["data"], validate=True)


def _provenance(server: Server, parcel: Parcel, found: dict[str, Any]) -> str:
    """Creates the Provenance unless the document has one of ours; a server that takes none is told of in words."""
    target = f"DocumentReference/{_id(found)}"
    body = parcel.parts[1].data.replace(b"DocumentReference/{document}", target.encode(), 1)
    reply = server.post("Provenance", body, target=target)
    if reply.status in _COME_AGAIN:
        raise _Ended(unknown(f"The document is there; its Provenance isn't yet ({reply.words})."))
    return "" if reply.status in (200, 201) else f" It takes no Provenance ({reply.words})."


def _episode(server: Server, parcel: Parcel, patient: str) -> str:
    """Creates the enrollment unless the server has it; one that takes none (few EHRs import it) is told of in words."""
    if len(parcel.parts) < 3:
        return ""
    body = parcel.parts[2].data.replace(b"Patient/{patient}", f"Patient/{patient}".encode(), 1)
    token = f"{IDENTIFIER_SYSTEM}|{parcel.details['episode']}"
    reply = server.post("EpisodeOfCare", body, identifier=token)
    if reply.status in _COME_AGAIN:
        raise _Ended(unknown(f"The document is there; the enrollment isn't yet ({reply.words})."))
    return "" if reply.status in (200, 201) else f" It takes no enrollment ({reply.words})."


def _recall(server: Server, parcel: Parcel) -> Answer:
    """Marks the document as entered in error, which is all that an API may do, and reads that back."""
    _set_status(server, parcel.document_id, "entered-in-error")
    if _one(server, parcel.document_id).get("status") != "entered-in-error":
        return refused("The server doesn't mark the document as entered in error.")
    return accepted("The server has marked it as entered in error.")


def _set_status(server: Server, document_id: str, status: str) -> None:
    found = _one(server, document_id)
    if found.get("status") == status:
        return
    changed = {**found, "status": status}
    _done(server.put(f"DocumentReference/{_id(found)}", changed), "the new status")


def _one(server: Server, document_id: str) -> dict[str, Any]:
    """The one document under our identifier; a search lists none of it, or a summary, so it is read by itself."""
    hits = _hits(_done(server.get("DocumentReference", identifier=_token(document_id)), "the search"))
    if len(hits) != 1:
        count = len(hits) or "no"
        raise _Ended(refused(f"The server has {count} documents under our identifier; there must be one."))
    reply = _done(server.get(f"DocumentReference/{_id(hits[0])}"), "reading back")
    return reply.resource or {}


def _hits(reply: Reply) -> list[dict[str, Any]]:
    """The matches of a searchset."""
    entries = (reply.resource or {}).get("entry") or []
    found = [each for each in entries if isinstance(each, dict) and isinstance(each.get("resource"), dict)]
    return [
        each["resource"]
        for each in found
        if (each.get("search") or {}).get("mode", "match") == "match"
        and each["resource"].get("resourceType") != "OperationOutcome"
    ]


def _done(reply: Reply, what: str) -> Reply:
    if reply.status in (200, 201):
        return reply
    if reply.status in _COME_AGAIN:
        raise _Ended(Answer(Outcome.BUSY, f"The server doesn't take {what} now ({reply.words})."))
    hint = _HINTS.get(reply.status, "")
    raise _Ended(refused(f"The server doesn't take {what} ({reply.words}).{hint}"))


def _id(resource: dict[str, Any]) -> str:
    value = str(resource.get("id", ""))
    if not _ID.fullmatch(value):
        raise _Ended(refused("The server gives its resource no usable id."))
    return value


def _token(document_id: str) -> str:
    return f"{IDENTIFIER_SYSTEM}|{identifier_of(document_id)}"


def _folded(text: object) -> str:
    return "".join(char for char in str(text).casefold() if char.isalnum())
