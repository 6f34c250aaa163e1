"""The numbers of the report against rasters whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.config import Config
from neurocine.core import InvalidFrames, Validity
from neurocine.export.tables import cells_table
from neurocine.io.results import RecordingResults, results_in
from neurocine.report import figures, stats
from neurocine.report.figures import MAX_COLUMNS, envelope

LEFT_OUT = Config().left_out


@pytest.fixture
def results(results_folder: Path) -> RecordingResults:
    """300 frames at 10 Hz: ROI 0 active in 100-109 and 200-204, ROI 1 in 102-104, ROI 2 (noise) in 0-49."""
    recorded = results_in(results_folder, LEFT_OUT)
    probability = np.zeros((4, 300), dtype=np.float32)
    for roi, start, stop in ((0, 100, 110), (0, 200, 205), (1, 102, 105), (2, 0, 50)):
        probability[roi, start:stop] = 1
    return replace(recorded, raster=replace(recorded.raster, probability=probability))


def test_rows_of_types(results: RecordingResults) -> None:
    pyramidal, interneuron, noise, unknown = stats.type_rows(cells_table(results))
    assert (unknown.cell_type, unknown.count) == ("unknown", 0)
    assert (pyramidal.count, pyramidal.transients, pyramidal.median_rate_per_min) == (2, 2, 2.0)
    assert (interneuron.count, noise.count) == (1, 1)
    assert stats.type_rows(cells_table(results)[:0])[0].median_snr is None


def test_neurons_of_unknown_type_are_cells(results: RecordingResults) -> None:
    doubtful = replace(results, celltypes=replace(results.celltypes, clear=np.zeros(4, dtype=bool)))
    rows = {row.cell_type: row for row in stats.type_rows(cells_table(doubtful))}
    assert {name: row.count for name, row in rows.items()} == {
        "pyramidal": 0, "interneuron": 0, "noise": 1, "unknown": 3,
    }  # fmt: skip
    np.testing.assert_array_equal(doubtful.is_cell, results.is_cell)
    assert figures.raster(doubtful).light.width > 0


def test_median_leaves_out_what_is_not_finite() -> None:
    assert stats.median([1.0, float("nan"), 3.0]) == 2.0
    assert stats.median([]) is None


def test_most_active_puts_cells_before_noise(results: RecordingResults) -> None:
    assert stats.most_active(results, 9).tolist() == [0, 1, 3, 2]
    assert stats.most_active(results, 1).tolist() == [0]


def test_busiest_counts_cells_only(results: RecordingResults) -> None:
    start, stop = stats.busiest(results, 1.0)
    assert (start, stop) == (100, 110)
    assert stats.busiest(results, 999) == (0, 300)


def test_warnings(results: RecordingResults) -> None:
    assert [text.split()[0] for text in stats.warnings(results)] == ["3"]
    silent = replace(results.raster, probability=np.zeros((4, 300), dtype=np.float32))
    assert "No cell was active in any frame." in stats.warnings(replace(results, raster=silent))
    dff = results.traces.dff.copy()
    dff[1, 5] = np.nan
    broken = replace(results, traces=replace(results.traces, dff=dff))
    assert any("aren't finite" in text for text in stats.warnings(broken))


def test_frames_without_data_are_counted_by_reason(results: RecordingResults) -> None:
    assert stats.invalid_frames(results) == ""
    parts = (InvalidFrames(0, 4, "blank"), InvalidFrames(9, 9, "noise"), InvalidFrames(20, 20, "blank"))
    spoilt = replace(results, movie=replace(results.movie, validity=Validity(300, parts)))
    assert stats.warnings(spoilt)[0] == (
        "7 frames (2.33%) hold no data (blank: 6, noise: 1); they are filled in."
    )
    figures.registration(spoilt)
    figures.raster(spoilt)


def test_envelope_keeps_every_peak() -> None:
    y = np.zeros(50_000)
    y[[7, 31_234]] = (5, -3)
    x, line = envelope(np.arange(50_000) / 10, y)
    assert len(x) == len(line) == 2 * MAX_COLUMNS
    assert (line.max(), line.min()) == (5, -3)
    assert np.all(np.diff(x) >= 0)
