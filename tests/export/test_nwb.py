"""The NWB file: accepted by pynwb and nwbinspector, and the same numbers come back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nwbinspector import Importance, inspect_nwbfile
from pydantic import ValidationError
from pynwb import NWBHDF5IO, validate

from neurocine.config import Config, ExportSettings
from neurocine.core import InputError, InvalidFrames, Validity
from neurocine.core.contamination import Contamination, NeighbourTransient
from neurocine.core.controls import Controls, DprimeShare, Estimate
from neurocine.export import write_nwb
from neurocine.export.tables import CELL_COLUMNS, cells_table, transients_table
from neurocine.io.result_files import write_contamination, write_controls
from neurocine.io.results import results_in
from neurocine.io.rois import open_rois
from neurocine.steps import result_path

FULL = ExportSettings(
    experimenter="Doe, Jane",
    institution="Institute",
    age="P90D",
    sex="F",
    location="VISp",
    session_start="2024-05-31T09:30:00+02:00",
)

LEFT_OUT = Config().left_out


def export(folder: Path, settings: ExportSettings = FULL) -> Path:
    out = folder / "export" / "recording.nwb"
    write_nwb(results_in(folder, LEFT_OUT), settings, folder / "motion" / "movie.h5", out)
    return out


def messages(path: Path) -> list[str]:
    """What pynwb and nwbinspector complain about, but mere suggestions."""
    grave = [
        m for m in inspect_nwbfile(path) if m.importance.value > Importance.BEST_PRACTICE_VIOLATION.value
    ]
    return [str(error) for error in validate(path=path)] + [f"{m.location}: {m.message}" for m in grave]


def test_inspector_finds_nothing_grave_with_default_settings(results_folder: Path) -> None:
    assert messages(export(results_folder, ExportSettings())) == []


def test_inspector_finds_nothing_at_all_with_full_settings(results_folder: Path) -> None:
    out = export(results_folder)
    assert validate(path=out) == []
    assert list(inspect_nwbfile(out)) == []


def test_active_neurons_come_back(annotated_folder: Path) -> None:
    out = export(annotated_folder)
    assert validate(path=out) == []
    assert list(inspect_nwbfile(out)) == []
    rois = results_in(annotated_folder, LEFT_OUT).rois
    with NWBHDF5IO(out, "r") as io:
        ophys = io.read().processing["ophys"]
        table = ophys["ImageSegmentation"]["PlaneSegmentation"]
        np.testing.assert_array_equal(table["active_probability"][:], rois.active_probability)
        assert tuple(table["engine"][:]) == rois.engine
        seen = ophys["active_intervals"].to_dataframe()
    assert seen["start_time"].tolist() == [0.0, 2.0, 10.0, 25.0]
    assert seen["stop_time"].tolist() == [4.0, 6.0, 15.0, 30.0]
    assert [int(row.index[0]) for row in seen["roi"]] == [0, 3, 0, 2]


def test_labels_in_the_structural_channel_come_back(labelled_folder: Path) -> None:
    out = export(labelled_folder)
    assert validate(path=out) == []
    assert list(inspect_nwbfile(out)) == []
    with NWBHDF5IO(out, "r") as io:
        table = io.read().processing["ophys"]["ImageSegmentation"]["PlaneSegmentation"]
        assert table["labelled_probability"][:].tolist() == [0.96875, 0.125, 0.5, 0]


def test_recording_without_rois_is_valid(empty_folder: Path) -> None:
    out = export(empty_folder)
    assert messages(out) == []
    with NWBHDF5IO(out, "r") as io:
        assert "ImageSegmentation" not in io.read().processing["ophys"].data_interfaces


def test_numbers_come_back(results_folder: Path) -> None:
    results = results_in(results_folder, LEFT_OUT)
    with NWBHDF5IO(export(results_folder), "r") as io:
        nwb = io.read()
        ophys = nwb.processing["ophys"]
        series = {
            **ophys["Fluorescence"].roi_response_series,
            **ophys["DfOverF"].roi_response_series,
            **{name: ophys[name] for name in ("events", "activity_probability", "raster")},
        }
        expected = {
            "F": results.traces.f,
            "Fneu": results.traces.fneu,
            "dFoverF": results.traces.dff,
            "events": results.traces.events,
            "activity_probability": results.raster.probability,
            "raster": results.raster.active,
        }
        assert series.keys() == expected.keys()
        for name, values in expected.items():
            np.testing.assert_array_equal(series[name].data[:], values.T)
            assert series[name].rate == 10.0
            assert list(series[name].rois.data) == [0, 1, 2, 3]
        shifts = ophys["MotionCorrection"]["CorrectedImageStack"].xy_translation
        np.testing.assert_array_equal(shifts.data[:, 1], results.registration.y)
        np.testing.assert_array_equal(ophys["SummaryImages"]["mean"].data[:], results.summary.mean)
        table = ophys["ImageSegmentation"]["PlaneSegmentation"]
        assert tuple(table["cell_type"][:]) == results.types
        assert set(table["classifier"][:]) == {"sim-all-v1"}
        np.testing.assert_allclose(table["p_noise"][:], results.celltypes.probability[:, 2])
        assert nwb.subject.age == "P90D"
        assert nwb.imaging_planes["ImagingPlane"].imaging_rate == 10.0


def test_rois_come_back_through_the_reader(results_folder: Path) -> None:
    rois = results_in(results_folder, LEFT_OUT).rois
    read = open_rois(export(results_folder), fov_shape=rois.fov_shape)
    np.testing.assert_array_equal(read.ids, rois.ids)
    np.testing.assert_array_equal(read.matrix().toarray(), rois.matrix().toarray())


def test_transients_are_intervals_in_seconds(results_folder: Path) -> None:
    results = results_in(results_folder, LEFT_OUT)
    transients = results.raster.transients()
    with NWBHDF5IO(export(results_folder), "r") as io:
        table = io.read().processing["ophys"]["transients"]
        assert len(table) == len(transients)
        assert np.all(np.diff(table["onset_frame"][:]) >= 0)
        np.testing.assert_allclose(table["start_time"][:], table["onset_frame"][:] / 10)
        np.testing.assert_allclose(table["stop_time"][:], (table["peak_frame"][:] + 1) / 10)
        pairs = set(zip(table["roi"].data[:].tolist(), table["onset_frame"][:].tolist(), strict=True))
    assert pairs == set(zip(transients.roi_id.tolist(), transients.onset.tolist(), strict=True))


def test_cells_and_transients_have_the_columns_of_the_tables(annotated_folder: Path) -> None:
    results = results_in(annotated_folder, LEFT_OUT)
    cells = cells_table(results)
    transients = transients_table(results).sort_values(["onset_frame", "roi_id"])
    with NWBHDF5IO(export(annotated_folder), "r") as io:
        ophys = io.read().processing["ophys"]
        table = ophys["ImageSegmentation"]["PlaneSegmentation"]
        for column in CELL_COLUMNS[1:]:
            np.testing.assert_array_equal(table[column.nwb_name][:], cells[column.name])
        intervals = ophys["transients"]
        for name in ("roi_id", "onset_frame", "peak_frame", "amplitude", "probability", "classifier"):
            np.testing.assert_array_equal(intervals[name][:], transients[name])
        np.testing.assert_array_equal(intervals["cell_type"][:], transients["type"])


def test_raw_movie_is_linked_by_a_relative_path_that_leads_there(results_folder: Path) -> None:
    out = export(results_folder)
    with NWBHDF5IO(out, "r") as io:
        nwb = io.read()
        raw = nwb.acquisition["TwoPhotonSeries"]
        assert (out.parent / raw.external_file[0]).resolve().name == "blobs.tif"
        assert list(raw.dimension) == [64, 64]


def test_registered_movie_is_read_through_the_link(results_folder: Path) -> None:
    out = export(results_folder)
    assert messages(out) == []
    with NWBHDF5IO(out, "r") as io:
        data = io.read().processing["ophys"]["MotionCorrection"]["CorrectedImageStack"].corrected.data
        np.testing.assert_array_equal(data[5:7], results_in(results_folder, LEFT_OUT).movie.read(5, 7))
    assert out.stat().st_size < 1_000_000


def test_without_the_raw_file_the_registered_movie_is_the_acquisition(results_folder: Path) -> None:
    source = results_folder / "ingest" / "source.json"
    record = json.loads(source.read_text())
    record["files"][0]["path"] = "gone.tif"
    source.write_text(json.dumps(record))
    out = export(results_folder)
    assert messages(out) == []
    with NWBHDF5IO(out, "r") as io:
        nwb = io.read()
        np.testing.assert_array_equal(
            nwb.acquisition["TwoPhotonSeries"].data[5:7],
            results_in(results_folder, LEFT_OUT).movie.read(5, 7),
        )
        assert "xy_translation" in nwb.processing["ophys"].data_interfaces


def test_identifier_belongs_to_movie_and_name(results_folder: Path) -> None:
    identifiers = set()
    for _ in range(2):
        with NWBHDF5IO(export(results_folder), "r") as io:
            identifiers.add(io.read().identifier)
    assert len(identifiers) == 1


def test_missing_registered_movie_leaves_no_file(results_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "x.nwb"
    with pytest.raises(InputError, match=r"missing\.h5.*run motion"):
        write_nwb(results_in(results_folder, LEFT_OUT), FULL, tmp_path / "missing.h5", out)
    assert not out.exists()


def test_session_start_without_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="time zone"):
        ExportSettings(session_start="2024-05-31T09:30:00")


def test_frames_without_data_are_invalid_times(results_folder: Path) -> None:
    results = results_in(results_folder, LEFT_OUT)
    parts = (InvalidFrames(40, 49, "saturated"), InvalidFrames(299, 299, "unregistrable"))
    spoilt = replace(results, movie=replace(results.movie, validity=Validity(300, parts)))
    out = results_folder / "export" / "recording.nwb"
    write_nwb(spoilt, FULL, results_folder / "motion" / "movie.h5", out)
    assert list(inspect_nwbfile(out)) == []
    with NWBHDF5IO(out, "r") as io:
        times = io.read().invalid_times.to_dataframe()
    assert times["start_time"].tolist() == [4.0, 29.9]
    assert times["stop_time"].tolist() == [5.0, 30.0]
    assert times["reason"].tolist() == ["saturated", "unregistrable"]


def test_light_of_neighbours_and_controls_come_back(results_folder: Path) -> None:
    foreign = NeighbourTransient(1, 3, 40, 44, 0.125, 0.75, True)
    write_contamination(
        results_folder / result_path("contamination"),
        Contamination(4, ((1, 3),), (foreign, replace(foreign, onset=90, peak=93))),
    )
    known, unknown = Estimate(0.9, 0.8, 0.95, 40), Estimate(None, None, None, 0)
    controls = Controls(
        rounds=2, cells=12, silent_cells=4, recall=(), neurons_found=unknown,
        sensitivity=(DprimeShare(2.0, 3.0, 10, 4), DprimeShare(12.0, None, 7, 7)), visible_found=known,
        coverage=known, precision=known, silent_per_min=known, mirrored_per_min=known,
        false_masks=unknown, false_by_planted=Estimate(0.05, 0.02, 0.1, 12), false_by_mirror=known,
    )  # fmt: skip
    write_controls(results_folder / result_path("controls"), controls)
    out = results_folder / "export" / "recording.nwb"
    results = results_in(results_folder, Config.model_validate({"controls": {"run": True}}).left_out)
    write_nwb(results, FULL, results_folder / "motion" / "movie.h5", out)
    assert validate(path=out) == []
    assert list(inspect_nwbfile(out)) == []
    with NWBHDF5IO(out, "r") as io:
        checks = io.read().processing["ophys"]
        foreign_row = checks["neighbour_transients"].to_dataframe().iloc[0]
        estimates = checks["controls"].to_dataframe().set_index("measure")
        sensitivity = checks["sensitivity"].to_dataframe()
        assert "recall" not in checks.data_interfaces
    assert foreign_row.to_dict() == {
        "roi_id": 1, "neighbour_id": 3, "onset": 40, "peak": 44,
        "own_correlation": 0.125, "neighbour_correlation": 0.75, "called": True,
    }  # fmt: skip
    assert estimates.loc["false_by_planted", ["value", "low", "high", "n"]].tolist() == [0.05, 0.02, 0.1, 12]
    assert np.isnan(estimates.loc["false_masks", "value"])
    assert sensitivity["found"].tolist() == [4, 7]
    assert np.isinf(sensitivity["high"].iloc[1])


def test_nothing_to_tell_makes_no_table(results_folder: Path) -> None:
    with NWBHDF5IO(export(results_folder), "r") as io:
        assert not {"neighbour_transients", "controls"} & set(io.read().processing["ophys"].data_interfaces)
