"""Cell types and their probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurocine.core.errors import InputError
from neurocine.core.validate import as_array, unique_ids

#: The classes of the cell-type network, in the order of its outputs (DeepCINAC, section 2.4).
CELL_TYPES = ("pyramidal", "interneuron", "noise")


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

    Raises
    ------
    InputError
        If shapes don't agree, ids repeat or a row doesn't sum to 1.
    """

    ids: NDArray[np.int64]
    probability: NDArray[np.float32]
    source: str = "cell types"

    def __post_init__(self) -> None:
        n = len(unique_ids(self.ids, self.source))
        probability = as_array(self.probability, np.float32, (n, len(CELL_TYPES)), self.source, "probability")
        if not np.allclose(probability.sum(axis=1), 1.0, atol=1e-3):
            raise InputError(
                self.source, "probability", "a row doesn't sum to 1", "Give one probability per type."
            )

    @property
    def types(self) -> tuple[str, ...]:
        """The most probable type of each ROI."""
        return tuple(CELL_TYPES[i] for i in self.probability.argmax(axis=1))

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
