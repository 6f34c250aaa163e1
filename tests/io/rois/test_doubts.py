"""ROIs of a user that are read, but hardly are what they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.core import InputError, RoiSet
from neurocine.io.rois import convert, open_cropped, open_rois, save_rois

FOV = (40, 60)


def labels() -> NDArray[np.int16]:
    """Return six discs, numbered from 1."""
    y, x = np.mgrid[: FOV[0], : FOV[1]]
    inside = (y % 20 - 10) ** 2 + (x % 20 - 10) ** 2 <= 25
    return np.where(inside, y // 20 * 3 + x // 20 + 1, 0).astype(np.int16)


def test_cells_alone_are_not_doubted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    np.save(tmp_path / "m.npy", labels())
    assert len(open_cropped(tmp_path / "m.npy", fov_shape=FOV, crop=None)) == 6
    convert(tmp_path / "m.npy", tmp_path / "rois.h5")
    assert not caplog.text


def test_a_background_among_the_rois_is_doubted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    np.save(tmp_path / "m.npy", labels() + 1)
    open_cropped(tmp_path / "m.npy", fov_shape=FOV, crop=None)
    assert "ROI 1 is 80% of the field of view: it seems to be the background" in caplog.text


def test_no_rois_are_doubted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    np.save(tmp_path / "m.npy", 0 * labels())
    assert not len(open_cropped(tmp_path / "m.npy", fov_shape=FOV, crop=None))
    assert "it holds no ROIs" in caplog.text


def test_rois_whose_pixels_are_in_another_order_are_doubted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    np.save(tmp_path / "m.npy", labels().ravel().reshape(FOV, order="F"))
    open_cropped(tmp_path / "m.npy", fov_shape=FOV, crop=None)
    assert "the pixels of most ROIs are scattered" in caplog.text


@pytest.mark.parametrize("stored", [labels() - 1, labels().astype(np.float32)])
def test_labels_that_begin_elsewhere_or_are_floats(stored: NDArray[np.generic], tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", stored)
    expected = RoiSet.from_label_image(labels())
    rois = open_rois(tmp_path / "m.npy")
    np.testing.assert_array_equal(rois.matrix().toarray(), expected.matrix().toarray())
    assert rois.ids.tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("stored", [labels() - 2, labels() * 0.7])
def test_other_numbers_are_no_labels(stored: NDArray[np.generic], tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", stored)
    with pytest.raises(InputError, match="labels"):
        open_rois(tmp_path / "m.npy")


def test_a_stack_of_masks_with_the_masks_last(tmp_path: Path) -> None:
    masks = np.stack([labels() == i for i in range(1, 7)])
    np.save(tmp_path / "m.npy", np.moveaxis(masks, 0, -1))
    save_rois(tmp_path / "rois.h5", open_rois(tmp_path / "m.npy", fov_shape=FOV))
    rois = open_rois(tmp_path / "rois.h5")
    assert [rois.mask(i).sum() for i in range(6)] == masks.sum(axis=(1, 2)).tolist()
    np.testing.assert_array_equal(rois.mask(3), masks[3])
