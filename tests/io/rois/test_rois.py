"""ROIs in every format: round trips, and errors that name the file and the remedy."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pynwb import NWBHDF5IO, NWBFile
from pynwb.ophys import ImageSegmentation, OpticalChannel, TwoPhotonSeries
from scipy import sparse

from neurocine.core import InputError, Movie, RoiSet
from neurocine.core.recording import Crop
from neurocine.io.result_files import write_rois
from neurocine.io.rois import ROI_FORMATS, convert, open_cropped, open_rois, save_rois

FOV = (24, 30)
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def blob_masks(draw: st.DrawFn, max_rois: int = 4) -> NDArray[np.bool_]:
    """Filled, connected, perhaps overlapping ROIs (N, 24, 30), some of a single pixel."""
    rows, columns = np.mgrid[: FOV[0], : FOV[1]]
    masks = []
    for _ in range(draw(st.integers(1, max_rois))):
        y, x = draw(st.integers(0, FOV[0] - 1)), draw(st.integers(0, FOV[1] - 1))
        height, width = draw(st.floats(0.5, 6)), draw(st.floats(0.5, 6))
        masks.append(((rows - y) / height) ** 2 + ((columns - x) / width) ** 2 <= 1)
    return np.stack(masks)


def same_masks(a: RoiSet, b: RoiSet) -> bool:
    return len(a) == len(b) and all(np.array_equal(a.mask(i), b.mask(i)) for i in range(len(a)))


@quick
@given(masks=blob_masks(), data=st.data())
def test_own_file_keeps_everything(tmp_path: Path, masks: NDArray[np.bool_], data: st.DataObject) -> None:
    plain = RoiSet.from_masks(masks)
    n = len(plain)
    positive = st.floats(np.float32(1e-3), 1e3, width=32)
    weights = np.array([data.draw(positive) for _ in plain.y], np.float32)
    rois = RoiSet(
        FOV,
        np.array(data.draw(st.lists(st.integers(-5, 99), min_size=n, max_size=n, unique=True))),
        plain.indptr,
        plain.y,
        plain.x,
        weights,
        tuple(data.draw(st.sampled_from(["", "suite2p", "größe"])) for _ in range(n)),
        np.array([data.draw(st.sampled_from([np.nan, 0.0, 0.25, 1.0])) for _ in range(n)], np.float32),
        tuple(np.arange(2 * k).reshape(-1, 2) for k in range(n)),
        np.array([data.draw(st.sampled_from([np.nan, 0.0, 0.5, 1.0])) for _ in range(n)], np.float32),
        np.array([data.draw(st.sampled_from([np.nan, 0.0, 1.0])) for _ in range(n)], np.float32),
    )
    save_rois(tmp_path / "rois.h5", rois)
    read = open_rois(tmp_path / "rois.h5", fov_shape=FOV)
    for name in ("ids", "indptr", "y", "x", "weight", "probability", "active_probability", "labelled"):
        np.testing.assert_array_equal(getattr(read, name), getattr(rois, name))
    assert read.engine == rois.engine
    assert all(
        np.array_equal(a, b) for a, b in zip(read.active_intervals, rois.active_intervals, strict=True)
    )


@quick
@given(masks=blob_masks(), name=st.sampled_from(["regions.json", "a.cinac", "plane0"]))
def test_round_trip_of_overlapping_masks(tmp_path: Path, masks: NDArray[np.bool_], name: str) -> None:
    rois = RoiSet.from_masks(masks)
    save_rois(tmp_path / name, rois)
    assert same_masks(open_rois(tmp_path / name, fov_shape=FOV), rois)


@quick
@given(masks=blob_masks(max_rois=1), name=st.sampled_from(["l.tif", "l.npy"]), label=st.integers(0, 70_000))
def test_round_trip_of_label_images(tmp_path: Path, masks: NDArray[np.bool_], name: str, label: int) -> None:
    rois = RoiSet.from_pixels(FOV, [(*np.nonzero(masks[0]), None)], ids=[label])
    save_rois(tmp_path / name, rois)
    read = open_rois(tmp_path / name, fov_shape=FOV)
    assert same_masks(read, rois)
    assert read.ids.tolist() == [label or 1]


@pytest.mark.parametrize("name", ["l.tif", "l.npy"])
def test_overlap_does_not_fit_a_label_image(tmp_path: Path, name: str) -> None:
    masks = np.zeros((2, *FOV), bool)
    masks[0, 3:8, 3:8] = masks[1, 7:9, 7:9] = True
    with pytest.raises(InputError, match=r"ROIs 0 and 1 share the pixel \(y=7, x=7\).*write rois\.h5"):
        save_rois(tmp_path / name, RoiSet.from_masks(masks))
    assert not list(tmp_path.iterdir())


def test_negative_ids_do_not_fit_a_label_image(tmp_path: Path) -> None:
    rois = RoiSet.from_pixels(FOV, [([1], [1], None)], ids=[-3])
    with pytest.raises(InputError, match="ROI -3"):
        save_rois(tmp_path / "l.tif", rois)


@pytest.mark.parametrize("content", [np.zeros((2, 4, 4, 3), np.uint8), np.full((4, 4), 0.5, np.float32)])
def test_label_images_are_pictures_of_integers(tmp_path: Path, content: NDArray[Any]) -> None:
    tifffile.imwrite(tmp_path / "l.tif", content, photometric="minisblack")
    with pytest.raises(InputError, match=r"l\.tif: labels"):
        open_rois(tmp_path / "l.tif")


def test_mask_stacks_and_coordinates(tmp_path: Path) -> None:
    stack = np.zeros((3, *FOV), np.float32)
    stack[0, 2:5, 3:6], stack[2, 4:7, 5:7] = 0.5, 2
    k, y, x = np.nonzero(stack)
    shuffled = np.random.default_rng(0).permutation(len(k))
    np.save(tmp_path / "a.npy", stack)
    np.savez(tmp_path / "b.npz", FinalMasks=stack)
    np.savez(
        tmp_path / "c.npz",
        shape=stack.shape,
        k=k.astype(np.uint16)[shuffled],
        y=y.astype(np.uint16)[shuffled],
        x=x.astype(np.uint16)[shuffled],
    )
    for name in ("a.npy", "b.npz", "c.npz"):
        rois = open_rois(tmp_path / name, fov_shape=FOV)
        assert rois.ids.tolist() == [0, 2]
        np.testing.assert_array_equal(rois.mask(0), stack[0] > 0)
        np.testing.assert_array_equal(rois.mask(1), stack[2] > 0)
    assert open_rois(tmp_path / "a.npy").weight.tolist() == [0.5] * 9 + [2] * 6


def test_mask_files_with_something_else(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(3), y=np.zeros((2, 2)))
    np.savez(tmp_path / "b.npz", shape=(1, 4, 4), k=[0, 0], y=[1, 1], x=[1])
    np.save(tmp_path / "c.npy", np.zeros(4))
    np.save(tmp_path / "d.npy", np.array([{}], dtype=object), allow_pickle=True)
    for name, problem in {
        "a.npz": r"holds x \(3,\), y \(2, 2\)",
        "b.npz": "shape, k, y, x",
        "c.npy": "is none of cellpose, labels, masks, suite2p",
        "d.npy": "isn't a whole",
    }.items():
        with pytest.raises(InputError, match=rf"{name}: .*{problem}"):
            open_rois(tmp_path / name)


def write_caiman(path: Path, columns: NDArray[np.float64], **more: Any) -> Path:
    """Write component weights (N, Y, X) as CaImAn lays them out: pixels counted down the columns."""
    flat = np.stack([column.ravel(order="F") for column in columns], axis=1)
    matrix = sparse.csc_array(flat)
    with h5py.File(path, "w") as file:
        for part in ("data", "indices", "indptr", "shape"):
            file[f"estimates/A/{part}"] = getattr(matrix, part)
        for name, value in more.items():
            file[name.replace("__", "/")] = value
    return path


def test_caiman_accepted_components(tmp_path: Path) -> None:
    weights = np.zeros((4, *FOV))
    weights[0, 2:5, 3:9], weights[1, 10, 20], weights[2, 20:, 1] = 0.25, -1, 3
    path = write_caiman(
        tmp_path / "cnm.hdf5",
        weights,
        dims=FOV,
        estimates__idx_components=np.array([2, 0, 1]),
        estimates__cnn_preds=np.array([0.9, 0.1, 0.5, 0.0]),
    )
    rois = open_rois(path)
    assert rois.fov_shape == FOV
    assert rois.ids.tolist() == [0, 2]
    np.testing.assert_allclose(rois.probability, [0.9, 0.5])
    np.testing.assert_array_equal(rois.mask(0), weights[0] > 0)
    np.testing.assert_array_equal(rois.mask(1), weights[2] > 0)
    assert set(rois.pixels(0)[2]) == {0.25}


def test_caiman_without_evaluation(tmp_path: Path) -> None:
    weights = np.zeros((2, *FOV))
    weights[0, 2, 3] = weights[1, 3, 4] = 1
    path = write_caiman(tmp_path / "cnm.h5", weights, estimates__idx_components=b"NoneType")
    with pytest.raises(InputError, match="fov_shape"):
        open_rois(path)
    assert len(open_rois(path, fov_shape=FOV)) == 2
    with pytest.raises(InputError, match=r"has 720 pixels, the field of view 24 x 31"):
        open_rois(path, fov_shape=(24, 31))


def test_caiman_volumes_and_damage(tmp_path: Path) -> None:
    path = write_caiman(tmp_path / "cnm.h5", np.ones((1, *FOV)), dims=(24, 6, 5))
    with pytest.raises(InputError, match="a volume"):
        open_rois(path)
    with h5py.File(path, "a") as file:
        del file["estimates/A/indptr"]
    with pytest.raises(InputError, match="estimates/A"):
        open_rois(path)


def write_nwb(
    path: Path,
    *,
    column: str,
    data: Any,
    series: bool = False,
    tables: int = 1,
    decisions: dict[str, Any] | None = None,
    description: str = "-",
) -> Path:
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
    if series:
        frames = np.zeros((2, FOV[1], FOV[0]), np.uint8)
        nwb.add_acquisition(TwoPhotonSeries(name="m", imaging_plane=plane, rate=1.0, data=frames, unit="n"))
    segmentation = ImageSegmentation()
    nwb.create_processing_module("ophys", "-").add(segmentation)
    for i in range(tables):
        table = segmentation.create_plane_segmentation(
            name=f"rois{i}", description=description, imaging_plane=plane
        )
        for item in data:
            table.add_roi(**{column: item})
        for name, values in (decisions or {}).items():
            table.add_column(name, "-", data=values)
    with NWBHDF5IO(path, "w") as io:
        io.write(nwb)
    return path


def test_nwb_pixel_masks(tmp_path: Path) -> None:
    data = [[(29, 3, 1.0), (28, 3, 0.5), (27, 3, 0.0)], [(5, 23, 2.0)]]
    path = write_nwb(tmp_path / "a.nwb", column="pixel_mask", data=data)
    with pytest.raises(InputError, match="fov_shape"):
        open_rois(path)
    rois = open_rois(path, fov_shape=FOV)
    assert (rois.y.tolist(), rois.x.tolist()) == ([3, 3, 23], [29, 28, 5])
    assert rois.weight.tolist() == [1.0, 0.5, 2.0]
    with_movie = write_nwb(tmp_path / "b.nwb", column="pixel_mask", data=data, series=True)
    assert open_rois(with_movie).fov_shape == FOV


@pytest.mark.parametrize(
    "decisions",
    [
        {"iscell": [[0.0, 0.9], [1.0, 0.2], [1.0, 0.3]]},
        {"iscell": [0, 1, 1]},
        {"Accepted": [False, True, True]},
        {"accepted": [0, 1, 1]},
        {"iscell": [0, 1, 1], "Accepted": [1, 1, 0]},
        {"Rejected": [1, 0, 0]},
        {"Accepted": [0, 1, 1], "Rejected": [0, 0, 1]},
    ],
)
def test_nwb_rois_that_were_rejected_are_left_out(
    tmp_path: Path, decisions: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    data = [[(1, 1, 1.0)], [(2, 2, 1.0)], [(3, 3, 1.0)]]
    path = write_nwb(tmp_path / "a.nwb", column="pixel_mask", data=data, decisions=decisions)
    with caplog.at_level(logging.INFO):
        rois = open_rois(path, fov_shape=FOV)
    assert rois.ids.tolist() == [1, 2]
    assert rois.y.tolist() == [2, 3]
    column = next(iter(decisions))
    said = "leaves" if column == "Rejected" else "marks as cells"
    assert f"kept 2 of 3 ROIs that its column {column} {said}" in caplog.text


@pytest.mark.parametrize(("values", "problem"), [([0, 0], "none of 2 ROIs"), (["yes", "no"], "for 2 ROIs")])
def test_nwb_without_a_usable_decision(tmp_path: Path, values: list[Any], problem: str) -> None:
    data = [[(1, 1, 1.0)], [(2, 2, 1.0)]]
    path = write_nwb(tmp_path / "a.nwb", column="pixel_mask", data=data, decisions={"accepted": values})
    with pytest.raises(InputError, match=rf"a\.nwb: accepted ROIs: .*{problem}"):
        open_rois(path, fov_shape=FOV)


def test_nwb_image_masks_either_way_round(tmp_path: Path) -> None:
    mask = np.zeros(FOV, np.float32)
    mask[3, 20:29] = 0.5
    by_schema = write_nwb(tmp_path / "xy.nwb", column="image_mask", data=[mask.T])
    as_usual = write_nwb(tmp_path / "yx.nwb", column="image_mask", data=[mask])
    for path, known in ((by_schema, None), (by_schema, FOV), (as_usual, FOV)):
        rois = open_rois(path, fov_shape=known)
        assert rois.fov_shape == FOV
        np.testing.assert_array_equal(rois.mask(0), mask > 0)
    with pytest.raises(InputError, match=r"is \(24, 30\).*\(99, 98\) was expected"):
        open_rois(by_schema, fov_shape=(99, 98))


@pytest.mark.parametrize(
    ("accepted", "rejected", "expected"), [([], [], [0, 2]), ([1, 2], [], [1, 2]), ([], [2], [0])]
)
@pytest.mark.parametrize("fov", [FOV, (30, 24), (24, 24)])
def test_nwb_of_caiman(
    tmp_path: Path, fov: tuple[int, int], accepted: list[int], rejected: list[int], expected: list[int]
) -> None:
    """As its ``save_NWB`` writes: components in Fortran's order, kept ones, and the background last."""
    masks = np.zeros((4, *fov), np.float32)
    for i, mask in enumerate(masks[:3]):
        mask[3 + 5 * i : 6 + 5 * i, 10 : 14 + i] = 0.5
    masks[3] = 1
    data = [mask.ravel(order="F").reshape(fov) for mask in masks]
    names = {"keep": [0, 2], "accepted": accepted, "rejected": rejected}
    decisions = {name: [i in chosen for i in range(4)] for name, chosen in names.items()}
    path = write_nwb(
        tmp_path / "c.nwb", column="image_mask", data=data, decisions=decisions, description="CNMF_ROIs"
    )
    for known in (fov, None):
        rois = open_rois(path, fov_shape=known)
        assert rois.fov_shape == fov
        assert rois.ids.tolist() == expected
        for i, component in enumerate(expected):
            np.testing.assert_array_equal(rois.mask(i), masks[component] > 0)


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize("drawn_on", ["whole", "part"])
def test_nwb_image_masks_of_a_cropped_movie(tmp_path: Path, drawn_on: str, transposed: bool) -> None:
    # Neither the whole picture nor the part is square, and the crop would fit the transposed picture, too.
    crop = Crop((1, 20), (5, 22), FOV)
    mask = np.zeros(FOV, np.float32)
    mask[3, 20:29] = mask[4:9, 21] = 0.5
    part = mask[1:21, 5:23]
    drawn = mask if drawn_on == "whole" else part
    data = [drawn.T if transposed else drawn]
    path = write_nwb(tmp_path / "m.nwb", column="image_mask", data=data)
    found = open_cropped(path, fov_shape=crop.fov_shape, crop=crop)
    assert found.fov_shape == part.shape
    np.testing.assert_array_equal(found.mask(0), part > 0)


