"""What a logo costs: processor time of a merged letter with a picture in its letterhead, beside one without.

In one run, taking turns, on the same invented members: an SVG of shapes, one with a gradient, a PNG, a translucent PNG
and a JPEG, for the two kinds of letter of letters.py. ``--letters N`` merges N letters a turn (60), six turns each.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.letters import KINDS, SITE, WARM, cpu, member
from cpdocs.documents.mail_merge.renderer import MailMerge
from tests.documents.letter_samples import renderer
from tests.documents.test_letter_pictures import LOGOS, site_with

TURNS = 6


def main() -> None:
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--letters", type=int, default=60)
    number = reading.parse_args().letters
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            presses = {"no logo": MailMerge(renderer(SITE))}
            for name in LOGOS:
                site = site_with(Path(folder) / kind / name, name)
                shutil.copytree(SITE, site, dirs_exist_ok=True)
                presses[name] = MailMerge(renderer(site))
            spent: dict[str, list[float]] = {name: [] for name in presses}
            for turn in range(TURNS):
                for name, press in presses.items():
                    for place in range(WARM if turn == 0 else 0):
                        press.make(member(place, kind))
                    first = WARM + turn * number
                    letters = [member(place, kind) for place in range(first, first + number)]
                    spent[name].append(cpu(lambda press=press, letters=letters: [*map(press.make, letters)]) / number)
            without = statistics.median(spent["no logo"])
            print(f"{kind}: CPU a letter")
            for name, found in spent.items():
                middle = statistics.median(found)
                print(f"  {name:12s} {middle:6.2f} ms  {middle / without:5.2f} times a letter without")


if __name__ == "__main__":
    main()
