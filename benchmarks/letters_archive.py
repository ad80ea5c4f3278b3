"""What ``letters run --archive each`` costs a letter: pressed for the print file alone, with its own tagged PDF/UA-1
file put into the store besides, and that file laid out in full instead.

In one run, on the same invented members, for the two kinds of letter of letters.py. ``--letters N`` presses N letters
(default 300).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.letters import KINDS, SITE, SLOW, WARM, cpu, member
from cpdocs.documents.mail_merge.renderer import MailMerge
from cpdocs.ledger.blobs import BlobStore
from tests.documents.letter_samples import renderer


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--letters", type=int, default=300)
    number = reading.parse_args().letters
    for kind in KINDS:
        ours = renderer(SITE)
        merge = MailMerge(ours)
        with tempfile.TemporaryDirectory() as folder:
            store = BlobStore(Path(folder))
            spent = {"pressed": 0.0, "made": 0.0, "stored": 0.0}
            sizes = []
            fallen_back = 0
            for place in range(WARM + number):
                letter = member(place, kind)
                start = time.process_time()
                merge.make(letter)
                merged_letter = time.process_time()
                pdf = merge.own_pdf(letter)
                made = time.process_time()
                if pdf is None:
                    fallen_back += 1
                    continue
                store.put(pdf)
                if place >= WARM:
                    sizes.append(len(pdf))
                    for name, value in zip(
                        spent, (merged_letter - start, made - merged_letter, time.process_time() - made), strict=True
                    ):
                        spent[name] += value * 1000
        full = statistics.median(
            cpu(lambda place=place, kind=kind, ours=ours: ours.make(member(place, kind))) for place in range(SLOW)
        )
        done = len(sizes)
        merging, each = spent["pressed"] / done, sum(spent.values()) / done
        print(f"{kind}: CPU a letter, {done} letters of one process, {fallen_back} laid out in full")
        print(f"  pressed for the print file                 {merging:8.2f} ms")
        size = statistics.mean(sizes) / 1000
        print(
            f"  and its own tagged file merged and stored {each:8.2f} ms  {size:7.1f} KB  {each / merging:6.2f} "
            "times that"
        )
        print(f"    of it made {spent['made'] / done:.2f} ms, stored durably {spent['stored'] / done:.2f} ms")
        print(
            f"  laid out in full, tagged, preflighted      {full:8.2f} ms  {' ' * 11} {full / each:6.1f} times as much"
        )


if __name__ == "__main__":
    main()
