"""suite2p's folder: read safely, and written as suite2p's own loader wants it."""

from __future__ import annotations

import logging
import os
from datetime import datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import pytest
import tifffile

from neurocine.core import InputError, Movie, RoiSet, Traces
from neurocine.io.movies import open_movie
from neurocine.io.result_files import Registration, Summary
from neurocine.io.rois import open_rois, save_rois, write_suite2p


def loaded(folder: Path, name: str) -> Any:
    """Load as suite2p 1.1 does: with NumPy alone, objects included."""
    array = np.load(folder / f"{name}.npy", allow_pickle=True)
    return array.item() if array.shape == () else array


@pytest.fixture
def traces(blobs: tuple[Movie, RoiSet]) -> Traces:
    n, t = len(blobs[1]), blobs[0].n_frames
    f = np.random.default_rng(0).normal(100, 5, (n, t)).astype(np.float32)
    return Traces(blobs[1].ids, 10.0, f, f / 4, f / 100, np.abs(f), f.mean(1))


def write_all(folder: Path, rois: RoiSet, traces: Traces | None = None) -> tuple[Registration, Summary]:
    t = 300
    picture = np.random.default_rng(1).random(rois.fov_shape).astype(np.float32)
    shift = np.linspace(-2.6, 2.6, t).astype(np.float32)
    registration = Registration(shift, -shift, np.ones(t, np.float32), shift > 2, picture, picture, {})
    summary = Summary(picture, picture * 2, picture, picture * 3)
    write_suite2p(
        folder,
        rois,
        traces=traces,
        registration=registration,
        summary=summary,
        frame_rate_hz=10.0,
        tau_s=0.7,
        diameter_px=9.0,
        probability=np.linspace(0.1, 0.9, len(rois)),
    )
    return registration, summary


def test_folder_has_all_that_the_gui_asks_for(
    tmp_path: Path, blobs: tuple[Movie, RoiSet], traces: Traces
) -> None:
    registration, summary = write_all(tmp_path, blobs[1], traces)
    settings, db = loaded(tmp_path, "settings"), loaded(tmp_path, "db")
    newer = {**db, **settings, **loaded(tmp_path, "reg_outputs"), **loaded(tmp_path, "detect_outputs")}
    ops = loaded(tmp_path, "ops")
    assert newer.keys() == ops.keys()
    assert all(np.array_equal(newer[key], ops[key]) for key in ops)
    assert (ops["Ly"], ops["Lx"], ops["nframes"], ops["nchannels"]) == (64, 64, 300, 1)
    assert (ops["fs"], ops["tau"], ops["diameter"]) == (10.0, 0.7, [9.0, 9.0])
    np.testing.assert_array_equal(ops["meanImg"], summary.mean)
    np.testing.assert_array_equal(ops["max_proj"], summary.max)
    np.testing.assert_array_equal(ops["Vcorr"], summary.correlation)
    np.testing.assert_array_equal(ops["yoff"], np.rint(registration.y))
    np.testing.assert_array_equal(ops["badframes"], registration.unregistered)
    assert ops["meanImg"][slice(*ops["yrange"]), slice(*ops["xrange"])].shape == (64, 64)
    np.testing.assert_array_equal(loaded(tmp_path, "F"), traces.f)
    np.testing.assert_array_equal(loaded(tmp_path, "Fneu"), traces.fneu)
    np.testing.assert_array_equal(loaded(tmp_path, "spks"), traces.events)
    iscell = loaded(tmp_path, "iscell")
    assert iscell.shape == (4, 2)
    np.testing.assert_allclose(iscell, np.stack([np.ones(4), np.linspace(0.1, 0.9, 4)], 1), rtol=1e-6)
    assert not any(path.name.startswith(".") for path in tmp_path.iterdir())


