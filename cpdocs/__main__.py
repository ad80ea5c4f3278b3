"""``cpdocs`` and ``python -m cpdocs``."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and ends the process with the contract's exit status."""
    from cpdocs.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
