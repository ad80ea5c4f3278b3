"""Coverage-guided search for bytes that the verdict can't take, or takes wrongly. ``make fuzz`` runs it for a minute.

    python -m tests.signing.fuzz                        for a minute
    python -m tests.signing.fuzz -max_total_time=3600   any option of libFuzzer's
    python -m tests.signing.fuzz crash-3f9a…            one input again

An input is a list of edits to a signed plan, in whichever revision they fall, or with its first byte a signature value
to be put in place, or else the whole file. Whatever comes of it must get a verdict, and one that is accepted must be
the signed plan in every byte that a signature covers. Needs Atheris.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import atheris

# Not the reading of single objects: instrumented, it takes most of the time and tells least.
_GUIDES = [
    "cpdocs.signing",
    "pyhanko.pdf_utils.reader",
    "pyhanko.pdf_utils.xref",
    "pyhanko.sign.diff_analysis",
    "pyhanko.sign.validation",
]

with atheris.instrument_imports(include=_GUIDES):
    from cpdocs.core.verdicts import Verdict
    from cpdocs.signing.content import read_contents
    from cpdocs.signing.reading import ids_named
    from tests.signing import builder as b
    from tests.signing.test_fuzz import TOKENS, covered, seeds, signed

_MOST_EDITS = 12


@cache
def _value() -> tuple[int, int]:
    """Where the PCP's signature value begins and ends in the signed plan, as hexadecimal digits."""
    start = signed().rindex(b"/Contents <") + 11
    return start, signed().index(b">", start)


def file_of(data: bytes) -> bytes:
    """The file that an input stands for."""
    what = atheris.FuzzedDataProvider(data)
    kind = what.ConsumeIntInRange(0, 3)
    if kind == 0:
        return bytes(what.ConsumeBytes(what.remaining_bytes()))
    if kind == 1:
        start, end = _value()
        value = what.ConsumeBytes((end - start) // 2).hex().encode().ljust(end - start, b"0")
        return signed()[:start] + value + signed()[end:]
    choices = seeds()
    file = bytearray(choices[what.ConsumeIntInRange(0, len(choices) - 1)])
    first = len(b.issued().data) if kind == 2 else 0
    for _ in range(what.ConsumeIntInRange(1, _MOST_EDITS)):
        at = what.ConsumeIntInRange(min(first, len(file)), len(file))
        _edit(file, at, what)
    return bytes(file)


def _edit(file: bytearray, at: int, what: atheris.FuzzedDataProvider) -> None:
    kind, length = what.ConsumeIntInRange(0, 5), what.ConsumeIntInRange(0, 60)
    if kind == 0:
        put = what.ConsumeBytes(length)
        file[at : at + len(put)] = put
    elif kind == 1:
        del file[at : at + length]
    elif kind == 2:
        file[at:at] = file[at : at + length]
    elif kind == 3:
        token = TOKENS[what.ConsumeIntInRange(0, len(TOKENS) - 1)]
        file[at : at + len(token)] = token
    elif kind == 4:
        file[at:at] = str(what.ConsumeInt(8)).encode()
    else:
        file[at:at] = what.ConsumeBytes(length)


def try_one(data: bytes) -> None:
    """Judges one input's file. An exception that escapes, or an acceptance of other bytes, is a find."""
    file = file_of(data)
    ids_named(file, read_contents(file))
    examination = b.verdict(file)
    if examination.verdict is Verdict.ACCEPTED and covered(file) != covered(signed()):
        raise AssertionError("a bent file was accepted")


def main() -> None:
    """Runs libFuzzer with the options given; finds, and inputs that reached something new, are kept in .fuzz/."""
    corpus = Path(".fuzz")
    corpus.mkdir(exist_ok=True)
    signed()
    given = sys.argv[1:] or ["-max_total_time=60"]
    own = ["-max_len=4096", "-len_control=0", "-rss_limit_mb=3000", "-timeout=60", f"-artifact_prefix={corpus}/"]
    search = [str(corpus)] if all(option.startswith("-") for option in given) else []
    atheris.Setup([sys.argv[0], *own, *given, *search], try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
