"""The command line: each command parses, calls one use case and prints. Errors become exit statuses here alone."""

from cpdocs.cli.root import run

__all__ = ["run"]
