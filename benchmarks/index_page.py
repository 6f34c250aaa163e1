"""Processor time and size of the index of many recordings: `python benchmarks/index_page.py RESULTS`.

The card of the recording whose results are in RESULTS is repeated.
"""

from __future__ import annotations

import argparse
import resource
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from neurocine.report import write_index


def main() -> None:
    """Write the index, and print the processor time of this whole process and the size of the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--recordings", type=int, default=200)
    asked = parser.parse_args()
    with TemporaryDirectory() as place:
        folders = [Path(place, f"m{number:04d}") for number in range(asked.recordings)]
        for folder in folders:
            (folder / "report").mkdir(parents=True)
            shutil.copy(asked.results / "report" / "card.json", folder / "report")
        write_index(folders, Path(place, "index.html"))
        size = Path(place, "index.html").stat().st_size
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{asked.recordings} recordings: {used.ru_utime + used.ru_stime:.1f} s, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
