"""The program that makes the library, on made-up sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from scipy import io

from neurocine.core import InputError
from neurocine.io.result_files.stamp import dataset, opened, strings
from neurocine.simulation.kinetics import Kinetics, dff
from neurocine.simulation.library import load
from neurocine.simulation.library.__main__ import main
from neurocine.simulation.library.fit import fit_kinetics
from neurocine.simulation.library.masks import choose_files, overlaps, read_masks, rescaled
from neurocine.simulation.library.recordings import NeuronRecording, find_files, neuron_of, read_recordings
from neurocine.simulation.library.scene import noise_of
from neurocine.simulation.library.splits import assign


def train_of(rng: np.random.Generator, duration_s: float = 120.0) -> np.ndarray:
    """Spikes in bursts."""
    starts = rng.uniform(0, duration_s, 25)
    return np.sort(np.concatenate([s + rng.uniform(0, 0.3, rng.integers(1, 8)) for s in starts]))


def recording_of(kinetics: Kinetics, seed: int, noise: float = 0.03) -> NeuronRecording:
    """A noisy, drifting recording of known kinetics."""
    rng = np.random.default_rng(seed)
    spikes = train_of(rng)
    clean = dff(kinetics, spikes, 3600, 30.0)
    drift = 0.2 * np.sin(np.arange(3600) / 3600 * 2)
    return NeuronRecording(clean + drift + rng.normal(0, noise, 3600), 30.0, spikes)


def write_mat(path: Path, recording: NeuronRecording) -> None:
    """Write a file as the CASCADE database does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cell = np.empty((1, 1), dtype=object)
    cell[0, 0] = {
        "fluo_time": np.arange(len(recording.dff)) / recording.frame_rate_hz,
        "fluo_mean": recording.dff,
        "events_AP": np.r_[recording.spike_s * 1e4, np.nan],
    }
    io.savemat(path, {"CAttached": cell})


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Spikes, masks and a movie."""
    good = Kinetics(0.05, 0.7, 0.1, 1.5, 20.0)
    for index in range(3):
        write_mat(tmp_path / f"spikes/DS10-x/cell{index}_mini.mat", recording_of(good, index))
    silent = recording_of(good, 9)
    shuffled = NeuronRecording(np.random.default_rng(0).normal(0, 1, 3600), 30.0, silent.spike_s)
    write_mat(tmp_path / "spikes/DS24-y/cellA_mini.mat", shuffled)
    (tmp_path / "masks").mkdir()
    k, y, x = np.nonzero(np.ones((2, 8, 9)))
    y, x = y + 10, x + 10 + 5 * k
    for name in (
        "ABO__Layer275__Allen__Masks_1",
        "ABO__Layer275__FinalGT__FinalMasks_FPremoved_1",
        "Neurofinder__train__Grader1__FinalMasks_100",
    ):
        np.savez(tmp_path / f"masks/{name}.npz", shape=np.array([2, 60, 60]), k=k, y=y, x=x)
    rng = np.random.default_rng(0)
    frames = rng.poisson(20 + 5 * rng.uniform(size=(1, 64, 64)), (200, 64, 64)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "movie.tif", frames)
    return tmp_path


def test_kinetics_are_found_again_in_spite_of_noise_and_drift() -> None:
    true = Kinetics(0.08, 0.9, 0.12, 1.3, 15.0)
    fit = fit_kinetics([recording_of(true, 1), recording_of(true, 2)])
    assert fit.correlation > 0.95
    assert fit.noise == pytest.approx(0.03, rel=0.2)
    spikes = train_of(np.random.default_rng(5))
    expected, found = dff(true, spikes, 3600, 30.0), dff(fit.kinetics, spikes, 3600, 30.0)
    assert np.sqrt(np.mean((expected - found) ** 2)) < 0.1 * expected.std()


def test_program_writes_a_library_and_leaves_poor_fits_out(sources: Path, tmp_path: Path) -> None:
    arguments = [str(sources / "spikes"), str(sources / "masks"), str(tmp_path / "out")]
    assert main([*arguments, "--movie", str(sources / "movie.tif")]) == 0
    with opened(tmp_path / "out/neurons.h5", "neurons") as file:
        assert strings(file, "data_set") == ("DS10",) * 3
        assert sorted(strings(file, "split")) == ["test", "train", "validation"]
        assert file.attrs["left_out"] == "1 DS24 fitted poorly"
        assert np.all(dataset(file, "correlation") > 0.9)
    with opened(tmp_path / "out/footprints.h5", "footprints") as file:
        assert strings(file, "movie_name")[0] == "ABO__Layer275__FinalGT__FinalMasks_FPremoved_1.npz"
        assert len(dataset(file, "movie")) == 4
    with opened(tmp_path / "out/scene.h5", "scene") as file:
        assert float(dataset(file, "gain")) == pytest.approx(1, rel=0.3)


def test_further_neurons_have_other_indicators() -> None:
    for split in ("train", "validation", "test"):
        library = load(split)
        assert not {n.name for n in library.further} & {n.name for n in library.neurons}
        assert {n.data_set for n in library.further} >= {"DS20", "DS23"}
        assert {n.indicator for n in library.further} == {"jRCaMP1a", "OGB-1"}


def test_program_names_what_is_missing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "movie.tif").touch()
    assert main([str(tmp_path), str(tmp_path), str(tmp_path / "out"), "--movie", str(tmp_path / "movie.tif")])
    assert "CASCADE" in caplog.text
    assert not (tmp_path / "out").exists()


def test_recordings_are_read_without_missing_spikes(sources: Path) -> None:
    files = find_files(sources / "spikes")
    assert len(files) == 4
    recording = read_recordings(files[0])[0]
    assert recording.frame_rate_hz == pytest.approx(30)
    assert np.all(np.isfinite(recording.spike_s))


def test_recordings_too_slow_or_silent_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "DS40-z/cell_mini.mat"
    write_mat(path, NeuronRecording(np.zeros(400), 2.5, np.arange(0, 100, 2.0)))
    assert read_recordings(path) == []
    write_mat(path, NeuronRecording(np.zeros(900), 30.0, np.array([1.0, 2.0])))
    assert read_recordings(path) == []


def test_files_of_one_cell_are_one_neuron() -> None:
    names = {neuron_of(Path(f"DS14-a/C_GC6s_{cell}_full_mini.mat")) for cell in ("cell1", "cell1B")}
    assert len(names) == 1


def test_masks_of_one_movie_are_taken_once(sources: Path) -> None:
    assert [p.name for p in choose_files(sources / "masks")] == [
        "ABO__Layer275__FinalGT__FinalMasks_FPremoved_1.npz",
        "Neurofinder__train__Grader1__FinalMasks_100.npz",
    ]
    with pytest.raises(InputError, match="no masks"):
        choose_files(sources / "spikes")


def test_masks_keep_place_scale_and_overlap(sources: Path) -> None:
    movie = read_masks(choose_files(sources / "masks")[0])
    assert [crop.shape for crop in movie.crops] == [(8, 9)] * 2
    np.testing.assert_allclose(movie.centre_um[0], np.array([13.5, 14.0]) * 0.78, rtol=1e-5)
    np.testing.assert_allclose(overlaps(movie), [1, 1])
    twice = rescaled(movie, 4 * 72 * 0.78**2)
    assert twice.um_per_px == pytest.approx(1.56)
    np.testing.assert_allclose(twice.centre_um, 2 * movie.centre_um, rtol=1e-5)


def test_splits_hold_groups_together_and_stay() -> None:
    groups = [f"g{i // 2}" for i in range(20)]
    split = assign(groups, ["a"] * 20)
    assert split == assign(groups, ["a"] * 20)
    assert all(split[i] == split[i + 1] for i in range(0, 20, 2))
    assert {s: split.count(s) for s in set(split)} == {"train": 12, "validation": 4, "test": 4}
    assert assign(["x"], ["b"]) == ["train"]


def test_noise_of_photons_is_their_gain() -> None:
    rng = np.random.default_rng(0)
    light = np.linspace(5, 40, 64 * 64).reshape(64, 64)
    gain, offset, correlation = noise_of((7 * rng.poisson(light, (300, 64, 64))).astype(np.float32))
    assert gain == pytest.approx(7, rel=0.05)
    assert abs(offset) < 100
    assert abs(correlation) < 0.02
