"""A simulated recording: its files, its truth, and the same bytes twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.core import CELL_TYPES, InputError
from neurocine.core.raster import active_runs
from neurocine.io.result_files import read_movie, read_registration, read_rois, read_summary, read_truth
from neurocine.simulation import PRESETS, Preset, simulate
from neurocine.simulation.presets import preset_of

FILES = ("movie.h5", "rois.h5", "truth.h5")


def test_same_seed_same_bytes(tmp_path: Path, small_preset: Preset, recording: Path) -> None:
    again = simulate(small_preset, 3, tmp_path / "again")
    for name in FILES:
        assert (again / name).read_bytes() == (recording / name).read_bytes(), name


def test_other_seed_other_movie(tmp_path: Path, small_preset: Preset, recording: Path) -> None:
    other = simulate(small_preset, 4, tmp_path / "other")
    for name in FILES:
        assert (other / name).read_bytes() != (recording / name).read_bytes(), name


def test_files_belong_together(recording: Path, small_preset: Preset) -> None:
    movie, rois = read_movie(recording / "movie.h5"), read_rois(recording / "rois.h5")
    truth = read_truth(recording / "truth.h5")
    assert movie.dtype == np.uint16
    assert (movie.n_frames, *movie.fov_shape) == (220, 64, 64)
    assert (movie.frame_rate_hz, movie.pixel_size_um) == (10.0, 2.0)
    np.testing.assert_array_equal(rois.ids, truth.ids)
    assert truth.raster.shape == truth.calcium.shape == (len(rois), 220)
    assert truth.is_target.sum() == small_preset.n_targets
    assert (truth.preset, truth.seed, truth.split) == ("custom", 3, "train")
    assert set(truth.cell_types) <= set(CELL_TYPES)
    assert not read_registration(recording / "movie.h5").y.any()


def test_summary_is_that_of_the_frames(recording: Path) -> None:
    movie, summary = read_movie(recording / "movie.h5"), read_summary(recording / "movie.h5")
    frames = movie.read(0, movie.n_frames).astype(float)
    np.testing.assert_allclose(summary.mean, frames.mean(0), rtol=1e-5)
    np.testing.assert_allclose(summary.std, frames.std(0), rtol=1e-3)
    np.testing.assert_array_equal(summary.max, frames.max(0))
    assert np.abs(summary.correlation).max() <= 1


def test_raster_is_onset_to_peak_and_calcium_rises_there(recording: Path) -> None:
    truth = read_truth(recording / "truth.h5")
    assert len(truth.onset) > 0
    raster = np.zeros_like(truth.raster)
    for roi, onset, peak in zip(truth.roi_id, truth.onset, truth.peak, strict=True):
        assert 0 <= onset < peak < truth.n_frames
        raster[roi, onset : peak + 1] = True
        rise = np.diff(truth.calcium[roi, onset : peak + 1])
        assert np.all(rise > 0), (roi, onset, peak)
    np.testing.assert_array_equal(raster, truth.raster)


def test_transients_of_a_cell_stay_apart(recording: Path) -> None:
    truth = read_truth(recording / "truth.h5")
    runs = active_runs(truth.raster)[0]
    assert len(runs) == len(truth.onset)  # touching ones would merge into one run


def test_noise_cells_have_no_transient(recording: Path) -> None:
    truth = read_truth(recording / "truth.h5")
    noise = np.asarray(truth.cell_types) == "noise"
    assert noise.any()
    assert not truth.raster[noise].any()
    assert np.all(truth.raster[~noise].any(axis=1))


def test_fluorescence_follows_the_calcium(tmp_path: Path) -> None:
    preset = preset_of(
        "paper",
        fov_shape=(64, 64),
        n_targets=4,
        near=(0, 0),
        pixel_snr=(8.0, 8.0),
        type_shares=(1, 0, 0),
        neuropil_share=(0.0, 0.0),
        jitter_px=(0.0, 0.0),
    )
    folder = simulate(preset, 5, tmp_path, n_frames=300)
    truth, rois = read_truth(folder / "truth.h5"), read_rois(folder / "rois.h5")
    frames = read_movie(folder / "movie.h5").read(0, 300).reshape(300, -1)
    traces = rois.matrix() @ frames.T / rois.areas()[:, None]
    r = [np.corrcoef(traces[i], truth.calcium[i])[0, 1] for i in np.flatnonzero(~truth.is_target)]
    assert np.median(r) > 0.8


def test_each_target_is_overlapped(tmp_path: Path) -> None:
    folder = simulate("paper", 1, tmp_path, n_frames=100)
    rois, truth = read_rois(folder / "rois.h5"), read_truth(folder / "truth.h5")
    shared = (rois.matrix() @ rois.matrix().T).toarray()
    targets = np.flatnonzero(truth.is_target)
    assert len(targets) == 16
    overlapping = (shared[targets] > 0).sum(axis=1) - 1
    assert overlapping.min() >= 1
    assert overlapping.max() <= 4
    assert not np.any(shared[np.ix_(targets, targets)][~np.eye(16, dtype=bool)])


def test_interneurons_stay_high_for_longer(tmp_path: Path) -> None:
    preset = preset_of("paper", fov_shape=(96, 96), n_targets=9, type_shares=(1, 1, 0))
    truth = read_truth(simulate(preset, 2, tmp_path, n_frames=1000) / "truth.h5")
    kinds = np.asarray(truth.cell_types)
    longest = [np.diff(active_runs(row[None] > row.max() / 2)[1:], axis=0).max() for row in truth.calcium]
    assert np.median(np.asarray(longest)[kinds == "interneuron"]) > 2 * np.median(
        np.asarray(longest)[kinds == "pyramidal"]
    )


def test_truth_has_the_motion(tmp_path: Path, small_preset: Preset) -> None:
    still = preset_of(small_preset, jitter_px=(0.0, 0.0))
    moving = preset_of(small_preset, jitter_px=(1.0, 1.0))
    assert not read_truth(simulate(still, 1, tmp_path / "still") / "truth.h5").shifts.any()
    shifts = read_truth(simulate(moving, 1, tmp_path / "moving") / "truth.h5").shifts
    assert 0.8 < shifts.std() < 1.2


def test_unknown_preset_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is 'papr'\. Choose one of paper"):
        simulate("papr", 1, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("change", [{"n_frames": 50}, {"fov_shape": (20, 64)}, {"n_targets": 0}])
def test_impossible_preset_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(change))):
        preset_of(PRESETS["paper"], **change)


def test_the_paper_has_one_rate_and_scale(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"frame_rate_hz: is 20, .* Give 10, or choose a hybrid preset"):
        simulate("paper", 1, tmp_path, frame_rate_hz=20.0)
    with pytest.raises(InputError, match=r"pixel_size_um: is 1\.2"):
        simulate("paper", 1, tmp_path, pixel_size_um=1.2)
    assert not list(tmp_path.iterdir())


def test_splits_of_the_paper_differ(tmp_path: Path, small_preset: Preset, recording: Path) -> None:
    grid = {"frame_rate_hz": 10.0, "pixel_size_um": 2.0}
    other = simulate(small_preset, 3, tmp_path, split="test", **grid)
    assert read_truth(other / "truth.h5").split == "test"
    for name in FILES:
        assert (other / name).read_bytes() != (recording / name).read_bytes(), name


def test_a_truth_of_no_split_is_refused(recording: Path) -> None:
    truth = read_truth(recording / "truth.h5")
    with pytest.raises(InputError, match=r"split: is 'dev'\. Choose one of train, validation, test"):
        replace(truth, split="dev")


def test_truth_of_another_kind_is_refused(recording: Path) -> None:
    with pytest.raises(InputError, match="expected 'truth'"):
        read_truth(recording / "rois.h5")
