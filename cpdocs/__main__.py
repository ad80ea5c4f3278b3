"""``cpdocs`` and ``python -m cpdocs``."""

from __future__ import annotations

import gc
import sys

_YOUNG = 20_000
"""After how many new objects Python's collector looks among them, instead of 700."""


def seldom_look_for_garbage() -> None:
    """Modules are kept for good: looking for garbage among them costs a short command a tenth of its time, and the
    desk now and then a whole page's."""
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])


def main() -> None:
    """Runs the command line and ends the process with the contract's exit status."""
    seldom_look_for_garbage()
    from cpdocs.cli import run

    status = run(sys.argv[1:])
    # The process ends: Python would look through every module for garbage three times over, for nothing.
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()
