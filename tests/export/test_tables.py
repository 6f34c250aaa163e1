"""The tables of cells and transients against a raster whose answers are known."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.config import Config
from neurocine.export.tables import (
    CELL_COLUMNS,
    TRANSIENT_COLUMNS,
    cells_table,
    transients_table,
    write_tables,
)
from neurocine.io.results import RecordingResults, results_in
from neurocine.io.tables import read_table

LEFT_OUT = Config().left_out
DOCS = Path(__file__).parents[2] / "docs" / "outputs.md"


@pytest.fixture
def results(results_folder: Path) -> RecordingResults:
    """300 frames at 10 Hz: ROI 0 active in 100-109 and 200-204, ROI 1 in 102, ROI 2 (noise) in 0-49."""
    recorded = results_in(results_folder, LEFT_OUT)
    probability = np.zeros((4, 300), dtype=np.float32)
    for roi, start, stop in ((0, 100, 110), (0, 200, 205), (1, 102, 103), (2, 0, 50)):
        probability[roi, start:stop] = 0.9
    probability[0, 203] = 1
    return replace(recorded, raster=replace(recorded.raster, probability=probability))


def test_cells_have_their_numbers(results: RecordingResults) -> None:
    cells = cells_table(results)
    assert list(cells) == [column.name for column in CELL_COLUMNS]
    assert cells["type"].tolist() == ["pyramidal", "interneuron", "noise", "pyramidal"]
    assert cells["transients"].tolist() == [2, 1, 1, 0]
    assert cells["rate_per_min"].tolist() == [4.0, 2.0, 2.0, 0.0]  # half a minute
    np.testing.assert_allclose(cells["active_fraction"], np.array([15, 1, 50, 0]) / 300)
    np.testing.assert_allclose(cells["mean_rise_s"], [0.75, 0.1, 5.0, np.nan])
    np.testing.assert_array_equal(cells["p_noise"], results.celltypes.probability[:, 2])


def test_labelled_probability_is_that_of_the_structural_channel(labelled_folder: Path) -> None:
    cells = cells_table(results_in(labelled_folder, LEFT_OUT))
    assert cells["labelled_probability"].tolist() == [0.96875, 0.125, 0.5, 0]


def test_labelled_probability_is_missing_without_a_structural_channel(results: RecordingResults) -> None:
    assert cells_table(results)["labelled_probability"].isna().all()


def test_centres_and_areas_are_in_pixels_and_micrometres(results: RecordingResults) -> None:
    cells = cells_table(results)
    # Discs of radius 5 px, at 2 µm per pixel.
    assert cells["y_px"].tolist() == [16, 16, 44, 46]
    assert cells["x_px"].tolist() == [16, 46, 20, 48]
    assert cells["y_um"].tolist() == [32, 32, 88, 92]
    assert cells["x_um"].tolist() == [32, 92, 40, 96]
    np.testing.assert_array_equal(cells["area_um2"], results.rois.areas() * 4)


def test_transients_have_times_frames_and_amplitudes(results: RecordingResults) -> None:
    transients = transients_table(results)
    assert list(transients) == list(TRANSIENT_COLUMNS)
    assert transients["roi_id"].tolist() == [0, 0, 1, 2]
    assert transients["type"].tolist() == ["pyramidal", "pyramidal", "interneuron", "noise"]
    assert transients["onset_frame"].tolist() == [100, 200, 102, 0]
    assert transients["peak_frame"].tolist() == [109, 204, 102, 49]
    assert transients["onset_s"].tolist() == [10.0, 20.0, 10.2, 0.0]
    assert transients["peak_s"].tolist() == [10.9, 20.4, 10.2, 4.9]
    assert transients["probability"].tolist() == np.float32([0.9, 1, 0.9, 0.9]).tolist()
    dff = results.traces.dff.astype(np.float64)
    rise = [dff[0, 109] - dff[0, 100], dff[0, 204] - dff[0, 200], 0, dff[2, 49] - dff[2, 0]]
    assert transients["amplitude"].tolist() == rise


def test_both_tables_agree(results: RecordingResults) -> None:
    cells, transients = cells_table(results).set_index("roi_id"), transients_table(results)
    counts = transients.groupby("roi_id").size().reindex(cells.index, fill_value=0)
    assert counts.tolist() == cells["transients"].tolist()
    active_s = (cells["transients"] * cells["mean_rise_s"]).fillna(0)
    np.testing.assert_allclose(active_s / results.duration_s, cells["active_fraction"])


def test_active_neurons_are_marked(annotated_folder: Path) -> None:
    cells = cells_table(results_in(annotated_folder, LEFT_OUT))
    assert cells["engines"].tolist() == ["suite2p+stneuronet", "suite2p", "suite2p+stneuronet", "stneuronet"]
    assert cells["active_probability"].tolist() == [0.875, 0.125, 0.75, 1.0]
    np.testing.assert_array_equal(cells["seen_active_s"], [9.0, np.nan, 5.0, 4.0])


def test_files_hold_what_the_tables_do(results: RecordingResults, tmp_path: Path) -> None:
    paths = tmp_path / "cells.tsv", tmp_path / "transients.tsv"
    write_tables(results, *paths)
    written = [path.read_bytes() for path in paths]
    for path, table in zip(paths, (cells_table(results), transients_table(results)), strict=True):
        read = read_table(path)
        assert list(read) == list(table)
        for name in table.select_dtypes("number"):
            np.testing.assert_allclose(read[name], table[name].astype(float), rtol=1e-5, atol=1e-6)
    # Nobody looked for active neurons: the cells are empty.
    assert read_table(paths[0])["active_probability"].isna().all()
    write_tables(results, *paths)
    assert [path.read_bytes() for path in paths] == written


def test_times_late_in_a_long_recording_are_exact(results: RecordingResults, tmp_path: Path) -> None:
    slow = replace(results.raster, frame_rate_hz=0.003)
    write_tables(replace(results, raster=slow), tmp_path / "c.tsv", tmp_path / "t.tsv")
    assert "\t68000.0000\t" in (tmp_path / "t.tsv").read_text()


def test_a_recording_without_rois_has_headers(empty_folder: Path, tmp_path: Path) -> None:
    write_tables(results_in(empty_folder, LEFT_OUT), tmp_path / "cells.tsv", tmp_path / "transients.tsv")
    for name in ("cells.tsv", "transients.tsv"):
        assert len((tmp_path / name).read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Table of cells", [column.name for column in CELL_COLUMNS]),
        ("Table of transients", list(TRANSIENT_COLUMNS)),
    ],
)
def test_every_column_is_documented(heading: str, names: list[str]) -> None:
    section = DOCS.read_text(encoding="utf-8").split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) == names
