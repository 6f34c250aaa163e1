"""Windows of views, and how they are varied."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.core import Movie
from neurocine.network import Architecture, ViewArchitecture
from neurocine.training import augment
from neurocine.training.augment import varied
from neurocine.training.corpus import LabelledRecording, load_recording
from neurocine.training.data import CONTOUR_VERSIONS, Windows
from neurocine.training.strata import WindowTable
from neurocine.training.tables import label, window_table


@pytest.fixture(scope="module")
def views() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 8, (40, 7)).astype(np.float32)


def opened(folders: list[Path], architecture: Architecture) -> tuple[LabelledRecording, WindowTable]:
    recording = load_recording(folders[0], architecture.normalisation)
    task = "activity" if architecture.output == "frames" else "celltype"
    return recording, window_table(task, [recording], architecture.window_frames, 0.1)  # type: ignore[arg-type]


def test_varied_views_are_near_and_of_the_same_shape(views: np.ndarray) -> None:
    before = views.copy()
    many = [varied(np.random.default_rng(seed), views) for seed in range(20)]
    np.testing.assert_array_equal(views, before)
    for new in many:
        assert new.shape == views.shape
        assert new.dtype == np.float32
        for own, other in zip(new[:, :5].T, views[:, :5].T, strict=True):
            assert np.corrcoef(own, other)[0, 1] > 0.9
    assert len({new.tobytes() for new in many}) == 20
    np.testing.assert_array_equal(many[3], varied(np.random.default_rng(3), views))
    gains = [np.linalg.norm(new[:, :5]) / np.linalg.norm(views[:, :5]) for new in many]
    assert 0.15 < np.std(np.log(gains)) < 0.5


def test_turning_changes_the_direction_of_shifts_alone(
    views: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(augment, "VIEW_NOISE_MAX", 0)
    monkeypatch.setattr(augment, "GAIN_SD", 0)
    down, right = views[:, 5], views[:, 6]
    turns = [
        np.stack(pair, axis=1)
        for a, b in ((down, right), (right, down))
        for pair in ((a, b), (-a, b), (a, -b), (-a, -b))
    ]
    found = set()
    for seed in range(60):
        new = varied(np.random.default_rng(seed), views)
        np.testing.assert_array_equal(new[:, :5], views[:, :5])
        matches = [i for i, turn in enumerate(turns) if np.array_equal(new[:, 5:], turn)]
        assert len(matches) == 1
        found.add(matches[0])
    assert found == set(range(8))  # the symmetries of a square


def test_noise_is_added_to_every_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "GAIN_SD", 0)
    still = np.zeros((4000, 7), dtype=np.float32)
    spread = [varied(np.random.default_rng(seed), still).std(axis=0) for seed in range(12)]
    for noise in spread:
        np.testing.assert_allclose(noise, noise.mean(), rtol=0.1)
        assert noise.mean() < 1.05 * augment.VIEW_NOISE_MAX
    assert np.ptp([noise.mean() for noise in spread]) > 0.3 * augment.VIEW_NOISE_MAX


def test_views_are_worked_out_block_by_block(
    folders: list[Path], tiny_views: ViewArchitecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, table = opened(folders, tiny_views)
    rows = np.arange(0, len(table), 7)

    def batch() -> np.ndarray:
        windows = Windows.plain("activity", tiny_views, [recording], table)
        return windows.batch(np.random.default_rng(0), rows)[0]

    whole = batch()
    monkeypatch.setattr(Movie, "block_frames", lambda self, *rest: 17)
    np.testing.assert_allclose(batch(), whole, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("name", ["tiny", "tiny_types", "tiny_views", "tiny_view_types"])
def test_batches_fit_the_network_and_hold_the_labels(
    name: str, folders: list[Path], request: pytest.FixtureRequest
) -> None:
    a: Architecture = request.getfixturevalue(name)
    recording, table = opened(folders, a)
    task = "activity" if a.output == "frames" else "celltype"
    made = (
        Windows.plain(task, a, [recording], table),
        Windows.augmented(task, a, [recording], table, seed=1),
    )
    rows = np.arange(min(6, len(table)))
    for windows, versions in zip(made, (1, CONTOUR_VERSIONS), strict=True):
        seen, answers, weights = windows.batch(np.random.default_rng(0), rows)
        assert seen.shape == (len(rows), *a.window_shape)
        assert seen.dtype == answers.dtype == weights.dtype == np.float32
        assert np.isfinite(seen).all()
        assert seen.std() > 0.1
        for row in rows:
            wanted = label(task, recording, int(table.cell[row]), int(table.start[row]), a.window_frames)
            np.testing.assert_array_equal(answers[row], wanted)
        np.testing.assert_array_equal(weights, table.weight[rows])
        assert [len(of) for of in windows.cells] == [versions]


def test_several_recordings_keep_apart(folders: list[Path], tiny_views: ViewArchitecture) -> None:
    recordings = [load_recording(folder, "pixel") for folder in folders[:2]]
    table = window_table("activity", recordings, 40, 0.1)
    both = Windows.plain("activity", tiny_views, recordings, table)
    second = window_table("activity", recordings[1:], 40, 0.1)
    alone = Windows.plain("activity", tiny_views, recordings[1:], second)
    rows = np.flatnonzero(table.recording == 1)[:5]
    np.testing.assert_array_equal(
        both.batch(np.random.default_rng(0), rows)[0],
        alone.batch(np.random.default_rng(0), rows - np.flatnonzero(table.recording == 1)[0])[0],
    )


def test_a_flash_of_light_stays_finite(folders: list[Path], tiny_views: ViewArchitecture) -> None:
    recording, table = opened(folders, tiny_views)
    frames = recording.movie.read(0, recording.movie.n_frames).astype(np.float32)
    frames[20] = 1e8
    flashed = replace(recording, movie=replace(recording.movie, frames=frames))
    windows, _, _ = Windows.plain("activity", tiny_views, [flashed], table).batch(
        np.random.default_rng(0), np.flatnonzero(table.start == 0)
    )
    assert np.isfinite(windows).all()
    assert (windows[:, 20, 1] > 1e4).all()
