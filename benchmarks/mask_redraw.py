"""The page of masks with thousands of outlines, in a real browser: milliseconds until they are drawn again.

Measured from the key for zooming (all outlines on the panels), selecting, judging and reshaping a mask: until
both panels' outlines are drawn and read back, which waits for the screen's next picture (16.7 ms at 60 Hz);
until the whole page is drawn; and the processor time of the page's thread, which other work hardly changes.
Also the time until a new mask's trace is shown. The movie is noise.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from playwright.sync_api import CDPSession, Page, sync_playwright

from neurocine.core import RoiSet
from neurocine.io.result_files import write_rois
from noise_movie import STAMP, write_noise

#: Presses a key, and tells when both panels' outlines are there, and when the page has been drawn.
PRESS = """async (key) => {
  const lines = [...document.querySelectorAll(".panel")].map((panel) => panel.children[1].getContext("2d"));
  const began = performance.now();
  dispatchEvent(new KeyboardEvent("keydown", { key }));
  await new Promise(requestAnimationFrame); // the page asked for this one first
  for (const context of lines) context.getImageData(0, 0, 1, 1);
  const drawn = performance.now() - began;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return [drawn, performance.now() - began];
}"""


def made(folder: Path, n_masks: int, n_frames: int, edge: int) -> Path:
    """Write a registered movie of noise and masks of the size of neurons."""
    rng = np.random.default_rng(0)
    write_noise(folder, n_frames, edge)
    y, x = np.mgrid[-8:9, -8:9]
    pixels = []
    for top, left in rng.integers(9, edge - 9, (n_masks, 2)):
        tall, wide = rng.uniform(4, 8, 2)  # ellipses of 8 to 16 pixels
        mask = np.argwhere((y / tall) ** 2 + (x / wide) ** 2 <= 1) - 8
        pixels.append((mask[:, 0] + top, mask[:, 1] + left, None))
    write_rois(folder / "segmentation" / "rois.h5", RoiSet.from_pixels((edge, edge), pixels), STAMP)
    return folder


def busy_s(counters: CDPSession) -> float:
    """Return the processor time that the page's thread has used, seconds."""
    metrics = counters.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def measured(page: Page, name: str, keys: list[str]) -> None:
    """Print how long it takes after each of `keys`."""
    counters = page.context.new_cdp_session(page)
    counters.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = busy_s(counters)
    times = np.array([page.evaluate(PRESS, key) for key in keys])
    spent = 1000 * (busy_s(counters) - before) / len(keys)
    for what, own in zip(("outlines drawn", "page drawn"), times.T, strict=True):
        median, p95 = np.percentile(own, [50, 95])
        print(f"{name:10s} {what:15s} median {median:6.1f} ms, p95 {p95:6.1f} ms, of {len(own)}")
    print(f"{name:10s} {'processor':15s} mean   {spent:6.1f} ms")


def trace_s(page: Page) -> float:
    """Return the seconds from the last stroke of a new mask to its trace."""
    for key in ("0", "Escape", "v", " ", "o"):
        page.keyboard.press(key)
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(" ")
        page.keyboard.press(f"Shift+{key}")
    page.keyboard.press(" ")
    before = page.locator(".traces h2").inner_text()
    began = time.perf_counter()
    page.keyboard.press("Enter")
    while (told := page.locator(".traces h2").inner_text()) == before or "spikes" not in told:
        time.sleep(0.01)
    return time.perf_counter() - began


def main() -> None:
    """Print a line per kind of change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--masks", type=int, default=2000)
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    chosen = parser.parse_args()
    with TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = made(Path(temporary) / "results" / "many", chosen.masks, chosen.frames, chosen.edge)
        command = [sys.executable, "-c", "from neurocine.cli import main; main()", "annotate", str(folder)]
        command += ["--as", "ana", "--masks", "--start", str(folder / "segmentation" / "rois.h5")]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        address = re.search(r"http://\S+", server.stdout.readline())
        assert address is not None
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=chosen.chromium, args=arguments)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address[0])
        page.locator("main[aria-busy=false]").wait_for(timeout=60_000)
        n = chosen.repeats
        measured(page, "zoom", ["+", "-"] * (n // 2))
        measured(page, "select", ["PageDown"] * n)
        measured(page, "judge", ["k", "f", "d"] * (n // 3))
        page.keyboard.press("b")
        measured(page, "reshape", ["b", " "] * (n // 2))
        traces = [trace_s(page) for _ in range(5)]
        print(
            f"trace of a new mask, {chosen.frames} frames: {np.median(traces):.2f} s, most {max(traces):.2f}"
        )
        browser.close()
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
