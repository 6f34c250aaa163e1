"""The controls of a recording, with a stand-in for each network and engine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurocine.config import Config
from neurocine.controls import run
from neurocine.core import CellTypes, InputError, Movie, Raster, RoiSet
from neurocine.core.controls import Controls, DprimeShare, Estimate, sentence
from neurocine.io.result_files import read_controls, read_movie, read_rois, read_summary, write_controls
from neurocine.io.result_files.movie import read_registration
from neurocine.io.results import RecordingResults
from neurocine.simulation import simulate
from neurocine.traces import extract
from neurocine.traces.dff import running_baseline
from neurocine.traces.events import noise_level
from neurocine.traces.extraction import projected
from neurocine.traces.masks import signal_masks
from neurocine.traces.transients import smooth

CONFIG = Config.model_validate({"controls": {"run": True, "rounds": 2}})


def called(movie: Movie, rois: RoiSet, *_: Any, only: Any = None, **__: Any) -> Raster:
    """Return as activity where the smoothed trace is far above its low baseline."""
    rois = rois if only is None else rois.select(only)
    f = projected(movie, signal_masks(rois))
    change = smooth(f) - running_baseline(smooth(f), 300, 20.0)
    probability = (change > 2 * noise_level(f)[:, None]).astype(np.float32)
    return Raster(rois.ids, movie.frame_rate_hz, probability, 0.5, ("stand-in",) * len(rois))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RecordingResults:
    folder = simulate("cortex-6s", 7, tmp_path_factory.mktemp("made"), n_frames=600, fov_px=64)
    movie, rois = read_movie(folder / "movie.h5"), read_rois(folder / "rois.h5")
    path = folder / "movie.h5"
    types = CellTypes(rois.ids, np.tile(np.float32([1, 0, 0]), (len(rois), 1)))
    traces = extract(movie, rois, CONFIG.traces)
    raster = called(movie, rois)
    return RecordingResults(
        name="m",
        source={},
        movie=movie,
        summary=read_summary(path),
        registration=read_registration(path),
        rois=rois,
        traces=traces,
        celltypes=types,
        raster=raster,
    )


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch, recorded: RecordingResults) -> list[Movie]:
    """Cheap steps; the movies that segmentation saw."""
    seen: list[Movie] = []

    def segmented(movie: Movie, *_: Any, **__: Any) -> RoiSet:
        seen.append(replace(movie, frames=movie.read(0, movie.n_frames)))
        return recorded.rois

    monkeypatch.setattr(run, "segment", segmented)
    monkeypatch.setattr(run, "annotate_active", lambda movie, rois, *_, **__: rois)
    monkeypatch.setattr(
        run,
        "classify",
        lambda movie, rois, *_, **__: CellTypes(rois.ids, np.tile(np.float32([1, 0, 0]), (len(rois), 1))),
    )
    monkeypatch.setattr(run, "infer", called)
    return seen


def test_controls_of_a_movie_tell_clear_transients_from_hidden_ones(
    recorded: RecordingResults, stand_ins: list[Movie], tmp_path: Path
) -> None:
    controls = run.run_controls(recorded, CONFIG)
    assert controls.rounds == 2
    assert 0 < controls.silent_cells < controls.cells
    # The stand-in segmentation finds none of the planted cells, as it always gives the recording's own.
    assert controls.neurons_found.value == 0
    assert sum(row.n for row in controls.recall) == controls.cells - controls.silent_cells
    hidden, clear = controls.sensitivity[0], controls.sensitivity[-1]
    assert clear.n
    assert (clear.share or 0) > 0.6 > 0.45 > (hidden.share or 0)
    assert controls.visible_found.value is not None
    # Few of the recording's own ROIs neither rise nor, mirrored, fall.
    assert controls.false_masks.n == len(recorded.rois)
    assert (controls.false_masks.value or 0) < 0.3
    planted, again, mirror = stand_ins
    original = recorded.movie.read(0, 600).astype(float)
    assert (planted.read(0, 600) - original).sum() > 0
    assert not np.array_equal(planted.read(0, 600), again.read(0, 600))
    assert np.median(mirror.read(0, 600)) == pytest.approx(np.median(original), rel=0.05)
    write_controls(tmp_path / "controls.json", controls)
    assert read_controls(tmp_path / "controls.json") == controls


def test_where_rois_are_given_no_engine_runs_and_nothing_is_said_of_masks(
    recorded: RecordingResults, stand_ins: list[Movie]
) -> None:
    given = Config.model_validate({"segmentation": {"engine": "given"}, "controls": {"rounds": 1}})
    controls = run.run_controls(recorded, given)
    assert not stand_ins
    assert controls.recall == ()
    assert controls.neurons_found.value is None
    assert controls.false_masks.value is None
    assert controls.sensitivity[-1].n


def test_known_cells_have_the_outlines_that_were_found() -> None:
    def square(y: int, x: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rows, columns = (a.ravel() for a in np.mgrid[y : y + 4, x : x + 4])
        return rows, columns, np.ones(16)

    shape = (20, 20)
    found = RoiSet.from_pixels(shape, [square(0, 0), square(10, 11)])
    known = RoiSet.from_pixels(shape, [square(2, 12), square(10, 10)])
    rois, segmented = run.with_outlines(found, known)
    assert segmented.tolist() == [False, True]
    assert [rois.pixels(i)[1].min() for i in range(3)] == [0, 12, 11]  # another, as planted, as found


def controls_of(**changes: Any) -> Controls:
    known = Estimate(0.9, 0.8, 0.95, 40)
    base = Controls(
        rounds=2, cells=9, silent_cells=3, recall=(), neurons_found=Estimate(None, None, None, 0),
        sensitivity=(DprimeShare(2.0, 3.0, 10, 4), DprimeShare(12.0, None, 0, 0)), visible_found=known,
        coverage=known, precision=known, silent_per_min=known, mirrored_per_min=known, false_masks=known,
        false_by_planted=Estimate(0.05, 0.02, 0.1, 9), false_by_mirror=Estimate(0.2, 0.1, 0.3, 9),
    )  # fmt: skip
    return replace(base, **changes)


def test_the_sentence_says_it_plainly_and_how_sure_it_is() -> None:
    assert sentence(controls_of()) == (
        "Of planted clear transients (d′ of 5 or more), 90 % (80 to 95 %) are found; of this recording's "
        "calls, 5 % (2 to 10 %) by planted cells and 20 % (10 to 30 %) by the mirrored movie are estimated "
        "to be false."
    )
    unknown = Estimate(None, None, None, 0)
    mirror_alone = sentence(controls_of(false_by_planted=unknown))
    assert mirror_alone.endswith("calls, 20 % (10 to 30 %) by the mirrored movie are estimated to be false.")
    nothing = controls_of(visible_found=unknown, false_by_planted=unknown, false_by_mirror=unknown)
    assert sentence(nothing) == "Too little was planted to tell."


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "controls.json"
    with pytest.raises(InputError, match="Run the step controls"):
        read_controls(path)
    write_controls(path, controls_of())
    values = json.loads(path.read_text())
    del values["precision"]
    path.write_text(json.dumps(values))
    with pytest.raises(InputError, match="precision"):
        read_controls(path)
