"""Masks that a person drew or decided on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neurocine.core.errors import InputError
from neurocine.core.rois import RoiSet

#: What people hold of a mask; undecided, until somebody has decided.
KEEP: Final = "keep"
DISMISS: Final = "dismiss"
DOUBTFUL: Final = "doubtful"
UNDECIDED: Final = "undecided"
MASK_STATES: Final = (KEEP, DISMISS, DOUBTFUL, UNDECIDED)


@dataclass(frozen=True, eq=False)
class MarkedRois:
    """Masks of one movie with what people decided on each.

    Attributes
    ----------
    rois
        All N masks, dismissed ones too.
    states
        One of `MASK_STATES` for each, (N,).
    start
        Name of the file that the masks were begun from; empty: they were drawn from nothing.
    start_sha256
        Its checksum.
    marked_by
        Who marked them.

    Raises
    ------
    InputError
        If there isn't one known state for each mask.
    """

    rois: RoiSet
    states: tuple[str, ...]
    start: str = ""
    start_sha256: str = ""
    marked_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = set(self.states) - set(MASK_STATES)
        if len(self.states) != len(self.rois) or unknown:
            raise InputError(
                self.rois.source,
                "states",
                f"are {len(self.states)} for {len(self.rois)} masks, {sorted(unknown)} unknown",
                f"Give each mask one of {', '.join(MASK_STATES)}.",
            )

    def having(self, *states: str) -> NDArray[np.bool_]:
        """Return which masks have one of `states`, (N,)."""
        return np.array([state in states for state in self.states], dtype=bool)

    @property
    def kept(self) -> RoiSet:
        """The masks that are neurons."""
        return self.rois.select(self.having(KEEP))

    @property
    def unsettled(self) -> RoiSet:
        """The masks of which nobody knows: doubtful and undecided ones."""
        return self.rois.select(self.having(DOUBTFUL, UNDECIDED))
