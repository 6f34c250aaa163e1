"""What `neurocine annotate --jpeg` saves, and what it does to the pixels, on the results of a recording."""

from __future__ import annotations

import argparse
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from neurocine.annotation.requests import jpeg_strip
from neurocine.annotation.session import shown_files
from neurocine.annotation.views import MAX_FRAMES, CellViews
from neurocine.config import Config
from neurocine.io.results import collect


def main() -> None:
    """Print how much smaller the pictures are, and how far the cells' traces stay the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="results of a recording, such as results/demo/mouse_v1")
    parser.add_argument("--cells", type=int, default=40)
    chosen = parser.parse_args()
    views = CellViews(collect(shown_files(chosen.results, Config().left_out), chosen.results.name))
    rois, n_frames = views.results.rois, views.results.movie.n_frames
    smaller, alike = [], []
    for cell in rois.ids[: chosen.cells].tolist():
        mask = rois.mask(views.row(cell))[views.patch(cell).part]
        for first in range(0, n_frames - MAX_FRAMES + 1, MAX_FRAMES):
            raw = views.movie(cell, first, first + MAX_FRAMES - 1)
            strip = jpeg_strip(raw)
            decoded = np.asarray(Image.open(BytesIO(strip))).reshape(MAX_FRAMES, -1, raw.shape[2])
            smaller.append(raw.nbytes / len(strip))
            traces = [part[:, mask].mean(axis=1) for part in (raw, decoded[:, : raw.shape[1]])]
            alike.append(np.corrcoef(traces)[0, 1])
    for name, values in (("times smaller", smaller), ("correlation of the mask's trace", alike)):
        low, middle, high = np.percentile(values, [5, 50, 95])
        print(f"{name}: median {middle:.4g}, 5th to 95th percentile {low:.4g} to {high:.4g}")
    print(f"{len(smaller)} windows of {MAX_FRAMES} frames, {min(chosen.cells, len(rois))} cells")


if __name__ == "__main__":
    main()
