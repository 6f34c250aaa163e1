"""Truth that people made: parts of some cells, read back as written."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.core.truth import Spans, Truth
from neurocine.io.result_files import read_truth
from neurocine.io.result_files.truth import write_truth


def spans(*rows: tuple[int, int, int]) -> Spans:
    return Spans(*np.array(rows, dtype=np.int64).T)


def test_truth_of_no_cell(tmp_path: Path) -> None:
    none = np.empty(0, np.int64)
    empty = Truth(
        ids=none,
        cell_types=(),
        is_target=np.empty(0, bool),
        raster=np.empty((0, 50), bool),
        roi_id=none,
        onset=none,
        peak=none,
    )
    write_truth(tmp_path / "truth.h5", empty)
    assert read_truth(tmp_path / "truth.h5").cell_types == ()


@pytest.fixture
def truth() -> Truth:
    raster = np.zeros((2, 50), dtype=bool)
    raster[0, 10:14] = raster[0, 30:33] = raster[1, 5:8] = True
    return Truth(
        ids=np.array([7, 9]),
        cell_types=("pyramidal", "interneuron"),
        is_target=np.zeros(2, dtype=bool),
        raster=raster,
        roi_id=np.array([7, 7, 9]),
        onset=np.array([10, 30, 5]),
        peak=np.array([13, 32, 7]),
        looked=spans((7, 0, 31), (9, 0, 20)),
        doubtful=spans((9, 15, 17)),
        labelled_by=("Ana", "Bo"),
    )


def test_read_back(truth: Truth, tmp_path: Path) -> None:
    write_truth(tmp_path / "truth.h5", truth)
    again = read_truth(tmp_path / "truth.h5")
    assert again.calcium is None
    assert again.shifts is None
    assert again.labelled_by == ("Ana", "Bo")
    for name in ("looked", "doubtful"):
        for part in fields(Spans):
            before, after = (getattr(getattr(one, name), part.name) for one in (truth, again))
            np.testing.assert_array_equal(after, before)
    write_truth(tmp_path / "whole.h5", replace(truth, looked=None))
    assert read_truth(tmp_path / "whole.h5").looked is None


def test_nothing_looked_at_isnt_everything(truth: Truth, tmp_path: Path) -> None:
    write_truth(tmp_path / "truth.h5", replace(truth, looked=Spans.none()))
    assert not read_truth(tmp_path / "truth.h5").counted(0).any()


def test_what_counts(truth: Truth) -> None:
    assert np.flatnonzero(~truth.counted(0)).tolist() == list(range(32, 50))
    assert np.flatnonzero(truth.counted(1)).tolist() == [*range(15), 18, 19, 20]
    assert [part.tolist() for part in truth.transients(0)] == [[10], [13]]  # the second passes frame 31
    assert [part.tolist() for part in truth.transients(1)] == [[5], [7]]
    assert replace(truth, looked=None).counted(0).all()


@pytest.mark.parametrize(
    ("name", "row", "message"),
    [("looked", (8, 0, 3), "looked: names ROI 8"), ("doubtful", (9, 40, 50), "frames 40 to 50 of ROI 9.*50")],
)
def test_spans_that_dont_fit(truth: Truth, name: str, row: tuple[int, int, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(truth, **{name: spans(row)})
