"""Crops and their answers, the Dice loss, and a training of the segmenting network that survives a kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurocine.active.preprocessing import BinnedMovie
from neurocine.config import StneuronetTraining
from neurocine.core import InputError
from neurocine.core.truth import Truth
from neurocine.io.result_files import read_movie, read_rois, read_truth, write_rois
from neurocine.networks.installation import install_models
from neurocine.networks.registry import Registry, sha256
from neurocine.networks.segmentation.compact import CompactArchitecture
from neurocine.networks.segmentation.postprocessing import Postprocessing
from neurocine.networks.weights import load_segmentation_weights, save_segmentation_weights
from neurocine.training.checkpoint import assign
from neurocine.training.segmentation.card import measure_and_describe
from neurocine.training.segmentation.crops import (
    Crops,
    LabelledMovie,
    activity_of,
    intervals_of,
    load_movie,
    scale_for,
    target_of,
)
from neurocine.training.segmentation.fit import dice_and_entropy, dice_loss
from neurocine.training.segmentation.train import starting_weights, train_stneuronet

A = CompactArchitecture(
    name="tiny",
    window_frames=24,
    maps=2,
    pixel_size_um=2.0,
    background_um=10,
    space_filters=2,
    time_filters=4,
    filters=(4, 4, 4),
)
SETTINGS = StneuronetTraining(
    epochs=3, steps_per_epoch=2, batch_size=2, crop_px=32, validation_crops=4, learning_rate=1e-2, seed=5
)


@pytest.fixture(scope="module")
def truth(folders: list[Path]) -> Truth:
    return read_truth(folders[1] / "truth.h5")


def test_active_from_onset_until_decayed(truth: Truth) -> None:
    active, doubtful = activity_of(truth, 10.0)
    noise = np.array(truth.cell_types) == "noise"
    assert noise.any()
    assert not active[noise].any()
    assert not doubtful.any()
    neurons = truth.raster[~noise]
    assert active[~noise][neurons].all()  # from onset to peak
    more = active[~noise].sum() / neurons.sum()
    assert 1.5 < more < 12  # and through the decay, of 10-12 frames
    i = int(np.flatnonzero(active.any(axis=1))[0])
    rows = np.flatnonzero(truth.roi_id == truth.ids[i])
    last = rows[np.argmax(truth.peak[rows])]
    end = int(np.flatnonzero(active[i])[-1])
    if end < truth.n_frames - 1:
        rise = truth.calcium[i, truth.peak[last]] - truth.calcium[i, truth.onset[last]]
        assert truth.calcium[i, end] - truth.calcium[i, truth.onset[last]] <= 0.31 * rise


def test_weak_transients_are_doubtful_or_nothing(truth: Truth) -> None:
    n = len(truth.roi_id)
    from neurocine.core.truth import HybridTruth

    cells, nothing = len(truth.ids), np.empty(0)
    for dprime, sure, perhaps in ((9.0, True, False), (3.0, False, True), (1.0, False, False)):
        hybrid = HybridTruth(
            neuron=("",) * cells,
            resting=np.ones(cells, dtype=np.float32),
            axial=np.zeros(truth.n_frames, dtype=np.float32),
            amplitude=np.ones(n, dtype=np.float32),
            n_spikes=np.ones(n, dtype=np.int64),
            detectability=np.full(n, dprime, dtype=np.float32),
            spike_roi=nothing.astype(np.int64),
            spike_s=nothing,
        )
        active, doubtful = activity_of(replace(truth, hybrid=hybrid), 10.0)
        assert (active.any(), doubtful.any()) == (sure, perhaps)


def test_movie_on_the_networks_grid(folders: list[Path]) -> None:
    movie = load_movie(folders[1], A)
    rois = read_rois(folders[1] / "rois.h5")
    assert movie.frames.shape == (110, 64, 64)
    assert movie.masks.shape == (len(rois), 64, 64)
    np.testing.assert_array_equal(movie.masks[2], rois.mask(2))
    assert movie.active.shape == (len(rois), 110)
    larger = load_movie(folders[1], A, scale=1.5)
    assert larger.masks.shape[1:] == (96, 96)
    assert larger.masks.sum() / movie.masks.sum() == pytest.approx(2.25, rel=0.1)
    coarse = load_movie(folders[1], replace(A, pixel_size_um=4.0))
    ratio = coarse.masks.sum() / movie.masks.sum()
    assert coarse.masks.shape[1:] == (32, 32)
    assert ratio == pytest.approx(0.25, rel=0.15)


def test_scales_are_spread_over_their_range_and_fixed_by_name() -> None:
    scales = [scale_for(f"train-{i}", (0.5, 2.0), 1) for i in range(400)]
    assert 0.5 <= min(scales) < 0.55
    assert 1.9 < max(scales) <= 2.0
    assert np.median(scales) == pytest.approx(1, abs=0.1)
    assert scales[7] == scale_for("train-7", (0.5, 2.0), 1) != scale_for("train-7", (0.5, 2.0), 2)
    assert scale_for("any", (1.0, 1.0), 1) == 1


def test_training_goes_on_from_weights(folders: list[Path], tmp_path: Path) -> None:
    first = train_stneuronet(SETTINGS, folders, tmp_path / "first", architecture=A)
    start = tmp_path / "first" / "network.h5"
    still = SETTINGS.model_copy(update={"start": str(start), "epochs": 1, "learning_rate": 1e-12})
    second = train_stneuronet(still, folders, tmp_path / "second", architecture=A)
    for before, after in zip(first.network.trainable_weights, second.network.trainable_weights, strict=True):
        np.testing.assert_allclose(before.numpy(), after.numpy(), atol=2e-3)  # stored as float16
    *_, metadata = load_segmentation_weights(tmp_path / "second" / "network.h5")
    assert metadata["recipe"]["start"] == sha256(start)
    with pytest.raises(InputError, match="architecture"):
        train_stneuronet(still, folders, tmp_path / "third", architecture=replace(A, time_filters=8))


def test_a_network_that_learns_of_the_resting_brightness_starts_without_any_use_for_it(
    tmp_path: Path,
) -> None:
    path, a = tmp_path / "known.h5", replace(A, whitening="pixel")
    save_segmentation_weights(path, a.build(), a, Postprocessing(), {})
    known, *_ = load_segmentation_weights(path)  # as stored: in float16
    model = replace(a, resting=True).build()
    assign(model.weights, starting_weights(path, replace(a, resting=True)))
    window = np.random.default_rng(0).normal(size=(1, 25, 16, 16, 1)).astype(np.float32)
    np.testing.assert_allclose(model(window), known(window[:, :24]), atol=1e-6)


def _handmade() -> LabelledMovie:
    masks = np.zeros((3, 40, 40), dtype=bool)
    masks[0, 5:15, 5:15], masks[1, 10:20, 10:20], masks[2, 25:35, 25:35] = True, True, True
    active, doubtful = np.zeros((3, 60), dtype=bool), np.zeros((3, 60), dtype=bool)
    active[0, 0:8] = True
    active[1, 14:16] = True
    active[2, 23] = True  # one frame is too few to be sure
    doubtful[1, 2:6] = True
    frames = np.random.default_rng(0).normal(1, 0.1, (60, 40, 40))
    frames += np.einsum("nt,nyx->tyx", active * 2.0, masks)
    return LabelledMovie("handmade", frames.astype(np.float16), masks, active, doubtful)


def test_answer_names_who_is_active_and_leaves_doubts_out() -> None:
    movie = _handmade()
    every = (slice(0, 40), slice(0, 40))
    label, weight = target_of(movie, 0, every, A)
    np.testing.assert_array_equal(label[0] > 0, movie.masks[0])
    np.testing.assert_array_equal(label[1] > 0, movie.masks[1])
    np.testing.assert_array_equal(weight[0] == 0, movie.masks[1] & ~movie.masks[0])
    np.testing.assert_array_equal(weight[1] == 0, movie.masks[2])
    part, _ = target_of(movie, 0, (slice(5, 15), slice(0, 40)), A)
    np.testing.assert_array_equal(part, label[:, 5:15])


def test_crops_are_whitened_and_turned_with_their_answer() -> None:
    crops = Crops([_handmade()], A, 24)
    first = list(crops.batches(1, 0, 3, 4, augment=True))
    again = list(Crops([_handmade()], A, 24).batches(1, 0, 3, 4, augment=True))
    other = next(crops.batches(1, 1, 1, 4, augment=True))
    for one, same in zip(first, again, strict=True):
        for part, twin in zip(one, same, strict=True):
            np.testing.assert_array_equal(part, twin)
    assert not np.array_equal(other[0], first[0][0])
    frames, label, _ = first[0]
    assert frames.shape == (4, 24, 24, 24, 1)
    assert label.shape == (4, 2, 24, 24)
    for crop, answer in zip(frames, label, strict=True):
        for part, mask in zip((crop[:12, ..., 0], crop[12:, ..., 0]), answer > 0, strict=True):
            if mask.sum() > 20:
                assert part.max(axis=0)[mask].mean() > 2 * part.max(axis=0)[~mask].mean()


def test_some_crops_are_of_silent_places() -> None:
    movie, around = _handmade(), ((0, 0), (0, 40), (0, 40))
    wide = LabelledMovie(
        "wide",
        np.pad(movie.frames, around, constant_values=1),
        np.pad(movie.masks, around),
        np.ones_like(movie.active),
        np.zeros_like(movie.doubtful),
    )
    batches = Crops([wide], A, 24).batches(1, 0, 50, 4, augment=True)
    silent = [not label.any() for _, labels, _ in batches for label in labels]
    assert 0.02 < np.mean(silent) < 0.2


def test_crops_end_with_the_resting_brightness_as_windows_do() -> None:
    movie = _handmade()
    a = replace(A, whitening="pixel", resting=True)
    frames, _, _ = next(Crops([movie], a, 40).batches(1, 0, 1, 2, augment=False))
    assert frames.shape == (2, 25, 40, 40, 1)
    plain, _, _ = next(Crops([movie], replace(a, resting=False), 40).batches(1, 0, 1, 2, augment=False))
    np.testing.assert_array_equal(frames[:, :24], plain)
    base = np.quantile(movie.frames[:24].astype(np.float32), 0.3, axis=0, method="lower")
    np.testing.assert_allclose(frames[0, 24, ..., 0], np.log(np.maximum(base, 0.05)), atol=2e-3)


def test_small_fields_of_view_are_filled_up() -> None:
    frames, label, weight = next(Crops([_handmade()], A, 48).batches(1, 0, 1, 2, augment=False))
    assert frames.shape == (2, 24, 48, 48, 1)
    for part in (frames[..., 0], label, weight):
        assert not part[:, :, 40:].any()
        assert not part[..., 40:].any()


def _dice(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Eq. 1, with one pixel of each kind added so that empty crops have an answer."""
    return float((2 * (p * q).sum() + 1) / ((p**2).sum() + (q**2).sum() + 1))


