"""Training: learns, repeats, survives a kill, uses several devices, and reports what it measured."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from neurocine.config import NetworkTraining
from neurocine.core import InputError
from neurocine.networks.cells import CellArchitecture, Networks
from neurocine.networks.installation import install_models
from neurocine.networks.registry import Registry
from neurocine.networks.weights import load_cell_weights
from neurocine.training import train
from neurocine.training.cells.calibration import MOVES, TYPE_MOVES
from neurocine.training.cells.fit import fit_cell_networks
from neurocine.training.cells.window_sampling import REAL, window_table
from neurocine.training.cells.windows import Windows
from neurocine.training.checkpoint import History, load_checkpoint
from neurocine.training.corpus import load_recording
from neurocine.training.loop import Fitted

SETTINGS = NetworkTraining(epochs=2, steps_per_epoch=2, batch_size=4, validation_windows=4)


class Killed(Exception):
    """Stands for the end of a job that ran out of time."""


def fit_tiny(
    folders: list[Path], tiny_types: CellArchitecture, checkpoint: Path, **options: object
) -> Fitted[Networks]:
    recording = load_recording(folders[0], tiny_types.normalisation)
    table = window_table("celltype", [recording], tiny_types.window_frames, 0.1)
    training = Windows.augmented("celltype", tiny_types, [recording], table, SETTINGS.seed)
    validation = Windows.plain("celltype", tiny_types, [recording], table)
    return fit_cell_networks(tiny_types, training, validation, SETTINGS, checkpoint, "recipe", **options)  # type: ignore[arg-type]


def test_a_killed_run_ends_as_one_that_was_not(
    folders: list[Path], either_types: CellArchitecture, tmp_path: Path
) -> None:
    def kill(history: History) -> None:
        raise Killed

    fit_tiny(folders, either_types, tmp_path / "whole.h5")
    with pytest.raises(Killed):
        fit_tiny(folders, either_types, tmp_path / "killed.h5", after_epoch=kill)
    fit_tiny(folders, either_types, tmp_path / "killed.h5")
    whole, resumed = (load_checkpoint(tmp_path / f"{name}.h5", "recipe") for name in ("whole", "killed"))
    assert whole is not None
    assert resumed is not None
    assert whole.epoch == resumed.epoch == 2
    for name in ("state", "best"):
        for a, b in zip(getattr(whole, name), getattr(resumed, name), strict=True):
            np.testing.assert_array_equal(a, b)
    losses = [[row["loss"] for row in run.history] for run in (whole, resumed)]
    assert losses[0] == losses[1]
    with pytest.raises(InputError, match="Remove the file to start anew"):
        load_checkpoint(tmp_path / "whole.h5", "another recipe")


def test_loss_falls_on_windows_seen_again_and_again(
    folders: list[Path], either: CellArchitecture, tmp_path: Path
) -> None:
    recording = load_recording(folders[0], either.normalisation)
    table = window_table("activity", [recording], either.window_frames, 0.0)
    rows = np.flatnonzero(table.stratum == REAL)[:4]
    few = type(table)(*(getattr(table, name)[rows] for name in table.__dataclass_fields__))
    windows = Windows.plain("activity", either, [recording], few)
    settings = NetworkTraining(
        epochs=3, steps_per_epoch=25, batch_size=4, validation_windows=4, learning_rate=0.03
    )
    fitted = fit_cell_networks(either, windows, windows, settings, tmp_path / "checkpoint.h5", "recipe")
    losses = [row["val_loss"] for row in fitted.history]
    assert losses[-1] < 0.8 * losses[0]
    assert fitted.best_epoch == 1 + int(np.argmin(losses))


@pytest.mark.parametrize("name", ["tiny", "tiny_types", "tiny_views", "tiny_view_types"])
def test_training_writes_a_model_that_can_be_used(
    name: str, folders: list[Path], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    architecture: CellArchitecture = request.getfixturevalue(name)
    task = "activity" if architecture.output == "frames" else "celltype"
    out = tmp_path / "out"
    metrics = train(task, SETTINGS, folders, out, architecture=architecture)  # type: ignore[arg-type]
    assert metrics == json.loads((out / "metrics.json").read_text())
    assert metrics["test_movies"] == ["custom-3"]
    with (out / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["epoch"]) for row in rows] == [1, 2]
    assert (out / "curves.png").stat().st_size > 1000

    _, stored, metadata = load_cell_weights(out / "weights.h5")
    assert stored == architecture
    assert metadata["recipe"]["movies"] == {
        "train": [["custom", 1]],
        "validation": [["custom", 2]],
        "test": [["custom", 3]],
    }
    # Calibration's, of one bias or of each type's.
    moved = np.atleast_1d(metadata["bias_moved"])
    assert len(moved) == (1 if task == "activity" else 3)
    assert set(moved) <= set(MOVES if task == "activity" else TYPE_MOVES)
    card = (out / "card.md").read_text()
    shown = (
        [metrics["model"]["active_cells"]["f1"], metrics["frame_average_precision"]]
        if task == "activity"
        else [metrics["accuracy"], metrics["macro_f1"], *metrics["f1"]]
    )
    for figure in shown:
        assert f"{figure:.3f}" in card
    assert "1 to train (custom 1); 1 to validate (custom 1); 1 to test (custom 1)" in card
    again = yaml.safe_load(card.split("```yaml")[1].split("```")[0])["training"]
    assert again["simulation"] == {"movies": {"custom": 1}, "held_out": 1, "seed": 1}
    assert NetworkTraining.model_validate(again[task]) == SETTINGS

    entry = install_models(out, tmp_path / "registry", name="mine")[0].entry
    registry = Registry.load(tmp_path / "registry")
    assert registry.entries["mine"] == entry
    assert entry.metrics.on == "simulated movies custom-3, not seen in training"
    assert registry.model("mine", task).architecture == architecture  # type: ignore[arg-type]
    assert (tmp_path / "registry" / entry.card).read_text() == card
    assert json.loads((tmp_path / "registry" / "mine.metrics.json").read_text()) == metrics


def test_cells_of_the_chosen_types_alone_are_learned(
    folders: list[Path], tiny_views: CellArchitecture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Windows] = []

    def note(
        architecture: CellArchitecture, training: Windows, validation: Windows, *rest: object, **named: object
    ) -> None:
        seen.extend([training, validation])
        raise Killed

    monkeypatch.setattr("neurocine.training.cells.train.fit_cell_networks", note)
    settings = SETTINGS.model_copy(update={"types": ("interneuron",)})
    with pytest.raises(Killed):
        train("activity", settings, folders, tmp_path, architecture=tiny_views)
    for windows in seen:
        kinds = np.asarray(windows.recordings[0].truth.cell_types)
        assert set(windows.table.cell) == set(np.flatnonzero(kinds == "interneuron"))


def test_two_devices_share_the_batches(
    folders: list[Path], either_types: CellArchitecture, tmp_path: Path
) -> None:
    script = """
