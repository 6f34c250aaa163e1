"""A network that segments active neurons, trained on crops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.config import StneuronetTraining
from neurocine.networks.segmentation.architecture import SegmentationArchitecture
from neurocine.progress import Progress, silent
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
from neurocine.training.segmentation.crops import Batch, Crops


@dataclass(frozen=True, eq=False)
class FittedSegmenter:
    """A model with the weights of the epoch with the lowest validation loss, and all epochs' figures."""

    model: Any
    history: History

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) whose weights these are."""
        return 1 + int(np.argmin([row["val_loss"] for row in self.history]))


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
) -> FittedSegmenter:
    """Train a network of `architecture` with Adam on the Dice loss (Eq. 1), as `run_epochs` does.

    Parameters
    ----------
    architecture, settings
        What is trained, and how.
    training, validation
        Crops to learn from, rotated and flipped; and of other recordings, as they are.
    checkpoint_path, recipe, progress, after_epoch, start
        As for `neurocine.training.loop.run_epochs`.
    """
    make_deterministic(settings.seed)
    steps, size = settings.steps_per_epoch, settings.batch_size
    n_validation = max(1, settings.validation_crops // size)
    model = on_devices(lambda: _compiled(architecture, settings), size)
    shape = (architecture.maps, settings.crop_px, settings.crop_px)

    def data(epoch: int) -> tuple[Any, Any]:
        seen = partial(training.batches, settings.seed, epoch, steps, size, augment=True)
        unseen = partial(validation.batches, settings.seed, 0, n_validation, size, augment=False)
        return (
            _dataset(seen, architecture, size, shape, steps),
            _dataset(unseen, architecture, size, shape, n_validation),
        )

    history = run_epochs(model, data, settings.epochs, checkpoint_path, recipe, progress, after_epoch, start)
    return FittedSegmenter(alone(model, architecture.build), history)


def _compiled(architecture: SegmentationArchitecture, settings: StneuronetTraining) -> Any:
    import keras

    model = architecture.build()
    steps = settings.epochs * settings.steps_per_epoch
    rate = falling_rate(settings.learning_rate, settings.learning_rate_scaling, steps)
    loss = dice_loss if architecture.family == "dense" else dice_and_entropy
    model.compile(optimizer=keras.optimizers.Adam(rate, global_clipnorm=clip_norm(CLIP_NORM)), loss=loss)
    model.optimizer.build(model.trainable_variables)
    return model


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
    """Return `dice_loss` plus the mean cross-entropy, which also tells sure from unsure pixels."""
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
        tf.TensorSpec((size, architecture.window_frames, *shape[1:], 1), tf.float32),
        tf.TensorSpec((size, *shape, 2), tf.float32),
    )
    return counted(joined, signature, n)
