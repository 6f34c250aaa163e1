"""Windows of views, and how they are varied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from neurocine.core import Movie, RoiSet
from neurocine.networks.cells import CellArchitecture, ViewArchitecture
from neurocine.networks.cells.filters import LISTED, VIEWS, filtered
from neurocine.networks.cells.normalisation import Statistics
from neurocine.training.cells import augment
from neurocine.training.cells.augment import SLOW_RATIOS, slowed, turned_views, varied
from neurocine.training.cells.window_sampling import WindowTable, label, window_table
from neurocine.training.cells.windows import CONTOUR_VERSIONS, Windows
from neurocine.training.corpus import LabelledRecording, load_recording


@pytest.fixture(scope="module")
def views() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 8, (40, len(VIEWS))).astype(np.float32)


def opened(folders: list[Path], architecture: CellArchitecture) -> tuple[LabelledRecording, WindowTable]:
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


@pytest.mark.parametrize("n_views", [len(LISTED), len(VIEWS)])
def test_turned_views_are_those_of_a_turned_movie(n_views: int) -> None:
    rng = np.random.default_rng(4)
    mean = 500 + 3000 * ndimage.gaussian_filter(rng.standard_normal((31, 31)), 1.5)
    mask = np.zeros((2, 31, 31), dtype=bool)
    mask[0, 13:18, 12:19], mask[1, 16:20, 17:21] = True, True
    frames = (mean + rng.normal(0, 20, (9, 31, 31))).astype(np.float32)

    def views_of(turn: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        statistics = Statistics(turn(mean).astype(np.float32), np.full((31, 31), 20, dtype=np.float32))
        seen = filtered(RoiSet.from_masks(turn(mask)), statistics, 25, n_views)
        return seen.weighed(statistics.normalise(turn(frames)), np.array([0]))[0].T

    own = views_of(lambda pictures: pictures)
    for turns in product((False, True), repeat=3):

        def turn(pictures: np.ndarray, turns: tuple[bool, ...] = turns) -> np.ndarray:
            pictures = pictures[..., ::-1, :] if turns[0] else pictures
            pictures = pictures[..., ::-1] if turns[1] else pictures
            return np.ascontiguousarray(np.swapaxes(pictures, -1, -2) if turns[2] else pictures)

        np.testing.assert_allclose(turned_views(own, *turns), views_of(turn), atol=0.02)


def test_all_turns_are_drawn(views: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "VIEW_NOISE_MAX", 0)
    monkeypatch.setattr(augment, "GAIN_SD", 0)
    drawn = {varied(np.random.default_rng(seed), views).tobytes() for seed in range(60)}
    assert drawn == {turned_views(views, *turns).tobytes() for turns in product((False, True), repeat=3)}


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
    a: CellArchitecture = request.getfixturevalue(name)
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


@pytest.mark.parametrize("ratio", SLOW_RATIOS)
def test_slowed_views_look_like_a_slower_movie_s(ratio: float) -> None:
    noise = np.random.default_rng(0).normal(0, 1, (3000, 7)).astype(np.float32)
    slow = slowed(noise, ratio)
    assert (slow.shape, slow.dtype) == (noise.shape, np.float32)
    # The noise of a slow frame stays the unit, that of frames between two is less, and shared.
    assert 0.7 < slow.std() < 1.02
    near = np.corrcoef(slow[1:, 0], slow[:-1, 0])[0, 1]
    assert near > 0.15 > abs(np.corrcoef(noise[1:, 0], noise[:-1, 0])[0, 1])
    # A transient much longer than a slow frame stays where it is, and is the clearer.
    wave = np.sin(np.arange(3000) / (25 * ratio), dtype=np.float32)[:, None].repeat(7, axis=1)
    np.testing.assert_allclose(slowed(wave, ratio), wave * np.sqrt(ratio), atol=0.05 * np.sqrt(ratio))
    for length in (1, 2, 41, 100):
        assert slowed(noise[:length], ratio).shape == (length, 7)


def test_slowed_windows_are_whole_up_to_the_end(
    folders: list[Path], tiny_views: ViewArchitecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, table = opened(folders, tiny_views)
    last = np.flatnonzero(table.start + tiny_views.window_frames == recording.movie.n_frames)
    rows = np.concatenate([np.flatnonzero(table.start == 0)[:3], last[:3]])
    assert len(last)
    windows = Windows.augmented("activity", tiny_views, [recording], table, seed=1)
    monkeypatch.setattr("neurocine.training.cells.windows.varied", lambda rng, views: views)
    monkeypatch.setattr("neurocine.training.cells.windows.CONTOUR_VERSIONS", 1)
    for share, slower in ((1, True), (0, False)):
        monkeypatch.setattr("neurocine.training.cells.windows.SLOW_SHARE", share)
        neighbours = []
        for seed in range(6):
            seen = windows.batch(np.random.default_rng(seed), rows)[0]
            assert seen.shape == (len(rows), *tiny_views.window_shape)
            assert np.isfinite(seen).all()
            shift = seen[..., 5]  # noise for the most part
            neighbours.append(np.corrcoef(shift[:, 1:].ravel(), shift[:, :-1].ravel())[0, 1])
        assert (np.mean(neighbours) > 0.3) == slower


def test_views_are_of_the_cells_that_windows_show(folders: list[Path], tiny_views: ViewArchitecture) -> None:
    recording, table = opened(folders, tiny_views)
    every = Windows.plain("activity", tiny_views, [recording], table)
    rows = np.flatnonzero(table.cell % 2 == 1)
    some = WindowTable(*(getattr(table, name)[rows] for name in table.__dataclass_fields__))
    few = Windows.plain("activity", tiny_views, [recording], some)
    for at, row in ((0, rows[0]), (len(rows) - 1, rows[-1])):
        found, wanted = (
            windows.batch(np.random.default_rng(0), np.array([k])) for windows, k in ((few, at), (every, row))
        )
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(a, b)
    (views,) = few._views[0]
    assert len(views) == len(np.unique(some.cell)) < len(recording.rois)
