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
        A neuron is where pixels have this probability or more.
    outline
        From there it reaches to pixels of this probability, if that is less than `threshold`; 1: the paper's
        masks, which end at the threshold.
    min_area_um2
        Masks are dropped that are smaller at `threshold`.
    mean_area_um2
        Larger connected pieces are split by a watershed: the average neuron's area.
    same_um
        Masks of several windows whose centroids are nearer than this are one neuron.
    encompassing
        A mask that covers more than this of others (Eq. 3) is dropped.
    min_maps
        Neurons found in fewer maps are dropped.
    min_confidence
        Neurons are dropped if their maps together are less sure than this: 1 - product of (1 - p) over the
        mean probabilities p of their masks, the chance that one at least is right.

    Raises
    ------
    InputError
        If a value is out of range.
    """

    threshold: float = 0.5
    outline: float = 0.5
    min_area_um2: float = 40.0
    mean_area_um2: float = 107.5
    same_um: float = 4.0
    encompassing: float = 0.75
    min_maps: int = 1
    min_confidence: float = 0.0

    def __post_init__(self) -> None:
        for name in ("threshold", "outline", "encompassing", "min_confidence"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError("postprocessing", name, f"is {getattr(self, name)}", "It must be in 0-1.")
        for name in ("min_area_um2", "mean_area_um2", "same_um"):
            positive(getattr(self, name), "postprocessing", name, "micrometres")
        if not (isinstance(self.min_maps, int) and self.min_maps >= 1):
            raise InputError("postprocessing", "min_maps", f"is {self.min_maps}", "It must be 1 or more.")
