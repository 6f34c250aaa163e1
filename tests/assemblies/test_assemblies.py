"""Planted assemblies are found, chance isn't, and two methods' assemblies can be compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurocine import pipeline
from neurocine.assemblies import agreement, agreement_of_labels, detect_sces, find_assemblies, recovery
from neurocine.assemblies.clustering import LEAST_SCES, cluster_sces, shuffled_alike
from neurocine.assemblies.events import onsets, rolled, within
from neurocine.assemblies.figures import agreement_png, assemblies_png
from neurocine.assemblies.membership import joined_by, label_cells
from neurocine.assemblies.pairs import shuffled_columns
from neurocine.cli.app import app
from neurocine.config import AssembliesSettings
from neurocine.core import Assemblies, CellTypes, InputError, Raster, RoiSet
from neurocine.core.assemblies import similarity
from neurocine.core.truth import HybridTruth, Truth
from neurocine.io.result_files import (
    Stamp,
    read_assemblies,
    read_stamp,
    write_activity,
    write_assemblies,
    write_celltypes,
    write_rois,
)
from neurocine.simulation import DetectionNoise, PlantedAssemblies, simulate_raster

QUICK = AssembliesSettings(starts=5, max_clusters=6, surrogates=20, cluster_surrogates=20, surrogate_starts=3)


def toy(seed: int = 0, assemblies: int = 3, size: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Return a raster (40, 3000) of transients of 4 frames at random, with assemblies, and their labels."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(assemblies), size)
    label = np.r_[label, np.full(40 - len(label), -1)]
    raster = np.zeros((40, 3000), dtype=bool)
    for cell, frame in zip(*np.nonzero(rng.random(raster.shape) < 0.004), strict=True):
        raster[cell, frame : frame + 4] = True
    # At random times: regular ones would stay together when the rows are rolled.
    times = rng.permutation(np.arange(10, 2980, 10))[:60]
    for event, frame in enumerate(times if assemblies else ()):
        for cell in np.flatnonzero((label == event % assemblies) & (rng.random(40) < 0.85)):
            start = frame + rng.integers(-2, 3)
            raster[cell, start : start + 4] = True
    return raster, label


@pytest.fixture(scope="module")
def assemblies() -> Assemblies:
    return find_assemblies(toy()[0], 10.0, QUICK)


def test_planted_assemblies_are_found(assemblies: Assemblies) -> None:
    assert len(assemblies) == 3
    same = agreement_of_labels(toy()[1], assemblies.label)
    assert same.adjusted_rand >= 0.9
    assert {row.first for row in same.matched} == {0, 1, 2}
    # Most of the 60 events are told, each as of one assembly.
    assert 50 <= len(assemblies.frame) <= 75
    assert np.count_nonzero(assemblies.joined.sum(axis=1) == 1) >= 45


def test_assemblies_of_other_sizes_are_found_too() -> None:
    rng = np.random.default_rng(3)
    label = np.r_[np.repeat([0, 1, 2], [12, 15, 18]), np.full(20, -1)]
    raster = rng.random((65, 3000)) < 0.004
    for event, frame in enumerate(rng.permutation(np.arange(10, 2980, 10))[:90]):
        raster[(label == event % 3) & (rng.random(65) < 0.8), frame] = True
    assemblies = find_assemblies(raster, 10.0, QUICK)
    assert agreement_of_labels(label, assemblies.label).adjusted_rand >= 0.9


PAIRS = QUICK.model_copy(update={"by": "pairs", "pair_surrogates": 4})


@pytest.mark.parametrize("rate", [0.004, 0.04])
def test_pairs_tell_assemblies_however_often_cells_fire(rate: float) -> None:
    rng = np.random.default_rng(4)
    label = np.r_[np.repeat([0, 1, 2], 12), np.full(20, -1)]
    raster = rng.random((56, 6000)) < rate
    for event, frame in enumerate(rng.permutation(np.arange(10, 5980, 20))[:210]):
        cells = np.flatnonzero((label == event % 3) & (rng.random(56) < 0.8))
        raster[cells, frame + rng.integers(-2, 3, len(cells))] = True
    assemblies = find_assemblies(raster, 10.0, PAIRS)
    assert len(assemblies) == 3
    assert agreement_of_labels(label, assemblies.label).adjusted_rand >= 0.9
    assert (np.diff(assemblies.frame) > 0).all()
    assert assemblies.joined.sum(axis=0).min() >= 40
    np.testing.assert_array_equal(assemblies.cluster, assemblies.joined.argmax(axis=1))
    again = find_assemblies(raster, 10.0, PAIRS)
    np.testing.assert_array_equal(again.label, assemblies.label)
    assert len(find_assemblies(rolled(raster, rng), 10.0, PAIRS)) == 0


def test_pairs_find_none_in_synchrony_of_random_cells() -> None:
    raster = toy(assemblies=0)[0]
    rng = np.random.default_rng(5)
    for frame in range(20, 2900, 48):
        raster[rng.random(40) < 0.3, frame : frame + 4] = True
    assemblies = find_assemblies(raster, 10.0, PAIRS)
    assert len(assemblies) == 0
    assert len(assemblies.frame) > 50


@pytest.mark.parametrize("shape", [(0, 0), (5, 100), (40, 3), (40, 300)])
def test_pairs_of_silent_or_few_cells_are_none(shape: tuple[int, int]) -> None:
    assemblies = find_assemblies(np.zeros(shape, dtype=bool), 10.0, PAIRS)
    assert (assemblies.label == -1).all()
    assert assemblies.joined.shape == (0, 0)


def test_shuffled_columns_keep_cells_and_counts() -> None:
    on = np.random.default_rng(0).random((20, 1000)) < 0.02
    shuffled = shuffled_columns(on, 10.0, PAIRS, np.random.default_rng(1))
    assert shuffled.shape == (20, 1000)
    assert (shuffled != on).any()
    np.testing.assert_array_equal(shuffled.sum(axis=1), on.sum(axis=1))


def test_shuffled_among_alike_keeps_cells_and_sizes_apart() -> None:
    participation = np.zeros((20, 40), dtype=bool)
    participation[:4, ::2] = True  # small events
    participation[4:, 1::2] = True  # large ones
    shuffled = shuffled_alike(participation, np.random.default_rng(0))
    np.testing.assert_array_equal(shuffled, participation)
    mixed = np.random.default_rng(1).random((20, 40)) < 0.3
    again = shuffled_alike(mixed, np.random.default_rng(0))
    assert (again != mixed).any()
    np.testing.assert_array_equal(again.sum(axis=1), mixed.sum(axis=1))


@pytest.mark.slow
def test_planted_assemblies_at_a_presets_noise() -> None:
    planted = simulate_raster("ca1-development", 0)
    assemblies = find_assemblies(planted.active, planted.frame_rate_hz, QUICK)
    assert agreement_of_labels(planted.label, assemblies.label).adjusted_rand >= 0.9


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_in_shuffled_rasters(seed: int) -> None:
    shuffled = rolled(toy(seed)[0], np.random.default_rng(seed))
    assemblies = find_assemblies(shuffled, 10.0, QUICK)
    assert len(assemblies) == 0
    assert (assemblies.label == -1).all()
    assert (assemblies.cluster == -1).all()


def test_nothing_is_found_in_synchrony_of_random_cells() -> None:
    raster = toy(assemblies=0)[0]
    rng = np.random.default_rng(5)
    for frame in range(20, 2900, 48):
        raster[rng.random(40) < 0.3, frame : frame + 4] = True
    assemblies = find_assemblies(raster, 10.0, QUICK)
    assert len(assemblies.frame) > 50  # the events are there
    assert len(assemblies) == 0  # but no assembly


def test_the_same_twice() -> None:
    first, second = (find_assemblies(toy()[0], 10.0, QUICK) for _ in range(2))
    np.testing.assert_array_equal(first.label, second.label)
    assert first.null_silhouette == second.null_silhouette


@pytest.mark.parametrize("shape", [(0, 0), (0, 100), (5, 100), (40, 3)])
def test_silent_or_empty_rasters_have_none(shape: tuple[int, int]) -> None:
    assemblies = find_assemblies(np.zeros(shape, dtype=bool), 10.0, QUICK)
    assert len(assemblies) == 0
    assert len(assemblies.frame) == 0
    assert np.isnan(assemblies.null_silhouette)


def test_events_are_peaks_of_onsets_apart_from_each_other() -> None:
    raster = np.zeros((12, 400), dtype=bool)
    raster[:8, 50:90] = True  # one event, however long its transients are
    raster[4:, 200:204] = True
    frame, participation, threshold = detect_sces(raster, 10.0, QUICK)
    assert threshold >= QUICK.min_cells
    assert len(frame) == 2
    np.testing.assert_allclose(frame, [50, 200], atol=4)
    np.testing.assert_array_equal(participation[:, 0], np.arange(12) < 8)
    np.testing.assert_array_equal(participation[:, 1], np.arange(12) >= 4)


def test_active_frames_can_be_counted_instead() -> None:
    raster = np.zeros((12, 400), dtype=bool)
    raster[np.arange(8), 50 - 6 * np.arange(8)] = True
    for cell in range(8):
        raster[cell, 50 - 6 * cell : 60] = True  # they begin one after the other, and end together
    by_onset, _, _ = detect_sces(raster, 10.0, QUICK)
    by_frame, taking_part, _ = detect_sces(raster, 10.0, QUICK.model_copy(update={"count": "active"}))
    assert len(by_onset) == 0
    assert len(by_frame) == 1
    assert taking_part[:8].all()


def test_onsets_windows_and_rolling() -> None:
    raster = np.array([[1, 1, 0, 1, 0, 0], [0, 0, 0, 0, 1, 1]], dtype=bool)
    np.testing.assert_array_equal(onsets(raster), [[1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0]])
    np.testing.assert_array_equal(within(onsets(raster), 1)[1], [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(within(raster, 0), raster)
    moved = rolled(raster, np.random.default_rng(0))
    np.testing.assert_array_equal(moved.sum(axis=1), raster.sum(axis=1))


def test_similarity_is_the_correlation_over_cells() -> None:
    participation = np.random.default_rng(0).random((30, 5)) < 0.3
    np.testing.assert_allclose(similarity(participation), np.corrcoef(participation.T.astype(float)))
    participation[:, 2] = True  # no variance: like no other
    assert (similarity(participation)[2, [0, 1, 3, 4]] == 0).all()


def test_a_cell_belongs_where_it_is_more_than_by_chance() -> None:
    participation = np.zeros((4, 20), dtype=bool)
    participation[0, :10] = True  # always with the first
    participation[1, 10:] = True  # always with the second
    participation[2, ::2] = True  # with both alike
    inside = np.arange(20)[:, None] // 10 == np.arange(2)
    np.testing.assert_array_equal(label_cells(participation, inside), [0, 1, -1, -1])


def test_an_event_may_have_several_assemblies_or_none() -> None:
    label = np.r_[np.repeat([0, 1], 8), np.full(20, -1)]
    participation = np.zeros((36, 3), dtype=bool)
    participation[:8, 0] = participation[:16, 1] = True
    participation[::7, 2] = True
    np.testing.assert_array_equal(joined_by(participation, label, 2), [[1, 0], [1, 1], [0, 0]])


def test_few_events_are_not_clustered() -> None:
    few = cluster_sces(np.ones((5, LEAST_SCES - 1), dtype=bool), QUICK)
    assert (few.cluster == -1).all()
    assert np.isnan(few.null)
    alike = cluster_sces(np.tile(np.arange(8)[:, None] < 5, (1, LEAST_SCES + 2)), QUICK)
    assert (alike.cluster == -1).all()  # nothing to part


def test_agreement_matches_by_common_cells_whatever_the_numbers() -> None:
    first = np.array([0, 0, 0, 1, 1, 1, -1, -1])
    same = agreement_of_labels(first, np.array([1, 1, 1, 0, 0, 0, -1, -1]))
    assert same.adjusted_rand == 1
    assert [(row.first, row.second, row.jaccard) for row in same.matched] == [(0, 1, 1.0), (1, 0, 1.0)]
    other = agreement_of_labels(first, np.array([1, 1, -1, -1, 0, 0, 0, -1]))
    assert 0 < other.adjusted_rand < 1
    assert (other.matched[1].common, other.matched[1].only_first, other.matched[1].only_second) == (2, 1, 1)
    none = agreement_of_labels(first, np.full(8, -1))
    assert (none.n_second, none.matched, none.adjusted_rand) == (0, (), 0.0)
    assert none.to_json()["n_first"] == 2


def test_agreement_is_over_the_cells_that_both_know(assemblies: Assemblies) -> None:
    half = replace(assemblies, ids=assemblies.ids + 10)
    assert agreement(assemblies, half).n_cells == 30
    assert agreement(assemblies, assemblies).adjusted_rand == 1
    with pytest.raises(InputError, match="same ROIs"):
        agreement(assemblies, replace(assemblies, ids=assemblies.ids + 100))
    with pytest.raises(InputError, match="same cells"):
        agreement_of_labels([0, 1], [0, 1, 2])


def test_file_gives_back_what_was_written(assemblies: Assemblies, tmp_path: Path) -> None:
    write_assemblies(tmp_path / "a.h5", assemblies, Stamp("x", "y"))
    read = read_assemblies(tmp_path / "a.h5")
    for name in ("ids", "frame", "participation", "cluster", "silhouette", "label", "joined"):
        np.testing.assert_array_equal(getattr(read, name), getattr(assemblies, name))
    assert (read.threshold, read.null_silhouette) == (assemblies.threshold, assemblies.null_silhouette)
    assert read_stamp(tmp_path / "a.h5").config_hash == "x"
    with pytest.raises(InputError, match="participation"):
        replace(assemblies, participation=assemblies.participation[1:])


def squares(n: int) -> RoiSet:
    masks = np.zeros((n, 32, 40), dtype=bool)
    for k in range(n):
        y, x = divmod(k, 10)
        masks[k, 8 * y : 8 * y + 3, 4 * x : 4 * x + 3] = True
    return RoiSet.from_masks(masks)


def test_pictures_are_the_same_twice_and_need_the_rois(assemblies: Assemblies) -> None:
    with_map = assemblies_png(assemblies, squares(40))
    assert with_map == assemblies_png(assemblies, squares(40))
    assert with_map != assemblies_png(assemblies)
    assert assemblies_png(find_assemblies(np.zeros((4, 50), dtype=bool), 10.0, QUICK)).startswith(b"\x89PNG")
    with pytest.raises(InputError, match="lack"):
        assemblies_png(assemblies, squares(12))


def test_agreement_is_drawn(assemblies: Assemblies) -> None:
    other = replace(assemblies, label=np.where(assemblies.label == 1, -1, assemblies.label))
    picture = agreement_png(assemblies, other, ("a", "b"))
    assert picture.startswith(b"\x89PNG")
    assert picture == agreement_png(assemblies, other, ("a", "b"))
    assert picture != agreement_png(assemblies, assemblies, ("a", "b"))
    with pytest.raises(InputError, match="same ROIs"):
        agreement_png(assemblies, replace(assemblies, ids=assemblies.ids + 100), ("a", "b"))


def truth_of(label: np.ndarray | None) -> Truth:
    """Truth of 40 still cells with ids 0 to 39."""
    n = 40
    floats, whole = np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)
    hybrid = HybridTruth(
        ("a",) * n, np.ones(n, dtype=np.float32), np.zeros(9, dtype=np.float32), floats, whole, floats,
        whole, np.zeros(0), label,
    )  # fmt: skip
    return Truth(
        ids=np.arange(n),
        cell_types=("pyramidal",) * n,
        is_target=np.ones(n, dtype=bool),
        raster=np.zeros((n, 9), dtype=bool),
        roi_id=whole,
        onset=whole,
        peak=whole,
        preset="ca1-development",
        split="test",
        hybrid=hybrid,
    )


def test_recovery_is_of_the_planted_cells(assemblies: Assemblies) -> None:
    planted = recovery(assemblies, truth_of(toy()[1]))
    assert (planted.n_first, planted.n_second, planted.n_cells) == (3, 3, 40)
    assert planted.adjusted_rand >= 0.9
    assert recovery(replace(assemblies, ids=assemblies.ids + 30), truth_of(toy()[1])).n_cells == 10
    with pytest.raises(InputError, match="isn't there"):
        recovery(assemblies, truth_of(None))
    with pytest.raises(InputError, match="of this movie"):
        recovery(replace(assemblies, ids=assemblies.ids + 100), truth_of(toy()[1]))


def written(folder: Path) -> Path:
    raster, _ = toy()
    ids = np.arange(40, dtype=np.int64) + 7
    activity = Raster(ids, 10.0, raster.astype(np.float32), 0.5, ("m",) * 40)
    write_activity(folder / "activity.h5", activity, Stamp("", "abc"))
    return folder / "activity.h5"


def test_step_leaves_noise_out(tmp_path: Path) -> None:
    activity = written(tmp_path)
    probability = np.tile(np.float32([1, 0, 0]), (40, 1))
    probability[-5:] = [0, 0, 1]
    write_celltypes(tmp_path / "types.tsv", CellTypes(np.arange(40) + 7, probability), Stamp())
    pipeline.assemblies(activity, tmp_path / "out.h5", QUICK, celltypes=tmp_path / "types.tsv")
    assemblies = read_assemblies(tmp_path / "out.h5")
    np.testing.assert_array_equal(assemblies.ids, np.arange(35) + 7)
    assert len(assemblies) == 3
    assert read_stamp(tmp_path / "out.h5").source_sha256 == "abc"


def test_command_finds_draws_and_compares(tmp_path: Path) -> None:
    activity = written(tmp_path)
    write_rois(tmp_path / "rois.h5", replace(squares(40), ids=np.arange(40, dtype=np.int64) + 7))
    settings = "\n".join(f"  {key}: {value}" for key, value in QUICK.model_dump().items())
    (tmp_path / "config.yaml").write_text(f"assemblies:\n{settings}\n")
    common = ["assemblies", str(activity), "--config", str(tmp_path / "config.yaml")]
    picture = tmp_path / "a.png"
    drawn = ["--rois", str(tmp_path / "rois.h5"), "--picture", str(picture)]
    first = CliRunner().invoke(app, [*common, "--out", str(tmp_path / "a.h5"), *drawn])
    assert first.exit_code == 0, first.output
    assert "3 assemblies" in first.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    second = CliRunner().invoke(
        app, [*common, "--out", str(tmp_path / "b.h5"), "--against", str(tmp_path / "a.h5")]
    )
    assert "adjusted Rand 1.000 over 40 cells" in second.output
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_simulated_rasters_are_as_planted() -> None:
    quiet = DetectionNoise(missed=0, false=0, jitter_s=0)
    planted = PlantedAssemblies(n=2, share=0.5, participation=(1, 1), others=(0, 0))
    first = simulate_raster("geco", 3, n_cells=30, duration_s=120, planted=planted, noise=quiet)
    again = simulate_raster("geco", 3, n_cells=30, duration_s=120, planted=planted, noise=quiet)
    np.testing.assert_array_equal(first.active, again.active)
    assert first.active.shape == (30, 600)
    assert np.bincount(first.label + 1).tolist() == [15, 8, 7]
    missing = simulate_raster("geco", 3, n_cells=30, duration_s=120, planted=None, noise=quiet)
    assert (missing.label == -1).all()
    with pytest.raises(InputError, match="hybrid"):
        simulate_raster("paper", 1)
    with pytest.raises(InputError, match="split"):
        simulate_raster("geco", 1, split="none")
    with pytest.raises(InputError, match="share"):
        PlantedAssemblies(share=0)
