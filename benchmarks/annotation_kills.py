"""Nothing labelled is lost: 200 actions in a real browser, through 25 kills of the server.

The server is killed (SIGKILL) at random moments and started again, tabs are closed with actions that aren't
saved, and the network fails for two minutes. Then every action must be in the journal once, and in order.
Needs Chromium, and the packages that the tests of the page need.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "annotation" / "browser"))

from browsing import Server, chromium
from campaign import campaign, written

from neurocine.annotation.journal import read_journal
from neurocine.io.result_files import read_rois


def main() -> None:
    """Print what happened, and end with an error if an action is lost, twice there or out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="results of a recording, such as results/demo/mouse_v1")
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--actions", type=int, default=200)
    parser.add_argument("--offline", type=float, default=120, help="seconds without network")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    began = time.monotonic()
    cells = read_rois(chosen.results / "active" / "rois.h5").ids.tolist()
    with TemporaryDirectory() as folder, chromium() as browser:
        server = Server(chosen.results.resolve(), out=Path(folder))
        person, counts = campaign(
            server,
            browser.new_context(),
            cells,
            kills=chosen.kills,
            actions_a_kill=chosen.actions // (chosen.kills + 1) + 1,
            offline_s=chosen.offline,
            seed=chosen.seed,
            say=lambda text: print(text, flush=True),
        )
        server.stop()
        found, actions = written(server.journal), read_journal(server.journal)[1]
    print(
        f"{len(person.done)} actions, {counts.kills} kills, {counts.closed} tabs closed, "
        f"{counts.offline_s:.0f} s offline, {time.monotonic() - began:.0f} s in all"
    )
    print(f"in the journal: {len(found)}, of which {len({action.id for action in actions})} different")
    if found != person.done:
        sys.exit("an action is lost, twice there or out of order")
    print("every action is there once, and in order")


if __name__ == "__main__":
    main()
