"""What is counted in controls, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from neurocine.controls import measures
from neurocine.controls.planting import Planted
from neurocine.core import RoiSet
from neurocine.core.controls import DprimeShare, Estimate


def two_cells() -> Planted:
    """Two cells over 20 frames: the first with rises at 2-4 and 10-11, the second silent."""
    masks = np.zeros((2, 8, 8))
    masks[0, 1, 1] = masks[1, 5, 5] = 1
    return Planted(
        RoiSet.from_masks(masks), (), np.ones(2), np.zeros((2, 20), np.float32), np.array([0, 0]),
        np.array([2, 10]), np.array([4, 11]), np.array([1.5, 9.0]),
    )  # fmt: skip


def raster(*spans: tuple[int, int, int], n: int = 2, t: int = 20) -> np.ndarray:
    active = np.zeros((n, t), dtype=bool)
    for row, first, last in spans:
        active[row, first : last + 1] = True
    return active


def test_calls_are_true_where_they_touch_a_planted_rise() -> None:
    cells = two_cells()
    counts = measures.planted_counts(raster((0, 3, 5), (0, 7, 8), (0, 15, 19), (1, 0, 1)), cells)
    assert counts.found.tolist() == [True, False]
    np.testing.assert_allclose(counts.coverage, [2 / 3, 0])
    assert counts.true_calls.tolist() == [1, 0]
    assert counts.false_calls.tolist() == [2, 1]
    assert cells.silent.tolist() == [False, True]
    assert measures.largest_dprime(cells).tolist() == [9.0, 0.0]
    shares = measures.by_dprime(cells.dprime, counts.found, (0.0, 5.0))
    assert shares == (DprimeShare(0.0, 5.0, 1, 1), DprimeShare(5.0, None, 1, 0))
    assert shares[0].share == 1
    assert DprimeShare(0, 1, 0, 0).share is None


def test_a_share_is_that_of_the_sums_and_its_interval_is_over_cells() -> None:
    estimate = measures.share([1, 3, 0, 4], [2, 4, 2, 8])
    assert estimate.value == 0.5
    assert estimate.n == 16
    assert 0 <= estimate.low < 0.5 < estimate.high <= 1
    assert measures.share([5, 5, 5, 5], [10] * 4) == Estimate(0.5, 0.5, 0.5, 40)
    none = measures.share([0, 0], [10, 20])
    assert (none.value, none.low, none.high) == (0, 0, pytest.approx(0.1))
    everything = measures.share([10, 20], [10, 20])
    assert (everything.value, everything.low, everything.high) == (1, pytest.approx(0.9), 1)
    assert measures.share([], []) == Estimate(None, None, None, 0)


def test_few_cells_that_are_alike_do_not_tell_a_rate_exactly() -> None:
    alike = measures.per_minute(np.array([1, 1]), np.array([1.0, 1.0]))
    assert (alike.value, alike.n) == (1.0, 2)
    # Garwood's interval of 2 counts, over 2 minutes.
    assert (alike.low, alike.high) == (pytest.approx(0.1211, rel=1e-3), pytest.approx(3.6123, rel=1e-3))
    uneven = measures.per_minute(np.array([0, 0, 40]), np.ones(3))
    assert (uneven.low, uneven.high) == (0.0, 40.0)  # resampling is wider: the cells differ
    assert measures.per_minute(np.empty(0, np.int64), np.empty(0)).value is None


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        share = rng.beta(6, 6, 30)
        estimate = measures.share(rng.binomial(10, share), np.full(30, 10))
        held += estimate.low <= 0.5 <= estimate.high
    assert held >= 0.88 * 200


def test_counts_have_an_exact_poisson_interval() -> None:
    estimate = measures.counted(3, 20)
    assert estimate.value == 0.15
    assert estimate.low == pytest.approx(0.6187 / 20, rel=1e-3)
    assert estimate.high == pytest.approx(8.7673 / 20, rel=1e-3)
    assert measures.counted(30, 20).value == 1
    assert measures.counted(0, 0).value is None
    assert measures.scaled(Estimate(1.0, 0.5, 2.0, 9), 4.0) == Estimate(0.25, 0.125, 0.5, 9)
    assert measures.scaled(Estimate(1.0, 0.5, 2.0, 9), 0.0).value is None


def test_a_cell_is_quiet_again_six_seconds_after_it_was_up() -> None:
    rng = np.random.default_rng(0)
    trace = rng.normal(100, 1, (2, 600)).astype(np.float32)
    trace[0, 200:210] += 20
    active = raster((1, 400, 401), t=600)
    calm = measures.quiet(trace, active, 10.0)
    assert not calm[0, 200:265].any()
    assert not calm[1, 400:461].any()
    # Noise alone is up now and then, too.
    assert calm[0, 290:].mean() > 0.7
    assert calm[1, :399].mean() > 0.7


def test_only_calls_in_quiet_frames_count() -> None:
    calm = np.ones((2, 20), dtype=bool)
    calm[0, 5:8] = False
    calls, frames = measures.quiet_calls(raster((0, 4, 5), (0, 10, 12), (1, 19, 19)), calm)
    assert calls.tolist() == [1, 1]
    assert frames.tolist() == [17, 20]


def test_masks_whose_traces_mostly_fall_are_mirrored_neurons() -> None:
    rng = np.random.default_rng(0)
    traces = rng.normal(100, 1, (3, 1000)).astype(np.float32)
    for onset in (200, 500, 800):
        traces[1, onset : onset + 30] -= 8
        traces[2, onset : onset + 30] += 8
    assert measures.shows_falls(traces, 10.0).tolist() == [False, True, False]
