"""Simulated two-photon movies with their truth: contours, cell types and every transient's onset and peak."""

from neurocine.simulation.generate import simulate
from neurocine.simulation.hybrid.presets import PlantedAssemblies
from neurocine.simulation.presets import PRESETS, AnyPreset, HybridPreset, Preset, TissuePreset
from neurocine.simulation.rasters import DetectionNoise, PlantedRaster, simulate_raster

__all__ = [
    "PRESETS",
    "AnyPreset",
    "DetectionNoise",
    "HybridPreset",
    "PlantedAssemblies",
    "PlantedRaster",
    "Preset",
    "TissuePreset",
    "simulate",
    "simulate_raster",
]
