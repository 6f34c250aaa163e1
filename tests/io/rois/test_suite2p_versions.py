"""Folders as each version of suite2p lays them out, read with the right values.

What varies was taken from suite2p's source code at each version; two sessions make one movie.
"""

from __future__ import annotations

import logging
import zlib
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
from numpy.typing import NDArray

from neurocine.core import DamagedFile, InputError
from neurocine.io.movies import find_movies, movie_files, open_movie
from neurocine.io.rois import open_rois

FOV = (20, 26)
T = 7
FS = 15.5


@dataclass(frozen=True)
class Version:
    """What a version writes beside ``F.npy``, ``Fneu.npy`` and ``spks.npy``.

    Attributes
    ----------
    files
        Files of settings, and which of them hold what is read: the size of the picture, and the rate.
    stat
        Keys in ``stat.npy`` beside ``ypix``, ``xpix``, ``lam``, ``med`` and ``npix``.
    ops
        Keys in the settings, beside those.
    """

    files: dict[str, tuple[str, ...]]
    stat: tuple[str, ...]
    ops: tuple[str, ...] = ()


OPS = {"ops.npy": ("Ly", "Lx", "nframes", "fs")}
PARTS = {
    "db.npy": ("Ly", "Lx", "nframes"),
    "settings.npy": ("fs",),
    "reg_outputs.npy": (),
    "detect_outputs.npy": (),
}
SHAPE = (
    "footprint",
    "mrs",
    "mrs0",
    "compact",
    "radius",
    "aspect_ratio",
    "npix_norm",
    "overlap",
    "skew",
    "std",
)
SOMA = ("soma_crop", "npix_soma", "npix_norm_no_crop", "solidity", "neuropil_mask")
OLD = ("yrange", "xrange", "frames_per_folder", "Vmap")
LATER = (*OLD, "bidi_corrected", "date_proc")
NEW = ("frames_per_folder", "save_path0", "date_proc")
VERSIONS = {
    "0.5.5": Version(OPS, (*SHAPE, "ipix_neuropil"), OLD),
    "0.6.2": Version(OPS, (*SHAPE, "ipix"), OLD),
    "0.7.1": Version(OPS, (*SHAPE, "ipix"), (*OLD, "bidi_corrected")),
    "0.8.0": Version(OPS, SHAPE, LATER),
    "0.9.3": Version(OPS, SHAPE, (*LATER, "timing", "suite2p_version")),
    "0.10.0": Version(OPS, (*SHAPE, *SOMA), (*LATER, "timing")),
    "0.14.6": Version(OPS, (*SHAPE, *SOMA), (*LATER, "timing", "save_path0", "suite2p_version")),
    "1.0.0": Version(PARTS, (*SHAPE, "soma_crop", "npix_soma", "snr"), NEW),
    "1.1.0": Version(PARTS, (*SHAPE, "soma_crop", "npix_soma", "snr"), NEW),
    "1.1.0 with ops.npy": Version({**PARTS, **OPS}, (*SHAPE, "soma_crop", "npix_soma", "snr"), NEW),
}
VALUES: dict[str, Any] = {
    "Ly": np.int64(FOV[0]), "Lx": FOV[1], "nframes": T, "fs": FS,
    # Detection leaves out the borders; pixels are counted from the whole picture's corner all the same.
    "yrange": [2, 18], "xrange": np.array([3, 24]),
    "Vmap": [np.zeros((4, 5), np.float32), np.zeros((2, 3), np.float32)],
    "bidi_corrected": False, "date_proc": datetime(2021, 7, 26, 17, 6, 43), "timing": {"registration": 1.5},
    "suite2p_version": "0.9.3", "frames_per_folder": np.array([3, 4]), "save_path0": Path("/data/mouse"),
    "ipix_neuropil": (np.array([3, 4]),), "ipix": np.array([70, 71]), "neuropil_mask": np.array([1, 5]),
    "overlap": np.array([False, True]), "soma_crop": np.array([True, True]),
}  # fmt: skip
#: Rows, columns and weights of three ROIs; suite2p's GUI or classifier has rejected the second.
PIXELS = [
    (np.array([3, 3]), np.array([5, 6]), np.array([0.5, 1.5], np.float32)),
    (np.array([9, 10]), np.array([7, 7]), np.array([1.0, 1.0], np.float32)),
    (np.array([17, 17]), np.array([22, 23]), np.array([2.0, 0.25], np.float32)),
]
ISCELL = np.array([[1, 0.9], [0, 0.8], [1, 0.3]])


