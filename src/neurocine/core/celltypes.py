"""Cell types and their probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.core.errors import InputError
from neurocine.core.validate import as_array, unique_ids

#: The classes of the cell-type network, in the order of its outputs (DeepCINAC, section 2.4).
CELL_TYPES = ("pyramidal", "interneuron", "noise")
#: A neuron whose type isn't clear.
UNKNOWN = "unknown"
#: What an ROI may be called.
CALLED_TYPES = (*CELL_TYPES, UNKNOWN)


@dataclass(frozen=True, eq=False)
class Labels:
    """What a structural channel says of N ROIs.

    Attributes
    ----------
    probability
        Probability that each cell is labelled, (N,) float32 in [0, 1]; NaN where it isn't known.
    types
        The type that its label tells of each cell, (N,) strings of `CELL_TYPES`; empty where there is no
        clear label: such cells may be of any type.
    """

    probability: NDArray[np.float32]
    types: tuple[str, ...]

    @classmethod
    def of(cls, probability: NDArray[np.float32], cell_type: str, least: float) -> Labels:
        """Return the labels of cells that are of `cell_type` if labelled with a probability of `least`."""
        return cls(probability, tuple(cell_type if value >= least else "" for value in probability))


def clear_types(probability: NDArray[np.floating], least: float) -> NDArray[np.bool_]:
    """Return whether one of both types of neurons is clearly the likelier one, (N,).

    Parameters
    ----------
    probability
        (N, 3), in the order of `CELL_TYPES`.
    least
        Share that the likelier of both must have of their sum, 0.5 to 1.
    """
    neuron = probability[:, :-1]
    return np.asarray(neuron.max(axis=1) >= least * neuron.sum(axis=1))


@dataclass(frozen=True, eq=False)
class CellTypes:
    """The probability that each of N ROIs is of each type in `CELL_TYPES`.

    Attributes
    ----------
    ids
        ROI ids, (N,) int64.
    probability
        (N, 3) float32, rows sum to 1, columns in the order of `CELL_TYPES`.
    source
        Where it came from, for messages.
    labels
        What a structural channel says of the ROIs; None without one.
    clear
        Whether the type of each is clear, (N,) bool; neurons of which it isn't are `UNKNOWN`. None: of all.

    Raises
    ------
    InputError
        If shapes don't agree, ids repeat, a row doesn't sum to 1 or a label isn't a type.
    """

    ids: NDArray[np.int64]
    probability: NDArray[np.float32]
    source: str = "cell types"
    labels: Labels | None = None
    clear: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        n = len(unique_ids(self.ids, self.source))
        probability = as_array(self.probability, np.float32, (n, len(CELL_TYPES)), self.source, "probability")
        if not np.allclose(probability.sum(axis=1), 1.0, atol=1e-3):
            raise InputError(
                self.source, "probability", "a row doesn't sum to 1", "Give one probability per type."
            )

        if self.clear is not None:
            as_array(self.clear, np.bool_, (n,), self.source, "clear")
        if self.labels is not None:
            as_array(self.labels.probability, np.float32, (n,), self.source, "labels")
            unknown = sorted(set(self.labels.types) - {"", *CELL_TYPES})
            if len(self.labels.types) != n or unknown:
                problem = f"{unknown[0]!r} is no cell type" if unknown else "aren't one per ROI"
                raise InputError(self.source, "label", problem, f"Choose of {', '.join(CELL_TYPES)}.")

    @property
    def types(self) -> tuple[str, ...]:
        """The most probable type of each ROI, or `UNKNOWN`."""
        likeliest = tuple(CELL_TYPES[i] for i in self.probability.argmax(axis=1))
        if self.clear is None:
            return likeliest
        return tuple(
            kind if clear or kind == "noise" else UNKNOWN
            for kind, clear in zip(likeliest, self.clear, strict=True)
        )

    def of(self, ids: NDArray[np.int64]) -> tuple[str, ...]:
        """Return the types of the ROIs named `ids`, in that order.

        Raises
        ------
        InputError
            If an id has no type here.
        """
        known = dict(zip(self.ids.tolist(), self.types, strict=True))
        missing = [i for i in ids.tolist() if i not in known]
        if missing:
            raise InputError(
                self.source,
                "roi_id",
                f"has no row for ROI {missing[0]}",
                "Give cell types made from the same ROIs.",
            )
        return tuple(known[i] for i in ids.tolist())
