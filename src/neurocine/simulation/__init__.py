"""Simulated two-photon movies with their truth: contours, cell types and every transient's onset and peak."""

from neurocine.simulation.generate import simulate
from neurocine.simulation.library import SPLITS
from neurocine.simulation.presets import PRESETS, AnyPreset, HybridPreset, Preset
from neurocine.simulation.truth import HybridTruth, Truth, read_truth, write_truth

__all__ = [
    "PRESETS",
    "SPLITS",
    "AnyPreset",
    "HybridPreset",
    "HybridTruth",
    "Preset",
    "Truth",
    "read_truth",
    "simulate",
    "write_truth",
]
