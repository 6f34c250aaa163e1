"""Labels in other tools' files: DeepCINAC's segments come back as they were, NWB has seconds."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurocine.annotation.actions import Edit
from neurocine.annotation.exchange import are_labels, convert_labels
from neurocine.annotation.segments import truth_of_segments
from neurocine.annotation.session import Session
from neurocine.cli.app import app
from neurocine.config import Config, ExportSettings
from neurocine.core import InputError
from neurocine.io.cinac_labels import LabelledSegment, read_segments, write_segments
from neurocine.io.result_files import read_rois, read_truth
from neurocine.io.results import files_in
from neurocine.io.rois import open_rois, save_rois


def edit(name: str, cell: int, **changes: object) -> Edit:
    return Edit.model_validate({"kind": "edit", "id": name, "cell": cell, **changes})


@pytest.fixture
def labelled(session: Session) -> Path:
    """The truth of two cells: frames 20 to 119 of one, and 0 to 49 and 200 to 299 of another."""
    a, b = (int(session.results.rois.ids[i]) for i in (0, 2))
    session.add(
        [
            edit("1", a, transients={"t": (30, 34), "u": (60, 60)}, looked={"s": (20, 69), "v": (70, 119)}),
            edit("2", a, doubtful={"d": (80, 89)}, movement={"m": (100, 101)}, cell_type="interneuron"),
            edit("3", b, transients={"t": (290, 299)}, looked={"s": (0, 49), "v": (200, 299)}),
        ]
    )
    return session.write_truth()


def same(a: LabelledSegment, b: LabelledSegment) -> bool:
    """Return whether two segments hold the same, to the last bit and type."""

    def equal(x: object, y: object) -> bool:
        if isinstance(x, tuple):
            return isinstance(y, tuple) and len(x) == len(y) and all(map(equal, x, y))
        if isinstance(x, np.ndarray):
            return isinstance(y, np.ndarray) and x.dtype == y.dtype and np.array_equal(x, y)
        return x == y

    names = [f.name for f in fields(a) if f.name != "source"]
    return all(equal(getattr(a, name), getattr(b, name)) for name in names)


def test_labels_become_segments(session: Session, labelled: Path, tmp_path: Path) -> None:
    movie, rois = session.results.movie, session.results.rois
    convert_labels(labelled, tmp_path / "l.cinac", movie, ExportSettings())
    segments = read_segments(tmp_path / "l.cinac")
    assert [(s.cell, s.first, s.last) for s in segments] == [(0, 20, 119), (2, 0, 49), (2, 200, 299)]
    one = segments[0]
    assert (np.flatnonzero(one.raster) + 20).tolist() == [*range(30, 35), 60]
    assert (np.flatnonzero(one.doubtful) + 20).tolist() == [*range(80, 90), 100, 101]
    assert (one.cell_type, one.frame_rate_hz) == ("interneuron", movie.frame_rate_hz)
    assert segments[2].raster.sum() == 10

    # The patch and the traces are z-scores of what the movie has there.
    frames = movie.read(0, movie.n_frames).astype(float)
    inside = rois.mask(0)
    trace = frames[:, inside].mean(1)
    assert one.raw is not None
    np.testing.assert_allclose(one.raw, ((trace - trace.mean()) / trace.std())[20:120], atol=1e-4)
    assert one.rois.areas()[0] == inside.sum()
    shown = one.frames[:, one.rois.mask(0)].mean(1)
    assert np.corrcoef(shown, trace[20:120])[0, 1] > 0.9999
    y, x, _ = one.rois.pixels(0)
    whole_y, whole_x, _ = rois.pixels(0)
    top, left = whole_y.min() - y.min(), whole_x.min() - x.min()
    patch = frames[20:120, top : top + 25, left : left + 25]
    assert np.corrcoef(one.frames.ravel(), patch.ravel())[0, 1] > 0.9999


def test_segments_come_back_as_they_were(session: Session, labelled: Path, tmp_path: Path) -> None:
    convert_labels(labelled, tmp_path / "l.cinac", session.results.movie, ExportSettings())
    segments = read_segments(tmp_path / "l.cinac")
    write_segments(tmp_path / "again.cinac", segments, session.results.rois, 300)
    again = read_segments(tmp_path / "again.cinac")
    assert len(segments) == len(again) == 3
    assert all(map(same, segments, again))
    truth, back = read_truth(labelled / "truth.h5"), truth_of_segments(again, 300)
    places = [0, 2]
    assert back.ids.tolist() == places
    np.testing.assert_array_equal(back.raster & np.stack([back.counted(i) for i in (0, 1)]), back.raster)
    for row in (0, 1):
        np.testing.assert_array_equal(back.counted(row), truth.counted(row))
        np.testing.assert_array_equal(back.raster[row], truth.raster[row])
    assert back.cell_types == truth.cell_types


def test_a_segment_of_deepcinac_is_kept_to_the_last_bit(session: Session, tmp_path: Path) -> None:
    """Its editor writes float64, may leave out doubtful frames and invalid cells, and notes no frame rate."""
    rng = np.random.default_rng(0)
    with h5py.File(tmp_path / "peer.cinac", "w") as file:
        group = file.create_group("cell_1_5_24")
        group.attrs["pixels_around"], group.attrs["buffer"] = 3, 2
        group.attrs["cell_type"] = "Pyr"
        group["raster_dur"] = (rng.random(20) < 0.3).astype(np.int8)
        group["ci_movie"] = rng.normal(size=(20, 25, 25))
        group["raw_traces"], group["smooth_traces"] = rng.normal(size=(2, 20))
        group["invalid_cells"] = np.array([0, 1], dtype=np.int8)
        polygons = group.create_dataset("cells_contour", (2, 2), dtype=h5py.vlen_dtype(np.int32))
        polygons[0, 0], polygons[0, 1] = [4, 9, 12, 4], [4, 4, 9, 9]
        polygons[1, 0], polygons[1, 1] = [-3, 9, 5], [4, 4, 30]
    first = read_segments(tmp_path / "peer.cinac")
    assert (first[0].frames.dtype, first[0].cell_type, first[0].buffer) == (np.float64, "Pyr", 2)
    assert (first[0].frame_rate_hz, first[0].doubtful.any()) == (None, np.False_)
    assert first[0].invalid.tolist() == [False, True]
    write_segments(tmp_path / "again.cinac", first, session.results.rois, 300)
    assert same(first[0], read_segments(tmp_path / "again.cinac")[0])


def test_segments_of_no_cell_or_frame_are_refused(session: Session, labelled: Path, tmp_path: Path) -> None:
    movie, rois = session.results.movie, session.results.rois
    convert_labels(labelled, tmp_path / "l.cinac", movie, ExportSettings())
    segments = read_segments(tmp_path / "l.cinac")
    for chosen, n_frames, told in (
        (segments, 299, "frames 200 to 299, of"),
        ([*segments, segments[0]], 300, "cell_0_20_119 is there twice"),
    ):
        with pytest.raises(InputError, match=told):
            write_segments(tmp_path / "no.cinac", chosen, rois, n_frames)
    assert not (tmp_path / "no.cinac").exists()


def test_nwb_intervals_are_in_seconds(session: Session, labelled: Path, tmp_path: Path) -> None:
    from pynwb import NWBHDF5IO

    movie = session.results.movie
    convert_labels(labelled, tmp_path / "l.nwb", movie, ExportSettings())
    with NWBHDF5IO(tmp_path / "l.nwb", "r") as io:
        nwb = io.read()
        tables = {name: nwb.intervals[name].to_dataframe() for name in ("transients", "looked", "doubtful")}
    a, b = (int(session.results.rois.ids[i]) for i in (0, 2))
    transients = tables["transients"]
    assert transients.roi_id.tolist() == [a, a, b]
    assert transients.first_frame.tolist() == [30, 60, 290]
    np.testing.assert_allclose(transients.start_time, np.array([30, 60, 290]) / movie.frame_rate_hz)
    np.testing.assert_allclose(transients.stop_time, np.array([35, 61, 300]) / movie.frame_rate_hz)
    assert transients.cell_type.tolist() == ["interneuron", "interneuron", ""]
    assert tables["looked"].last_frame.tolist() == [69, 119, 49, 299]
    assert tables["doubtful"].first_frame.tolist() == [80, 100]


def test_the_command_converts_labels_both_ways(
    session: Session, labelled: Path, results_folder: Path, tmp_path: Path
) -> None:
    movie = files_in(results_folder, "report", Config().left_out)["movie"]
    cinac = tmp_path / "labels.cinac"
    app(["convert", str(labelled), str(cinac), "--movie", str(movie)], standalone_mode=False)
    app(["convert", str(cinac), str(tmp_path / "out" / "truth.h5")], standalone_mode=False)
    app(["convert", str(cinac), str(tmp_path / "out" / "rois.h5")], standalone_mode=False)
    truth, rois = read_truth(tmp_path / "out" / "truth.h5"), read_rois(tmp_path / "out" / "rois.h5")
    assert (truth.n_frames, truth.ids.tolist(), len(rois)) == (300, [0, 2], len(session.results.rois))
    assert len(truth.transients(0)[0]) == 2
    for target, options, told in (
        ("l.cinac", (), "--movie: is missing"),
        ("l.mat", ("--movie", str(movie)), "'.mat' isn't one of labels"),
    ):
        with pytest.raises(InputError, match=told):
            app(["convert", str(labelled), str(tmp_path / target), *options], standalone_mode=False)


def test_labels_of_another_movie_are_refused(session: Session, labelled: Path, tmp_path: Path) -> None:
    movie = session.results.movie
    short = replace(movie, frames=movie.read(0, 250), validity=None)
    with pytest.raises(InputError, match=r"has 250 frames of .*, the labels 300"):
        convert_labels(labelled, tmp_path / "l.cinac", short, ExportSettings())


def test_a_cinac_file_becomes_another_one_with_all_that_it_holds(
    session: Session, labelled: Path, tmp_path: Path
) -> None:
    one, other = tmp_path / "l.cinac", tmp_path / "again.cinac"
    convert_labels(labelled, one, session.results.movie, ExportSettings())
    with h5py.File(one, "a") as file:
        del file["full_data/raw_traces"]
        file["full_data/raw_traces"] = np.random.default_rng(0).normal(size=(len(session.results.rois), 300))
        file.attrs["author"] = "ana"
    app(["convert", str(one), str(other)], standalone_mode=False)
    assert all(map(same, read_segments(one), read_segments(other)))
    with h5py.File(one) as before, h5py.File(other) as after:
        assert list(before) == list(after)
        assert dict(before.attrs) == dict(after.attrs)
        traces = "full_data/raw_traces"
        np.testing.assert_array_equal(before[traces][...], after[traces][...])
    rois = open_rois(other)
    assert rois.fov_shape == session.results.rois.fov_shape
    with pytest.raises(InputError, match=r"fov_shape: is \(64, 64\)"):
        convert_labels(one, other, None, ExportSettings(), fov_shape=(7, 7))


def test_segments_that_a_target_cannot_hold_are_said(
    session: Session, labelled: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    convert_labels(labelled, tmp_path / "l.cinac", session.results.movie, ExportSettings())
    for name in ("rois.h5", "regions.json"):
        caplog.clear()
        assert not are_labels(tmp_path / "l.cinac", tmp_path / name)
        assert f"its 3 labelled segments aren't written, for {name} holds ROIs alone" in caplog.text
    caplog.clear()
    save_rois(tmp_path / "contours.cinac", session.results.rois)
    assert not are_labels(tmp_path / "contours.cinac", tmp_path / "rois.h5")
    assert not caplog.text


def test_cell_types_of_other_names_are_said(
    session: Session, labelled: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    convert_labels(labelled, tmp_path / "l.cinac", session.results.movie, ExportSettings())
    segments = [replace(segment, cell_type="Astrocyte") for segment in read_segments(tmp_path / "l.cinac")]
    assert set(truth_of_segments(segments).cell_types) == {""}
    assert "doesn't know are left out: astrocyte (it knows" in caplog.text
