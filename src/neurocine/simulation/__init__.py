"""Simulated two-photon movies with their truth: contours, cell types and every transient's onset and peak."""

from neurocine.simulation.generate import simulate
from neurocine.simulation.hybrid.presets import PlantedAssemblies
from neurocine.simulation.library import SPLITS
from neurocine.simulation.presets import PRESETS, AnyPreset, HybridPreset, Preset
from neurocine.simulation.rasters import DetectionNoise, PlantedRaster, simulate_raster
from neurocine.simulation.truth import HybridTruth, Truth, read_truth, write_truth

__all__ = [
    "PRESETS",
    "SPLITS",
    "AnyPreset",
    "DetectionNoise",
    "HybridPreset",
    "HybridTruth",
    "PlantedAssemblies",
    "PlantedRaster",
    "Preset",
    "Truth",
    "read_truth",
    "simulate",
    "simulate_raster",
    "write_truth",
]
