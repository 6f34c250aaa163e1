"""A network trained on several devices at once: each has a copy of it and its share of each batch."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from neurocine.core import InputError

#: Names of the random states of dropout among a model's variables.
SEED_STATE = "seed_generator_state"


class Replicas:
    """Trains a compiled model on the devices of its strategy, as `keras.Model.fit` does on one.

    `fit` itself fails with several workers, and with several devices clips and checks each device's gradient
    before they are summed: where to clip would depend on the number of devices, and an overflow of half
    precision on one device would be overlooked.

    Parameters
    ----------
    model
        Compiled with gradients clipped to `clip_norm` in the scope of `strategy`.
    strategy
        A `tf.distribute.Strategy` of two devices or more.
    """

    def __init__(self, model: Any, strategy: Any) -> None:
        import tensorflow as tf

        self._model, self._strategy = model, strategy
        self._loss = next(metric for metric in model.metrics if metric.name == "loss")
        self._ready = False
        self._step = tf.function(lambda batch, training: strategy.run(self._on_one, args=(batch, training)))

    def epoch(self, training: Any, validation: Any) -> dict[str, float]:
        """Train on the batches of a dataset, then validate on those of another; return the figures."""
        if not self._ready:
            self._prepare(training)
        figures = self._pass(training, training=True)
        unseen = self._pass(validation, training=False)
        return {**figures, **{f"val_{name}": value for name, value in unseen.items()}}

    def _prepare(self, dataset: Any) -> None:
        """Make the metrics' variables, and let each device drop features of its own."""
        import tensorflow as tf

        with self._strategy.scope():
            zeros = tuple(tf.zeros((1, *part.shape[1:]), part.dtype) for part in dataset.element_spec)
            self._strategy.run(self._model.test_step, args=(zeros,))
        context = self._strategy.cluster_resolver
        n_local = len(self._strategy.extended.worker_devices)
        first = n_local * (context.task_id if context is not None and context.task_id else 0)
        for variable in self._model.variables:
            if variable.path.endswith(SEED_STATE):
                for index, copy in enumerate(self._strategy.experimental_local_results(variable.value)):
                    seed, count = copy.numpy()
                    copy.assign([seed + first + index, count])
        self._ready = True

    def _pass(self, dataset: Any, *, training: bool) -> dict[str, float]:
        self._model.reset_metrics()
        batches = iter(self._shared(dataset))
        for _ in range(int(dataset.cardinality())):
            self._step(next(batches), training)
        return {name: float(value) for name, value in self._model.get_metrics_result().items()}

    def _shared(self, dataset: Any) -> Any:
        """Return the dataset with each batch's rows in order over all devices of all workers."""

        def own(context: Any) -> Any:
            size = int(dataset.element_spec[0].shape[0])
            n = size // context.num_input_pipelines
            rows = slice(context.input_pipeline_id * n, (context.input_pipeline_id + 1) * n)
            shares = dataset.map(lambda *parts: tuple(part[rows] for part in parts))
            return shares.rebatch(context.get_per_replica_batch_size(size), drop_remainder=True)

        return self._strategy.distribute_datasets_from_function(own)

    def _on_one(self, batch: Any, training: bool) -> None:
        """One device's part of a step."""
        import keras
        import tensorflow as tf

        model, n = self._model, self._strategy.num_replicas_in_sync
        windows, answers, weights = keras.utils.unpack_x_y_sample_weight(batch)
        with tf.GradientTape(watch_accessed_variables=training) as tape:
            predicted = model(windows, training=training)
            loss = model.compute_loss(windows, answers, predicted, weights, training=training)
            scaled = model.optimizer.scale_loss(loss) if training else loss
        if training:
            gradients = tape.gradient(scaled, model.trainable_variables)
            summed = tf.distribute.get_replica_context().all_reduce("SUM", gradients)
            # Keras sums over devices once more, after it has clipped.
            model.optimizer.apply([gradient / n for gradient in summed], model.trainable_variables)
        # Keras divides each device's mean loss by the number of devices.
        self._loss.update_state(loss * n, sample_weight=tf.shape(answers)[0])
        model.compute_metrics(windows, answers, predicted, weights)


def clip_norm(norm: float) -> float:
    """Return the norm for an optimizer of the current scope, whose gradient is a device's share."""
    return norm / replicas()


def replicas() -> int:
    """Return the number of devices that share a batch in the current scope."""
    import tensorflow as tf

    return cast(int, tf.distribute.get_strategy().num_replicas_in_sync)


def rate_for(learning_rate: float, scaling: str) -> float:
    """Return the learning rate on the current scope's devices: times 1, their number (linear) or its root."""
    powers = {"none": 0.0, "sqrt": 0.5, "linear": 1.0}
    return float(learning_rate * np.power(replicas(), powers[scaling]))


def check_batch(size: int) -> None:
    """Check that the current scope's devices can share batches of `size` evenly.

    Raises
    ------
    InputError
        If they can't.
    """
    n = replicas()
    if size % n:
        raise InputError(
            "training",
            "batch_size",
            f"is {size}, which {n} devices can't share evenly",
            f"Give a multiple of {n}.",
        )