def test_dice_loss_is_its_formula() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.random((2, 3, 8, 8)), (rng.random((2, 3, 8, 8)) > 0.7).astype(float)
    w = (rng.random((2, 3, 8, 8)) > 0.2).astype(float)
    answer = np.stack([q, np.ones_like(q)], axis=-1).astype(np.float32)
    expected = [1 - (_dice(a, b) + _dice(1 - a, 1 - b)) / 2 for a, b in zip(p, q, strict=True)]
    np.testing.assert_allclose(np.asarray(dice_loss(answer, p.astype(np.float32))), expected, rtol=1e-5)
    weighted = np.stack([q, w], axis=-1).astype(np.float32)
    elsewhere = np.where(w > 0, p, rng.random(p.shape)).astype(np.float32)
    for loss in (dice_loss, dice_and_entropy):
        same = (np.asarray(loss(weighted, x)) for x in (p.astype(np.float32), elsewhere))
        np.testing.assert_allclose(*same, rtol=1e-5)  # what weighs nothing changes nothing
    perfect = np.asarray(dice_and_entropy(answer, q.astype(np.float32)))
    assert (perfect < 1e-4).all()


def test_killed_training_ends_with_the_same_weights(folders: list[Path], tmp_path: Path) -> None:
    whole = train_stneuronet(SETTINGS, folders, tmp_path / "whole", architecture=A)
    with pytest.raises(KeyboardInterrupt):
        train_stneuronet(SETTINGS, folders, tmp_path / "killed", _Killer(), architecture=A)
    train_stneuronet(SETTINGS, folders, tmp_path / "killed", architecture=A)
    files = [(tmp_path / name / "network.h5").read_bytes() for name in ("whole", "killed")]
    assert files[0] == files[1]
    assert len(whole.history) == 3
    assert (tmp_path / "whole" / "curves.png").is_file()
    model, architecture, postprocessing, metadata = load_segmentation_weights(tmp_path / "whole/network.h5")
    assert architecture == A
    assert postprocessing == Postprocessing()
    assert metadata["recipe"]["movies"]["train"] == ["1"]
    assert np.isfinite(model(np.zeros((1, 24, 16, 16, 1), dtype=np.float32))).all()
    changed = SETTINGS.model_copy(update={"seed": 6})
    with pytest.raises(InputError, match="other settings"):
        train_stneuronet(changed, folders, tmp_path / "whole", architecture=A)