import json, sys
from pathlib import Path
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from neurocine.config import NetworkTraining
from neurocine.networks.catalogue import cell_architecture_from
from neurocine.training.corpus import load_recording
from neurocine.training.cells.windows import Windows
from neurocine.training.cells.fit import fit_cell_networks
from neurocine.training.loop import device_strategy
from neurocine.training.cells.window_sampling import window_table
assert device_strategy().num_replicas_in_sync == 2
a = cell_architecture_from(json.loads(sys.argv[1]))
recordings = [load_recording(Path(sys.argv[2]), a.normalisation)]
windows = Windows.plain("celltype", a, recordings, window_table("celltype", recordings, a.window_frames, 0.1))
settings = NetworkTraining(epochs=1, steps_per_epoch=2, batch_size=4, validation_windows=4)
fitted = fit_cell_networks(a, windows, windows, settings, Path(sys.argv[3]), "recipe")
print(json.dumps(fitted.history))
"""
    checkpoint = tmp_path / "checkpoint.h5"
    run = subprocess.run(
        [sys.executable, "-c", script, json.dumps(either_types.to_dict()), str(folders[0]), str(checkpoint)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    (row,) = json.loads(run.stdout.splitlines()[-1])
    assert 0.5 < row["loss"] < 2.5  # near ln 3, that of not knowing
    done = load_checkpoint(checkpoint, "recipe")
    assert done is not None
    assert all(np.isfinite(value).all() for value in done.best)
