"""Hybrid movies: the same bytes twice, nothing shared between splits, a truth that agrees with itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurocine.core import InputError
from neurocine.core.truth import SPLITS, Truth
from neurocine.io.result_files import read_movie, read_rois, read_summary, read_truth
from neurocine.simulation import PRESETS, HybridPreset, simulate
from neurocine.simulation.hybrid.detectability import detectability_of, noise_of_means
from neurocine.simulation.hybrid.footprints import CellFootprint
from neurocine.simulation.hybrid.make import make_hybrid
from neurocine.simulation.hybrid.true_transients import MIN_DFF, find_transients
from neurocine.simulation.library import load
from neurocine.simulation.presets import preset_of, sampled

HYBRID = [name for name, preset in PRESETS.items() if isinstance(preset, HybridPreset)]
FILES = ("movie.h5", "rois.h5", "truth.h5")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short movie of the developing hippocampus, test split."""
    return simulate("ca1-development", 5, tmp_path_factory.mktemp("hybrid"), n_frames=400, split="test")


def truth_of(name: str, seed: int, **changes: object) -> Truth:
    """Truth of a movie that isn't rendered."""
    return make_hybrid(preset_of(name, **changes), seed, "train", name)[1]


def test_same_seed_same_bytes_other_seed_or_split_not(tmp_path: Path, folder: Path) -> None:
    again = simulate("ca1-development", 5, tmp_path / "again", n_frames=400, split="test")
    other = simulate("ca1-development", 5, tmp_path / "other", n_frames=400, split="validation")
    for name in FILES:
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name
        assert (other / name).read_bytes() != (folder / name).read_bytes(), name


@pytest.mark.parametrize("name", HYBRID)
def test_every_preset_opens_as_result_files(tmp_path: Path, name: str) -> None:
    out = simulate(name, 1, tmp_path, n_frames=100)
    movie, rois, truth = (
        read_movie(out / "movie.h5"),
        read_rois(out / "rois.h5"),
        read_truth(out / "truth.h5"),
    )
    preset = preset_of(name)
    assert movie.dtype == np.uint16
    assert (movie.n_frames, movie.fov_shape) == (100, preset.fov_shape)
    assert movie.frame_rate_hz == preset.frame_rate_hz
    np.testing.assert_array_equal(rois.ids, truth.ids)
    assert len(rois) >= 8
    assert read_summary(out / "movie.h5").mean.std() > 0
    assert truth.hybrid is not None
    assert (truth.preset, truth.seed, truth.split) == (name, 1, "train")


def test_another_rate_and_scale_keep_cells_and_kinetics(tmp_path: Path) -> None:
    grid = {"frame_rate_hz": 10.0, "pixel_size_um": 2.0}
    out = simulate("cortex-6f", 2, tmp_path, n_frames=100, **grid)
    movie, truth = read_movie(out / "movie.h5"), read_truth(out / "truth.h5")
    assert (movie.frame_rate_hz, movie.pixel_size_um) == (10.0, 2.0)
    assert (truth.preset, truth.n_frames) == ("cortex-6f", 100)
    areas = [
        np.median(make_hybrid(preset_of("cortex-6f", n_frames=100, **c), 2, "train", "x")[0].areas()) * um**2
        for c, um in ((grid, 2.0), ({}, 1.2))
    ]
    assert areas[0] == pytest.approx(areas[1], rel=0.25)
    durations = [
        np.median((t.peak - t.onset) / rate)
        for t, rate in ((truth_of("cortex-6f", 2, **grid), 10.0), (truth_of("cortex-6f", 2), 20.0))
    ]
    assert durations[0] == pytest.approx(durations[1], abs=0.11)  # a frame, at 10 Hz


def test_larger_pixels_hold_as_much_light_and_motion_a_micrometre() -> None:
    preset = preset_of("cortex-6s", photons=(1.0, 30.0))
    larger = sampled(preset, pixel_size_um=2 * preset.pixel_size_um)
    assert isinstance(larger, HybridPreset)
    assert larger.photons == (4.0, 120.0)
    assert larger.motion_px[1] == preset.motion_px[1] / 2
    assert larger.jerk_px[1] == preset.jerk_px[1] / 2
    assert sampled(preset) == sampled(preset, pixel_size_um=preset.pixel_size_um) == preset
    with pytest.raises(InputError, match="pixel_size_um"):
        sampled(preset, pixel_size_um=-1.0)


