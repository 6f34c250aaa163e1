"""Active neurons of a movie by the model that ships, and what a model's maps say of other engines' ROIs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.active.detect import detect, maps, thresholds
from neurocine.active.preprocessing import BinnedMovie
from neurocine.config import SegmentationSettings, StneuronetSettings
from neurocine.core import Movie, RoiSet
from neurocine.evaluation.segmentation.groups import evaluate_groups, groups_of
from neurocine.io.result_files import read_movie, read_rois, read_truth
from neurocine.networks.registry import Registry
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.segmentation.segmenter import Segmenter
from neurocine.segmentation import segment
from neurocine.simulation import simulate

SETTINGS = StneuronetSettings()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute and a half of cortex that no network has seen."""
    folder = tmp_path_factory.mktemp("simulated") / "cortex"
    return simulate("cortex-6s", 77, folder, n_frames=900, split="validation")


@pytest.fixture(scope="module")
def movie(simulated: Path) -> Movie:
    return read_movie(simulated / "movie.h5")


def test_shipped_model_finds_active_neurons(simulated: Path, movie: Movie) -> None:
    rois = read_rois(simulated / "rois.h5")
    truth = read_truth(simulated / "truth.h5")
    groups = groups_of(truth, rois)
    segmented = segment(movie, SegmentationSettings(engine="stneuronet"))
    score = evaluate_groups(segmented, rois, groups).containment.score
    assert score.n_true >= 10
    assert score.f1 > 0.7
    assert set(segmented.engine) == {"stneuronet"}
    for probability, intervals in zip(segmented.probability, segmented.active_intervals, strict=True):
        assert 0 < probability <= 1
        assert len(intervals)
        assert intervals.min() >= 0
        assert intervals.max() <= movie.n_frames
    again = segment(movie, SegmentationSettings(engine="stneuronet"))
    np.testing.assert_array_equal(again.indptr, segmented.indptr)
    np.testing.assert_array_equal(again.probability, segmented.probability)


def test_rois_of_others_are_told_how_active_they_are(simulated: Path, movie: Movie) -> None:
    rois = read_rois(simulated / "rois.h5")
    groups = groups_of(read_truth(simulated / "truth.h5"), rois)
    detection = detect(movie, SETTINGS, rois=rois)
    assert detection.roi_probability is not None
    active, silent = detection.roi_probability[groups.positive], detection.roi_probability[groups.negative]
    assert np.median(active) > 0.6
    assert np.median(active) > 2 * np.median(silent)
    assert detect(movie, SETTINGS).roi_probability is None
    none = detect(movie, SETTINGS, rois=rois.select([])).roi_probability
    assert none is not None
    assert none.shape == (0,)


def test_probability_of_an_roi_is_its_largest_mean(movie: Movie) -> None:
    model = Registry.load().segmenter(SETTINGS.model)
    grid = BinnedMovie.of(movie, model.architecture)
    every = list(maps(movie, grid, Segmenter(model.model, model.architecture)))
    mask = np.zeros((1, *movie.fov_shape))
    mask[0, 40:50, 60:70] = 1
    (expected,) = detect(movie, SETTINGS, rois=RoiSet.from_masks(mask)).roi_probability  # type: ignore[misc]
    assert expected == pytest.approx(max(one.probability[40:50, 60:70].mean() for one in every), abs=1e-5)
    assert every[0].start == 0
    assert every[-1].stop == movie.n_frames


def test_backends_find_the_same(movie: Movie) -> None:
    pytest.importorskip("openvino")
    short = replace(movie, frames=movie.read(0, 300))
    first, second = (
        detect(short, StneuronetSettings(backend=backend)).masks for backend in ("keras", "openvino")
    )
    assert len(first) == len(second)
    np.testing.assert_allclose(first.probability, second.probability, atol=1e-4)


def test_settings_replace_the_models_thresholds() -> None:
    own = Postprocessing(threshold=0.4, min_area_um2=33)
    assert thresholds(own, StneuronetSettings()) == own
    changed = thresholds(own, StneuronetSettings(threshold=0.9))
    assert changed == replace(own, threshold=0.9)


def test_still_movie_has_no_active_neuron() -> None:
    still = Movie(np.full((300, 48, 48), 100, dtype=np.uint16), 10.0, 1.2)
    assert len(detect(still, SETTINGS).masks) == 0


def test_noise_has_no_active_neuron() -> None:
    noise = np.random.default_rng(0).poisson(50, (600, 96, 96)).astype(np.uint16)
    assert len(detect(Movie(noise, 10.0, 1.2), SETTINGS).masks) <= 2
