"""ROIs that the recordings table names."""

from __future__ import annotations

import numpy as np
import pytest

from neurocine.io.result_files import read_rois

TARGET = "results/m000/segmentation/rois.h5"


@pytest.mark.slow
def test_one_of_several_sets_of_rois_is_used(project, write_light) -> None:
    write_light(project, 1)
    masks = np.zeros((2, 1, 32, 32), bool)
    masks[0, 0, 4:10, 4:10] = masks[1, 0, 20:26, 20:26] = True
    np.savez(project.folder / "raw" / "rois #1.npz", left=masks[0], right=masks[1])
    row = {"recording": "m000", "movie": "raw/m000.tif", "frame_rate_hz": "10", "pixel_size_um": "2"}
    row |= {"indicator": "GCaMP6s"}
    for name, first in (("left", 4), ("right", 20)):
        project.table({**row, "rois": f"raw/rois #1.npz#{name}"})
        done = project.snakemake(TARGET)
        assert done.returncode == 0, done.stderr
        assert read_rois(project.folder / TARGET).y.min() == first
    project.table({**row, "rois": "raw/rois #1.npz#right", "crop": "10-29, 2-31"})
    done = project.snakemake(TARGET)
    assert done.returncode == 0, done.stderr
    moved = read_rois(project.folder / TARGET)
    assert (moved.fov_shape, moved.y.min(), moved.x.min()) == ((20, 30), 10, 18)
    project.table({**row, "rois": "raw/rois #1.npz"})
    done = project.snakemake("--forcerun", "segmentation", "--", TARGET)
    assert done.returncode != 0
    assert "several could be meant: left, right" in done.stdout + done.stderr
