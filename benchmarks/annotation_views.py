"""The page of `neurocine annotate` on a long movie: seconds until it can be opened, time per answer, memory.

By default the movie has 18,000 frames of 512 x 512 pixels, 9.4 GB, and 300 ROIs. Each answer is measured
through the whole server, without a network; reads of the movie come from the system's page cache, if they are
there.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
from starlette.testclient import TestClient

from neurocine.annotation.server import Tokens, application
from neurocine.annotation.session import Session, shown_files
from neurocine.config import Config
from neurocine.core import CellTypes, Raster, RoiSet, Traces
from neurocine.io.result_files import (
    write_activity,
    write_celltypes,
    write_rois,
    write_traces,
)
from neurocine.io.results import collect
from noise_movie import STAMP, write_noise

FOV, CELLS = 512, 300
HEADERS = {"Authorization": "Bearer full"}


def made(folder: Path, n_frames: int) -> Path:
    """Write results of a recording of noise: what is in it makes no difference to how long it takes."""
    rng = np.random.default_rng(0)
    write_noise(folder, n_frames, FOV)
    y, x = np.mgrid[-6:7, -6:7]
    disc = np.argwhere(y**2 + x**2 <= 36) - 6
    centres = rng.integers(10, FOV - 10, (CELLS, 2))
    rois = RoiSet.from_pixels((FOV, FOV), [(disc[:, 0] + a, disc[:, 1] + b, None) for a, b in centres])
    for step in ("segmentation", "active"):
        write_rois(folder / step / "rois.h5", rois, STAMP)
    f = rng.normal(500, 20, (CELLS, n_frames)).astype(np.float32)
    snr = np.ones(CELLS, dtype=np.float32)
    traces = Traces(rois.ids, 30.0, f, f * 0.5, f / 500 - 1, np.maximum(f / 500 - 1, 0), snr)
    write_traces(folder / "traces" / "traces.h5", traces, STAMP)
    kinds = np.full((CELLS, 3), 1 / 3, dtype=np.float32)
    write_celltypes(folder / "celltype" / "celltypes.tsv", CellTypes(rois.ids, kinds), STAMP)
    probability = rng.random((CELLS, n_frames)).astype(np.float32)
    raster = Raster(rois.ids, 30.0, probability, 0.999, ("sim-all-v1",) * CELLS)
    write_activity(folder / "activity" / "activity.h5", raster, STAMP)
    return folder


def start_s(folder: Path) -> tuple[float, float]:
    """Return the seconds until the command says the address, and those of the processor in all."""
    command = [sys.executable, "-c", "from neurocine.cli import main; main()", "annotate", str(folder)]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    server = subprocess.Popen([*command, "--as", "starter"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    server.stdout.readline()
    seconds = time.perf_counter() - began
    server.terminate()
    server.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(name: str, ask: Callable[[int], object], cells: list[int]) -> None:
    """Print the median and the 95th percentile of the time that an answer takes, over `cells`."""
    times = []
    for cell in cells:
        began = time.perf_counter()
        ask(cell)
        times.append(1000 * (time.perf_counter() - began))
    print(f"{name:34s} median {np.median(times):7.1f} ms, p95 {np.percentile(times, 95):7.1f} ms")


def main() -> None:
    """Print a line per kind of answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=18_000)
    parser.add_argument("--cells", type=int, default=200, help="cells that are looked at")
    parser.add_argument("--folder", type=Path, help="where the movie is kept for a second run")
    chosen = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = (chosen.folder or Path(temporary)) / "results" / "long"
        if not folder.exists():
            made(folder, chosen.frames)
        starts = np.median([start_s(folder) for _ in range(5)], axis=0)
        print(f"start: median of 5 {starts[0]:.2f} s, of which the processor {starts[1]:.2f} s")
        process = psutil.Process()
        files = shown_files(folder, Config().left_out)
        with Session(collect(files, "long"), files["rois"], Path(temporary), "ana") as session:
            client = TestClient(application(session, Tokens("full", "reading")), base_url="http://127.0.0.1")
            before = process.memory_info().rss
            rng = np.random.default_rng(1)
            cells = rng.permutation(session.results.rois.ids)[: chosen.cells].tolist()
            first = {cell: 200 * int(rng.integers(chosen.frames // 200)) for cell in cells}

            def get(path: str) -> bytes:
                answer = client.get(f"/api/{path}", headers=HEADERS)
                answer.raise_for_status()
                return answer.content

            window = "cells/{0}/movie?first={1}&last={2}"
            measured("cell and traces", lambda c: (get(f"cells/{c}"), get(f"cells/{c}/traces")), cells)
            measured("candidates", lambda c: get(f"cells/{c}/candidates?sigma=3"), cells)
            for what in ("patch, 200 frames", "the same again (last 40 cells)"):
                some = cells if what.startswith("patch") else cells[-40:]
                measured(what, lambda c: get(window.format(c, first[c], first[c] + 199)), some)
            measured("profiles", lambda c: get(f"cells/{c}/profiles?onset=500&peak=505"), cells[:30])
            grown = (process.memory_info().rss - before) / 2**20
            print(f"memory that {len(cells)} cells added: {grown:.0f} MB")


if __name__ == "__main__":
    main()