def stats(keys: tuple[str, ...] = ()) -> NDArray[np.object_]:
    """Return what ``stat.npy`` holds."""
    found = np.empty(len(PIXELS), dtype=object)
    for i, (y, x, weight) in enumerate(PIXELS):
        found[i] = {"ypix": y, "xpix": x, "lam": weight, "med": [y[0], x[0]], "npix": len(y)}
        found[i] |= {key: VALUES.get(key, np.float32(1.0)) for key in keys}
    return found


def frames() -> NDArray[np.int16]:
    return np.random.default_rng(0).integers(-50, 9000, (T, *FOV)).astype(np.int16)


def save(path: Path, value: Any) -> None:
    np.save(path, np.array(value) if isinstance(value, dict) else value, allow_pickle=True)


def write_plane(folder: Path, version: Version = VERSIONS["0.14.6"], **more: Any) -> Path:
    """Write the folder of one plane."""
    folder.mkdir(parents=True)
    for name, keys in version.files.items():
        own = version.ops if name in ("ops.npy", "db.npy") else ()
        save(folder / name, {key: VALUES[key] for key in (*keys, *own)} | more)
    save(folder / "stat.npy", stats(version.stat))
    save(folder / "iscell.npy", ISCELL)
    save(folder / "redcell.npy", np.zeros((3, 2)))
    for name in ("F", "Fneu", "spks"):
        save(folder / f"{name}.npy", np.zeros((3, T), np.float32))
    frames().tofile(folder / "data.bin")
    (frames() + 1).tofile(folder / "data_chan2.bin")
    return folder


def check_rois(path: Path) -> None:
    rois = open_rois(path)
    assert rois.fov_shape == FOV
    assert rois.ids.tolist() == [0, 2]
    np.testing.assert_allclose(rois.probability, [0.9, 0.3], rtol=1e-6)
    for i, kept in enumerate((0, 2)):
        for found, written in zip(rois.pixels(i), PIXELS[kept], strict=True):
            np.testing.assert_array_equal(found, written)


def check_movie(path: Path) -> None:
    movie = open_movie(path, pixel_size_um=1, indicator="GCaMP6s")
    assert (movie.n_frames, movie.fov_shape, movie.frame_rate_hz) == (T, FOV, FS)
    np.testing.assert_array_equal(movie.read(0, T), frames())


