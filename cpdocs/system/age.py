"""Files encrypted to age keys (age-encryption.org/v1), streamed: memory stays flat however large the file.

A recipient is a public key (``age1…`` or an SSH one); whoever makes a backup needs no more, and can't read it again. An
identity is the private key, kept elsewhere. Any age program opens what is written here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cpdocs.errors import InputFault, UsageFault
from cpdocs.system.durable import disk_fault, open_plain, read_plain, write_all, write_durably

if TYPE_CHECKING:
    from pyrage import ssh, x25519

    Recipient: TypeAlias = x25519.Recipient | ssh.Recipient
    Identity: TypeAlias = x25519.Identity | ssh.Identity

_NO_KEY = "No matching keys"


class WrongKey(InputFault):
    """None of the identities given opens the file."""


class SealBroken(InputFault):
    """The file isn't what was encrypted: changed, cut short, or never an age file."""


def read_recipients(given: Sequence[str], files: Sequence[Path]) -> list[Recipient]:
    """The public keys named on the command line and in recipients files (one a line, ``#`` begins a remark).

    Raises UsageFault where there is none or one is no public key.
    """
    texts = [*given, *(line for file in files for line in _lines(file, "recipients"))]
    if not texts:
        raise UsageFault(
            "A backup is always encrypted, and no recipient was given.",
            todo=(
                "Give --recipient or --recipients-file; `cpdocs backup new-key FILE` makes a key for those who "
                "have none."
            ),
        )
    return [_recipient(text) for text in texts]


def _recipient(text: str) -> Recipient:
    from pyrage import RecipientError, ssh, x25519

    if text.upper().startswith("AGE-SECRET-KEY-"):
        raise UsageFault(
            "A private key was given as a recipient.",
            todo="Give its public key (age1…), and keep the private one off this machine.",
        )
    try:
        return ssh.Recipient.from_str(text) if text.startswith("ssh-") else x25519.Recipient.from_str(text)
    except RecipientError:
        raise UsageFault(
            f"{text[:20]}… is no age public key.", todo="It begins with age1 (or ssh-ed25519, ssh-rsa)."
        ) from None


def read_identities(file: Path) -> list[Identity]:
    """The private keys in an identity file, as ``age-keygen`` writes it, or an unencrypted OpenSSH private key.

    Raises InputFault where it holds none.
    """
    from pyrage import IdentityError, ssh, x25519

    fault = InputFault(
        f"{file} holds no private key that can be used.", todo="Give the file with the line AGE-SECRET-KEY-…"
    )
    lines = _lines(file, "identity")
    try:
        if lines and lines[0].startswith("-----BEGIN"):
            return [ssh.Identity.from_buffer(read_plain(file))]
        found: list[Identity] = [x25519.Identity.from_str(line) for line in lines]
    except IdentityError:
        raise fault from None
    if not found:
        raise fault
    return found


def new_key(file: Path) -> str:
    """Makes a key pair: the private key goes into ``file`` (0600, never over another), the public one is given."""
    from pyrage import x25519

    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    write_durably(file, f"# public key: {public}\n{identity}\n".encode())
    return public


def encrypt(chunks: Iterable[bytes], descriptor: int, recipients: Sequence[Recipient]) -> tuple[str, int]:
    """Encrypts ``chunks`` into an open file; gives the SHA-256 and size of what was written. Not yet fsynced.

    What ``chunks`` raises comes through as it is; OSError where the disk refuses.
    """
    import pyrage

    source, target = _Source(chunks), _Target(descriptor)
    try:
        pyrage.encrypt_io(source, target, recipients)
    except (pyrage.EncryptError, OSError):
        for side in (source, target):
            if side.error is not None:
                raise side.error from None
        raise
    return target.digest.hexdigest(), target.size


def decrypt(file: Path, take: Callable[[bytes], object], identities: Sequence[Identity]) -> tuple[str, int]:
    """Hands the decrypted bytes to ``take``, in order; gives the SHA-256 and size of the encrypted file.

    Each chunk is authenticated before it is handed over, but only a normal end says that it was all of them. What
    ``take`` raises comes through as it is.

    Raises:
        WrongKey: no identity opens it.
        SealBroken: it was changed or cut short, or is no age file.
        InputFault: it can't be read.
    """
    import pyrage

    with _opened(file) as descriptor:
        source, target = _Hashed(descriptor), _Receiver(take)
        try:
            pyrage.decrypt_io(source, target, identities)
        except (pyrage.DecryptError, OSError) as error:
            if target.error is not None:
                raise target.error from None
            if source.error is not None:
                raise disk_fault(source.error, file.parent, "read from") from None
            if _NO_KEY in str(error):
                raise WrongKey(
                    f"{file.name} was not encrypted to this key.",
                    todo="Give the identity file whose public key made the backup.",
                ) from None
            raise SealBroken(
                f"{file.name} was changed or cut short after it was written, or is no age file.",
                todo="Use another copy, or an earlier backup.",
            ) from None
        # What follows the last chunk would not be authenticated; there must be nothing.
        if os.read(descriptor, 1):
            raise SealBroken(
                f"{file.name} has more bytes than were written.", todo="Use another copy, or an earlier backup."
            )
    return source.digest.hexdigest(), source.size


def digest_of(file: Path) -> tuple[str, int]:
    """The SHA-256 and size of a file, read from the disk where the system lets us ask for that. Raises InputFault."""
    with _opened(file) as descriptor:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        source = _Hashed(descriptor)
        try:
            while source.read(1 << 20):
                pass
        except OSError as error:
            raise disk_fault(error, file.parent, "read from") from error
    return source.digest.hexdigest(), source.size


def _lines(file: Path, what: str) -> list[str]:
    try:
        text = read_plain(file).decode()
    except (OSError, UnicodeDecodeError):
        raise InputFault(f"The {what} file {file} can't be read.", todo="Check the path and its permissions.") from None
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


class _opened:  # noqa: N801 reads as the verb it is
    """A regular file open for reading. Raises InputFault."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> int:
        try:
            self._descriptor = open_plain(self._file)
        except OSError as error:
            raise InputFault(
                f"{self._file} can't be read: {os.strerror(error.errno or 0).lower()}.",
                todo="Check the path and its permissions.",
            ) from None
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


class _Source:
    """Chunks as a file to read from; keeps what went wrong, since the library below gives only its text."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        try:
            while not self._rest:
                self._rest = memoryview(next(self._chunks))
        except StopIteration:
            return b""
        except Exception as error:
            self.error = error
            raise
        part, self._rest = self._rest[:size], self._rest[size:]
        return bytes(part)


class _Target:
    """An open file to write to, with the sum of what was written."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.digest = sha256()
        self.size = 0
        self.error: Exception | None = None

    def write(self, data: bytes) -> int:
        try:
            write_all(self._descriptor, data)
        except OSError as error:
            self.error = error
            raise
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


class _Hashed:
    """An open file to read from, with the sum of what was read."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.digest = sha256()
        self.size = 0
        self.error: OSError | None = None

    def read(self, size: int) -> bytes:
        try:
            data = os.read(self._descriptor, size)
        except OSError as error:
            self.error = error
            raise
        self.digest.update(data)
        self.size += len(data)
        return data


class _Receiver:
    """Hands on what is written to it."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self._take = take
        self.error: Exception | None = None

    def write(self, data: bytes) -> int:
        try:
            self._take(bytes(data))
        except Exception as error:
            self.error = error
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""
