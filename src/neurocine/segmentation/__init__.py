"""Regions of interest: found by an engine, or given."""

from neurocine.segmentation.engines import segment

__all__ = ["segment"]