@pytest.mark.filterwarnings("ignore:ImageSegmentation")
@pytest.mark.parametrize("tables", [0, 2])
def test_nwb_with_none_or_several_tables(tmp_path: Path, tables: int) -> None:
    path = write_nwb(tmp_path / "a.nwb", column="pixel_mask", data=[[(1, 1, 1.0)]], tables=tables)
    with pytest.raises(InputError, match="none" if tables == 0 else "rois0, rois1"):
        open_rois(path, fov_shape=FOV)


def test_nwb_voxels(tmp_path: Path) -> None:
    path = write_nwb(tmp_path / "a.nwb", column="voxel_mask", data=[[(1, 1, 1, 1.0)]])
    with pytest.raises(InputError, match="neither pixel_mask nor image_mask"):
        open_rois(path, fov_shape=FOV)


def write_cinac(path: Path, contours: list[tuple[list[int], list[int]]], **more: Any) -> Path:
    """Write what DeepCINAC writes of a whole recording."""
    with h5py.File(path, "w") as file:
        data = file.create_group("full_data")
        polygons = data.create_dataset("cells_contour", (len(contours), 2), h5py.vlen_dtype(np.int16))
        for i, (x, y) in enumerate(contours):
            polygons[i, 0], polygons[i, 1] = np.array(x, np.int16), np.array(y, np.int16)
        for name, value in more.items():
            data[name] = value
    return path


