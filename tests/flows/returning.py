"""What practices do with an issued plan, through the real commands: digital IDs, signatures, drops into the inbox."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.flows.conftest import Office

FAST = "[intake]\nsettle_seconds = 0\nscan_seconds = 0.2\ndraw_pictures = false\n"
SIGN = "2026-11-03T15:00:00Z"
RETURN = "2026-11-04T15:00:00Z"


@dataclass
class Desk:
    """An office with issued plans whose clinicians have digital IDs made when first asked for."""

    office: Office
    keys: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = self.root / "cpdocs.toml"
        text = settings.read_text("utf-8")
        if FAST.strip() not in text:
            settings.write_text(re.sub(r"^\[intake\]$", FAST.strip(), text, count=1, flags=re.MULTILINE), "utf-8")
        self.passphrase.write_text("correct horse\n", "utf-8")
        self.passphrase.chmod(0o600)

    @property
    def root(self) -> Path:
        return self.office.cli.root

    @property
    def passphrase(self) -> Path:
        return self.root.parent / "passphrase"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    def issued_file(self, plan: str = "bh") -> Path:
        """The sealed plan as it was put out for its practice."""
        return next((self.root / "outbox" / "plans").glob(f"*/{self.office.documents[plan]}.pdf"))

    def practice(self, plan: str = "bh") -> str:
        return self.issued_file(plan).parent.name

    def key(self, label: str) -> Path:
        """A PKCS#12 made by ``keys issue`` for one of the sample's clinicians."""
        if label not in self.keys:
            out = self.root.parent / f"{label}.p12"
            npi = self.office.sample.npis[label]
            how = ("--identity", "badge seen", "--by", "Sam Sample", "--out", out, "--passphrase-file", self.passphrase)
            self.office.cli("keys", "issue", "--npi", npi, *how)
            self.keys[label] = out
        return self.keys[label]

    def sign_pcp(self, file: Path, label: str = "pcp1", *, now: str = SIGN, name: str = "") -> Path:
        out = self.root.parent / (name or f"{file.stem}-{label}.pdf")
        key = ("--key", self.key(label), "--passphrase-file", self.passphrase)
        self.office.cli("sign", file, "--slot", "pcp", *key, "-o", out, now=now)
        return out

    def sign_member(self, file: Path, *, now: str = SIGN) -> Path:
        out = self.root.parent / f"{file.stem}-member.pdf"
        self.office.cli("sign", file, "--slot", "member", "--in-person", "--witness", "Sam Sample", "-o", out, now=now)
        return out

    def drop(
        self, data: bytes | Path, *, practice: str | None = None, name: str = "return.pdf", plan: str = "bh"
    ) -> Path:
        """Puts bytes into the inbox, in the plan's practice's folder unless another (or "" for the top) is named."""
        folder = self.inbox / (self.practice(plan) if practice is None else practice)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / name
        target.write_bytes(data.read_bytes() if isinstance(data, Path) else data)
        return target

    def intake(self, *files: Path, now: str = RETURN, status: int | None = 0) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.office.cli("intake", *files, "--json", now=now, status=status).json
        return rows

    def take(self, data: bytes | Path, *, now: str = RETURN, **how: Any) -> dict[str, Any]:
        """Drops one file and gives its row."""
        self.drop(data, **how)
        (row,) = self.intake(now=now)
        return row

    def notices(self, practice: str) -> list[Path]:
        """The notices about plans put out for a practice; those about digital IDs aside."""
        found = (self.root / "outbox" / "notices" / practice).glob("*.pdf")
        return sorted(path for path in found if not path.name.startswith("digital-id"))

    def events(self, *types: str) -> list[Any]:
        """The recorded events of these types; of all, where none is named."""
        return recorded(self.root, *types)


def recorded(root: Path, *types: str) -> list[Any]:
    """The events in the ledger of the workspace ``root``: of these types, or all."""
    from cpdocs.core.events import EventType
    from cpdocs.ledger.events import EventStore
    from cpdocs.wiring import SystemClock, ledger_place
    from cpdocs.workspace import Paths

    store = EventStore.open(ledger_place(Paths(root)), clock=SystemClock(), user="test", host="test")
    try:
        return list(store.events(types=[EventType(each) for each in types]))
    finally:
        store.close()


def codes(row: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in row["findings"]]
