"""The activity and cell-type networks trained on stratified batches of windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config import NetworkTraining
from neurocine.networks.cells import CellArchitecture, Networks
from neurocine.progress import Progress, silent
from neurocine.training.cells.windows import Batch, Windows
from neurocine.training.checkpoint import History
from neurocine.training.distributed.replicas import clip_norm
from neurocine.training.loop import (
    CLIP_NORM,
    alone,
    counted,
    falling_rate,
    make_deterministic,
    on_devices,
    run_epochs,
)

#: Of the compact networks' weights, relative to the learning rate.
WEIGHT_DECAY = 0.004


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
    architecture: CellArchitecture,
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
        If the checkpoint belongs to another recipe, a loss isn't finite, or the devices can't share a batch.
    """
    make_deterministic(settings.seed)
    networks: Networks = on_devices(lambda: _compiled(architecture, settings), settings.batch_size)
    seed, steps, size = settings.seed, settings.steps_per_epoch, settings.batch_size
    n_validation = max(1, min(settings.validation_windows, len(validation.table)) // size)

    def data(epoch: int) -> tuple[Any, Any]:
        seen = partial(training.training_batches, seed, epoch, steps, size)
        unseen = partial(validation.sample_batches, seed, n_validation, size)
        return (
            _dataset(seen, architecture, size, steps),
            _dataset(unseen, architecture, size, n_validation),
        )

    history = run_epochs(
        networks.full, data, settings.epochs, checkpoint_path, recipe, progress, after_epoch, start
    )
    return Fitted(alone(networks, architecture.build, lambda made: made.full), history)


def _compiled(architecture: CellArchitecture, settings: NetworkTraining) -> Networks:
    """Return new networks ready to train."""
    frames = architecture.output == "frames"
    networks = architecture.build()
    networks.full.compile(
        optimizer=_optimizer(architecture, settings),
        loss="binary_crossentropy" if frames else "categorical_crossentropy",
        weighted_metrics=["binary_accuracy" if frames else "accuracy"],
    )
    networks.full.optimizer.build(networks.full.trainable_variables)
    return networks


def _optimizer(architecture: CellArchitecture, settings: NetworkTraining) -> Any:
    import keras

    steps = settings.epochs * settings.steps_per_epoch
    rate = falling_rate(settings.learning_rate, settings.learning_rate_scaling, steps)
    norm = clip_norm(CLIP_NORM)
    if architecture.family == "patches":  # as the paper has it
        return keras.optimizers.RMSprop(rate, rho=0.9, global_clipnorm=norm)
    return keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY, global_clipnorm=norm)


def _dataset(
    batches: Callable[[], Iterator[Batch]], architecture: CellArchitecture, size: int, n: int
) -> Any:
    """Return the `n` batches as a `tf.data.Dataset`."""
    import tensorflow as tf

    a = architecture
    answer = (size, a.window_frames if a.output == "frames" else 3)
    signature = (
        tf.TensorSpec((size, *a.window_shape), tf.float32),
        tf.TensorSpec(answer, tf.float32),
        tf.TensorSpec((size,), tf.float32),
    )
    return counted(batches, signature, n)
