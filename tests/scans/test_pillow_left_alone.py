"""Reading a scan leaves the picture library as it was: what lays out papers in the same process has its own wishes."""

from __future__ import annotations

import pytest
from PIL import ImageFile

from cpdocs.core.verdicts import Slot
from tests.scans import returned


@pytest.mark.parametrize("wish", [True, False])
def test_a_scan_that_is_read_changes_nothing_for_others(wish: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", wish)
    returned.seen(returned.sent(2, returned.signed(Slot.PCP), "fax fine"))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is wish
