"""Which cells are labelled, in simulated structural pictures."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from neurocine.celltype import labelled_probability, labels_of
from neurocine.celltype.labelled import mixture
from neurocine.config import CelltypeSettings
from neurocine.core import RoiSet
from neurocine.io.result_files import StructuralChannel

EDGE = 128


def structural_picture(
    labelled: NDArray[np.bool_], seed: int = 0, unseen: int = 4
) -> tuple[NDArray[np.float64], RoiSet]:
    """Cells, some of them labelled, with texture, noise and `unseen` labelled cells without an ROI."""
    rng = np.random.default_rng(seed)
    centres: list[NDArray[np.float64]] = []
    while len(centres) < len(labelled) + unseen:
        centre = rng.uniform(6, EDGE - 6, 2)
        if all(np.hypot(*(centre - other)) > 10 for other in centres):
            centres.append(centre)
    y, x = np.mgrid[:EDGE, :EDGE]
    masks = np.stack([np.hypot(y - a, x - b) <= 4 for a, b in centres])
    bright = np.where(np.append(labelled, [True] * unseen), rng.uniform(50, 400, len(masks)), 0)
    texture = ndimage.gaussian_filter(rng.normal(size=(EDGE, EDGE)), 2)
    picture = ndimage.gaussian_filter(np.tensordot(bright, masks, 1), 1) + 5 * texture / texture.std()
    return 200 + picture + rng.normal(0, 3, picture.shape), RoiSet.from_masks(masks[: len(labelled)])


@pytest.mark.parametrize("share", [0.0, 0.15, 0.5, 0.85, 1.0])
def test_labelled_cells_are_told_whatever_their_share(share: float) -> None:
    labelled = np.random.default_rng(3).random(40) < share
    picture, rois = structural_picture(labelled)
    probability = labelled_probability(picture, rois, 1.0)
    assert probability.dtype == np.float32
    assert (probability[~labelled] < 0.5).all()
    assert (probability[labelled] >= 0.9).sum() >= 0.9 * labelled.sum()
    if 0 < share < 1:
        assert roc_auc_score(labelled, probability) > 0.99
    assert probability.sum() == pytest.approx(labelled.sum(), abs=2)


def test_same_picture_same_probability_whatever_its_scale() -> None:
    picture, rois = structural_picture(np.arange(30) < 5)
    first = labelled_probability(picture, rois, 1.0)
    np.testing.assert_array_equal(first, labelled_probability(picture, rois, 1.0))
    np.testing.assert_allclose(first, labelled_probability(picture * 0.01 - 7, rois, 1.0), atol=1e-5)


def test_neighbours_that_overlap_do_not_share_a_label() -> None:
    picture, rois = structural_picture(np.arange(30) < 5)
    y, x, _ = rois.pixels(0)
    beside = (y, np.clip(x + 5, 0, EDGE - 1), None)
    crowded = RoiSet.from_pixels(rois.fov_shape, [rois.pixels(i) for i in range(30)] + [beside])
    probability = labelled_probability(picture, crowded, 1.0)
    assert probability[0] > 0.9
    assert probability[30] < 0.5


def test_an_empty_picture_labels_nothing() -> None:
    _, rois = structural_picture(np.zeros(10, bool))
    assert (labelled_probability(np.zeros((EDGE, EDGE)), rois, 1.0) < 0.1).all()


def test_no_rois() -> None:
    assert labelled_probability(np.zeros((20, 20)), RoiSet.from_pixels((20, 20), []), 1.0).shape == (0,)


def test_field_full_of_rois_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    rng = np.random.default_rng(0)
    blocks = np.arange(16).reshape(4, 4).repeat(8, 0).repeat(8, 1)
    masks = np.stack([blocks == i for i in range(16)])
    masks[:, :, -1] = masks[:, -1] = False
    picture = 200 + 300 * masks[3] + rng.normal(0, 3, (32, 32))
    with caplog.at_level(logging.WARNING):
        probability = labelled_probability(picture, RoiSet.from_masks(masks), 1.0)
    assert "ROIs cover the field of view" in caplog.text
    assert probability.argmax() == 3
    assert probability[3] > 0.9
    assert (np.delete(probability, 3) < 0.5).all()


def test_brighter_is_never_less_probable() -> None:
    noise = np.random.default_rng(0).normal(size=50)
    brightness = np.sort(np.concatenate([noise, np.geomspace(1, 3000, 50)]))
    probability = mixture(brightness)
    assert (np.diff(probability) >= -1e-6).all()
    assert probability[0] < 0.01
    assert probability[-1] == 1


def test_unknown_brightness_stays_unknown() -> None:
    probability = mixture(np.array([np.nan, 0.0, 100.0]))
    np.testing.assert_array_equal(np.isnan(probability), [True, False, False])


def test_labels_that_came_with_the_rois_are_kept() -> None:
    picture, rois = structural_picture(np.arange(30) < 5)
    given = np.full(30, np.nan, np.float32)
    given[[0, 10]] = 0, 1
    rois = RoiSet.from_pixels(rois.fov_shape, [rois.pixels(i) for i in range(30)], labelled=given)
    settings = CelltypeSettings(labelled_type="pyramidal")
    structural = StructuralChannel(picture, picture, 0.0)
    labels = labels_of(rois, structural, 1.0, settings)
    assert labels is not None
    assert [i for i, name in enumerate(labels.types) if name == "pyramidal"] == [1, 2, 3, 4, 10]
    alone = labels_of(rois, None, 1.0, settings)
    assert alone is not None
    assert [i for i, name in enumerate(alone.types) if name] == [10]
    assert np.isnan(alone.probability[1])


def test_without_a_structural_channel_nothing_is_known() -> None:
    _, rois = structural_picture(np.zeros(10, bool))
    assert labels_of(rois, None, 1.0, CelltypeSettings()) is None
