"""Planted cells: as bright, as noisy and as still as they are said to be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.controls.drawing_cells import (
    LARGEST_DPRIME,
    Ground,
    draw_planted,
    fitted_preset,
    outline_noise,
)
from neurocine.controls.light import Light, measured_light
from neurocine.controls.measures import largest_dprime
from neurocine.controls.own_activity import OwnActivity, own_activity
from neurocine.controls.planting import Planted, planted_movie, shifted
from neurocine.core import InputError, Movie, Raster, RoiSet
from neurocine.core.truth import MIN_DPRIME
from neurocine.io.result_files import read_movie, read_rois, read_summary, read_truth
from neurocine.simulation import simulate
from neurocine.simulation.hybrid.detectability import detectability_of

STILL = (np.array([16.0]), np.zeros((400, 1, 2), dtype=np.float32))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated movie with truth."""
    return simulate("cortex-6s", 5, tmp_path_factory.mktemp("made"), n_frames=1000, fov_px=96)


def ground_of(folder: Path) -> Ground:
    movie = read_movie(folder / "movie.h5")
    mean = read_summary(folder / "movie.h5").mean
    rois, truth = read_rois(folder / "rois.h5"), read_truth(folder / "truth.h5")
    known = Raster(rois.ids, movie.frame_rate_hz, truth.raster.astype(np.float32), 0.5, ("",) * len(rois))
    return Ground(movie, mean, rois, measured_light(movie), own_activity(movie, rois, known))


def one_cell(dff: np.ndarray) -> Planted:
    masks = np.zeros((1, 32, 32))
    masks[0, 12:18, 12:18] = 1
    none = np.empty(0, dtype=np.int64)
    return Planted(
        RoiSet.from_masks(masks), (((12, 12), np.ones((6, 6), np.float32)),), np.array([5.0]),
        dff[None].astype(np.float32), none, none, none, np.empty(0),
    )  # fmt: skip


def test_the_added_light_has_the_cells_brightness_and_poisson_noise() -> None:
    movie = Movie(np.full((400, 32, 32), 100, dtype=np.uint16), 10.0, 1.0)
    dff = np.where(np.arange(400) >= 200, 1.0, 0.0)
    light = Light(30.0, 100.0, 0.0)
    made = np.concatenate([f for _, f in planted_movie(movie, one_cell(dff), light, STILL, 1)])
    inside = made[:, 12:18, 12:18] - 100
    assert inside[:200].mean() == pytest.approx(30 * 5, rel=0.02)
    assert inside[200:].mean() == pytest.approx(30 * 10, rel=0.02)
    assert inside[:200].var() == pytest.approx(30**2 * 5, rel=0.05)
    assert np.all(made[:, :8] == 100)


def test_light_outside_the_field_is_lost() -> None:
    movie = Movie(np.zeros((400, 14, 14), dtype=np.uint16), 10.0, 1.0)
    light = Light(1.0, 0.0, 0.0)
    made = np.concatenate([f for _, f in planted_movie(movie, one_cell(np.zeros(400)), light, STILL, 1)])
    assert made.shape == (400, 14, 14)
    assert made[:, 12:, 12:].mean() == pytest.approx(5, rel=0.05)


def test_displacements_move_the_picture() -> None:
    picture = np.random.default_rng(0).random((5, 7)).astype(np.float32)
    moved = shifted(picture, np.array([[0, 0], [1, -2], [0.5, 0]]))
    assert moved.shape == (3, 11, 13)
    np.testing.assert_allclose(moved[0, 3:8, 3:10], picture, rtol=1e-6)
    np.testing.assert_allclose(moved[1, 4:9, 1:8], picture, rtol=1e-6)
    np.testing.assert_allclose(moved[2, 4:8, 3:10], (picture[1:] + picture[:-1]) / 2, rtol=1e-5)
    np.testing.assert_allclose(moved.sum(axis=(1, 2)), picture.sum(), rtol=1e-5)


def test_cells_fit_the_movie_that_they_are_planted_into(simulated: Path) -> None:
    ground = ground_of(simulated)
    cells = draw_planted(ground, 0)
    assert len(cells.rois) >= 4
    assert 0 < cells.silent.sum() < len(cells.rois)
    assert not cells.dff[cells.silent].any()
    truth = read_truth(simulated / "truth.h5")
    assert truth.hybrid is not None
    real = truth.hybrid.resting / ground.light.gain
    assert real.min() / 3 < np.median(cells.resting) < real.max()
    # Another round has other cells, the same round the same.
    assert not np.array_equal(draw_planted(ground, 1).rois.y, cells.rois.y)
    np.testing.assert_array_equal(draw_planted(ground, 0).dff, cells.dff)


