"""The workspaces of the flow tests, to be broken."""

from __future__ import annotations

from tests.flows.conftest import _issued, _peopled, sample

__all__ = ["_issued", "_peopled", "sample"]
