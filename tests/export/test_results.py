"""The results of a recording, read as one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.config import Config
from neurocine.core import InputError
from neurocine.io.result_files import read_activity, read_rois, write_activity, write_rois
from neurocine.io.results import results_in
from neurocine.steps import inputs

LEFT_OUT = Config().left_out


def test_everything_is_read(results_folder: Path) -> None:
    results = results_in(results_folder, LEFT_OUT)
    assert results.name == "mouse <1>"
    assert results.types == ("pyramidal", "interneuron", "noise", "pyramidal")
    assert results.is_cell.tolist() == [True, True, False, True]
    assert results.duration_s == 30.0
    assert results.movie.n_frames == results.traces.n_frames == results.raster.n_frames == 300


@pytest.mark.parametrize("name", inputs("export_nwb", LEFT_OUT).values())
def test_a_missing_file_is_named(results_folder: Path, name: str) -> None:
    (results_folder / name).unlink()
    with pytest.raises(InputError, match=Path(name).name.replace(".", r"\.")):
        results_in(results_folder, LEFT_OUT)


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"files": []})])
def test_a_damaged_source_record_is_refused(results_folder: Path, text: str) -> None:
    (results_folder / "ingest" / "source.json").write_text(text)
    with pytest.raises(InputError, match="Run the step ingest again"):
        results_in(results_folder, LEFT_OUT)


def test_results_of_other_rois_are_refused(results_folder: Path) -> None:
    path = results_folder / "active" / "rois.h5"
    rois = read_rois(path)
    write_rois(path, replace(rois, ids=rois.ids + 7))
    with pytest.raises(InputError, match=r"traces\.h5: ids: differ from those of .*rois\.h5"):
        results_in(results_folder, LEFT_OUT)


def test_results_of_another_movie_are_refused(results_folder: Path) -> None:
    path = results_folder / "activity" / "activity.h5"
    raster = read_activity(path)
    write_activity(path, replace(raster, probability=np.asarray(raster.probability[:, :200])))
    with pytest.raises(InputError, match="there are 200, the registered movie has 300"):
        results_in(results_folder, LEFT_OUT)


def test_rois_of_another_field_of_view_are_refused(results_folder: Path) -> None:
    path = results_folder / "active" / "rois.h5"
    write_rois(path, replace(read_rois(path), fov_shape=(70, 64)))
    with pytest.raises(InputError, match=r"is \(70, 64\), the registered movie's is \(64, 64\)"):
        results_in(results_folder, LEFT_OUT)
