"""From the first key to a fine-tuned model, in a real browser: cells of a recording labelled by a script.

The script opens the page, decides every candidate of some cells by one key each, finishes the segments,
starts the training on the page, closes tab and server meanwhile, and reads on a new page how both models do
on the cell that was left out. It stands in for a person with a rule: a candidate (rise over 3 sigma) is true
if its rise is over 5 sigma. So it tells that the way is whole, and nothing about how good a model is.
"""

from __future__ import annotations

import argparse
import sys
import time
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "annotation" / "browser"))

from browsing import PATIENCE, Server, chromium, ready, saved
from playwright.sync_api import Page, expect

from neurocine.annotation.journal import read_journal
from neurocine.annotation.labels import labels_of
from neurocine.io.result_files import read_traces
from neurocine.networks.registry import Registry
from neurocine.traces.transients import rises

SHOWN_SIGMA, TRUE_SIGMA = 3.0, 5.0
TRAINED_MS = 3_600_000


def label_segment(page: Page, true: set[tuple[int, int]], candidates: list[tuple[int, int]]) -> int:
    """Decide what is undecided in the segment at hand, and finish it; return how many decisions that took."""
    ready(page)
    first, last = (int(page.locator(".segment input[type=number]").nth(i).input_value()) for i in range(2))
    decided = int(page.locator(".marks .true, .marks .false").count())
    shown = [one for one in candidates if one[0] <= last and one[1] >= first]
    left = int(page.locator(".segment .bar b").first.inner_text())
    for one in shown[len(shown) - left :]:
        page.keyboard.press("t" if one in true else "f")
    assert int(page.locator(".marks .true, .marks .false").count()) == decided + left
    page.keyboard.press("Enter")
    expect(page.locator(".message")).to_contain_text("are looked at")
    return left


def label_cells(page: Page, results: Path, n_cells: int) -> int:
    """Label all of the first cells; return the number of decisions."""
    traces = read_traces(results / "traces" / "traces.h5")
    n_segments = int(np.ceil(traces.f.shape[1] / 500))
    decisions = 0
    for row in range(n_cells):
        candidates = sorted(rises(traces.f[row], SHOWN_SIGMA))
        true = set(rises(traces.f[row], TRUE_SIGMA))
        for _ in range(n_segments):
            decisions += label_segment(page, true, candidates)
            page.keyboard.press("End")
        for _ in range(n_segments):
            page.keyboard.press("Home")
        page.keyboard.press("PageDown")
    return decisions


def main() -> None:
    """Print how long each part took, and the figures of both models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="results of a recording, such as results/demo/mouse_v1")
    parser.add_argument("--cells", type=int, default=5)
    parser.add_argument("--picture", type=Path, help="WebP file for a picture of the page at the end")
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder, chromium() as browser:
        server = Server(chosen.results.resolve(), out=Path(folder))
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(server.start())
        ready(page)
        began = time.monotonic()
        n = label_cells(page, chosen.results, chosen.cells)
        saved(page)
        labels = labels_of(read_journal(server.journal)[1]).cells.values()
        found = sum(len(own.transients) for own in labels)
        print(
            f"{n} candidates of {len(labels)} cells decided, {found} true: {time.monotonic() - began:.0f} s"
        )
        began = time.monotonic()
        page.get_by_role("button", name="Train …").click()
        page.get_by_role("button", name="Start here").click()
        expect(page.get_by_text("Running:")).to_be_visible()
        page.close()
        server.stop()
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(server.start())
        ready(page)
        page.get_by_role("button", name="Train …").click()
        expect(page.locator("dialog table, dialog pre")).to_be_visible(timeout=TRAINED_MS)
        print(f"trained beside the server, which was stopped and started: {time.monotonic() - began:.0f} s")
        print(page.locator("dialog table").inner_text())
        if chosen.picture:
            shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
            shot.save(chosen.picture, quality=80, method=6)
        tuned = server.folder / "ana" / "tuned-1" / "fine-tuned"
        model = Registry.load().model(str(tuned), "activity")
        print(f"the new model is read: {model.architecture.name}")
        server.stop()


if __name__ == "__main__":
    main()
