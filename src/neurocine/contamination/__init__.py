"""Transients that an overlapping neighbour's light causes, without truth."""

from neurocine.contamination.find import find_contamination
from neurocine.contamination.overlap import FalseTransients, false_transients

__all__ = ["FalseTransients", "false_transients", "find_contamination"]
