"""Small recordings with exact truth, made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import CELL_TYPES, CellTypes, Movie, Raster, RoiSet
from neurocine.core.truth import Truth
from neurocine.evaluation import ActivityCase, open_activity_case
from neurocine.io.result_files import MovieWriter, Registration, Stamp, write_rois
from neurocine.io.result_files.truth import write_truth
from neurocine.motion.summary import SummaryAccumulator

SIZE, N_FRAMES, RATE = 48, 400, 10.0
#: The first two overlap; the last is noise: it never is active.
CENTRES = ((12, 12), (12, 19), (34, 12), (34, 36), (12, 38))
KINDS = ("pyramidal", "interneuron", "pyramidal", "pyramidal", "noise")
RISE = 4


def footprints() -> NDArray[np.float64]:
    """Return Gaussian somata (N, SIZE, SIZE), zero outside their masks."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    squared = np.stack([(rows - y) ** 2 + (columns - x) ** 2 for y, x in CENTRES])
    return np.where(squared <= 36, np.exp(-squared / 18), 0)


def transients(rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the onsets (N, 6) of each cell's transients, no two at once and none of the noise."""
    slots = rng.permutation(24) * 15 + 12
    return slots.reshape(4, 6)


def recording(folder: Path, seed: int) -> Path:
    """Write a movie of five cells with its truth."""
    rng = np.random.default_rng(seed)
    raster = np.zeros((len(CENTRES), N_FRAMES), dtype=bool)
    calcium = np.zeros(raster.shape)
    onsets = transients(rng)
    shape = np.concatenate([np.linspace(0, 1, RISE), np.exp(-np.arange(1, 11) / 4)])
    for cell, row in enumerate(onsets):
        for onset in row:
            raster[cell, onset : onset + RISE] = True
            calcium[cell, onset : onset + len(shape)] += shape
    weights = footprints()
    frames = 300 + 40 * weights.sum(0) + np.tensordot(calcium.T * 200, weights, 1)
    frames = np.clip(rng.normal(frames, 6), 0, 65535).astype(np.uint16)
    movie = Movie(frames, RATE, 2.0, "GCaMP6s", source="made")
    rois = RoiSet.from_masks(weights, engine="truth")
    truth = Truth(
        ids=rois.ids,
        cell_types=KINDS,
        is_target=np.zeros(len(CENTRES), dtype=bool),
        raster=raster,
        calcium=(calcium * 200).astype(np.float32),
        shifts=np.zeros((N_FRAMES, 2), dtype=np.float32),
        roi_id=np.repeat(rois.ids[:4], 6),
        onset=onsets.ravel(),
        peak=onsets.ravel() + RISE - 1,
        seed=seed,
    )
    write_rois(folder / "rois.h5", rois)
    write_truth(folder / "truth.h5", truth)
    summary = SummaryAccumulator(frames[0])
    summary.add(frames)
    still = np.zeros(N_FRAMES, dtype=np.float32)
    with MovieWriter(folder / "movie.h5", movie, Stamp()) as writer:
        writer.write(0, frames)
        pictures = summary.result()
        writer.finish(
            pictures,
            Registration(
                y=still,
                x=still,
                correlation=still + 1,
                unregistered=still.astype(bool),
                template=pictures.mean,
                raw_mean=pictures.mean,
                metrics={},
            ),
        )
    return folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Folders of three recordings."""
    base = tmp_path_factory.mktemp("truth")
    return tuple(recording(base / str(seed), seed) for seed in (1, 2, 3))  # type: ignore[return-value]


@pytest.fixture
def cases(folders: tuple[Path, ...]) -> list[ActivityCase]:
    """The three recordings, without activity."""
    return [open_activity_case(folder.name, folder) for folder in folders]


@pytest.fixture
def judged() -> Callable[..., ActivityCase]:
    """Give a case activity (N, T), and types if named."""

    def give(
        case: ActivityCase, active: NDArray[np.bool_], kinds: tuple[str, ...] = (), threshold: float = 0.5
    ) -> ActivityCase:
        raster = Raster(case.rois.ids, RATE, active.astype(np.float32), threshold, ("made",) * len(active))
        types = None
        if kinds:
            probability = np.array([[float(kind == name) for name in CELL_TYPES] for kind in kinds])
            types = CellTypes(case.rois.ids, probability.astype(np.float32))
        return replace(case, rasters={"neurocine": raster}, celltypes=types)

    return give
