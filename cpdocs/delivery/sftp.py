"""SFTP: uploaded as ``.part``, read back and compared, then renamed to a name that nothing has.

The server's key is the one that the settings name, and no other. Delivered means that the server, asked after the
rename, has a file of that name with these very bytes, or, where the target has an acknowledgement folder, that an
acknowledgement names it.
"""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from hashlib import sha256
from typing import TYPE_CHECKING

from cpdocs.core.deliveries import Answer, Outcome
from cpdocs.core.places import Place
from cpdocs.delivery.parcel import Content, Deadline, NothingSent, Parcel, accepted, not_sent, refused, unknown

if TYPE_CHECKING:
    import paramiko

_MOST = 16 << 20


def send(parcel: Parcel, place: Place) -> Answer:
    """Uploads the files of ``parcel`` in order."""
    import paramiko

    deadline = Deadline(place.deadline_seconds)
    try:
        transport = _connect(place, deadline)
    except (OSError, EOFError, paramiko.SSHException) as error:
        return _no_connection(place, error)
    with closing(transport), deadline.cutting(transport.close):
        named = False
        try:
            client = paramiko.SFTPClient.from_transport(transport)
            if client is None:
                return not_sent("The server opens no SFTP session.")
            folder = place.folder.format_map(_Given(parcel.details))
            for part in parcel.parts:
                answer = _upload(client, f"{folder.rstrip('/')}/{part.name}", part, parcel)
                named = True
                if answer is not None:
                    return answer
        except (OSError, EOFError, paramiko.SSHException):
            if named:
                return unknown("The connection broke; a part of the files may be there already.")
            return not_sent("The connection broke before a file had its name.")
    if place.acknowledgement_folder:
        return Answer(Outcome.HANDED_OVER, "It lies on the server; its acknowledgement is awaited.")
    return accepted("The server has it under its name, read back and the same.")


def acknowledgements(place: Place, details: dict[str, str]) -> list[tuple[str, bytes]]:
    """The acknowledgement files (``*.csv``) on the server. Raises NothingSent where it can't be asked."""
    import paramiko

    deadline = Deadline(place.deadline_seconds)
    folder = place.acknowledgement_folder.format_map(_Given(details)).rstrip("/")
    found = []
    try:
        with closing(_connect(place, deadline)) as transport, deadline.cutting(transport.close):
            client = paramiko.SFTPClient.from_transport(transport)
            assert client is not None
            for name in sorted(client.listdir(folder)):
                path = f"{folder}/{name}"
                if name.endswith(".csv") and (client.stat(path).st_size or 0) <= _MOST:
                    with client.open(path, "rb") as file:
                        found.append((name, file.read(_MOST)))
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise NothingSent(f"{place.host} can't be asked for acknowledgements now.") from error
    return found


def _upload(client: paramiko.SFTPClient, path: str, part: Content, parcel: Parcel) -> Answer | None:
    """One file; an answer where it ends the delivery. Raises OSError where the connection breaks."""
    there = _digest(client, path)
    if there is not None:
        return None if there == part.sha256 else refused("Another file lies on the server under the same name.")
    half = f"{path}.{parcel.delivery_id}.part"
    begun = _digest(client, half)
    if parcel.look_first and begun is None:
        return Answer(
            Outcome.HANDED_OVER,
            "An earlier attempt was cut short, and the file isn't on the server: it was taken away already, or never "
            "came there. Ask whoever reads the folder.",
        )
    if begun != part.sha256:
        with client.open(half, "wb") as file:
            file.set_pipelined(True)
            file.write(part.data)
        if _digest(client, half) != part.sha256:
            return not_sent("What can be read back from the server isn't what was sent.")
    try:
        # The rename of SFTP version 3 takes no name that is taken, where posix-rename would replace.
        client.rename(half, path)
    except OSError as error:
        if isinstance(error, TimeoutError | ConnectionError | socket.error) and error.errno is not None:
            raise
        if _digest(client, path) == part.sha256:
            return None
        return refused("The server doesn't give the file its name: one of that name may have come meanwhile.")
    if _digest(client, path) == part.sha256:
        return None
    return Answer(
        Outcome.HANDED_OVER, "It was given its name on the server and is no longer there: taken away, it seems."
    )


def _digest(client: paramiko.SFTPClient, path: str) -> str | None:
    """The SHA-256 of a file on the server; None where there is none."""
    digest = sha256()
    try:
        with client.open(path, "rb") as file:
            file.prefetch()
            while chunk := file.read(1 << 18):
                digest.update(chunk)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


def _connect(place: Place, deadline: Deadline) -> paramiko.Transport:
    """A connection to the server that has the settings' key, as the settings' user. Raises OSError, SSHException."""
    import paramiko

    kind, blob = _host_key(place.host_key)
    try:
        key = paramiko.PKey.from_path(place.key_file)
    except (OSError, ValueError, paramiko.SSHException) as error:
        raise NothingSent(
            "key_file of a target can't be read.", todo="Check its path; it has no passphrase."
        ) from error
    connection = socket.create_connection((place.host, place.port), timeout=deadline.left)
    transport = paramiko.Transport(connection)
    try:
        transport.banner_timeout = transport.auth_timeout = deadline.left
        with suppress(ValueError):
            transport.get_security_options().key_types = _signatures(kind)
        transport.start_client(timeout=deadline.left)
        _expect_key(transport, blob)
        transport.auth_publickey(place.user, key)
    except BaseException:
        transport.close()
        raise
    return transport


def _expect_key(transport: paramiko.Transport, blob: bytes) -> None:
    import paramiko

    if transport.get_remote_server_key().asbytes() != blob:
        raise paramiko.SSHException("host key")


def _signatures(kind: str) -> tuple[str, ...]:
    """The signature algorithms that a key of this kind makes."""
    return ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)


def _host_key(text: str) -> tuple[str, bytes]:
    """Kind and bytes of a public key as OpenSSH writes it: ``ssh-ed25519 AAAA…``. Raises NothingSent."""
    from base64 import b64decode

    words = text.split()
    try:
        return words[0], b64decode(words[1], validate=True)
    except (IndexError, ValueError):
        raise NothingSent(
            "host_key of a target is no public key.", todo='Write it as OpenSSH does: "ssh-ed25519 AAAA…".'
        ) from None


def _no_connection(place: Place, error: Exception) -> Answer:
    where = f"{place.host}:{place.port}"
    if type(error).__name__ == "SSHException" and str(error) == "host key":
        return refused(f"{where} has another key than `host_key` says; nothing was sent.")
    if type(error).__name__ in ("AuthenticationException", "BadAuthenticationType"):
        return refused(f"{where} doesn't take our user or key.")
    return not_sent(f"No connection to {where}.")


class _Given(dict[str, str]):
    """What may stand in braces in a folder's name; anything else stays as it is."""

    def __init__(self, details: object) -> None:
        given: dict[str, object] = dict(details)  # type: ignore[call-overload]
        super().__init__(practice_id=str(given.get("folder") or given.get("practice_id", "")))

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