@pytest.mark.parametrize("name", ["a.cinac", "a.h5"])
def test_cinac_contours_are_filled_border_included(tmp_path: Path, name: str) -> None:
    path = write_cinac(
        tmp_path / name,
        [([2, 6, 6, 2], [3, 3, 8, 8]), ([29], [0])],
        ci_movie=np.zeros((2, *FOV)),
        invalid_cells=np.array([False, True]),
    )
    rois = open_rois(path)
    assert rois.fov_shape == FOV
    mask = np.zeros(FOV, bool)
    mask[3:9, 2:7] = True
    np.testing.assert_array_equal(rois.mask(0), mask)
    assert np.argwhere(rois.mask(1)).tolist() == [[0, 29]]
    np.testing.assert_array_equal(rois.probability, np.array([np.nan, 0], np.float32))


def test_cinac_layout_and_marks(tmp_path: Path) -> None:
    rois = RoiSet.from_pixels(FOV, [([1], [2], None), ([5, 5], [6, 7], None)], probability=[0.0, 0.8])
    save_rois(tmp_path / "a.cinac", rois)
    with h5py.File(tmp_path / "a.cinac") as file:
        data = file["full_data"]
        assert data.attrs["n_cells"] == 2
        assert (data["cells_contour"].shape, data["raw_traces"].shape) == ((2, 2), (2, 0))
        assert data["cells_contour"][1, 0].tolist()[:2] in ([6, 7], [7, 6])
        assert set(data["cells_contour"][1, 1].tolist()) == {5}
        assert data["invalid_cells"][...].tolist() == [True, False]
    assert open_rois(tmp_path / "a.cinac").probability[0] == 0


