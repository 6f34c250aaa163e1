"""Training of any network: on one device or several, logged, and resumed after a kill.

Keras's callbacks don't replace this: they run in `keras.Model.fit` alone, which fails with several workers;
`BackupAndRestore` keeps neither the best weights nor the learning curves and accepts a backup made with other
settings; and `CSVLogger` and `TensorBoard` can lose or repeat an epoch around a kill. The learning rate is a
schedule of Keras.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurocine.config import NetworkTraining, StneuronetTraining
from neurocine.core import InputError
from neurocine.progress import Progress, silent
from neurocine.training.checkpoint import (
    Checkpoint,
    History,
    assign,
    load_checkpoint,
    save_checkpoint,
    values_of,
)
from neurocine.training.distributed.replicas import Replicas, check_batch, clip_norm, rate_for
from neurocine.training.distributed.workers import is_chief, worker_strategy
from neurocine.training.event_log import EventLog

#: The learning rate falls along a cosine to this share of its start.
FINAL_RATE = 0.05
#: The gradient of a whole batch is clipped to this norm.
CLIP_NORM = 1.0
#: TensorBoard's log, beside the checkpoint.
LOGS = "logs"
NetworkT = TypeVar("NetworkT")


@dataclass(frozen=True, eq=False)
class Fitted(Generic[NetworkT]):
    """A network with the weights of the epoch with the lowest validation loss.

    Attributes
    ----------
    network
        What its architecture builds.
    history
        Figures of all epochs.
    """

    network: NetworkT
    history: History

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) whose weights these are."""
        return 1 + int(np.argmin([row["val_loss"] for row in self.history]))


def train_network(
    build: Callable[[], NetworkT],
    compile_model: Callable[[Any], None],
    data: Callable[[int], tuple[Any, Any]],
    settings: NetworkTraining | StneuronetTraining,
    checkpoint_path: Path,
    recipe: str,
    progress: Progress = silent,
    after_epoch: Callable[[History], None] = lambda history: None,
    start: Sequence[NDArray[Any]] | None = None,
    *,
    model_of: Callable[[NetworkT], Any] = lambda network: network,
) -> Fitted[NetworkT]:
    """Build a network and train it on all devices.

    Parameters
    ----------
    build
        Makes the network with random weights.
    compile_model
        Compiles its Keras model.
    settings
        Seed, epochs and batches.
    model_of
        Returns the Keras model of the network that is trained; the network itself unless given.
    data, checkpoint_path, recipe, progress, after_epoch, start
        As for `run_epochs`.

    Raises
    ------
    InputError
        If the checkpoint belongs to another recipe, a loss isn't finite, or the devices can't share a batch.
    """

    def compiled() -> NetworkT:
        network = build()
        model = model_of(network)
        compile_model(model)
        model.optimizer.build(model.trainable_variables)
        return network

    make_deterministic(settings.seed)
    network: NetworkT = on_devices(compiled, settings.batch_size)
    history = run_epochs(
        model_of(network), data, settings.epochs, checkpoint_path, recipe, progress, after_epoch, start
    )
    return Fitted(alone(network, build, model_of), history)


def run_epochs(
    model: Any,
    data: Callable[[int], tuple[Any, Any]],
    epochs: int,
    checkpoint_path: Path,
    recipe: str,
    progress: Progress = silent,
    after_epoch: Callable[[History], None] = lambda history: None,
    start: Sequence[NDArray[Any]] | None = None,
) -> History:
    """Train a compiled `model`, from `checkpoint_path` on if it is there; leave it with its best weights.

    A run that was killed and started again ends with the same weights as one that wasn't. Of several workers
    only the chief writes and reports progress; all of them read the checkpoint.

    Parameters
    ----------
    model
        A compiled Keras model whose optimizer is built.
    data
        Training and validation data of an epoch (from 0), each with a known number of batches.
    epochs
        Number of epochs; each ends with a validation and a checkpoint.
    checkpoint_path
        Written after each epoch; TensorBoard's log goes into ``logs`` beside it.
    recipe
        Hash of all that determines the result: a checkpoint of another recipe is refused.
    progress
        Reports the epochs done.
    after_epoch
        Called with the figures of all epochs so far.
    start
        Weights to start from, in the model's order; its own unless given.

    Returns
    -------
    list of dict
        Figures of each epoch; the weights are those of the one with the lowest ``val_loss``.

    Raises
    ------
    InputError
        If the checkpoint belongs to another recipe, or a loss isn't finite.
    """
    checkpoint = load_checkpoint(checkpoint_path, recipe) or Checkpoint(0, [], [], [])
    if checkpoint.epoch:
        assign(_state(model), checkpoint.state)
    elif start is not None:
        assign(model.weights, start)
    chief = is_chief()
    log = EventLog(checkpoint_path.parent / LOGS, checkpoint.history) if chief else nullcontext()
    pass_over = _passes(model)
    with log as events:
        for epoch in range(checkpoint.epoch, epochs):
            row = _epoch(model, pass_over, data, epoch)
            history = [*checkpoint.history, row]
            improved = row["val_loss"] <= min(past["val_loss"] for past in history)
            best = values_of(model.weights) if improved else checkpoint.best
            checkpoint = Checkpoint(epoch + 1, values_of(_state(model)), best, history)
            if events is not None:
                save_checkpoint(checkpoint_path, checkpoint, recipe)
                events.add(row)
                after_epoch(history)
                progress("train", epoch + 1, epochs)
    assign(model.weights, checkpoint.best)
    return checkpoint.history