def test_low_rate_is_slow(tmp_path: Path) -> None:
    movie = read_movie(simulate("low-rate", 2, tmp_path, n_frames=100) / "movie.h5")
    assert movie.frame_rate_hz == 1.5


def test_splits_share_no_neuron_and_no_recording_of_outlines() -> None:
    for part in ("neurons", "further", "layouts"):
        names = [{item.name for item in getattr(load(split), part)} for split in SPLITS]
        assert all(names), part
        for i, a in enumerate(names):
            assert all(a.isdisjoint(b) for b in names[:i]), part
    numbers = [{layout.name.rsplit("_", 1)[1] for layout in load(split).layouts} for split in SPLITS]
    assert all(a.isdisjoint(b) for i, a in enumerate(numbers) for b in numbers[:i])


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_has_every_type_and_indicator(split: str) -> None:
    neurons = load(split).neurons
    assert {n.data_set for n in neurons} >= {"DS10", "DS24", "DS25", "DS26", "DS40", "DS41"}
    assert all(0.5 <= n.correlation <= 1 for n in neurons)


def test_unknown_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is 'dev'\. Choose one of train, validation, test"):
        simulate("cortex-6s", 1, tmp_path, split="dev")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("change", [{"n_frames": 50}, {"fov_shape": (20, 64)}, {"frame_rate_hz": 0.0}])
def test_impossible_preset_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(change))):
        preset_of("cortex-6s", **change)


def test_transients_are_rises_with_spikes(folder: Path) -> None:
    truth = read_truth(folder / "truth.h5")
    assert truth.hybrid is not None
    rate = read_movie(folder / "movie.h5").frame_rate_hz
    dff = truth.calcium / np.maximum(truth.hybrid.resting, 1e-9)[:, None]
    raster = np.zeros_like(truth.raster)
    for m, (roi, onset, peak) in enumerate(zip(truth.roi_id, truth.onset, truth.peak, strict=True)):
        raster[roi, onset : peak + 1] = True
        rise = dff[roi, peak] - dff[roi, onset]
        assert rise >= 0.5 * MIN_DFF
        assert rise == pytest.approx(truth.hybrid.amplitude[m], abs=1e-3)
        spikes = truth.hybrid.spike_s[truth.hybrid.spike_roi == roi] * rate
        held = np.count_nonzero((spikes > onset - 1) & (spikes <= peak))
        assert held == truth.hybrid.n_spikes[m] >= 1
    np.testing.assert_array_equal(raster, truth.raster)
    assert np.all(truth.hybrid.detectability > 0)


def test_noise_cells_have_neither_spikes_nor_transients() -> None:
    truth = truth_of("cortex-6s", 3, n_frames=300)
    assert truth.hybrid is not None
    noise = np.asarray(truth.cell_types) == "noise"
    assert noise.any()
    assert not truth.raster[noise].any()
    assert not truth.calcium[noise].any()
    assert not np.isin(truth.hybrid.spike_roi, truth.ids[noise]).any()
    assert not any(truth.hybrid.neuron[i] for i in np.flatnonzero(noise))


def test_types_come_from_neurons_of_that_type() -> None:
    excitatory = {n.name for n in load("train").neurons if not n.is_interneuron}
    truth = truth_of("ca1-development", 2, n_frames=200)
    assert truth.hybrid is not None
    for kind, name in zip(truth.cell_types, truth.hybrid.neuron, strict=True):
        if kind != "noise":
            assert {part in excitatory for part in name.split(" + ")} == {kind == "pyramidal"}


def test_network_events_recruit_many_cells_within_a_second() -> None:
    preset = preset_of("ca1-development", network_per_min=(4.0, 4.0), participation=(0.4, 0.5))
    truth = make_hybrid(preset, 4, "train", "custom")[1]
    kinds = np.asarray(truth.cell_types)
    pyramidal = truth.raster[kinds == "pyramidal"]
    together = np.lib.stride_tricks.sliding_window_view(pyramidal, 10, axis=1).any(axis=2).mean(axis=0)
    assert together.max() > 0.3
    assert np.median(together) < 0.15


