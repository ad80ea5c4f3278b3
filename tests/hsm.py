"""A PKCS#11 token made by the tests themselves: SoftHSM 2, its objects in a folder of this session's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pkcs11
from cryptography.hazmat.primitives import serialization

from cpdocs.core.options import TokenPlace
from cpdocs.signing.keyfiles import PrivateKey

PIN, WRONG = b"8273645", b"1111111"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
)


class Unavailable(Exception):
    """SoftHSM isn't installed here."""


@dataclass
class Token:
    """One token; every label asked for by ``place`` is a new one."""

    folder: Path
    module: str
    label: str = "cpdocs tests"
    given: int = 0

    @property
    def pin_file(self) -> Path:
        return self.folder / "pin"

    def place(self, name: str = "key") -> TokenPlace:
        self.given += 1
        return TokenPlace(self.module, self.label, f"{name} {self.given}")

    def bring(self, key: PrivateKey, place: TokenPlace) -> None:
        """Puts a key that was made elsewhere on the token, as a vendor's tool does."""
        file = self.folder / "brought.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        given = ("--label", place.key, "--id", f"{self.given:04x}", "--pin", PIN.decode())
        subprocess.run(
            ["softhsm2-util", "--import", file, "--token", self.label, *given], check=True, capture_output=True
        )
        file.unlink()


def settings(**places: TokenPlace) -> str:
    """What cpdocs.toml says of keys on tokens."""
    return "".join(
        f'\n[token.{name}]\nmodule = "{at.module}"\ntoken = "{at.token}"\nkey = "{at.key}"\n'
        for name, at in places.items()
    )


@contextmanager
def inserted(folder: Path) -> Iterator[Token]:
    """A new token, for as long as the session lasts. Raises Unavailable."""
    module = next((each for each in MODULES if Path(each).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        raise Unavailable("SoftHSM 2 isn't installed (Debian: softhsm2)")
    (folder / "tokens").mkdir()
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(config)
    token = Token(folder, module)
    token.pin_file.write_bytes(PIN + b"\n")
    token.pin_file.chmod(0o600)
    made = ("--label", token.label, "--so-pin", "99887766", "--pin", PIN.decode())
    subprocess.run(["softhsm2-util", "--init-token", "--free", *made], check=True, capture_output=True)
    try:
        yield token
    finally:
        pkcs11.unload(module)
        del os.environ["SOFTHSM2_CONF"]
