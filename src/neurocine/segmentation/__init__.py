"""Regions of interest: found by an engine, or given."""

from neurocine.segmentation.engines import segment
from neurocine.segmentation.indicators import decay_s

__all__ = ["decay_s", "segment"]
