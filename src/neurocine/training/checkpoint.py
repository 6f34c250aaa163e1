"""The state of a training run after an epoch, so that it can go on after a kill."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError
from neurocine.io.result_files.stamp import Stamp, create, dataset, opened

KIND = "checkpoint"
#: One row an epoch: name of a figure to its value.
History = list[dict[str, float]]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """State after `epoch` epochs.

    Attributes
    ----------
    epoch
        Epochs done.
    state
        Every variable of the model (random streams of dropout included) and of the optimizer, in order.
    best
        The trainable weights with the lowest validation loss so far, in order.
    history
        Figures of each epoch.
    """

    epoch: int
    state: list[NDArray[Any]]
    best: list[NDArray[Any]]
    history: History


def save_checkpoint(path: Path, checkpoint: Checkpoint, recipe: str) -> None:
    """Write `checkpoint` of the run whose settings hash to `recipe`, atomically."""
    with create(path, KIND, Stamp(config_hash=recipe)) as file:
        file.attrs["epoch"] = checkpoint.epoch
        file.attrs["history"] = json.dumps(checkpoint.history)
        for group in ("state", "best"):
            for index, value in enumerate(getattr(checkpoint, group)):
                file[f"{group}/{index:04d}"] = value


def load_checkpoint(path: Path, recipe: str) -> Checkpoint | None:
    """Return the checkpoint at `path`, or None if there is none.

    Raises
    ------
    InputError
        If it comes from a run with other settings, or is damaged.
    """
    if not path.exists():
        return None
    with opened(path, KIND) as file:
        if file.attrs["config_hash"] != recipe:
            raise InputError(
                path,
                "config_hash",
                "belongs to a training with other settings or data",
                "Remove the file to start anew, or train into another folder.",
            )
        return Checkpoint(
            epoch=int(file.attrs["epoch"]),
            state=[dataset(file, f"state/{name}") for name in sorted(file["state"])],
            best=[dataset(file, f"best/{name}") for name in sorted(file["best"])],
            history=json.loads(file.attrs["history"]),
        )


def values_of(variables: Sequence[Any]) -> list[NDArray[Any]]:
    """Return the values of Keras variables."""
    return [np.asarray(variable.numpy()) for variable in variables]


def check_start(path: Path, stored: Any, wanted: Any) -> None:
    """Raise `InputError` if the weights in `path` are of another architecture than that to be trained."""
    if stored != wanted:
        raise InputError(path, "architecture", f"is {stored.name}, not {wanted.name}", "Start from another.")


def assign(variables: Sequence[Any], values: Sequence[NDArray[Any]]) -> None:
    """Set Keras variables to `values`, in order."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
