"""The suite2p folder of a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from neurocine.config import Config
from neurocine.export import write_suite2p_folder
from neurocine.io.results import results_in
from neurocine.io.rois import open_rois

LEFT_OUT = Config().left_out


def test_rois_and_traces_come_back(results_folder: Path, tmp_path: Path) -> None:
    results = results_in(results_folder, LEFT_OUT)
    write_suite2p_folder(results, tmp_path / "suite2p")
    plane = tmp_path / "suite2p" / "plane0"
    read = open_rois(plane, fov_shape=results.rois.fov_shape)
    np.testing.assert_array_equal(read.matrix().toarray(), results.rois.matrix().toarray())
    np.testing.assert_array_equal(np.load(plane / "F.npy"), results.traces.f)
    noise = results.celltypes.probability[:, 2]
    np.testing.assert_allclose(np.load(plane / "iscell.npy")[:, 1], 1 - noise, atol=1e-6)


def test_each_roi_says_who_found_it_and_how_active_it_is(annotated_folder: Path, tmp_path: Path) -> None:
    results = results_in(annotated_folder, LEFT_OUT)
    write_suite2p_folder(results, tmp_path / "suite2p")
    stat = np.load(tmp_path / "suite2p" / "plane0" / "stat.npy", allow_pickle=True)
    assert tuple(roi["engine"] for roi in stat) == results.rois.engine
    assert [roi["active_probability"] for roi in stat] == [0.875, 0.125, 0.75, 1.0]
    open_rois(tmp_path / "suite2p" / "plane0", fov_shape=results.rois.fov_shape)


def test_second_channel_is_there_as_suite2p_names_it(labelled_folder: Path, tmp_path: Path) -> None:
    results = results_in(labelled_folder, LEFT_OUT)
    write_suite2p_folder(results, tmp_path / "suite2p")
    plane = tmp_path / "suite2p" / "plane0"
    np.testing.assert_array_equal(
        np.load(plane / "redcell.npy"), [[1, 0.96875], [0, 0.125], [0, 0.5], [0, 0]]
    )
    ops = np.load(plane / "ops.npy", allow_pickle=True).item()
    np.testing.assert_array_equal(ops["meanImg_chan2"], results.summary.mean / 2)
    np.testing.assert_array_equal(
        ops["meanImg_chan2_corrected"], np.maximum(results.summary.mean / 4 - 40, 0)
    )


def test_one_channel_has_no_labels(results_folder: Path, tmp_path: Path) -> None:
    write_suite2p_folder(results_in(results_folder, LEFT_OUT), tmp_path / "suite2p")
    plane = tmp_path / "suite2p" / "plane0"
    assert not (plane / "redcell.npy").exists()
    assert "meanImg_chan2" not in np.load(plane / "ops.npy", allow_pickle=True).item()


def test_a_recording_without_rois_gives_a_folder(empty_folder: Path, tmp_path: Path) -> None:
    write_suite2p_folder(results_in(empty_folder, LEFT_OUT), tmp_path / "suite2p")
    assert np.load(tmp_path / "suite2p" / "plane0" / "iscell.npy").shape == (0, 2)