@pytest.mark.parametrize("name", VERSIONS)
def test_rois_and_movie_of_each_version(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    plane = write_plane(tmp_path / "suite2p" / "plane0", VERSIONS[name], nplanes=1)
    save(tmp_path / "suite2p" / "ops1.npy", np.array([{"Ly": 1, "Lx": 1}], dtype=object))
    with caplog.at_level(logging.INFO):
        for path in (plane, plane / "stat.npy", plane.parent):
            check_rois(path)
        for path in (plane, plane / "data.bin", plane.parent):
            check_movie(path)
            assert movie_files(path)[1] == [plane / "data.bin"]
    assert "kept 2 of 3 ROIs" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    second = open_movie(plane / "data_chan2.bin", pixel_size_um=1, indicator="GCaMP6s")
    np.testing.assert_array_equal(second.read(0, 1), frames()[:1] + 1)


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_decisions_without_probability(tmp_path: Path, shape: tuple[int, ...]) -> None:
    plane = write_plane(tmp_path / "plane0")
    save(plane / "iscell.npy", ISCELL[:, 0].reshape(shape).astype(bool))
    rois = open_rois(plane)
    assert rois.ids.tolist() == [0, 2]
    assert np.isnan(rois.probability).all()


def test_rois_as_one_object(tmp_path: Path) -> None:
    plane = write_plane(tmp_path / "plane0")
    listed = np.empty((), dtype=object)
    listed[()] = list(stats())
    save(plane / "stat.npy", listed)
    check_rois(plane)


def test_of_several_planes_one_is_given(tmp_path: Path) -> None:
    folder = tmp_path / "suite2p"
    for name in ("plane10", "plane2", "combined"):
        write_plane(folder / name)
    (folder / "combined" / "data.bin").unlink()
    with pytest.raises(
        InputError, match=r"suite2p: planes: it holds plane2, plane10, combined\. Give .*plane2"
    ):
        open_rois(folder)
    with pytest.raises(InputError, match=r"suite2p: planes: it holds plane2, plane10\. Give .*plane2"):
        open_movie(folder, pixel_size_um=1)
    check_rois(folder / "plane10")
    check_movie(folder / "plane10")
    check_rois(folder / "combined")
    # `init` lists such a folder, and says what is wrong with it.
    assert find_movies(tmp_path) == [folder]


@pytest.mark.parametrize(
    ("name", "warned"), [("0.5.5", True), ("0.6.2", True), ("0.7.1", False), ("1.0.0", False)]
)
def test_the_rate_of_all_planes_is_doubted(
    tmp_path: Path, name: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    check_movie(write_plane(tmp_path / "plane0", VERSIONS[name], nplanes=3))
    assert ("fs is 15.5 Hz and there are 3 planes" in caplog.text) is warned
    assert ("give 5.16667 Hz as frame_rate_hz, and override" in caplog.text) is warned


def test_a_binary_elsewhere_needs_the_settings_beside_it(tmp_path: Path) -> None:
    plane = write_plane(tmp_path / "plane0", reg_file="/fast/plane0/data.bin")
    (tmp_path / "fast").mkdir()
    (plane / "data.bin").rename(tmp_path / "fast" / "data.bin")
    check_rois(plane)
    with pytest.raises(InputError, match=r"data\.bin: Ly, Lx: .*Copy ops\.npy .* beside it"):
        open_movie(tmp_path / "fast" / "data.bin", pixel_size_um=1)
    (tmp_path / "fast" / "ops.npy").write_bytes((plane / "ops.npy").read_bytes())
    check_movie(tmp_path / "fast")


def write_fall(path: Path, **more: Any) -> Path:
    """Write what suite2p's `save_mat` writes: dates and paths as text, None as empty arrays."""
    content = {
        "stat": stats(VERSIONS["0.14.6"].stat),
        "ops": {
            "Ly": FOV[0],
            "Lx": FOV[1],
            "fs": FS,
            "date_proc": "2021-07-26",
            "filelist": ["a.tif"],
            "h5py": [],
        },
        "F": np.zeros((3, T), np.float32),
        "iscell": ISCELL,
        "redcell": np.array([]),
        **more,
    }
    scipy.io.savemat(
        path, {name: value for name, value in content.items() if value is not None}, do_compression=True
    )
    return path


def test_fall_mat(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        check_rois(write_fall(tmp_path / "Fall.mat"))
    assert "kept 2 of 3 ROIs that suite2p's iscell marks as cells" in caplog.text
    alone = write_fall(tmp_path / "alone.mat", iscell=np.array([]), stat=stats()[:1])
    rois = open_rois(alone)
    assert (rois.ids.tolist(), rois.x.tolist()) == ([0], [5, 6])
    with pytest.raises(InputError, match="fov_shape"):
        open_rois(write_fall(tmp_path / "b.mat", ops=None))
    with pytest.raises(InputError, match=r"c\.mat: shape: is \(2, 2\), expected \(3, 2\)"):
        open_rois(write_fall(tmp_path / "c.mat", iscell=ISCELL[:2]))


def test_labels_in_fall_mat(tmp_path: Path) -> None:
    labelled = open_rois(write_fall(tmp_path / "l.mat", redcell=np.array([[1, 0.7], [1, 0.9], [0, 0.8]])))
    np.testing.assert_array_equal(labelled.labelled, [1, 0])  # ROI 1 is no cell
    assert np.isnan(open_rois(write_fall(tmp_path / "Fall.mat")).labelled).all()


def test_matlab_files_of_something_else(tmp_path: Path) -> None:
    import h5py

    scipy.io.savemat(tmp_path / "a.mat", {"dat": 1})
    scipy.io.savemat(tmp_path / "text.mat", {"stat": stats(), "ops": {"Ly": "a", "Lx": 3}})
    scipy.io.savemat(tmp_path / "four.mat", {"stat": np.ones(3)}, format="4")
    scipy.io.savemat(tmp_path / "plain.mat", {"stat": np.ones(3)})
    odd = np.empty(1, dtype=object)
    odd[0] = {"ypix": [1, 2]}
    scipy.io.savemat(tmp_path / "odd.mat", {"stat": odd})
    with h5py.File(tmp_path / "new.mat", "w", userblock_size=512) as file:
        file["stat"] = 1
    for name, problem in {
        "a": "stat: is missing", "plain": "stat: is missing or isn't a list", "text": "ops.Ly and ops.Lx as",
        "four": "its header isn't that of version 5", "odd": "isn't a list of ROIs with ypix and xpix",
        "new": r"version: is MATLAB 7\.3.*-v7",
    }.items():  # fmt: skip
        with pytest.raises(InputError, match=rf"{name}\.mat: .*{problem}"):
            open_rois(tmp_path / f"{name}.mat", fov_shape=FOV)
    whole = write_fall(tmp_path / "Fall.mat").read_bytes()
    (tmp_path / "Fall.mat").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedFile, match="it is cut short"):
        open_rois(tmp_path / "Fall.mat")


def test_matlab_variables_that_unpack_to_far_more_are_refused(tmp_path: Path) -> None:
    # Array flags, the dimensions, and the name.
    head = np.array([14, 2**29, 6, 8, 6, 0, 5, 8, 2**13, 2**16], "<u4").tobytes() + b"\1\0\4\0stat"
    packed = zlib.compress(head + bytes(300 * 2**20))
    header = write_fall(tmp_path / "Fall.mat").read_bytes()[:128]
    (tmp_path / "Fall.mat").write_bytes(header + np.array([15, len(packed)], "<u4").tobytes() + packed)
    with pytest.raises(DamagedFile, match="unpacks to far more than it can hold"):
        open_rois(tmp_path / "Fall.mat")


@pytest.mark.slow
@pytest.mark.parametrize("planes", [1, 2])
def test_nwb_and_matlab_files_that_suite2p_wrote(
    tmp_path: Path, planes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its NWB files list (y, x), unlike all others."""
    pytest.importorskip("suite2p")
    from suite2p.io import nwb, save_mat, save_nwb

    # suite2p 1.1.0 doesn't give what pynwb 4 asks for.
    monkeypatch.setattr(nwb, "TwoPhotonSeries", partial(nwb.TwoPhotonSeries, num_samples=T))

    folder = tmp_path / "suite2p"
    for i in range(planes):
        plane = write_plane(
            folder / f"plane{i}", VERSIONS["1.1.0"], data_path=["."], nplanes=planes, save_path="."
        )
        if i:
            save(plane / "iscell.npy", ISCELL[::-1] * [0, 1] + [[0, 0], [1, 0], [0, 0]])
        pictures = {name: np.zeros(FOV, np.float32) for name in ("meanImg", "Vcorr", "max_proj")}
        save(plane / "detect_outputs.npy", pictures)
        save(
            plane / "reg_outputs.npy", {"meanImg": pictures["meanImg"], "yrange": [0, 20], "xrange": [0, 26]}
        )
    save_nwb(str(folder))
    if planes == 1:
        rois = open_rois(folder / "ophys.nwb")
    else:
        with pytest.raises(InputError, match="several could be meant: plane0, plane1"):
            open_rois(folder / "ophys.nwb")
        rois = open_rois(f"{folder / 'ophys.nwb'}#plane1")
        assert rois.ids.tolist() == [4]
        np.testing.assert_array_equal((rois.y, rois.x), PIXELS[1][:2])
        rois = open_rois(f"{folder / 'ophys.nwb'}#plane0")
    assert rois.fov_shape == FOV
    assert rois.ids.tolist() == [0, 2]
    np.testing.assert_array_equal((rois.y, rois.x), np.concatenate([PIXELS[0][:2], PIXELS[2][:2]], axis=1))
    zeros = np.zeros((3, T), np.float32)
    ops = {
        "save_path": str(tmp_path),
        "Ly": FOV[0],
        "Lx": FOV[1],
        "date_proc": VALUES["date_proc"],
        "tau": None,
    }
    save_mat(ops, stats(), zeros, zeros, zeros, ISCELL, None)
    check_rois(tmp_path / "Fall.mat")
