"""Letters made on the workers of a Dask scheduler: the same letters, the same print file, on more than one machine.

What goes over the wire names members, so plain TCP is refused off this machine unless the settings say that the network
is closed; else TLS with certificates on both sides. Every worker has to have the very templates, fonts and libraries
that this machine has: each task carries their digest, and a worker that has others refuses it. A task of a worker that
died is done again by another one.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from cpdocs.core.options import SchedulerOptions
from cpdocs.errors import InputFault, UsageFault, WorkspaceFault
from cpdocs.letters.recorded import packed_templates

if TYPE_CHECKING:
    from distributed import Client

    from cpdocs.letters.renderers import RendererPool

Item = TypeVar("Item")
Done = TypeVar("Done")

_AHEAD = 4
"""Tasks under way for each worker, so that none waits for work and few results wait for their turn."""
_TIMEOUT = 20
"""Seconds in which the scheduler has to answer."""
_ONE_AT_A_TIME = threading.Lock()
"""A worker may run tasks in threads; layouts are made by one at a time."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A scheduler's address, and what may be sent to it how."""

    address: str
    options: SchedulerOptions

    def check(self) -> None:
        """Raises UsageFault for an address that members' data may not go to."""
        parts = urlsplit(self.address)
        if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port:
            raise UsageFault("That is no scheduler's address.", todo="Give it like tls://scheduler.example.org:8786.")
        if parts.scheme == "tls":
            if not (self.options.ca_file and self.options.cert_file and self.options.key_file):
                raise UsageFault(
                    "A tls:// scheduler needs certificates.",
                    todo="Set ca_file, cert_file and key_file under [letters.scheduler] in cpdocs.toml.",
                )
        elif not self.options.closed_network and not _is_here(parts.hostname):
            raise UsageFault(
                "Members' data would go over the network unencrypted.",
                todo="Use tls://, or set closed_network = true under [letters.scheduler] where nobody else can listen.",
            )

    def client(self) -> Client:
        """A connection. Raises WorkspaceFault where there is none, or Dask isn't installed."""
        try:
            from distributed import Client
            from distributed.security import Security
        except ImportError as fault:
            raise WorkspaceFault(
                "Dask isn't installed.", todo="Install cpdocs with the extra: pip install 'cpdocs[dask]'."
            ) from fault
        self.check()
        tls = self.address.startswith("tls://")
        options = self.options
        files = {
            "tls_ca_file": options.ca_file,
            "tls_client_cert": options.cert_file,
            "tls_client_key": options.key_file,
        }
        try:
            security = Security(require_encryption=True, **files) if tls else None
            return Client(self.address, security=security, timeout=_TIMEOUT, set_as_default=False)
        except (OSError, TimeoutError, ValueError, RuntimeError) as fault:
            raise WorkspaceFault(
                f"The scheduler can't be reached ({type(fault).__name__}).",
                todo="Check its address, its certificates and that it runs.",
            ) from fault


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def equipment(room: RendererPool) -> str:
    """The digest of what letters' looks depend on: templates with their fonts, the system's fonts, and the libraries'
    versions."""
    from importlib.metadata import version

    from cpdocs.documents.fonts import bundled_fonts, system_fonts
    from cpdocs.documents.html import template_folders

    digest = sha256(packed_templates(room))
    for path in system_fonts(bundled_fonts(template_folders(room.shipped, room.site))):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
    for name in ("cpdocs", "weasyprint", "pydyf", "fonttools"):
        digest.update(f"{name} {version(name)}\n".encode())
    digest.update(repr(_library_versions()).encode())
    return digest.hexdigest()


def _library_versions() -> tuple[int, str]:
    from cpdocs.documents.glyphs import harfbuzz_version, pango_version

    return pango_version(), harfbuzz_version()


class OtherEquipment(Exception):
    """A worker has other templates, fonts or libraries than the machine that asks."""


_EQUIPMENT: dict[Any, str] = {}


def _task(work: Callable[[Item], Done], room: RendererPool, wanted: str, item: Item) -> Done:
    """On a worker: ``work`` done on ``item``, where its equipment is what is ``wanted``."""
    with _ONE_AT_A_TIME:
        if wanted not in _EQUIPMENT:
            _EQUIPMENT.clear()
            _EQUIPMENT[wanted] = equipment(room)
        if _EQUIPMENT[wanted] != wanted:
            raise OtherEquipment
        return work(item)


def on_cluster(
    client: Client, room: RendererPool, work: Callable[[Item], Done], items: Iterable[Item]
) -> Iterator[Done]:
    """``work`` done on every item by the scheduler's workers, in order. Raises what ``work`` raises; InputFault for a
    worker with other equipment, WorkspaceFault where the workers are gone."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    wanted = equipment(room)
    ahead = _AHEAD * max(1, len(client.scheduler_info()["workers"]))
    under_way: deque[Any] = deque()
    try:
        for item in items:
            under_way.append(client.submit(_task, work, room, wanted, item, pure=False, retries=2))
            if len(under_way) >= ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except OtherEquipment as fault:
        raise InputFault(
            "A worker has other templates, fonts or libraries than this machine; nothing was staged.",
            todo="Give every worker the same cpdocs, the same fonts and the same template folder at the same path.",
        ) from fault
    except (KilledWorker, FutureCancelledError) as fault:
        raise WorkspaceFault(
            "The scheduler's workers died; nothing was staged.", todo="Start them again, then run the same command."
        ) from fault