#: Trains on the batches of one dataset, validates on those of another and returns the figures.
_Pass = Callable[[Any, Any], dict[str, float]]


def _passes(model: Any) -> _Pass:
    """Return what trains `model` for an epoch on the devices that it was made for."""
    if model.distribute_strategy.num_replicas_in_sync > 1:
        return Replicas(model, model.distribute_strategy).epoch

    def fit(training: Any, validation: Any) -> dict[str, float]:
        figures = model.fit(training, validation_data=validation, verbose=0, shuffle=False).history
        return {name: float(values[0]) for name, values in figures.items()}

    return fit


def _epoch(
    model: Any, pass_over: _Pass, data: Callable[[int], tuple[Any, Any]], epoch: int
) -> dict[str, float]:
    """Train for one epoch and return its figures."""
    training, validation = data(epoch)
    rate = float(model.optimizer.learning_rate)
    started = time.monotonic()
    figures = pass_over(training, validation)
    row = {name: figures[name] for name in sorted(figures)}
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


def on_devices(build: Callable[[], Any], batch_size: int) -> Any:
    """Return what `build` makes: on all devices, in half precision on GPUs.

    Raises
    ------
    InputError
        If the devices can't share batches of `batch_size` evenly.
    """
    import keras
    import tensorflow as tf

    strategy = device_strategy()
    usual = keras.mixed_precision.dtype_policy()
    if tf.config.list_logical_devices("GPU"):
        keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        with strategy.scope():
            check_batch(batch_size)
            return build()
    finally:
        keras.mixed_precision.set_global_policy(usual)


@cache
def device_strategy() -> Any:
    """Return the strategy of what this process can use: a copy of the network on each device, if several.

    Several workers (`neurocine.training.distributed.workers`) take part with all of their devices.
    """
    # Made once: TensorFlow mixes up the sums over devices of two strategies of a process.
    import tensorflow as tf

    workers = worker_strategy()
    if workers is not None:
        return workers
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def alone(model: Any, build: Callable[[], Any], part: Callable[[Any], Any] = lambda made: made) -> Any:
    """Return `model`, or if other workers hold parts of it, a copy that this process can use without them."""
    if worker_strategy() is None:
        return model
    copy = build()
    assign(part(copy).weights, values_of(part(model).weights))
    return copy


def optimizer_options(settings: NetworkTraining | StneuronetTraining) -> dict[str, Any]:
    """Return the arguments of any optimizer: learning rate and clipping for the current scope's devices.

    The rate falls along a cosine over all steps.
    """
    import keras

    rate = rate_for(settings.learning_rate, settings.learning_rate_scaling)
    steps = settings.epochs * settings.steps_per_epoch
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps, alpha=FINAL_RATE)
    return {"learning_rate": schedule, "global_clipnorm": clip_norm(CLIP_NORM)}


def dataset_of(batches: Callable[[], Any], signature: tuple[Any, ...], n: int) -> Any:
    """Return the `n` batches as a `tf.data.Dataset`, made ahead of time while the network computes."""
    import tensorflow as tf

    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(n)).prefetch(2)


def _state(model: Any) -> list[Any]:
    """Return all variables that the next epoch depends on; metrics start anew with each."""
    metrics = {id(variable) for variable in model.metrics_variables}
    kept = [variable for variable in model.variables if id(variable) not in metrics]
    known = {id(variable) for variable in kept}
    return kept + [variable for variable in model.optimizer.variables if id(variable) not in known]
