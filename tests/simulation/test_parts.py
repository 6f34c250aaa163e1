"""The parts of the simulator: activity, rendering."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from neurocine.simulation.paper.activity import draw_activity, slow, spaced
from neurocine.simulation.paper.render import PaperFrames, moved
from neurocine.simulation.presets import preset_of


def scene(n_frames: int = 40) -> PaperFrames:
    """A scene of one pixel that grows brighter."""
    return PaperFrames(
        baseline=np.full((8, 10), 100, dtype=np.float32),
        footprints=sparse.csr_array(([1.0], ([23], [0])), shape=(80, 1)).astype(np.float32),
        calcium=np.arange(n_frames, dtype=np.float32)[None],
        neuropil_maps=np.ones((1, 8, 10), dtype=np.float32),
        neuropil=np.full((1, n_frames), 5, dtype=np.float32),
        shifts=np.zeros((n_frames, 2), dtype=np.float32),
        read_noise=2.0,
        shot_gain=0.1,
        seed=1,
    )


def test_spaced_intervals_keep_apart_and_inside() -> None:
    lengths = np.array([5, 9, 3, 7])
    for seed in range(20):
        start = spaced(np.random.default_rng(seed), lengths, 40)
        assert np.all(start[1:] >= start[:-1] + lengths[:-1])
        assert start[0] >= 0
        assert start[-1] + lengths[-1] <= 39


def test_counts_follow_the_rate() -> None:
    preset = preset_of("paper", n_frames=1000)
    activity = draw_activity(np.random.default_rng(0), preset, ("pyramidal",) * 2, np.array([3.0, 12.0]))
    assert np.bincount(activity.cell).tolist() == [3, 12]
    assert set(activity.peak - activity.onset) <= set(range(1, 9))


def test_decay_is_exponential_with_the_preset_s_constant() -> None:
    preset = preset_of("paper", n_frames=400, decay_frames=(10.0, 10.0))
    activity = draw_activity(np.random.default_rng(1), preset, ("pyramidal",), np.array([2.5]))
    peak = int(activity.peak[0])
    after = activity.calcium[0, peak : peak + 4]
    np.testing.assert_allclose(after[1:] / after[:-1], np.exp(-0.1), rtol=1e-5)


def test_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="astrocyte"):
        draw_activity(np.random.default_rng(0), preset_of("paper"), ("astrocyte",), np.ones(1))


def test_slow_fluctuation_is_standardised_and_slow() -> None:
    trace = slow(np.random.default_rng(0), 2000, (40.0, 40.0))
    assert trace.mean() == pytest.approx(0, abs=1e-9)
    assert trace.std() == pytest.approx(1)
    assert np.corrcoef(trace[1:], trace[:-1])[0, 1] > 0.99


def test_frames_are_the_same_however_they_are_cut() -> None:
    whole = scene()[0:40]
    assert whole.dtype == np.uint16
    np.testing.assert_array_equal(np.concatenate([scene()[0:7], scene()[7:40]]), whole)
    assert scene()[40:50].shape == (0, 8, 10)


def test_clean_frames_are_baseline_cells_and_neuropil() -> None:
    clean = scene().clean(range(10, 12))
    assert clean[0, 2, 3] == pytest.approx(100 + 10 + 5)
    assert clean[1, 0, 0] == pytest.approx(105)


def test_motion_is_down_and_right() -> None:
    picture = np.zeros((6, 6), dtype=np.float32)
    picture[2, 2] = 1
    assert moved(picture, np.array([1, 2], dtype=np.float32))[3, 4] == 1