def test_planted_cells_fire_as_the_recordings_own_do(simulated: Path) -> None:
    ground = ground_of(simulated)
    own, planted = ground.own, [draw_planted(ground, seed) for seed in range(3)]
    clear = [cells.dprime >= MIN_DPRIME for cells in planted]
    rise = np.concatenate([(c.peak - c.onset + 1)[seen] for c, seen in zip(planted, clear, strict=True)])
    assert 0.6 < np.median(rise) / np.median(own.rise_frames[own.rise_frames > 0]) < 1.6
    n_firing = sum(len(np.unique(c.roi_id[seen])) for c, seen in zip(planted, clear, strict=True))
    per_min = len(rise) / n_firing / (ground.movie.n_frames / ground.movie.frame_rate_hz / 60)
    assert own.per_min.min() < per_min < own.per_min.max()
    largest = np.concatenate([largest_dprime(cells)[~cells.silent] for cells in planted])
    assert own.largest_dprime.min() / 2 < largest.max() < 2 * own.largest_dprime.max()


def test_without_active_rois_usual_values_are_taken(simulated: Path) -> None:
    ground = ground_of(simulated)
    nothing = OwnActivity(*np.zeros((3, len(ground.rois))))
    cells = draw_planted(replace(ground, own=nothing), 0)
    largest = largest_dprime(cells)[~cells.silent]
    assert len(largest)
    assert largest.max() <= LARGEST_DPRIME[1] * 1.001


def test_own_d_prime_is_the_truths(simulated: Path) -> None:
    ground, truth = ground_of(simulated), read_truth(simulated / "truth.h5")
    assert truth.hybrid is not None
    largest = np.array([truth.hybrid.detectability[truth.roi_id == i].max(initial=0) for i in truth.ids])
    clear = largest > 8
    assert clear.sum() >= 3
    assert 0.7 < np.median(ground.own.largest_dprime[clear] / largest[clear]) < 1.4
    calls = np.array([(truth.roi_id == i).sum() for i in truth.ids]) / (1000 / 10 / 60)
    assert np.all(ground.own.per_min <= calls + 1e-9)  # rises that touch are one call
    assert not ground.own.largest_dprime[calls == 0].any()


def test_planted_cells_overlap_no_more_than_rois_do(simulated: Path) -> None:
    ground = ground_of(simulated)
    apart = RoiSet.from_masks(np.eye(96)[None] > 0)
    cells = draw_planted(replace(ground, rois=apart, own=OwnActivity(*np.zeros((3, 1)))), 0)
    masks = np.stack([cells.rois.mask(i) for i in range(len(cells.rois))])
    assert masks.sum(axis=0).max() == 1
    assert not (masks & apart.mask(0)).any()


def test_the_measured_noise_is_that_of_the_truths_d_prime(simulated: Path) -> None:
    ground, truth = ground_of(simulated), read_truth(simulated / "truth.h5")
    assert truth.hybrid is not None
    assert truth.calcium is not None
    measured = outline_noise(ground, ground.rois, np.zeros(len(ground.rois))) * ground.light.gain
    ratios = []
    for i, roi in enumerate(truth.ids):
        own = truth.roi_id == roi
        if own.any():
            signal = detectability_of(truth.calcium[i].astype(float), 1.0, truth.onset[own], 10.0)
            ratios.append(np.median(signal / truth.hybrid.detectability[own]) / measured[i])
    # Motion and bursts add to what is measured, the simulator's d' counts photons alone.
    assert 0.7 < np.median(ratios) < 1.1


def test_small_and_short_movies_are_refused() -> None:
    with pytest.raises(InputError, match=r"controls\.run: false"):
        fitted_preset(Movie(np.zeros((50, 64, 64), np.uint16), 10.0, 1.0))
    with pytest.raises(InputError, match="20 x 64"):
        fitted_preset(Movie(np.zeros((500, 20, 64), np.uint16), 10.0, 1.0))


def test_kinetics_are_those_of_the_indicator() -> None:
    frames = np.zeros((200, 64, 64), np.uint16)
    slow = fitted_preset(Movie(frames, 30.0, 0.8, "GCaMP6s"))
    fast = fitted_preset(Movie(frames, 30.0, 0.8, "jGCaMP8m"))
    assert slow.frame_rate_hz == 30
    assert slow.pixel_size_um == 0.8
    assert slow.decay_scale == (0.8, 1.2)
    assert fast.decay_scale[0] == pytest.approx(0.6 * 0.35 / 0.7)
    assert fast.pyramidal_sets == ("DS10",)
