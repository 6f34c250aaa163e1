"""Networks as TensorFlow graphs that give the same numbers in every process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: A network as a function of batches.
Compiled = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def compiled(model: Any, shape: tuple[int | None, ...]) -> Compiled:
    """Return `model` as a function that gives the same numbers in every process; see `traced`."""
    import tensorflow as tf

    make_deterministic()
    graph = traced(model, shape)
    return lambda batch: np.asarray(graph(tf.constant(batch)).numpy(), dtype=np.float32)


def traced(model: Any, shape: tuple[int | None, ...]) -> Any:
    """Return `model` as a concrete function of inputs of `shape`; None admits any length.

    It is traced here and never again.
    """
    import tensorflow as tf

    graph = tf.function(lambda batch: model(batch, training=False))
    return graph.get_concrete_function(tf.TensorSpec(shape, tf.float32))


def make_deterministic() -> None:
    """Let TensorFlow add in a fixed order: without it sums may follow the threads' timing."""
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