def test_pyramidal_cells_in_development_are_sparse_and_rise_fast() -> None:
    truth = truth_of("ca1-development", 6)
    kinds = np.asarray(truth.cell_types)
    own = (kinds == "pyramidal")[truth.roi_id]
    per_cell = np.bincount(truth.roi_id[own], minlength=len(kinds))[kinds == "pyramidal"] * 5  # 12,500 frames
    assert np.mean((per_cell >= 5) & (per_cell <= 200)) > 0.8
    rise_s = (truth.peak - truth.onset)[own] / 10
    assert np.mean((rise_s >= 0.1) & (rise_s <= 1.0)) > 0.8


def test_cells_overlap_as_in_the_developing_hippocampus() -> None:
    large, partners = [], []
    for seed in range(3):
        rois = make_hybrid(preset_of("ca1-development", n_frames=100), seed, "train", "x")[0]
        masks = (rois.matrix() > 0).astype(np.int64)
        shared = (masks @ masks.T).toarray()
        area = np.diag(shared).copy()
        np.fill_diagonal(shared, 0)
        partners.append((shared > 0).sum(axis=1).mean())
        large.append((shared / np.maximum(area[:, None], area)).max())
    assert all(1 <= mean <= 4 for mean in partners)
    assert max(large) > 0.15


def test_interneurons_stay_high_for_longer() -> None:
    truth = truth_of("ca1-development", 1, type_shares=(1.0, 1.0, 0.0), n_frames=1500)
    kinds = np.asarray(truth.cell_types)
    high = (truth.calcium > 0.5 * truth.calcium.max(axis=1, keepdims=True)).mean(axis=1)
    assert np.median(high[kinds == "interneuron"]) > 2 * np.median(high[kinds == "pyramidal"])


def test_noise_variance_is_linear_in_the_mean() -> None:
    frames = make_hybrid(preset_of("cortex-6s", n_frames=400, photons=(8.0, 8.0)), 2, "train", "x")[2]
    clean, camera = frames.clean(range(1)), frames.camera
    still = np.repeat(clean, 400, axis=0)
    noisy = np.stack([camera.expose(p, np.random.default_rng(i)) for i, p in enumerate(still)]).astype(float)
    mean, variance = noisy.mean(axis=0).ravel(), noisy.var(axis=0).ravel()
    slope, intercept = np.polyfit(mean, variance, 1)
    assert slope == pytest.approx(camera.gain, rel=0.05)
    expected = camera.gain**2 * camera.read_photons**2 - camera.gain * camera.offset
    assert intercept == pytest.approx(expected, abs=0.1 * variance.mean())


def test_fluorescence_follows_the_truth(tmp_path: Path) -> None:
    preset = preset_of("cortex-6s", photons=(30.0, 30.0), contrast=(1.5, 2.5), axial_um=(0.1, 0.1))
    folder = simulate(preset, 3, tmp_path, n_frames=600)
    truth, rois = read_truth(folder / "truth.h5"), read_rois(folder / "rois.h5")
    frames = read_movie(folder / "movie.h5").read(0, 600).reshape(600, -1)
    traces = rois.matrix() @ frames.T
    active = truth.calcium.max(axis=1) > 0
    r = [np.corrcoef(traces[i], truth.calcium[i])[0, 1] for i in np.flatnonzero(active)]
    assert np.median(r) > 0.9


def test_axial_motion_dims_cells_that_do_nothing() -> None:
    preset = preset_of("cortex-6s", n_frames=600, axial_um=(4.0, 4.0), bleaching=(0.0, 0.0))
    truth, frames = make_hybrid(preset, 1, "train", "x")[1:]
    assert truth.hybrid is not None
    noise = np.flatnonzero(np.asarray(truth.cell_types) == "noise")
    courses = frames.courses[noise]
    assert np.all(courses.max(axis=1) > 1.05 * courses.min(axis=1))
    assert not truth.raster[noise].any()
    assert truth.hybrid.axial.std() > 1