def test_statistics_of_each_roi(tmp_path: Path, blobs: tuple[Movie, RoiSet], traces: Traces) -> None:
    write_all(tmp_path, blobs[1], traces)
    stats = loaded(tmp_path, "stat")
    for i, stat in enumerate(stats):
        y, x, weight = blobs[1].pixels(i)
        np.testing.assert_array_equal(stat["ypix"], y)
        np.testing.assert_array_equal(stat["xpix"], x)
        np.testing.assert_array_equal(stat["lam"], weight)
        assert stat["npix"] == len(y) == stat["npix_soma"] == stat["soma_crop"].sum()
        # A disc of radius 5: as compact as can be, round, two standard deviations long.
        assert stat["med"] == [round(y.mean()), round(x.mean())]
        assert stat["compact"] == pytest.approx(1.0, abs=0.02)
        assert stat["aspect_ratio"] == pytest.approx(1.0, abs=0.01)
        assert stat["radius"] == pytest.approx(5.0, abs=0.2)
        assert stat["npix_norm"] == 1
        assert not stat["overlap"].any()
        corrected = traces.f[i] - 0.7 * traces.fneu[i]
        assert stat["std"] == pytest.approx(corrected.std(), rel=1e-5)
        assert abs(stat["skew"]) < 0.5
        assert stat["snr"] == pytest.approx(1 - 0.5 * np.diff(corrected).var() / corrected.var(), rel=1e-3)


def test_long_and_overlapping_rois() -> None:
    from neurocine.io.rois.suite2p.stat import roi_statistics

    masks = np.zeros((2, 40, 40), bool)
    masks[0, 10:13, 5:35], masks[1, 12:16, 30:34] = True, True
    stats = roi_statistics(RoiSet.from_masks(masks), np.zeros((2, 1), np.float32), 12.0)
    assert stats[0]["aspect_ratio"] > 1.7
    assert stats[0]["compact"] > 1.5
    assert stats[0]["overlap"].sum() == stats[1]["overlap"].sum() == 4
    assert (stats[0]["skew"], stats[0]["std"], stats[0]["snr"]) == (0, 0, 0)


