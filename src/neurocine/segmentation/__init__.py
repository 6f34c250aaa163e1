"""Regions of interest: from an engine, or the user's own."""

from neurocine.segmentation.engines import segment

__all__ = ["segment"]
