"""What genuine signers send, in every variant that must be accepted: keys, formats, looks, orders, copies, what is
appended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from pyhanko.sign.fields import SigSeedSubFilter

from cpdocs.core.verdicts import Slot
from cpdocs.signing.keyfiles import KeyPair
from cpdocs.signing.trust import Witnessed
from tests.signing import archival, programs
from tests.signing import builder as b
from tests.signing.attacks import cms

FORMATS = {"pades": SigSeedSubFilter.PADES, "acrobat": SigSeedSubFilter.ADOBE_PKCS7_DETACHED}
PCP, MEMBER, BOTH = (Slot.PCP,), (Slot.MEMBER,), (Slot.MEMBER, Slot.PCP)
Kept = dict[str, Witnessed]


@dataclass(frozen=True)
class Genuine:
    """One variant: ``make`` gives the file and the record of the visits in it; ``fills`` is what it must fill."""

    name: str
    make: Callable[[], tuple[bytes, Kept]]
    fills: tuple[Slot, ...]


def _key(kind: str, npi: str = b.PCP) -> KeyPair:
    return b.office().clinician(npi, key=b.rsa_key() if kind == "rsa" else None)


def _signs(data: bytes, *, kind: str = "p256", form: str = "pades", npi: str = b.PCP, **how: Any) -> bytes:
    return b.sign(data, "PCPSig", _key(kind, npi), subfilter=FORMATS[form], **how)


def _visit(data: bytes, form: str = "pades") -> tuple[bytes, Kept]:
    pair = b.office().one_time(data)
    return b.sign(data, "MemberSig", pair, subfilter=FORMATS[form]), b.witnessed(pair, data)


def _alone(**how: Any) -> tuple[bytes, Kept]:
    return _signs(b.issued().data, **how), {}


def _member_first(kind: str, form: str) -> tuple[bytes, Kept]:
    data, kept = _visit(b.issued().data, form)
    return _signs(data, kind=kind, form=form), kept


def _pcp_first(kind: str, form: str) -> tuple[bytes, Kept]:
    return _visit(_signs(b.issued().data, kind=kind, form=form), form)


def _members_copy(form: str) -> tuple[bytes, Kept]:
    return _visit(b.issued().data, form)


def _appended(form: str, *steps: Callable[[bytes], bytes], member: bool = False) -> tuple[bytes, Kept]:
    """Signed by the PCP, then by what a long-term signer appends, and then perhaps by the member."""
    data = _signs(b.issued().data, form=form)
    for step in steps:
        data = step(data)
    return _visit(data) if member else (data, {})


def _stamped() -> tuple[bytes, Kept]:
    return archival.sign_with_stamp(b.issued().data, "PCPSig", _key("p256")), {}


def _by_hand(make: Callable[[], bytes]) -> tuple[bytes, Kept]:
    return make(), {}


def variants() -> Iterator[Genuine]:
    """All of them, each under a name of its own."""
    for kind in ("p256", "rsa"):
        for form in FORMATS:
            for look in ("invisible", "visible"):
                signs = partial(_alone, kind=kind, form=form, visible=look == "visible")
                yield Genuine(f"pcp-{kind}-{form}-{look}", signs, PCP)
                yield Genuine(f"designee-{kind}-{form}-{look}", partial(signs, npi=b.DESIGNEE), PCP)
            yield Genuine(f"member-first-{kind}-{form}", partial(_member_first, kind, form), BOTH)
            yield Genuine(f"pcp-first-{kind}-{form}", partial(_pcp_first, kind, form), BOTH)
    for digest in ("sha384", "sha512"):
        yield Genuine(f"pcp-{digest}", partial(_alone, digest=digest), PCP)
    material, stamp = archival.with_validation_material, archival.with_document_stamp
    for form in FORMATS:
        yield Genuine(f"members-copy-{form}", partial(_members_copy, form), MEMBER)
        yield Genuine(f"material-{form}", partial(_appended, form, material), PCP)
        yield Genuine(f"stamp-{form}", partial(_appended, form, stamp), PCP)
        yield Genuine(f"material-stamp-material-{form}", partial(_appended, form, material, stamp, material), PCP)
        yield Genuine(f"material-stamp-member-{form}", partial(_appended, form, material, stamp, member=True), BOTH)
    yield Genuine("stamp-in-the-signature", _stamped, PCP)
    for make in programs.ALL:
        yield Genuine(f"as-{make.__name__.replace('_', '-')}-writes", partial(_by_hand, make), PCP)
    for make in cms.SOUND:
        yield Genuine(make.__name__.replace("_", "-"), partial(_by_hand, make), PCP)
