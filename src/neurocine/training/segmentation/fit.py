"""A network that segments active neurons, trained on crops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config import StneuronetTraining
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.progress import Progress, silent
from neurocine.training.checkpoint import History
from neurocine.training.loop import Fitted, dataset_of, optimizer_options, train_network
from neurocine.training.segmentation.crops import Batch, Crops


def fit_segmenter(
    architecture: SegmentationArchitecture,
    training: Crops,
    validation: Crops,
    settings: StneuronetTraining,
    checkpoint_path: Path,
    recipe: str,
    progress: Progress = silent,
    after_epoch: Callable[[History], None] = lambda history: None,
    start: Sequence[NDArray[Any]] | None = None,
) -> Fitted[Any]:
    """Train a network of `architecture` with Adam on the Dice loss (Eq. 1), as `run_epochs` does.

    Parameters
    ----------
    architecture, settings
        What is trained, and how.
    training, validation
        Crops to learn from, rotated and flipped; and plain ones of other recordings.
    checkpoint_path, recipe, progress, after_epoch, start
        As for `neurocine.training.loop.run_epochs`.
    """
    steps, size = settings.steps_per_epoch, settings.batch_size
    n_validation = max(1, settings.validation_crops // size)
    shape = (architecture.maps, settings.crop_px, settings.crop_px)

    def data(epoch: int) -> tuple[Any, Any]:
        training_batches = partial(training.batches, settings.seed, epoch, steps, size, augment=True)
        validation_batches = partial(validation.batches, settings.seed, 0, n_validation, size, augment=False)
        return (
            _dataset(training_batches, architecture, size, shape, steps),
            _dataset(validation_batches, architecture, size, shape, n_validation),
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
    )


def _compile(model: Any, architecture: SegmentationArchitecture, settings: StneuronetTraining) -> None:
    import keras

    loss = dice_loss if architecture.family == "dense" else dice_and_entropy
    model.compile(optimizer=keras.optimizers.Adam(**optimizer_options(settings)), loss=loss)


def dice_loss(answer: Any, probability: Any) -> Any:
    """Return 1 less the mean of both classes' Dice coefficients (Eq. 1), a scalar for each of B crops.

    Parameters
    ----------
    answer
        True masks (0 or 1) and what each pixel counts, (B, maps, Y, X, 2).
    probability
        (B, maps, Y, X).
    """
    from keras import ops

    true, weight = answer[..., 0], answer[..., 1]
    both = []
    for p, q in ((probability, true), (1 - probability, 1 - true)):
        common = ops.sum(weight * p * q, axis=(1, 2, 3))
        size = ops.sum(weight * (ops.square(p) + ops.square(q)), axis=(1, 2, 3))
        both.append((2 * common + 1) / (size + 1))
    return 1 - sum(both) / 2


def dice_and_entropy(answer: Any, probability: Any) -> Any:
    """Return `dice_loss` plus the mean cross-entropy, which also separates sure from unsure pixels."""
    from keras import ops

    true, weight = answer[..., 0], answer[..., 1]
    p = ops.clip(probability, 1e-6, 1 - 1e-6)
    entropy = -(true * ops.log(p) + (1 - true) * ops.log(1 - p))
    return dice_loss(answer, probability) + ops.mean(weight * entropy, axis=(1, 2, 3))


def _dataset(
    batches: Callable[[], Any],
    architecture: SegmentationArchitecture,
    size: int,
    shape: tuple[int, int, int],
    n: int,
) -> Any:
    """Return the `n` batches as a `tf.data.Dataset` of crops and answers."""
    import tensorflow as tf

    def joined() -> Any:
        batch: Batch
        for batch in batches():
            yield batch[0], np.stack(batch[1:], axis=-1)

    signature = (
        tf.TensorSpec((size, architecture.input_frames, *shape[1:], 1), tf.float32),
        tf.TensorSpec((size, *shape, 2), tf.float32),
    )
    return dataset_of(joined, signature, n)
