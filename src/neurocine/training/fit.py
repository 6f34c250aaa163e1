"""The training loop: epochs of stratified batches, on one device or several, that survive a kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config.models import NetworkTraining
from neurocine.core import InputError
from neurocine.core.progress import Progress, silent
from neurocine.network import Architecture, Networks
from neurocine.training.checkpoint import (
    Checkpoint,
    History,
    assign,
    load_checkpoint,
    save_checkpoint,
    values_of,
)
from neurocine.training.data import Batch, Windows
from neurocine.training.events import EventLog

#: The learning rate falls along a cosine to this share of its start.
FINAL_RATE = 0.05
#: Of the compact networks' weights, relative to the learning rate.
WEIGHT_DECAY = 0.004
#: Gradients are clipped to this norm.
CLIP_NORM = 1.0
#: TensorBoard's log, beside the checkpoint.
LOGS = "logs"


@dataclass(frozen=True, eq=False)
class Fitted:
    """Networks with the weights of the epoch with the lowest validation loss, and all epochs' figures."""

    networks: Networks
    history: History

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) whose weights these are."""
        return 1 + int(np.argmin([row["val_loss"] for row in self.history]))


def fit(
    architecture: Architecture,
    training: Windows,
    validation: Windows,
    settings: NetworkTraining,
    checkpoint_path: Path,
    recipe: str,
    progress: Progress = silent,
    after_epoch: Callable[[History], None] = lambda history: None,
    start: Sequence[NDArray[Any]] | None = None,
) -> Fitted:
    """Train networks of `architecture`; go on from `checkpoint_path` if it is there.

    RMSprop (rho .9; AdamW for compact networks) on binary (activity) or categorical (cell types)
    cross-entropy. A run that was killed and started again ends with the same weights as one that wasn't.

    Parameters
    ----------
    architecture, settings
        What is trained, and how.
    training, validation
        Augmented windows, and plain ones of other recordings.
    checkpoint_path
        Written after each epoch; TensorBoard's log goes into ``logs`` beside it.
    recipe
        Hash of all that determines the result: a checkpoint of another recipe is refused.
    progress
        Told about epochs.
    after_epoch
        Called with the figures of all epochs so far.
    start
        Weights to start from, in the order of `Networks.full`; random ones unless given.

    Raises
    ------
    InputError
        If the checkpoint belongs to another recipe, or a loss isn't finite.
    """
    make_deterministic(settings.seed)
    networks = _compiled(architecture, settings)
    model = networks.full
    checkpoint = load_checkpoint(checkpoint_path, recipe) or Checkpoint(0, [], [], [])
    if checkpoint.epoch:
        assign(_state(model), checkpoint.state)
    elif start is not None:
        assign(model.trainable_variables, start)
    with EventLog(checkpoint_path.parent / LOGS, checkpoint.history) as events:
        for epoch in range(checkpoint.epoch, settings.epochs):
            row = _epoch(model, architecture, training, validation, settings, epoch)
            history = [*checkpoint.history, row]
            improved = row["val_loss"] <= min(past["val_loss"] for past in history)
            best = values_of(model.trainable_variables) if improved else checkpoint.best
            checkpoint = Checkpoint(epoch + 1, values_of(_state(model)), best, history)
            save_checkpoint(checkpoint_path, checkpoint, recipe)
            events.add(row)
            after_epoch(history)
            progress("train", epoch + 1, settings.epochs)
    assign(model.trainable_variables, checkpoint.best)
    return Fitted(networks, checkpoint.history)


def _compiled(architecture: Architecture, settings: NetworkTraining) -> Networks:
    """Return new networks ready to train: on all devices, in half precision on GPUs."""
    import keras
    import tensorflow as tf

    frames = architecture.output == "frames"
    usual = keras.mixed_precision.dtype_policy()
    if tf.config.list_logical_devices("GPU"):
        keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        with device_strategy().scope():
            networks = architecture.build()
            networks.full.compile(
                optimizer=_optimizer(architecture, settings),
                loss="binary_crossentropy" if frames else "categorical_crossentropy",
                weighted_metrics=["binary_accuracy" if frames else "accuracy"],
            )
            networks.full.optimizer.build(networks.full.trainable_variables)
    finally:
        keras.mixed_precision.set_global_policy(usual)
    return networks


def _epoch(
    model: Any,
    architecture: Architecture,
    training: Windows,
    validation: Windows,
    settings: NetworkTraining,
    epoch: int,
) -> dict[str, float]:
    """Train for one epoch and return its figures."""
    seed, steps, size = settings.seed, settings.steps_per_epoch, settings.batch_size
    n_validation = max(1, min(settings.validation_windows, len(validation.table)) // size)
    seen = partial(training.training_batches, seed, epoch, steps, size)
    unseen = partial(validation.sample_batches, seed, n_validation, size)
    rate = float(model.optimizer.learning_rate)
    started = time.monotonic()
    figures = model.fit(
        _dataset(seen, architecture, size, steps),
        validation_data=_dataset(unseen, architecture, size, n_validation),
        initial_epoch=epoch,
        epochs=epoch + 1,
        verbose=0,
        shuffle=False,
    ).history
    row = {name: float(values[0]) for name, values in sorted(figures.items())}
    if not np.isfinite(list(row.values())).all():
        raise InputError(
            f"epoch {epoch + 1}", "loss", "isn't finite", "Train with a lower learning_rate, in a new folder."
        )
    seconds = time.monotonic() - started
    return {"epoch": epoch + 1.0, "seconds": seconds, "learning_rate": rate, **row}


def make_deterministic(seed: int) -> None:
    """Seed all random streams and allow no operation whose result depends on timing."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def device_strategy() -> Any:
    """Return the strategy for this machine: a copy of the network on each device, if there are several."""
    import tensorflow as tf

    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def _optimizer(architecture: Architecture, settings: NetworkTraining) -> Any:
    import keras

    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, settings.epochs * settings.steps_per_epoch, alpha=FINAL_RATE
    )
    if architecture.family == "cinac":  # as the paper has it
        return keras.optimizers.RMSprop(rate, rho=0.9, global_clipnorm=CLIP_NORM)
    return keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY, global_clipnorm=CLIP_NORM)


def _state(model: Any) -> list[Any]:
    """Return all variables that the next epoch depends on; metrics start anew with each."""
    metrics = {id(variable) for variable in model.metrics_variables}
    kept = [variable for variable in model.variables if id(variable) not in metrics]
    known = {id(variable) for variable in kept}
    return kept + [variable for variable in model.optimizer.variables if id(variable) not in known]


def _dataset(batches: Callable[[], Iterator[Batch]], architecture: Architecture, size: int, n: int) -> Any:
    """Return the `n` batches as a `tf.data.Dataset`, made ahead of time while the network computes."""
    import tensorflow as tf

    a = architecture
    answer = (size, a.window_frames if a.output == "frames" else 3)
    signature = (
        tf.TensorSpec((size, *a.window_shape), tf.float32),
        tf.TensorSpec(answer, tf.float32),
        tf.TensorSpec((size,), tf.float32),
    )
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(n)).prefetch(2)