def test_round_trip(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    write_all(tmp_path / "plane0", blobs[1])
    for path in (tmp_path / "plane0", tmp_path / "plane0" / "stat.npy"):
        rois = open_rois(path)
        assert rois.fov_shape == (64, 64)
        assert rois.engine == ("suite2p",) * 4
        np.testing.assert_allclose(rois.probability, np.linspace(0.1, 0.9, 4), rtol=1e-6)
        assert all(np.array_equal(rois.mask(i), blobs[1].mask(i)) for i in range(4))


def test_same_rois_same_bytes(tmp_path: Path, blobs: tuple[Movie, RoiSet], traces: Traces) -> None:
    for name in ("a", "b"):
        write_all(tmp_path / name, blobs[1], traces)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_without_traces_they_are_zero(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    save_rois(tmp_path / "plane0", blobs[1])
    for name in ("F", "Fneu", "spks"):
        np.testing.assert_array_equal(loaded(tmp_path / "plane0", name), np.zeros((4, 1)))
    np.testing.assert_array_equal(loaded(tmp_path / "plane0", "iscell"), np.ones((4, 2)))


def test_no_rois_at_all(tmp_path: Path) -> None:
    save_rois(tmp_path / "stat.npy", RoiSet.from_pixels((8, 9), []))
    rois = open_rois(tmp_path)
    assert (len(rois), rois.fov_shape) == (0, (8, 9))


def test_traces_of_other_rois_are_refused(
    tmp_path: Path, blobs: tuple[Movie, RoiSet], traces: Traces
) -> None:
    with pytest.raises(InputError, match="same ROIs"):
        write_suite2p(tmp_path, blobs[1].select([1, 0, 2, 3]), traces=traces, frame_rate_hz=10)
    assert not list(tmp_path.iterdir())


def test_stat_alone_needs_the_field_of_view(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    write_all(tmp_path, blobs[1])
    for name in ("ops", "db", "settings", "reg_outputs", "detect_outputs", "iscell"):
        (tmp_path / f"{name}.npy").unlink()
    with pytest.raises(InputError, match="fov_shape"):
        open_rois(tmp_path)
    rois = open_rois(tmp_path / "stat.npy", fov_shape=(64, 70))
    assert rois.fov_shape == (64, 70)
    assert np.isnan(rois.probability).all()
    with pytest.raises(InputError, match=r"stat\.npy: pixels.*outside the field of view"):
        open_rois(tmp_path, fov_shape=(64, 40))


def test_weights_not_above_zero_are_dropped(tmp_path: Path) -> None:
    stat = {"ypix": np.array([1, 2, 3]), "xpix": np.array([4, 5, 6]), "lam": np.array([0.5, 0.0, -1.0])}
    np.save(tmp_path / "stat.npy", np.array([stat], dtype=object), allow_pickle=True)
    rois = open_rois(tmp_path, fov_shape=(9, 9))
    assert (rois.y.tolist(), rois.x.tolist(), rois.weight.tolist()) == ([1], [4], [0.5])


def test_iscell_of_another_run(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    write_all(tmp_path, blobs[1])
    np.save(tmp_path / "iscell.npy", np.ones((3, 2)))
    with pytest.raises(InputError, match=r"iscell\.npy: shape: is \(3, 2\), expected \(4, 2\)"):
        open_rois(tmp_path)


def test_a_stat_file_that_acts_is_refused_and_not_run(tmp_path: Path) -> None:
    class Attack:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "trap"),)

    np.save(tmp_path / "stat.npy", np.array([{"ypix": Attack()}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"stat\.npy.*mkdir"):
        open_rois(tmp_path, fov_shape=(9, 9))
    assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize(
    "content", [[{"xpix": [1]}], [3, 4], [{"ypix": [1, 2], "xpix": [1], "lam": [1, 1, 1]}]]
)
def test_a_stat_file_of_something_else(tmp_path: Path, content: list[Any]) -> None:
    array = np.empty(len(content), dtype=object)
    array[:] = content
    np.save(tmp_path / "stat.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=r"stat\.npy"):
        open_rois(tmp_path, fov_shape=(9, 9))


def flickering_discs(n_frames: int = 300, size: int = 96) -> Any:
    """Nine discs with transients on a noisy background, (T, Y, X) of int16."""
    random = np.random.default_rng(0)
    frames = random.normal(200, 10, (n_frames, size, size))
    rows, columns = np.mgrid[:size, :size]
    for y in (20, 48, 76):
        for x in (20, 48, 76):
            trace = np.full(n_frames, 80.0)
            for onset in random.integers(5, n_frames - 20, 8):
                trace[onset:] += 300 * np.exp(-np.arange(n_frames - onset) / 8)
            frames[:, np.hypot(rows - y, columns - x) < 5] += trace[:, None]
    return frames.clip(0, 32000).astype(np.int16)


@pytest.mark.slow
def test_a_folder_that_suite2p_wrote(tmp_path: Path) -> None:
    suite2p = pytest.importorskip("suite2p")
    frames = flickering_discs()
    tifffile.imwrite(tmp_path / "movie.tif", frames)
    settings, db = suite2p.default_settings(), suite2p.default_db()
    settings["torch_device"], settings["fs"] = "cpu", 10.0
    settings["registration"]["nonrigid"] = False
    db |= {"data_path": [str(tmp_path)], "input_format": "tif", "save_path0": str(tmp_path)}
    suite2p.run_s2p(settings=settings, db=db)
    folder = tmp_path / "suite2p" / "plane0"
    movie = open_movie(folder / "data.bin", pixel_size_um=1.5, indicator="GCaMP6s")
    assert (movie.n_frames, movie.fov_shape, movie.frame_rate_hz) == (300, (96, 96), 10.0)
    curation = np.load(folder / "iscell.npy")
    if not curation[:, 0].any():
        np.save(folder / "iscell.npy", np.stack([np.ones(len(curation)), curation[:, 1]], axis=1))
    rois = open_rois(folder)
    assert rois.fov_shape == (96, 96)
    assert 1 <= len(rois) <= 12
    centres = np.round(np.array(rois.centroids()) / 28 - 20 / 28) * 28 + 20
    assert np.abs(np.array(rois.centroids()) - centres).max() < 3


def test_folders_of_earlier_versions(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    save_rois(tmp_path, blobs[1])
    for name in ("db", "settings", "reg_outputs", "detect_outputs"):
        (tmp_path / f"{name}.npy").unlink()
    ops = {
        "Ly": np.int64(64),
        "Lx": 64,
        "fs": 7.5,
        "nframes": np.int32(3),
        "date_proc": datetime(2023, 5, 4, 3, 2, 1, 99),
        "save_path0": PurePosixPath("/data/mouse"),
        "fast_disk": PureWindowsPath("D:/fast"),
        "reg_file": Path("data.bin"),
        "timing": {"registration": 12.5},
    }
    np.save(tmp_path / "ops.npy", np.array(ops), allow_pickle=True)
    np.zeros((3, 64, 64), np.int16).tofile(tmp_path / "data.bin")
    assert len(open_rois(tmp_path)) == 4
    movie = open_movie(tmp_path / "data.bin", pixel_size_um=1, indicator="GCaMP6s")
    assert (movie.n_frames, movie.frame_rate_hz) == (3, 7.5)


def test_rois_that_a_person_rejected_are_left_out(
    tmp_path: Path, blobs: tuple[Movie, RoiSet], caplog: pytest.LogCaptureFixture
) -> None:
    write_all(tmp_path, blobs[1])
    # The classifier's probability says otherwise: the person's word counts.
    np.save(tmp_path / "iscell.npy", np.array([[0, 0.9], [1, 0.1], [1, 0.8], [0, 0.2]]))
    with caplog.at_level(logging.INFO):
        rois = open_rois(tmp_path)
    assert rois.ids.tolist() == [1, 2]
    np.testing.assert_allclose(rois.probability, [0.1, 0.8], rtol=1e-6)
    assert all(np.array_equal(rois.mask(i), blobs[1].mask(i + 1)) for i in range(2))
    assert "kept 2 of 4 ROIs that suite2p's iscell marks as cells" in caplog.text


def test_labels_in_the_second_channel_come_back(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    write_all(tmp_path, blobs[1])
    assert not (tmp_path / "redcell.npy").exists()
    assert np.isnan(open_rois(tmp_path).labelled).all()
    # Column 1 is suite2p's ratio of brightnesses; a person decided otherwise of the first two.
    np.save(tmp_path / "redcell.npy", np.array([[0, 0.8], [1, 0.2], [1, 0.7], [0, 0.4]]))
    np.save(tmp_path / "iscell.npy", np.array([[1, 0.9], [1, 0.1], [0, 0.8], [1, 0.2]]))
    rois = open_rois(tmp_path)
    assert rois.ids.tolist() == [0, 1, 3]
    np.testing.assert_array_equal(rois.labelled, [0, 1, 0])
    save_rois(tmp_path / "again", rois)
    np.testing.assert_array_equal(loaded(tmp_path / "again", "redcell"), [[0, 0], [1, 1], [0, 0]])


def test_labels_of_another_run(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    write_all(tmp_path, blobs[1])
    np.save(tmp_path / "redcell.npy", np.ones((3, 2)))
    with pytest.raises(InputError, match=r"redcell\.npy: shape: is \(3, 2\), expected \(4, 2\)"):
        open_rois(tmp_path)


def test_all_rois_rejected(tmp_path: Path, blobs: tuple[Movie, RoiSet]) -> None:
    write_all(tmp_path, blobs[1])
    np.save(tmp_path / "iscell.npy", np.zeros((4, 2)))
    with pytest.raises(InputError, match=r"iscell\.npy: accepted ROIs: none of 4 ROIs.*Accept the cells"):
        open_rois(tmp_path)
