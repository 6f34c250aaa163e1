"""Which outlined neurons are active, and what counts as truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurocine.core import InputError, Movie, RoiSet
from neurocine.evaluation.segmentation.anatomical import anatomical_groups, transient_snr
from neurocine.evaluation.segmentation.segmentation_cases import open_truth
from neurocine.io.result_files import read_movie, read_rois, read_truth, write_rois
from neurocine.simulation import simulate


@pytest.fixture
def seen() -> tuple[Movie, RoiSet]:
    """Two outlined neurons of which the first has a transient, in noise that both share with their rings."""
    rng = np.random.default_rng(0)
    frames = rng.normal(100, 10, (300, 40, 60)) + 2 * np.sin(np.arange(300) / 30)[:, None, None]
    masks = np.zeros((2, 40, 60), dtype=bool)
    masks[0, 10:18, 10:18], masks[1, 22:30, 40:48] = True, True
    frames[100:110][:, masks[0]] += 40
    return Movie(frames.astype(np.float32), 7.0, 1.0), RoiSet.from_masks(masks)


def test_a_neuron_with_a_transient_is_active_and_one_without_counts_neither_way(seen) -> None:
    movie, rois = seen
    active, silent = transient_snr(movie, rois)
    assert active > 20
    assert silent < 6
    groups = anatomical_groups(movie, rois, 8.0)
    assert groups.positive.tolist() == [True, False]
    assert groups.doubtful.tolist() == [False, True]
    assert not groups.negative.any()


def test_contours_alone_are_all_to_be_found_unless_a_transient_is_asked_for(seen, tmp_path: Path) -> None:
    movie, rois = seen
    write_rois(tmp_path / "contours.h5", rois)
    assert open_truth(tmp_path / "contours.h5", movie)[1].positive.tolist() == [True, True]
    assert open_truth(tmp_path / "contours.h5", movie, min_snr=8.0)[1].positive.tolist() == [True, False]


def test_known_activity_decides_where_there_is_any(tmp_path: Path) -> None:
    folder = simulate("cortex-6s", 7, tmp_path / "movie", n_frames=300)
    movie, truth = read_movie(folder / "movie.h5"), read_truth(folder / "truth.h5")
    rois, groups = open_truth(folder, movie, min_dprime=5.0, min_snr=1e9)
    np.testing.assert_array_equal(rois.ids, truth.ids)
    assert groups.positive.any()
    assert open_truth(folder, movie, min_dprime=1e9)[1].positive.sum() == 0
    write_rois(folder / "rois.h5", read_rois(folder / "rois.h5").select(np.arange(3)))
    with pytest.raises(InputError, match="Give the ROIs and truth of one movie"):
        open_truth(folder, movie)
