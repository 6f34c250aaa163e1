"""Neurons' outlines marked in real movies: the masks of the STNeuroNet repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError

#: Pixel size of the Allen Brain Observatory's movies.
ABO_UM_PER_PX = 0.78
#: One set of outlines a movie: graders' final truth where there is one, else a grader, else the Allen's own.
PREFERENCE = ("FinalGT", "Grader1", "Grader4", "Allen")
#: Outlines kept: pixels inside, and at most this many on a side.
MIN_PIXELS, MAX_SIDE = 20, 60


@dataclass(frozen=True, eq=False)
class MarkedMovie:
    """Outlines of one movie.

    Attributes
    ----------
    name, group, data_set
        File, what must stay within one split (a recording), and the stratum.
    um_per_px, fov_um
        Scale; height and width.
    crops
        One (h, w) bool for each cell, cut to its box.
    centre_um
        Centre of each box (row, column), (N, 2) float32.
    """

    name: str
    group: str
    data_set: str
    um_per_px: float
    fov_um: tuple[float, float]
    crops: list[NDArray[np.bool_]]
    centre_um: NDArray[np.float32]


def choose_files(folder: Path) -> list[Path]:
    """Return one mask file for each movie, sorted.

    Raises
    ------
    InputError
        If there are none.
    """
    best: dict[str, Path] = {}
    for path in sorted(folder.glob("*.npz")):
        rank = next((i for i, word in enumerate(PREFERENCE) if f"__{word}__" in path.name), None)
        if rank is None:
            continue
        key = "__".join([*path.stem.split("__")[:2], path.stem.rsplit("_", 1)[1]])
        if key not in best or rank < next(
            i for i, w in enumerate(PREFERENCE) if f"__{w}__" in best[key].name
        ):
            best[key] = path
    if not best:
        raise InputError(
            folder,
            "files",
            "hold no masks",
            "Give a folder of STNeuroNet's markings as .npz (shape, k, y, x).",
        )
    return [best[key] for key in sorted(best)]


def read_masks(path: Path) -> MarkedMovie:
    """Return the outlines of one file, at the Allen Brain Observatory's scale."""
    with np.load(path) as file:
        n, height, width = (int(v) for v in file["shape"])
        k, y, x = (file[name].astype(np.int64) for name in "kyx")
    crops, centres = [], []
    for index in range(n):
        own = k == index
        if np.count_nonzero(own) < MIN_PIXELS:
            continue
        rows, columns = y[own], x[own]
        box = (int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1)
        if max(box) > MAX_SIDE:
            continue
        crop = np.zeros(box, dtype=bool)
        crop[rows - rows.min(), columns - columns.min()] = True
        crops.append(crop)
        centres.append((rows.min() + (box[0] - 1) / 2, columns.min() + (box[1] - 1) / 2))
    number = re.sub(r"\D", "", path.stem.rsplit("_", 1)[1])
    source, layer = path.stem.split("__")[:2]
    data_set = f"ABO {layer}" if source == "ABO" else "Neurofinder"
    return MarkedMovie(
        name=path.name,
        # Neurofinder's train and test movies of one number come from one laboratory's same set.
        group=f"{source} {number}",
        data_set=data_set,
        um_per_px=ABO_UM_PER_PX,
        fov_um=(height * ABO_UM_PER_PX, width * ABO_UM_PER_PX),
        crops=crops,
        centre_um=(np.asarray(centres) * ABO_UM_PER_PX).astype(np.float32),
    )


def rescaled(movie: MarkedMovie, area_um2: float) -> MarkedMovie:
    """Return `movie` at the scale that makes the median area of its cells `area_um2`.

    Neurofinder's mask files don't state their scale, and somata of cortical neurons differ little.
    """
    pixels = float(np.median([crop.sum() for crop in movie.crops]))
    scale = float(np.sqrt(area_um2 / pixels))
    ratio = scale / movie.um_per_px
    return MarkedMovie(
        movie.name,
        movie.group,
        movie.data_set,
        scale,
        (movie.fov_um[0] * ratio, movie.fov_um[1] * ratio),
        movie.crops,
        (movie.centre_um * ratio).astype(np.float32),
    )


def overlaps(movie: MarkedMovie) -> NDArray[np.float64]:
    """Return partners a cell (mean) and the share of pairs that cover over 15 % of the larger, (2,)."""
    boxes = [
        (np.rint(centre / movie.um_per_px - (np.asarray(crop.shape) - 1) / 2).astype(int), crop)
        for centre, crop in zip(movie.centre_um, movie.crops, strict=True)
    ]
    pairs = large = 0
    for i, (corner, crop) in enumerate(boxes):
        for other_corner, other in boxes[:i]:
            start = np.maximum(corner, other_corner)
            stop = np.minimum(corner + crop.shape, other_corner + other.shape)
            if np.any(stop <= start):
                continue
            a = crop[tuple(slice(s, e) for s, e in zip(start - corner, stop - corner, strict=True))]
            b = other[
                tuple(slice(s, e) for s, e in zip(start - other_corner, stop - other_corner, strict=True))
            ]
            shared = int(np.count_nonzero(a & b))
            pairs += shared > 0
            large += shared > 0.15 * max(crop.sum(), other.sum())
    return np.array([2 * pairs / len(boxes), large / max(pairs, 1)])
