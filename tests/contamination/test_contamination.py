"""Transients that an overlapping neighbour's light causes, as a step and in the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.contamination import find_contamination
from neurocine.core import CELL_TYPES, CellTypes, InputError, Movie, Raster, RoiSet
from neurocine.core.contamination import Contamination, NeighbourTransient
from neurocine.io.result_files import read_contamination, write_contamination

T, SIZE = 400, 32
#: The first two overlap by half; the third is alone.
CENTRES = ((10, 10), (10, 15), (24, 24))


def made() -> tuple[Movie, RoiSet, np.ndarray]:
    """Return a movie of three cells, their ROIs and their true raster; no two fire at once."""
    rng = np.random.default_rng(4)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    squared = np.stack([(rows - y) ** 2 + (columns - x) ** 2 for y, x in CENTRES])
    weights = np.where(squared <= 25, np.exp(-squared / 12), 0)
    onsets = (rng.permutation(24) * 15 + 12).reshape(3, 8)
    raster = np.zeros((3, T), dtype=bool)
    calcium = np.zeros((3, T))
    shape = np.concatenate([np.linspace(0, 1, 4), np.exp(-np.arange(1, 10) / 3)])
    for cell, row in enumerate(onsets):
        for onset in row:
            raster[cell, onset : onset + 4] = True
            calcium[cell, onset : onset + len(shape)] += 300 * shape
    frames = rng.normal(200 + np.tensordot(calcium.T, weights, 1), 5).astype(np.float32)
    return Movie(frames, 10.0, 2.0, "GCaMP6s", source="made"), RoiSet.from_masks(weights), raster


class Unreadable:
    """Frames that nobody may read."""

    shape, dtype = (T, SIZE, SIZE), np.dtype(np.float32)

    def __getitem__(self, part: slice) -> np.ndarray:
        raise AssertionError


def raster_of(active: np.ndarray) -> Raster:
    return Raster(np.arange(len(active)), 10.0, active.astype(np.float32), 0.5, ("made",) * len(active))


def types_of(*kinds: str) -> CellTypes:
    probability = np.array([[float(kind == name) for name in CELL_TYPES] for kind in kinds], dtype=np.float32)
    return CellTypes(np.arange(len(kinds)), probability)


def test_what_is_called_of_the_neighbours_transients_is_counted() -> None:
    movie, rois, truth = made()
    found = find_contamination(movie, rois, raster_of(truth))
    assert found.cells == 3
    assert found.pairs == ((0, 1),)
    assert found.n_overlapping == 2
    assert len(found.transients) >= 14  # of eight of each
    assert found.rejected == 1.0
    wrong = truth.copy()
    wrong[0] |= truth[1]
    called = find_contamination(movie, rois, raster_of(wrong))
    assert [one for one in called.transients if one.called]
    assert all(one.called == (one.roi_id == 0) for one in called.transients if truth[1, one.peak - 1])
    (first, *_) = called.by_pair()
    assert (first.roi_id, first.neighbour_id) == (0, 1)
    assert first.called >= 7


def test_noise_is_no_cell_and_lone_cells_need_no_movie() -> None:
    movie, rois, truth = made()
    unreadable = replace(movie, frames=Unreadable())
    found = find_contamination(
        unreadable, rois, raster_of(truth), types_of("pyramidal", "noise", "interneuron")
    )
    assert (found.cells, found.pairs, found.transients) == (2, (), ())
    assert found.rejected is None
    assert found.sentence == "None of 2 cells overlaps another."


def test_blocks_of_frames_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    movie, rois, truth = made()
    whole = find_contamination(movie, rois, raster_of(truth))
    monkeypatch.setattr(Movie, "block_frames", lambda *_: 23)
    parts = find_contamination(movie, rois, raster_of(truth))
    assert [(t.roi_id, t.onset, t.peak) for t in parts.transients] == [
        (t.roi_id, t.onset, t.peak) for t in whole.transients
    ]
    np.testing.assert_allclose(
        [t.own_correlation for t in parts.transients],
        [t.own_correlation for t in whole.transients],
        atol=1e-6,
    )


def test_the_file_keeps_all_and_damage_is_told(tmp_path: Path) -> None:
    found = Contamination(3, ((4, 9),), (NeighbourTransient(4, 9, 10, 13, 0.1, 0.9, True),))
    path = tmp_path / "contamination.json"
    write_contamination(path, found)
    assert read_contamination(path) == found
    path.write_text('{"cells": 3, "pairs": 1}')
    with pytest.raises(InputError, match="is damaged"):
        read_contamination(path)
    with pytest.raises(InputError, match="Run the step contamination"):
        read_contamination(tmp_path / "none.json")
