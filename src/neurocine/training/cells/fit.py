"""The activity and cell-type networks trained on stratified batches of windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from neurocine.config import NetworkTraining
from neurocine.networks.cells import CellArchitecture, Networks
from neurocine.progress import Progress, silent
from neurocine.training.cells.windows import Batch, Windows
from neurocine.training.checkpoint import History
from neurocine.training.loop import Fitted, dataset_of, optimizer_options, train_network

#: Of the compact networks' weights, relative to the learning rate.
WEIGHT_DECAY = 0.004


def fit_cell_networks(
    architecture: CellArchitecture,
    training: Windows,
    validation: Windows,
    settings: NetworkTraining,
    checkpoint_path: Path,
    recipe: str,
    progress: Progress = silent,
    after_epoch: Callable[[History], None] = lambda history: None,
    start: Sequence[NDArray[Any]] | None = None,
) -> Fitted[Networks]:
    """Train networks of `architecture`, or continue from `checkpoint_path` if it is there.

    RMSprop (rho .9; AdamW for compact networks) on binary (activity) or categorical (cell types)
    cross-entropy. A run that was killed and started again ends with the same weights as one that wasn't.

    Parameters
    ----------
    architecture, settings
        What is trained, and how.
    training, validation
        Augmented windows, and plain ones of other recordings.
    checkpoint_path, recipe, progress, after_epoch
        As for `neurocine.training.loop.run_epochs`.
    start
        Initial weights, in the order of `Networks.full`; random unless given.

    Raises
    ------
    InputError
        If the checkpoint belongs to another recipe, a loss isn't finite, or the devices can't share a batch.
    """
    seed, steps, size = settings.seed, settings.steps_per_epoch, settings.batch_size
    n_validation = max(1, min(settings.validation_windows, len(validation.table)) // size)

    def data(epoch: int) -> tuple[Any, Any]:
        training_batches = partial(training.training_batches, seed, epoch, steps, size)
        validation_batches = partial(validation.sample_batches, seed, n_validation, size)
        return (
            _dataset(training_batches, architecture, size, steps),
            _dataset(validation_batches, architecture, size, n_validation),
        )

    return train_network(
        architecture.build,
        partial(_compile, architecture=architecture, settings=settings),
        data,
        settings,
        checkpoint_path,
        recipe,
        progress,
        after_epoch,
        start,
        model_of=lambda networks: networks.full,
    )


def _compile(model: Any, architecture: CellArchitecture, settings: NetworkTraining) -> None:
    frames = architecture.output == "frames"
    model.compile(
        optimizer=_optimizer(architecture, settings),
        loss="binary_crossentropy" if frames else "categorical_crossentropy",
        weighted_metrics=["binary_accuracy" if frames else "accuracy"],
    )


def _optimizer(architecture: CellArchitecture, settings: NetworkTraining) -> Any:
    import keras

    options = optimizer_options(settings)
    if architecture.family == "patches":  # as the paper has it
        return keras.optimizers.RMSprop(rho=0.9, **options)
    return keras.optimizers.AdamW(weight_decay=WEIGHT_DECAY, **options)


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
    return dataset_of(batches, signature, n)
