"""False transients from overlapping neighbours, in a movie made to have them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurocine.contamination import FalseTransients, false_transients
from neurocine.core import InputError, RoiSet
from neurocine.evaluation import ActivityCase
from neurocine.traces.extraction import raw_traces


def found_in(case: ActivityCase) -> FalseTransients:
    return false_transients(case.movie, case.rois, raw_traces(case.movie, case.rois))


def test_neighbours_transients_are_found_and_own_ones_are_not(cases: list[ActivityCase]) -> None:
    case = cases[0]
    transients = found_in(case)
    assert transients.pairs.tolist() == [[0, 1]]
    assert set(transients.roi.tolist()) == {0, 1}
    truth = case.truth
    for roi, neighbour, onset, peak in zip(
        transients.roi, transients.neighbour, transients.onset, transients.peak, strict=True
    ):
        assert truth.raster[neighbour, onset : peak + 1].any()
        assert not truth.raster[roi, onset : peak + 1].any()
    # Each of the twelve transients of the pair is seen in the other cell too.
    hit = {
        (int(n), int(o))
        for n, a, b in zip(transients.neighbour, transients.onset, transients.peak, strict=True)
        for n2, o, p in zip(truth.roi_id, truth.onset, truth.peak, strict=True)
        if n == n2 and a <= p and b >= o
    }
    assert len(hit) >= 11


def test_no_transient_is_listed_twice_and_correlations_are_as_asked_for(cases: list[ActivityCase]) -> None:
    transients = found_in(cases[1])
    assert len(transients) > 0
    assert len({*zip(transients.roi.tolist(), transients.onset.tolist(), strict=True)}) == len(transients)
    assert np.all(transients.neighbour_correlation > 0.7)
    assert np.all(transients.own_correlation < 0.2)


def test_bright_still_structure_changes_nothing(cases: list[ActivityCase]) -> None:
    case = cases[0]
    frames = case.movie.read(0, case.movie.n_frames).astype(np.float32)
    texture = np.random.default_rng(0).uniform(0, 4000, frames.shape[1:]).astype(np.float32)
    lit = replace(case, movie=replace(case.movie, frames=frames + texture))
    plain, transients = found_in(case), found_in(lit)
    assert transients.onset.tolist() == plain.onset.tolist()
    np.testing.assert_allclose(transients.own_correlation, plain.own_correlation, atol=1e-2)


def test_a_movie_without_overlaps_is_not_read_others_twice(cases: list[ActivityCase]) -> None:
    case = cases[0]
    read: list[int] = []

    class Counting:
        shape, dtype = (400, 48, 48), np.dtype(np.uint16)

        def __getitem__(self, part: slice) -> np.ndarray:
            read.append(part.stop - part.start)
            return case.movie.read(part.start, part.stop)

    lone = case.rois.select([2, 3])
    traces = raw_traces(case.movie, lone)
    transients = false_transients(replace(case.movie, frames=Counting()), lone, traces)
    assert len(transients) == 0
    assert read == []
    false_transients(replace(case.movie, frames=Counting()), case.rois, raw_traces(case.movie, case.rois))
    assert 400 < sum(read) <= 800


def test_flat_traces_and_no_rois_give_nothing(cases: list[ActivityCase]) -> None:
    case = cases[0]
    assert len(false_transients(case.movie, case.rois, np.zeros((5, 400), dtype=np.float32))) == 0
    none = RoiSet.from_pixels(case.movie.fov_shape, [])
    assert len(false_transients(case.movie, none, np.zeros((0, 400), dtype=np.float32))) == 0


def test_other_shapes_are_refused(cases: list[ActivityCase]) -> None:
    with pytest.raises(InputError, match="don't fit a movie of 400 frames"):
        false_transients(cases[0].movie, cases[0].rois, np.zeros((5, 399), dtype=np.float32))
