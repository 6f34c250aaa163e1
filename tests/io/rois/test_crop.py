"""ROIs of the whole picture, of which the movie is a part."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from roifile import ROI_TYPE, ImagejRoi, roiwrite

from neurocine.core import InputError, RoiSet
from neurocine.core.recording import Crop
from neurocine.io.rois import open_cropped, save_rois

WHOLE = (40, 50)
#: 20 rows and 30 columns.
CROP = Crop((8, 27), (12, 41), WHOLE)
PART = (20, 30)
#: Inside, across the upper border, and outside.
BOXES = [(10, 14, 20, 25), (5, 10, 30, 34), (30, 36, 14, 20)]


def rois() -> RoiSet:
    masks = np.zeros((len(BOXES), *WHOLE), bool)
    for mask, (top, bottom, left, right) in zip(masks, BOXES, strict=True):
        mask[top:bottom, left:right] = True
    return RoiSet.from_masks(masks)


def write(path: Path) -> Path:
    if path.suffix != ".zip":
        save_rois(path, rois())
        return path
    boxes = [
        ImagejRoi(roitype=ROI_TYPE.RECT, top=top, bottom=bottom, left=left, right=right)
        for top, bottom, left, right in BOXES
    ]
    roiwrite(path, boxes, name=["a.roi", "b.roi", "c.roi"])
    return path


# Files with the size of the whole picture, and files without any.
@pytest.mark.parametrize("name", ["rois.h5", "labels.tif", "plane0", "regions.json", "RoiSet.zip"])
def test_rois_move_with_the_crop(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = open_cropped(write(tmp_path / name), fov_shape=PART, crop=CROP)
    assert "1 of 3 ROIs lie outside the crop" in caplog.text
    assert found.fov_shape == PART
    assert len(found) == 2
    for i in range(2):
        np.testing.assert_array_equal(found.mask(i), rois().mask(i)[8:28, 12:42])
    assert open_cropped(tmp_path / name, fov_shape=WHOLE, crop=None).areas().tolist() == [20, 20, 36]


def test_rois_of_the_cropped_picture_stay(tmp_path: Path) -> None:
    own = RoiSet.from_pixels(PART, [([3], [4], None)], ids=[7])
    save_rois(tmp_path / "rois.h5", own)
    found = open_cropped(tmp_path / "rois.h5", fov_shape=PART, crop=CROP)
    assert (found.ids.tolist(), found.y.tolist(), found.x.tolist()) == ([7], [3], [4])


def test_rois_of_another_picture_are_named(tmp_path: Path) -> None:
    save_rois(tmp_path / "small.h5", RoiSet.from_pixels((24, 60), [([3], [4], None)]))
    with pytest.raises(InputError, match=r"is \(24, 60\).*but \(40, 50\) was expected"):
        open_cropped(tmp_path / "small.h5", fov_shape=PART, crop=CROP)
    save_rois(tmp_path / "far.h5", RoiSet.from_pixels(WHOLE, [([3], [4], None)]))
    with pytest.raises(InputError, match="all lie outside the crop"):
        open_cropped(tmp_path / "far.h5", fov_shape=PART, crop=CROP)
