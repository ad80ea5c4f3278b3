"""How long each page of the desk takes at a program's size, pictures included (contract §12).

Wanted are 50 ms at the 95th percentile. The ledger is that of at_size.py; a plan is issued in it and faxed back by the
product itself, so that there is something to review. Then every page is asked for again and again, each time for
another plan, practice or coordinator where it has one, of the application as the server runs it. An item of the review
queue is looked at again, and as if for the first time: with its pages drawn when it was taken in, and with none drawn,
as an item is where that is switched off. CPU is the answering thread's.

    python benchmarks/desk.py                       1,000 versions, two minutes
    python benchmarks/desk.py --versions 100000     60,000 members, 1.1 million events
    python benchmarks/desk.py --workspace DIR       a workspace that at_size.py --keep left
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.at_size import COORDINATORS, NOW, PRACTICES, command, make, plan_id

WANTED_MS = 50
TIMES = 60
AT = "http://127.0.0.1:8137"


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--versions", type=int, default=1000, help="how many plan versions (1000)")
    wanted.add_argument("--workspace", type=Path, metavar="DIR", help="this workspace instead of a new one")
    options = wanted.parse_args()
    os.environ["CPDOCS_NOW"] = NOW.isoformat()
    if options.workspace:
        measure(options.workspace, options.versions)
        return
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=Path(__file__).resolve().parents[1]))
    try:
        root = folder / "ws"
        command(root, "init", root, "--sandbox", workspace=False)
        make(root, options.versions)
        measure(root, options.versions)
    finally:
        shutil.rmtree(folder)


def faxed_back(root: Path) -> str:
    """Has a plan issued and sent back by fax, unless an earlier run did; gives the id of what then waits for review."""
    from cpdocs.core.verdicts import Lane
    from cpdocs.demo.files import write_sample
    from cpdocs.demo.mishaps import faxed
    from cpdocs.index.queries import Page
    from cpdocs.returns.review_queue import how_many, item_id, queue
    from cpdocs.wiring import open_workspace

    earlier = list((root / "outbox" / "plans" / "S01").glob("????-????-???.pdf"))
    with tempfile.TemporaryDirectory() as folder:
        sample = write_sample(Path(folder), date(NOW.year, NOW.month, NOW.day))
        if not earlier:
            for table in ("practices", "clinicians", "designations", "roster"):
                command(root, "import", table, getattr(sample, table))
            command(root, "plan", "issue", sample.plans["bh"])
            (issued,) = (root / "outbox" / "plans" / "S01").glob("????-????-???.pdf")
            back = Path(folder) / "fax.pdf"
            back.write_bytes(faxed(issued.read_bytes()))
            command(root, "intake", back)
    ws = open_workspace(root)
    try:
        (last,) = queue(ws, Page(1, how_many(ws) - 1))
        assert last.decisions[0].lane is Lane.INK
        return item_id(last.first)
    finally:
        ws.close()


def measure(root: Path, versions: int) -> None:
    from cpdocs.__main__ import seldom_look_for_garbage
    from cpdocs.desk.app import make_app
    from cpdocs.desk.review import albums
    from cpdocs.wiring import open_workspace

    seldom_look_for_garbage()  # as in the process that serves
    item = faxed_back(root)
    ws = open_workspace(root)
    client: Any = make_app(ws, lambda person: open_workspace(root, person=person)).test_client()

    def ask(address: str, **form: str) -> Any:
        if form:
            return client.post(address, base_url=AT, data={"csrf": token, **form})
        return client.get(address, base_url=AT)

    def csrf(address: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', ask(address).text)
        assert found
        return found[1]

    token = csrf("/log-in")
    ask("/log-in", name="bench")
    token = csrf("/")
    run = re.findall(r'href="(/letters/[0-9-]+)"', ask("/letters").text)[0]
    reviewed = ask(f"/review/{item}").text
    pictures = re.findall(r'src="(/review/[^"]+)"', reviewed)
    plots = re.findall(r'src="(/reports/plots/[^"]+)"', ask("/reports").text.replace("&amp;", "&"))

    def first_look() -> Any:
        albums.forget()
        return ask(f"/review/{item}")

    def undrawn() -> Any:
        shutil.rmtree(root / "state" / "derived" / "pictures", ignore_errors=True)
        return first_look()

    pages: dict[str, Callable[[int], Any]] = {
        "Today": lambda _: ask("/"),
        "Today, a coordinator's": lambda each: ask(f"/?coordinator=Coordinator+{each * 7 % COORDINATORS}"),
        "Today, a practice's": lambda each: ask(f"/?practice=P{each * 7 % PRACTICES:04}"),
        "Today, a page of what is overdue": lambda each: ask(f"/?group=overdue&kind=&after={each * 50}"),
        "Review, the queue": lambda each: ask(f"/review?after={each % 3 * 50}"),
        "Review, an item": lambda _: ask(f"/review/{item}"),
        "Review, an item's first look": lambda _: first_look(),
        "Review, a picture": lambda each: ask(pictures[each % len(pictures)]),
        "Plans": lambda each: ask(f"/plans?after={each * 50}"),
        "Plans, overdue": lambda _: ask("/plans?overdue=1"),
        "Plans, a coordinator's": lambda each: ask(f"/plans?coordinator=Coordinator+{each * 7 % COORDINATORS}"),
        "A plan's story": lambda each: ask(f"/plans/{plan_id(each * 997 % versions)}"),
        "Practices": lambda each: ask(f"/practices?after={each % 6 * 50}"),
        "A practice": lambda each: ask(f"/practices/P{each * 7 % PRACTICES:04}"),
        "A practice's plot": lambda each: ask(f"/practices/P{each * 7 % PRACTICES:04}/days.svg"),
        "Letters": lambda _: ask("/letters"),
        "Held letters": lambda _: ask("/letters/held"),
        "A run of letters": lambda each: ask(f"{run}?after={each % 5 * 50}"),
        "Deliveries": lambda _: ask("/deliveries"),
        "Reports, a month": lambda _: ask("/reports"),
        "Reports, a plot": lambda each: ask(plots[each % len(plots)]),
        "Search by name": lambda each: ask("/search", q=f"Family{each * 131 % 7919}"),
        "Review, an item that is not drawn": lambda _: undrawn(),
    }
    print(f"{versions} versions; ms at the median and the 95th percentile of {TIMES} answers (wanted: {WANTED_MS})")
    print(f"{'':34}{'wall':>7}{'p95':>7}{'CPU':>7}{'p95':>7}")
    for name, page in pages.items():
        page(0)
        wall, cpu = [], []
        for each in range(TIMES if name != "Review, an item that is not drawn" else 5):
            began, worked = time.perf_counter(), time.thread_time()
            answer = page(each)
            cpu.append((time.thread_time() - worked) * 1000)
            wall.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (name, answer.status_code)
        print(f"{name:34}" + "".join(f"{_at(values, share):7.1f}" for values in (wall, cpu) for share in (0.5, 0.95)))


def _at(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


if __name__ == "__main__":
    main()