def test_cinac_keeps_the_largest_piece_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mask = np.zeros(FOV, bool)
    mask[2:10, 2:10] = mask[15:17, 20:22] = True
    with caplog.at_level(logging.WARNING):
        save_rois(tmp_path / "a.cinac", RoiSet.from_masks(mask[None]))
    assert "only the largest piece" in caplog.text
    assert open_rois(tmp_path / "a.cinac").areas().tolist() == [64]


def test_cinac_errors(tmp_path: Path) -> None:
    path = write_cinac(tmp_path / "a.cinac", [([-2, 3, 3], [1, 1, 4])])
    with pytest.raises(InputError, match="fov_shape"):
        open_rois(path)
    with pytest.raises(InputError, match=r"a\.cinac: pixels: ROI 0 .*outside"):
        open_rois(path, fov_shape=FOV)
    with pytest.raises(InputError, match="has 2 x and 1 y"):
        open_rois(write_cinac(tmp_path / "b.cinac", [([1, 2], [1])]), fov_shape=FOV)
    (tmp_path / "c.cinac").write_text("a letter")
    with pytest.raises(InputError, match="cells_contour: is missing"):
        open_rois(tmp_path / "c.cinac", fov_shape=FOV)


def test_neurofinder_layout(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    convert_from = tmp_path / "rois.h5"
    write_rois(convert_from, blobs[1])
    convert(convert_from, tmp_path / "regions.json")
    regions = json.loads((tmp_path / "regions.json").read_text())
    assert [sorted(region) for region in regions] == [["coordinates"]] * 4
    assert regions[1]["coordinates"][0] == [11, 46]
    with pytest.raises(InputError, match=r"regions\.json: fov_shape.*Give it as height and width"):
        open_rois(tmp_path / "regions.json")
    with pytest.raises(InputError, match=r"regions\.json: pixels.*outside the field of view of 64 x 40"):
        open_rois(tmp_path / "regions.json", fov_shape=(64, 40))


@pytest.mark.parametrize(
    "content", ["[", "{}x", '[{"id": 1}]', '[{"coordinates": [[1, 2, 3]]}]', "[1]", '[{"coordinates": []}]']
)
def test_json_of_something_else(tmp_path: Path, content: str) -> None:
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(InputError, match=r"r\.json"):
        open_rois(tmp_path / "r.json", fov_shape=FOV)


def test_field_of_view_in_conflict_shows_both(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    for name in ("rois.h5", "l.tif", "l.npy", "a.cinac", "plane0"):
        save_rois(tmp_path / name, blobs[1])
        with pytest.raises(InputError, match=r"\(64, 64\).*\(64, 32\)"):
            open_rois(tmp_path / name, fov_shape=(64, 32))


def test_unknown_missing_and_empty(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    (tmp_path / "r.xyz").write_text("?")
    with pytest.raises(InputError) as caught:
        open_rois(tmp_path / "r.xyz")
    assert all(kind.name in str(caught.value) for kind in ROI_FORMATS)
    with pytest.raises(InputError, match="doesn't exist"):
        open_rois(tmp_path / "gone.h5")
    for name in ("a.h5", "a.npy", "a.tif", "a.json"):
        (tmp_path / name).touch()
        with pytest.raises(InputError, match="0 bytes"):
            open_rois(tmp_path / name)
    for name in ("b.h5", "b.npy", "b.npz", "b.tif", "b.nwb"):
        (tmp_path / name).write_bytes(b"certainly not ROIs" * 20)
        with pytest.raises(InputError, match=name):
            open_rois(tmp_path / name)
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(InputError, match=r"is none of caiman, cinac, rois\.h5"):
        open_rois(tmp_path / "c.h5")
    with pytest.raises(InputError, match="stat"):
        open_rois(tmp_path)


@pytest.mark.parametrize(
    ("name", "fmt"), [("a.nwb", None), ("a.npz", None), ("a.h5", "caiman"), ("a.h5", "x")]
)
def test_formats_that_cannot_be_written(
    tmp_path: Path, blobs: tuple[Movie, RoiSet], name: str, fmt: str | None
) -> None:
    with pytest.raises(InputError, match=r"Formats to write: cinac.*labels.*neurofinder.*rois\.h5.*suite2p"):
        save_rois(tmp_path / name, blobs[1], fmt=fmt)


def test_format_by_name_wins_over_suffix(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    save_rois(tmp_path / "contours.h5", blobs[1], fmt="cinac")
    assert same_masks(open_rois(tmp_path / "contours.h5"), blobs[1])
