"""Traces of a set of ROIs: F, Fneu, ΔF/F, deconvolved events and signal-to-noise ratio."""

from neurocine.traces.deconvolution import Deconvolved, RawTraces, deconvolve_by
from neurocine.traces.extraction import extract, extract_raw

__all__ = ["Deconvolved", "RawTraces", "deconvolve_by", "extract", "extract_raw"]
