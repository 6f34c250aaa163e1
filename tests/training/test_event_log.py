"""TensorBoard's log of a run: every epoch once, killed or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from neurocine.config import NetworkTraining
from neurocine.networks.cells import CellArchitecture
from neurocine.training.cells.fit import fit_cell_networks
from neurocine.training.cells.window_sampling import window_table
from neurocine.training.cells.windows import Windows
from neurocine.training.checkpoint import History, load_checkpoint
from neurocine.training.corpus import load_recording
from neurocine.training.event_log import EventLog

SETTINGS = NetworkTraining(epochs=3, steps_per_epoch=1, batch_size=2, validation_windows=2)
Points = dict[tuple[str, str], list[tuple[int, float]]]


class Killed(Exception):
    """Stands for the end of a job that ran out of time."""


def points(folder: Path) -> Points:
    """Return (step, value) of each figure by folder and name, in the order of the files."""
    import tensorflow as tf
    from tensorflow.core.util import event_pb2

    found: Points = {}
    for path in sorted(folder.glob("*/events.out.tfevents.*")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = event_pb2.Event.FromString(record)
            for value in event.summary.value:
                assert value.metadata.plugin_data.plugin_name == "scalars"
                key = (path.parent.name, value.tag)
                found.setdefault(key, []).append((event.step, float(tf.make_ndarray(value.tensor))))
    return found


def expected(history: History) -> Points:
    found: Points = {}
    for row in history:
        for name, value in row.items():
            if name != "epoch":
                key = ("validation" if name.startswith("val_") else "train", name.removeprefix("val_"))
                found.setdefault(key, []).append((int(row["epoch"]), float(np.float32(value))))
    return found


def test_a_killed_run_logs_each_epoch_once(
    folders: list[Path], tiny_view_types: CellArchitecture, tmp_path: Path
) -> None:
    recordings = [load_recording(folders[0], tiny_view_types.normalisation)]
    table = window_table("celltype", recordings, tiny_view_types.window_frames, 0.1)
    windows = Windows.plain("celltype", tiny_view_types, recordings, table)

    def kill(history: History) -> None:
        if len(history) == 2:
            raise Killed

    checkpoint = tmp_path / "checkpoint.h5"
    with pytest.raises(Killed):
        fit_cell_networks(tiny_view_types, windows, windows, SETTINGS, checkpoint, "recipe", after_epoch=kill)
    before = load_checkpoint(checkpoint, "recipe")
    assert before is not None
    assert points(tmp_path / "logs") == expected(before.history)
    fitted = fit_cell_networks(tiny_view_types, windows, windows, SETTINGS, checkpoint, "recipe")
    found = points(tmp_path / "logs")
    assert found == expected(fitted.history)
    assert [step for step, _ in found["validation", "loss"]] == [1, 2, 3]
    assert {name for kind, name in found if kind == "train"} >= {"loss", "accuracy", "learning_rate"}
    rates = [rate for _, rate in found["train", "learning_rate"]]
    assert rates[0] == pytest.approx(SETTINGS.learning_rate)
    assert rates == sorted(rates, reverse=True)


def test_an_epoch_killed_before_its_log_is_not_missing(tmp_path: Path) -> None:
    history = [{"epoch": epoch, "loss": 1 / epoch, "val_loss": 2 / epoch} for epoch in (1.0, 2.0, 3.0)]
    with EventLog(tmp_path, []) as log:
        log.add(history[0])
        log.add({"epoch": 2.0, "loss": 9.0, "val_loss": 9.0})  # of a run whose checkpoint is gone
    with EventLog(tmp_path, history[:2]) as log:
        log.add(history[2])
        assert points(tmp_path) == expected(history)  # on disk while the run goes on