@pytest.mark.parametrize("smear", [0.0, 0.12, 0.3])
def test_noise_of_a_cell_is_that_of_the_rendered_movie(smear: float) -> None:
    preset = preset_of(
        "cortex-6s",
        n_frames=900,
        fov_shape=(64, 64),
        photons=(4.0, 4.0),
        type_shares=(0.0, 0.0, 1.0),  # nothing but silent cells
        out_of_focus=(0.0, 0.0),
        neuropil=(1e-4, 1e-4),
        motion_px=(1e-3, 1e-3),
        jerks_per_min=(0.0, 0.0),
        axial_um=(1e-3, 1e-3),
        bleaching=(0.0, 0.0),
    )
    rois, _, made = make_hybrid(preset, 1, "train", "x")
    frames = replace(made, camera=replace(made.camera, smear=smear))
    masks = [rois.mask(i) for i in range(len(rois))]
    patches = [CellFootprint((0, 0), mask.astype(np.float32), mask) for mask in masks]
    mean = frames.clean(range(frames.shape[0])).mean(axis=0)
    expected = noise_of_means(patches, mean, frames.camera) * frames.camera.gain
    pixels = frames[:]
    traces = np.stack([pixels[:, mask].mean(axis=1) for mask in masks])
    measured = np.diff(traces, axis=1).std(axis=1) / np.sqrt(2)
    np.testing.assert_allclose(measured, expected, rtol=0.1)
    alone = np.asarray([frames.camera.noise(mean[m]).mean() / np.sqrt(m.sum()) for m in masks])
    ratio = np.median(measured / (alone * frames.camera.gain))
    # On a plane of pixels counted as independent, the noise is (1 + 2 s)² / (1 + 2 s²) times smaller.
    assert 0.75 < (ratio - 1) / ((1 + 2 * smear) ** 2 / (1 + 2 * smear**2) - 1) < 1 if smear else ratio < 1.1


def test_detectability_is_that_of_a_matched_filter() -> None:
    signal = np.zeros(200)
    signal[11:14], signal[51:] = [3.0, 4.0, -1.0], 1.0
    signal[60:] = 2.0
    found = detectability_of(signal, 2.0, np.array([10, 50, 59, 150]), 10.0)
    # one that ends; one up to the next onset; one that lasts, for 6 s; one that never rises
    np.testing.assert_allclose(found, [2.5, np.sqrt(8) / 2, np.sqrt(59) / 2, 0.0])


def test_an_ideal_observer_errs_as_often_as_detectability_says() -> None:
    rng = np.random.default_rng(0)
    signal = np.r_[np.zeros(10), np.exp(-np.arange(50) / 8)]
    sigma = float(np.linalg.norm(signal) / 3)
    assert detectability_of(signal, sigma, np.array([5]), 10.0)[0] == pytest.approx(3.0)
    silent, active = (rng.normal(mean, sigma, (20_000, 60)) @ signal for mean in (0 * signal, signal))
    threshold = signal @ signal / 2
    assert np.mean(silent > threshold) == pytest.approx(0.067, abs=0.006)
    assert np.mean(active < threshold) == pytest.approx(0.067, abs=0.006)


def test_small_dips_and_rises_are_not_transients() -> None:
    trace = np.zeros(60)
    trace[11:16] = [0.2, 0.4, 0.395, 0.6, 0.8]  # one rise with a dip below the limit
    trace[16:40] = 0.8 * 0.8 ** np.arange(1, 25)
    trace[41:44] = [0.004, 0.008, 0.004]
    found = find_transients(trace, np.array([1.05, 4.05]), 10.0)
    assert found.onset.tolist() == [10]
    assert found.peak.tolist() == [15]
    assert found.n_spikes.tolist() == [1]


def test_rise_without_a_spike_is_not_a_transient() -> None:
    trace = np.zeros(40)
    trace[11:14] = [0.3, 0.6, 0.3]
    assert len(find_transients(trace, np.array([3.0]), 10.0).onset) == 0
