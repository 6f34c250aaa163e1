"""How maps of probabilities become masks: the values that are chosen by cross-validation."""

from __future__ import annotations

from dataclasses import dataclass

from neurocine.core import InputError
from neurocine.core.validate import positive


@dataclass(frozen=True)
class Postprocessing:
    """Values of the steps from probabilities to masks; stored with a model.

    Attributes
    ----------
    threshold
        A pixel is a neuron's from this probability on.
    min_area_um2
        Smaller masks are dropped.
    mean_area_um2
        Larger connected pieces are split by a watershed: the average neuron's area.
    same_um
        Masks of several windows whose centroids are nearer than this are one neuron.
    encompassing
        A mask that covers more than this of others (Eq. 3) is dropped.

    Raises
    ------
    InputError
        If a value is out of range.
    """

    threshold: float = 0.5
    min_area_um2: float = 40.0
    mean_area_um2: float = 107.5
    same_um: float = 4.0
    encompassing: float = 0.75

    def __post_init__(self) -> None:
        for name in ("threshold", "encompassing"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError("postprocessing", name, f"is {getattr(self, name)}", "It must be in 0-1.")
        for name in ("min_area_um2", "mean_area_um2", "same_um"):
            positive(getattr(self, name), "postprocessing", name, "micrometres")
