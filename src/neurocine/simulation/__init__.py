"""Simulated two-photon movies with their truth: contours, cell types and every transient's onset and peak."""

from neurocine.simulation.generate import simulate
from neurocine.simulation.presets import PRESETS, Preset
from neurocine.simulation.truth import Truth, read_truth, write_truth

__all__ = ["PRESETS", "Preset", "Truth", "read_truth", "simulate", "write_truth"]
