"""The sums of the ledger file's pages: which pages differ from them, also while the log holds what is newer."""

from __future__ import annotations

from pathlib import Path

from cpdocs.ledger import pages
from cpdocs.ledger.sqlite_backend import _engine
from tests.ledger.conftest import in_a_file, letter


@in_a_file
def test_beside_a_log_every_page_of_the_file_that_it_leaves_alone_is_compared(store, ledger, reopen):
    store.append(*(letter(number) for number in range(400)))
    store.close()
    kept = pages.load_sums(ledger)
    assert pages.changed_pages(ledger, kept) == []
    writer = reopen()
    writer.append(letter(1))
    logged = set(pages.logged_pages(ledger))
    assert logged
    assert pages.changed_pages(ledger, kept) == []
    count = ledger.stat().st_size // kept.page_size
    page = max(set(range(2, count)) - logged)
    with ledger.open("r+b") as file:
        file.seek(kept.page_size * page - 1)
        last = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([last[0] ^ 1]))
    assert pages.changed_pages(ledger, kept) == [page]
    writer.close()


def test_the_sums_kept_are_as_many_as_the_file_has_pages_and_only_changed_pages_are_read(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_bytes(bytes(3 * 512))
    size = len(pages._sum(b""))
    known = bytes(range(5 * size))
    assert pages._sums(file, 512, known, ()) == known[: 3 * size]
    assert pages._sums(file, 512, known, (2, 4)) == known[:size] + pages._sum(bytes(512)) + known[2 * size : 3 * size]
    assert pages._sums(file, 512, known[:size], (2, 3)) == known[:size] + 2 * pages._sum(bytes(512))
    assert pages._sums(file, 512, b"", ()) == 3 * pages._sum(bytes(512))


@in_a_file
def test_what_an_audit_reads_is_one_moment_of_the_file(store, ledger):
    engine = _engine(ledger, 1.0, reading=True)
    with engine.connect() as connection:
        counted = connection.exec_driver_sql("SELECT count(*) FROM events").scalar()
        store.append(letter(1))
        assert connection.exec_driver_sql("SELECT count(*) FROM events").scalar() == counted == 1
    engine.dispose()
