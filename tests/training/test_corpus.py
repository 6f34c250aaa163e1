"""The corpus: its movies and splits, strata, weights, augmentation and batches."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from neurocine.config import SimulationSettings, StneuronetSimulation, TrainingSettings, corpus_movies
from neurocine.config.load import parse_config
from neurocine.config.section import PresetName
from neurocine.config.training import Anatomy
from neurocine.core import CELL_TYPES, InputError, RoiSet
from neurocine.core.truth import SPLITS, HybridTruth
from neurocine.io.result_files import read_movie, read_truth
from neurocine.networks.cells import CellArchitecture
from neurocine.networks.cells.inputs import masked
from neurocine.networks.cells.normalisation import Statistics
from neurocine.networks.cells.views import ViewArchitecture
from neurocine.simulation import PRESETS
from neurocine.traces.transients import putative, smooth
from neurocine.training.cells.augment import jittered, relit, shifted, turned
from neurocine.training.cells.window_sampling import (
    ACTIVITY_SHARES,
    FAKE,
    NONE,
    REAL,
    WindowTable,
    draw,
    fake_transients,
    mean_weight,
    rows_of,
    strata_of,
    weights_of,
    window_table,
)
from neurocine.training.cells.windows import Windows, cells_of_incomplete_list
from neurocine.training.corpus import LabelledRecording, load_recording, make_corpus, split_corpus


@pytest.fixture(scope="module")
def loaded(folders: list[Path]) -> LabelledRecording:
    return load_recording(folders[0])


def spans(*pairs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    array = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def test_folders_are_sorted_by_the_split_of_their_truth(folders: list[Path]) -> None:
    split = split_corpus(folders)
    seeds = [
        [read_truth(f / "truth.h5").seed for f in part]
        for part in (split.train, split.validation, split.test)
    ]
    assert seeds == [[1], [2], [3]]


def test_a_seed_twice_is_refused(folders: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folders[0], copy)
    with pytest.raises(InputError, match="Simulate it with another seed"):
        split_corpus([*folders, copy])


@pytest.mark.parametrize(("left_out", "split"), [(0, "test"), (1, "train"), (2, "validation")])
def test_a_split_without_recordings_is_refused(folders: list[Path], left_out: int, split: str) -> None:
    with pytest.raises(InputError, match=f"hold no recording of the split {split}"):
        split_corpus([folder for index, folder in enumerate(folders) if index != left_out])


def test_truth_of_another_recording_is_refused(folders: list[Path], tmp_path: Path) -> None:
    for name in ("movie.h5", "rois.h5"):
        shutil.copy(folders[0] / name, tmp_path / name)
    shutil.copy(folders[1] / "truth.h5", tmp_path / "truth.h5")
    with pytest.raises(InputError, match="Simulate the recording again"):
        load_recording(tmp_path)


def test_a_corpus_lists_every_preset_in_every_split() -> None:
    settings = SimulationSettings()
    movies = corpus_movies(settings)
    assert len(set(movies)) == len({movie.name for movie in movies}) == len(movies)
    for preset, n in settings.movies.items():
        seeds = {split: [m.seed for m in movies if m[:2] == (split, preset)] for split in SPLITS}
        held_out = settings.held_out
        assert [len(seeds[split]) for split in SPLITS] == [n, held_out, held_out]
        assert len({seed for part in seeds.values() for seed in part}) == n + 2 * held_out  # none in two
    assert movies[0].name == "test-ca1-development-0001"


def test_a_larger_corpus_is_measured_on_the_same_movies() -> None:
    few, many = (corpus_movies(SimulationSettings(movies={"geco": n}, held_out=2)) for n in (1, 9))
    assert few == many[: len(few)]
    assert [movie.split for movie in few] == ["test", "test", "validation", "validation", "train"]


def test_presets_left_out_are_in_no_split() -> None:
    movies = corpus_movies(SimulationSettings(movies={"paper": 0, "geco": 1}))
    assert {movie.preset for movie in movies} == {"geco"}


def test_a_share_of_the_movies_of_tissue_get_real_fields() -> None:
    anatomy = Anatomy(fov_px=64, fields="fields.h5", field_share=0.25)
    settings = SimulationSettings(movies={"tissue-cortex": 16, "geco": 4}, held_out=2, anatomy=anatomy)
    movies = corpus_movies(settings)
    real = [m.seed for m in movies if m.preset == "tissue-cortex" and m.made.get("fields") == "fields.h5"]
    assert real == [4, 8, 12, 16, 20]
    assert not any("fields" in m.made for m in movies if m.preset == "geco")
    assert {m.made["fov_px"] for m in movies} == {64}
    # What has no field of its own is made by the arguments that it had before there were any.
    plain = corpus_movies(SimulationSettings(movies={"geco": 1}))[0]
    assert set(plain.made) == {"split", "preset", "seed", "n_frames", "frame_rate_hz", "pixel_size_um"}


def test_the_corpora_of_tissue_have_ten_times_the_fields_of_the_default() -> None:
    file = Path(__file__).parents[2] / "config" / "training-tissue.yaml"
    tissue, default = (
        parse_config(yaml.safe_load(file.read_text(encoding="utf-8"))).training,
        TrainingSettings(),
    )
    for large, small in (
        (tissue.simulation, default.simulation),
        (tissue.stneuronet.simulation, default.stneuronet.simulation),
    ):
        n_large, n_small = (sum(movie.split == "train" for movie in corpus_movies(s)) for s in (large, small))
        assert n_large >= 10 * n_small


def test_the_corpus_of_cell_types_can_be_made() -> None:
    file = Path(__file__).parents[2] / "config" / "training-types.yaml"
    training = parse_config(yaml.safe_load(file.read_text(encoding="utf-8"))).training
    movies = corpus_movies(training.simulation)
    assert Counter(movie.split for movie in movies) == {"train": 40, "validation": 16, "test": 16}
    assert sum(movie.preset == "tissue-types" for movie in movies) == 32


def test_settings_know_the_presets_that_can_be_made() -> None:
    assert set(get_args(PresetName)) == set(PRESETS)
    for wrong in ({"papr": 3}, {"paper": -1}, {"paper": 0}, {}):
        with pytest.raises(ValidationError):
            SimulationSettings(movies=wrong)


def test_make_corpus_simulates_each_listed_movie(tmp_path: Path) -> None:
    settings = SimulationSettings(movies={"low-rate": 1}, held_out=1, n_frames=100, seed=5)
    folders = make_corpus(settings, tmp_path)
    assert [folder.name for folder in folders] == [movie.name for movie in corpus_movies(settings)]
    truths = [read_truth(folder / "truth.h5") for folder in folders]
    assert [(t.split, t.preset, t.seed) for t in truths] == [movie[:3] for movie in corpus_movies(settings)]
    for folder in folders:
        movie = read_movie(folder / "movie.h5")
        assert (movie.n_frames, movie.frame_rate_hz, movie.pixel_size_um) == (100, 10.0, 2.0)
    split = split_corpus(folders)
    assert (split.test, split.validation, split.train) == tuple((folder,) for folder in folders)


def test_stneuronets_movies_take_rates_and_scales_by_turns() -> None:
    settings = StneuronetSimulation(
        movies={"geco": 4}, held_out=1, duration_s=50, frame_rates_hz=(10, 7), pixel_sizes_um=(1.2, 0.9, 2.0)
    )
    movies = corpus_movies(settings)
    assert [movie.split for movie in movies] == ["test", "validation", *["train"] * 4]
    assert [movie.frame_rate_hz for movie in movies] == [10, 7, 10, 7, 10, 7]
    assert [movie.n_frames for movie in movies] == [500, 350, 500, 350, 500, 350]
    assert [movie.pixel_size_um for movie in movies] == [1.2, 0.9, 2.0, 1.2, 0.9, 2.0]
    # A larger corpus leaves the movies that are there as they are.
    assert corpus_movies(settings.model_copy(update={"movies": {"geco": 9}}))[: len(movies)] == movies


def test_statistics_and_traces_are_of_the_whole_movie(loaded: LabelledRecording) -> None:
    frames = loaded.movie.read(0, loaded.movie.n_frames).astype(float)
    assert loaded.statistics.mean == pytest.approx(frames.mean())
    assert loaded.statistics.scale == pytest.approx(frames.std())
    np.testing.assert_allclose(loaded.traces[2], frames[:, loaded.rois.mask(2)].mean(axis=1), rtol=1e-5)


def test_strata_are_real_fake_or_none() -> None:
    starts = np.array([0, 10, 20, 30])
    kinds = strata_of(starts, 10, spans((8, 11)), spans((2, 4), (25, 32)))
    assert kinds.tolist() == [REAL, REAL, FAKE, FAKE]
    assert strata_of(starts, 10, spans(), spans()).tolist() == [NONE] * 4


def test_fake_transients_touch_no_truth_and_are_high() -> None:
    trace = smooth(np.random.default_rng(0).normal(size=300))
    truth = np.zeros(300, dtype=bool)
    truth[100:150] = True
    onset, peak = fake_transients(putative(trace), truth, trace)
    assert 0 < len(onset) < len(putative(trace)[0])
    assert not any(truth[a : b + 1].any() for a, b in zip(onset, peak, strict=True))
    assert np.all(trace[peak] >= trace.min() + trace.std())


def test_weights_are_those_of_deepcinac() -> None:
    trace = np.zeros(400)
    peaks = np.array([15, 25, 115, 215, 265])
    trace[peaks] = [5, 6, 7, 3, 8]
    real, fake = spans((12, 15), (22, 25), (112, 115)), spans((212, 215), (262, 265))
    starts = np.array([0, 100, 200, 213, 300])
    weights = weights_of(starts, 50, trace, real, fake, 1.0)
    # several, one of them the lowest; one; a fake one that isn't the highest; cropped by the start; nothing
    assert weights.tolist() == [1 + 5 + 3, 1, 1 + 50 + 10, 1 + 5, 1]
    assert weights_of(starts, 50, trace, real, fake, 0.0).tolist() == [1] * 5


def test_windows_are_drawn_in_the_paper_s_shares(loaded: LabelledRecording) -> None:
    rng = np.random.default_rng(0)
    stratum = np.repeat([REAL, FAKE, NONE], [20, 500, 3])
    zeros = np.zeros(len(stratum), dtype=np.int64)
    table = WindowTable(zeros, zeros, zeros, stratum, np.where(stratum == FAKE, 3, 1).astype(np.float32))
    rows = draw(rng, rows_of(table, 3), ACTIVITY_SHARES, 4000)
    shares = np.bincount(stratum[rows]) / len(rows)
    np.testing.assert_allclose(shares, ACTIVITY_SHARES, atol=0.03)
    assert mean_weight(table, ACTIVITY_SHARES) == pytest.approx(0.6 + 0.9 + 0.1)


def test_an_empty_stratum_leaves_its_share() -> None:
    zeros = np.zeros(4, dtype=np.int64)
    table = WindowTable(zeros, zeros, zeros, np.array([0, 0, 2, 2]), np.ones(4, dtype=np.float32))
    rows = draw(np.random.default_rng(0), rows_of(table, 3), (0.6, 0.3, 0.1), 700)
    assert np.mean(rows < 2) == pytest.approx(6 / 7, abs=0.05)


def test_tables_hold_windows_inside_the_movie(loaded: LabelledRecording) -> None:
    for task, step in (("activity", 10), ("celltype", 100)):
        table = window_table(task, [loaded, loaded], 40, 0.1)
        assert table.start.min() == 0
        assert table.start.max() + 40 <= loaded.movie.n_frames
        assert np.all(table.start % step == 0)
        assert set(table.recording) == {0, 1}
    kinds = np.asarray(loaded.truth.cell_types)[table.cell]
    assert [CELL_TYPES[s] for s in table.stratum] == kinds.tolist()


@pytest.mark.parametrize("task", ["activity", "celltype"])
def test_a_table_may_hold_cells_of_some_types_alone(task: str, loaded: LabelledRecording) -> None:
    kinds = np.asarray(loaded.truth.cell_types)
    both, one, other = (
        window_table(task, [loaded], 40, 0.1, types)  # type: ignore[arg-type]
        for types in (("interneuron", "noise"), ("interneuron",), ("noise",))
    )
    assert set(kinds[one.cell]) == {"interneuron"}
    assert set(one.cell) == set(np.flatnonzero(kinds == "interneuron"))
    assert len(both) == len(one) + len(other)
    assert len(window_table(task, [loaded], 40, 0.1)) > len(both)  # type: ignore[arg-type]


def test_no_cell_of_the_types_is_told(loaded: LabelledRecording) -> None:
    none = replace(loaded, truth=replace(loaded.truth, cell_types=("noise",) * len(loaded.rois)))
    with pytest.raises(InputError, match="hold no pyramidal or interneuron"):
        window_table("activity", [none], 40, 0.1, ("pyramidal", "interneuron"))


def test_interneurons_have_settings_of_their_own() -> None:
    given = TrainingSettings.model_validate({"interneuron": {"epochs": 3}})
    assert (given.interneuron.types, given.activity.types) == (("interneuron",), None)
    with pytest.raises(ValidationError, match="needs all cell types"):
        TrainingSettings.model_validate({"celltype": {"types": ["noise"]}})
    with pytest.raises(ValidationError):
        TrainingSettings.model_validate({"activity": {"types": []}})


def test_too_short_a_movie_is_refused(loaded: LabelledRecording) -> None:
    with pytest.raises(InputError, match="fewer than the window of 500"):
        window_table("celltype", [loaded], 500, 0.1)


@pytest.mark.parametrize("turn", range(8))
def test_turning_keeps_masks_on_their_pixels(turn: int) -> None:
    patches = np.arange(2 * 25, dtype=np.float32).reshape(2, 5, 5)
    masks = np.zeros((1, 5, 5), dtype=bool)
    masks[0, 1, 3] = True
    new, mask = turned(patches, masks, turn)
    assert new[0][mask[0]] == patches[0, 1, 3]
    assert new[1][mask[0]] == patches[1, 1, 3]


def test_the_eight_turns_differ() -> None:
    patches, masks = np.arange(25, dtype=np.float32).reshape(1, 5, 5), np.zeros((1, 5, 5), dtype=bool)
    assert len({turned(patches, masks, turn)[0].tobytes() for turn in range(8)}) == 8


def test_shifts_move_patch_and_mask_alike() -> None:
    patches = np.arange(81, dtype=np.float32).reshape(1, 9, 9)
    masks = patches == 40  # the middle
    new, mask = shifted(patches, masks, 5, (2, -1))
    assert new.shape == mask.shape == (1, 5, 5)
    assert np.argwhere(mask[0]).tolist() == [[0, 3]]
    assert new[mask].tolist() == [40]


def test_light_varies_but_stays_near() -> None:
    patches = np.random.default_rng(0).normal(size=(30, 9, 9)).astype(np.float32)
    new = [relit(np.random.default_rng(seed), patches) for seed in range(5)]
    assert len({n.tobytes() for n in new}) == 5
    assert all(np.corrcoef(n.ravel(), patches.ravel())[0, 1] > 0.9 for n in new)


def test_windows_are_real_by_what_can_be_seen(loaded: LabelledRecording) -> None:
    def real(dprime: float) -> int:
        truth = loaded.truth
        unknown = np.zeros(len(truth.roi_id))
        hybrid = HybridTruth(
            neuron=("",) * len(truth.ids),
            resting=np.zeros(len(truth.ids), np.float32),
            axial=np.zeros(truth.n_frames, np.float32),
            amplitude=unknown.astype(np.float32),
            n_spikes=unknown.astype(np.int64),
            detectability=np.full(len(truth.roi_id), dprime, np.float32),
            spike_roi=np.zeros(0, np.int64),
            spike_s=np.zeros(0),
        )
        seen = replace(loaded, truth=replace(truth, hybrid=hybrid))
        return int(np.sum(window_table("activity", [seen], 40, 0.1).stratum == REAL))

    assert real(1.0) == 0
    assert real(3.0) == np.sum(window_table("activity", [loaded], 40, 0.1).stratum == REAL) > 0


def test_contours_are_also_drawn_smooth_and_ragged() -> None:
    y, x = np.mgrid[:30, :30]
    discs = RoiSet.from_masks(np.stack([np.hypot(y - 15, x - 15) < 6] * 300))
    new = jittered(np.random.default_rng(0), discs)
    areas = new.areas() / discs.areas()[0]
    assert len({new.mask(i).tobytes() for i in range(300)}) > 40
    assert 0.7 < np.percentile(areas, 5) < 0.95 < np.median(areas) < 1.1 < np.percentile(areas, 95) < 1.4


def test_a_list_that_lacks_rois_keeps_every_cell_and_loses_neighbours(tiny: CellArchitecture) -> None:
    y, x = np.mgrid[:40, :40]
    rois = RoiSet.from_masks(np.stack([np.hypot(y - 20, x - 12 - i) < 5 for i in range(16)]))
    statistics = Statistics(np.zeros((40, 40), np.float32), np.ones((40, 40), np.float32))
    whole = masked(rois, tiny.window_px)
    lacking = cells_of_incomplete_list(np.random.default_rng(0), tiny, rois, statistics, 0, 0.4)
    np.testing.assert_array_equal(lacking.top, whole.top)
    np.testing.assert_array_equal(lacking.left, whole.left)
    np.testing.assert_array_equal(lacking.masks[:, 0], whole.masks[:, 0])  # the cells themselves
    fewer = lacking.masks[:, 1].sum(axis=(1, 2)) <= whole.masks[:, 1].sum(axis=(1, 2))
    assert fewer.all()
    assert lacking.masks[:, 1].sum() < whole.masks[:, 1].sum()
    complete = cells_of_incomplete_list(np.random.default_rng(0), tiny, rois, statistics, 0, 0.0)
    np.testing.assert_array_equal(complete.masks, whole.masks)


def test_contours_jitter_by_a_pixel(loaded: LabelledRecording) -> None:
    new = jittered(np.random.default_rng(0), loaded.rois)
    assert new.ids.tolist() == loaded.rois.ids.tolist()
    changed = 0
    for i in range(len(new)):
        a, b = loaded.rois.mask(i), new.mask(i)
        changed += bool((a != b).any())
        assert (a & b).sum() / (a | b).sum() > 0.2
    assert 0 < changed < len(new)


def test_small_contours_survive_erosion() -> None:
    dots = RoiSet.from_masks(np.eye(8)[:, None, :] * np.eye(8)[0][:, None])
    assert jittered(np.random.default_rng(1), dots).areas().min() >= 1


def test_plain_windows_are_what_inference_sees(loaded: LabelledRecording, tiny: CellArchitecture) -> None:
    table = window_table("activity", [loaded], tiny.window_frames, 0.1)
    row = int(np.flatnonzero(table.stratum == REAL)[0])
    windows, labels, _ = Windows.plain("activity", tiny, [loaded], table).batch(
        np.random.default_rng(0), np.array([row])
    )
    cell, start = int(table.cell[row]), int(table.start[row])
    frames = loaded.movie.read(start, start + 40).astype(np.float32)
    patches = masked(loaded.rois, 16).cut(loaded.statistics.normalise(frames), cell)
    np.testing.assert_array_equal(windows[0], patches.transpose(1, 2, 3, 0))
    np.testing.assert_array_equal(labels[0], loaded.truth.raster[cell, start : start + 40])


def test_plain_views_are_what_inference_sees(folders: list[Path], tiny_views: ViewArchitecture) -> None:
    loaded = load_recording(folders[0], tiny_views.normalisation)
    table = window_table("activity", [loaded], 40, 0.1)
    windows, _, _ = Windows.plain("activity", tiny_views, [loaded], table).batch(
        np.random.default_rng(0), np.array([5])
    )
    cell, start = int(table.cell[5]), int(table.start[5])
    frames = loaded.statistics.normalise(loaded.movie.read(start, start + 40).astype(np.float32))
    seen = tiny_views.cells(loaded.rois, loaded.statistics).cut(frames, cell).sum(axis=(2, 3))
    np.testing.assert_allclose(windows[0], seen.T, rtol=2e-3, atol=2e-2)  # kept as float16


@pytest.mark.parametrize("family", ["tiny", "tiny_views"])
def test_augmented_batches_repeat_by_seed_and_epoch(
    folders: list[Path], family: str, request: pytest.FixtureRequest
) -> None:
    tiny: CellArchitecture = request.getfixturevalue(family)
    loaded = load_recording(folders[0], tiny.normalisation)
    table = window_table("activity", [loaded], tiny.window_frames, 0.1)
    windows = Windows.augmented("activity", tiny, [loaded], table, seed=1)

    def first(seed: int, epoch: int) -> bytes:
        return next(windows.training_batches(seed, epoch, 1, 4))[0].tobytes()

    assert first(1, 0) == first(1, 0)
    assert len({first(1, 0), first(1, 1), first(2, 0)}) == 3


def test_weights_of_batches_average_one(loaded: LabelledRecording, tiny: CellArchitecture) -> None:
    table = window_table("activity", [loaded], tiny.window_frames, 1.0)
    windows = Windows.plain("activity", tiny, [loaded], table)
    weights = np.concatenate([w for _, _, w in windows.training_batches(1, 0, 60, 8)])
    assert weights.mean() == pytest.approx(1, abs=0.15)


def test_a_patch_larger_than_the_field_is_padded(loaded: LabelledRecording, tiny: CellArchitecture) -> None:
    wide = replace(tiny, window_px=80)
    table = window_table("activity", [loaded], 40, 0.1)
    windows, _, _ = Windows.plain("activity", wide, [loaded], table).batch(
        np.random.default_rng(0), np.array([0])
    )
    assert windows.shape == (1, 40, 80, 80, 3)
    assert not windows[0, :, 64:].any()