class _Killer:
    """Stops the training after its first epoch."""

    def __call__(self, label: str, done: int, total: int) -> None:
        if label == "train" and done == 1:
            raise KeyboardInterrupt


def test_labels_of_a_lab_are_learned_too(folders: list[Path], tmp_path: Path) -> None:
    rois = read_rois(folders[1] / "rois.h5")
    lab = tmp_path / "lab"
    lab.mkdir()
    (lab / "movie.h5").symlink_to(folders[1] / "movie.h5")
    write_rois(lab / "rois.h5", rois)
    with pytest.raises(InputError, match="active_intervals"):
        load_movie(lab, A)
    intervals = [np.array([[5, 15], [100, 120]])] + [np.empty((0, 2), dtype=np.int64)] * (len(rois) - 1)
    labelled = replace(rois, active_intervals=tuple(intervals))
    write_rois(lab / "rois.h5", labelled)
    movie = load_movie(lab, A)
    grid = BinnedMovie.of(read_movie(lab / "movie.h5"), A)
    assert np.flatnonzero(movie.active[0]).tolist() == sorted(
        {frame // grid.bin for a, b in [(5, 15), (100, 120)] for frame in range(a, b)}
    )
    assert not movie.active[1:].any()
    assert not movie.doubtful.any()
    assert intervals_of(labelled, 220).sum() == 30


def test_short_movies_are_told(folders: list[Path]) -> None:
    with pytest.raises(InputError, match="window"):
        load_movie(folders[1], replace(A, window_frames=240))


def test_two_devices_share_the_batches(folders: list[Path], tmp_path: Path) -> None:
    script = """
import json, sys
from pathlib import Path
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from neurocine.config import StneuronetTraining
from neurocine.networks.catalogue import segmentation_architecture_from
from neurocine.training.loop import device_strategy
from neurocine.training.segmentation.train import starting_weights, train_stneuronet
from neurocine.training.checkpoint import assign
from neurocine.training.segmentation.card import measure_and_describe
assert device_strategy().num_replicas_in_sync == 2
settings = StneuronetTraining(epochs=1, steps_per_epoch=2, batch_size=4, crop_px=32, validation_crops=4)
a = segmentation_architecture_from(json.loads(sys.argv[1]))
fitted = train_stneuronet(settings, [Path(p) for p in sys.argv[3:]], Path(sys.argv[2]), architecture=a)
print(json.dumps(fitted.history))
"""
    run = subprocess.run(
        [sys.executable, "-c", script, json.dumps(A.to_dict()), str(tmp_path), *map(str, folders)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    (row,) = json.loads(run.stdout.splitlines()[-1])
    assert 0.3 < row["loss"] < 2.5
    assert (tmp_path / "network.h5").is_file()


def test_card_and_registration(folders: list[Path], tmp_path: Path) -> None:
    train_stneuronet(SETTINGS, folders, tmp_path, architecture=A)
    model, architecture, own, metadata = load_segmentation_weights(tmp_path / "network.h5")
    figures = {"f1": 0.5, "recall": 0.5, "precision": 0.5}
    calibration = {
        "postprocessing": asdict(own),
        "mean": {"left_out": {"containment": figures, "iou": figures}},
    }
    metadata = {**metadata, "calibration": calibration}
    save_segmentation_weights(tmp_path / "weights.h5", model, architecture, own, metadata)
    (tmp_path / "calibration.json").write_text(json.dumps(calibration))
    metrics = measure_and_describe(tmp_path / "weights.h5", folders, tmp_path)
    assert [movie["name"] for movie in metrics["movies"]] == ["3"]
    assert 0 <= metrics["mean"]["containment"]["f1"] <= 1
    card = (tmp_path / "card.md").read_text()
    assert f"{model.count_params():,} values" in card
    assert "snakemake --cores all calibrate_stneuronet" in card
    entry = install_models(tmp_path, tmp_path / "registry", name="ours")[0].entry
    assert entry.indicators == ("simulated",)
    assert entry.metrics.values["f1"] == pytest.approx(metrics["mean"]["containment"]["f1"], abs=1e-4)
    found = Registry.load(tmp_path / "registry").segmenter("ours")
    assert found.architecture == A
    assert found.postprocessing == own
