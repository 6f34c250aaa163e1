"""One of several sets of ROIs in a file: ``file#name``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from pynwb import NWBHDF5IO, NWBFile
from pynwb.ophys import ImageSegmentation, OpticalChannel

from neurocine.core import FileMissing, InputError, RoiSet
from neurocine.io.rois import convert, open_rois, save_rois, split_dataset

FOV = (24, 30)


def write_nwb(path: Path, tables: dict[str, list[str]]) -> Path:
    """Write a PlaneSegmentation of each name in each ImageSegmentation, with one pixel each."""
    nwb = NWBFile("session", "id", datetime(2020, 1, 1, tzinfo=UTC))
    plane = nwb.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(name="green", description="-", emission_lambda=520.0),
        description="-",
        device=nwb.create_device(name="microscope"),
        excitation_lambda=920.0,
        indicator="-",
        location="-",
    )
    module = nwb.create_processing_module("ophys", "-")
    column = 0
    for container, names in tables.items():
        segmentation = ImageSegmentation(name=container)
        module.add(segmentation)
        for name in names:
            table = segmentation.create_plane_segmentation(name=name, description="-", imaging_plane=plane)
            table.add_roi(pixel_mask=[(column, 3, 1.0)])
            column += 1
    with NWBHDF5IO(path, "w") as io:
        io.write(nwb)
    return path


def write_caiman(path: Path, groups: dict[str, int]) -> Path:
    """Write one component of one pixel for each group, at the index in Fortran's order."""
    with h5py.File(path, "w") as file:
        for group, index in groups.items():
            footprint = np.zeros((FOV[0] * FOV[1], 1))
            footprint[index] = 1
            file[f"{group}/estimates/A"] = footprint
            file[f"{group}/dims"] = FOV
    return path


def test_of_several_segmentations_in_nwb_one_is_named(tmp_path: Path) -> None:
    path = write_nwb(tmp_path / "a.nwb", {"ImageSegmentation": ["plane0", "plane1"]})
    listed = "plane0, plane1"
    with pytest.raises(InputError, match=rf"several could be meant: {listed}.*Name one .*a\.nwb#plane0"):
        open_rois(path, fov_shape=FOV)
    with pytest.raises(InputError, match=rf"'plane2' names none of those in the file: {listed}"):
        open_rois(f"{path}#plane2", fov_shape=FOV)
    for name in ("plane1", "ImageSegmentation/plane1", "ophys/ImageSegmentation/plane1"):
        rois = open_rois(f"{path}#{name}", fov_shape=FOV)
        assert (rois.y.tolist(), rois.x.tolist()) == ([3], [1])
        assert rois.source == f"{path}#{name}"


def test_names_in_two_places_need_the_place(tmp_path: Path) -> None:
    path = write_nwb(tmp_path / "a.nwb", {"day1": ["rois"], "day2": ["rois"]})
    with pytest.raises(InputError, match=r"'rois' names several .*: ophys/day1/rois, ophys/day2/rois"):
        open_rois(f"{path}#rois", fov_shape=FOV)
    assert open_rois(f"{path}#day2/rois", fov_shape=FOV).x.tolist() == [1]


def test_of_several_stacks_one_is_named(tmp_path: Path) -> None:
    first, second = np.zeros((2, 1, *FOV), bool)
    first[0, 1, 2] = second[0, 5, 6] = True
    np.savez(tmp_path / "a.npz", first=first, second=second)
    with pytest.raises(InputError, match="several could be meant: first, second"):
        open_rois(tmp_path / "a.npz")
    rois = open_rois(tmp_path / "a.npz#second")
    assert (rois.y.tolist(), rois.x.tolist()) == ([5], [6])


def test_of_several_results_of_caiman_one_is_named(tmp_path: Path) -> None:
    path = write_caiman(tmp_path / "a.hdf5", {"plane0": 1, "planes/plane1": 25})
    with pytest.raises(InputError, match=r"results: several could be meant: plane0, plane1"):
        open_rois(path)
    rois = open_rois(f"{path}#plane1")
    assert (rois.y.tolist(), rois.x.tolist()) == ([1], [1])
    single = write_caiman(tmp_path / "b.hdf5", {"/": 2})
    assert open_rois(f"{single}#/").y.tolist() == open_rois(single).y.tolist() == [2]


def test_a_name_that_exists_is_taken_literally(tmp_path: Path) -> None:
    (tmp_path / "day#1").mkdir()
    rois = RoiSet.from_pixels(FOV, [([1], [2], None)])
    for name in ("a#1.h5", "day#1/rois.h5"):
        save_rois(tmp_path / name, rois)
        assert split_dataset(tmp_path / name) == (tmp_path / name, None)
        assert open_rois(tmp_path / name).y.tolist() == [1]
    assert split_dataset(f"{tmp_path}/day#1/rois.h5#x#y") == (tmp_path / "day#1" / "rois.h5", "x#y")
    # Neither a folder nor a name that is too long holds a set.
    for name in ("day#1/gone.h5", "gone.h5#x", "#", "x" * 300 + "#y"):
        assert split_dataset(tmp_path / name) == (tmp_path / name, None)
    with pytest.raises(FileMissing, match=r"gone\.h5#x: file: doesn't exist"):
        open_rois(tmp_path / "gone.h5#x")


def test_formats_with_a_single_set_say_so(tmp_path: Path) -> None:
    save_rois(tmp_path / "rois.h5", RoiSet.from_pixels(FOV, [([1], [2], None)]))
    with pytest.raises(InputError, match=r"rois\.h5: #a: .*holds a single set.*Leave out"):
        open_rois(tmp_path / "rois.h5#a")


def test_convert_takes_the_named_set(tmp_path: Path) -> None:
    path = write_nwb(tmp_path / "a.nwb", {"s": ["one", "two"]})
    convert(Path(f"{path}#two"), tmp_path / "rois.h5", fov_shape=FOV)
    assert open_rois(tmp_path / "rois.h5").x.tolist() == [1]
