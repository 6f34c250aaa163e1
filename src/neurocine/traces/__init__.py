"""Traces of a set of ROIs: F, Fneu, ΔF/F, deconvolved events and signal-to-noise ratio."""

from neurocine.traces.extraction import extract

__all__ = ["extract"]
