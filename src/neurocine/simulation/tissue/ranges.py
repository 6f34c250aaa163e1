"""The ranges that movies of tissue are drawn from, and the named kinds of them.

A pair is the smallest and largest value; ``log`` in a description: uniform in its logarithm. Unless said
otherwise, one value is drawn for each movie.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from neurocine.core import InputError
from neurocine.simulation.hybrid.presets import HybridPreset, Range

#: Numbers from which one is drawn, all equally likely.
Choice = tuple[float, ...]


@dataclass(frozen=True)
class DepthRanges:
    """Motion in depth beside the slow walk ``axial_um``, and the thickness of what it moves through.

    Attributes
    ----------
    jitter_um
        Standard deviation of independent steps from frame to frame, log.
    walk_s
        Time in which the slow walk forgets, log.
    jerks_in_depth
        Share of the jerks that move the plane, too.
    jerk_um
        How far they move it, one value a jerk.
    soma_um
        Half the height of a soma, one value a soma.
    offset_um
        Standard deviation of the depth of listed somata about the plane.
    section_um
        Standard deviation of the optical section, log.
    """

    jitter_um: Range = (0.03, 1.5)
    walk_s: Range = (3.0, 60.0)
    jerks_in_depth: Range = (0.3, 1.0)
    jerk_um: Range = (1.0, 8.0)
    soma_um: Range = (4.5, 8.0)
    offset_um: Range = (0.5, 3.0)
    section_um: Range = (1.5, 5.0)


@dataclass(frozen=True)
class VesselRanges:
    """Vessels in the plane, whose lumen is dark, and above it, which cast shadows.

    Attributes
    ----------
    wide_per_mm2, narrow_per_mm2
        Vessels that start in the field.
    wide_um, narrow_um
        Radius, one value a vessel, log.
    above
        Share of the wide ones that lie above the plane.
    darkness
        Light that the lumen lacks, one value a vessel.
    flicker_per_mm
        Flickering stretches along a millimetre of vessel.
    flicker
        Standard deviation of a stretch's flicker relative to the tissue around, one value a stretch, log.
    pulse
        Brightness that the walls exchange with the lumen as the vessel widens, relative to the tissue, log.
    """

    wide_per_mm2: Range = (0.0, 40.0)
    narrow_per_mm2: Range = (0.0, 120.0)
    wide_um: Range = (8.0, 45.0)
    narrow_um: Range = (1.8, 7.0)
    above: Range = (0.2, 0.8)
    darkness: Range = (0.35, 0.97)
    flicker_per_mm: Range = (0.0, 25.0)
    flicker: Range = (0.02, 0.5)
    pulse: Range = (0.005, 0.25)


@dataclass(frozen=True)
class NeuropilRanges:
    """Structure of the neuropil, beside the smooth components that ``neuropil`` scales.

    Attributes
    ----------
    bundles_per_mm2
        Bundles of dendrites and axons with a course of their own, log.
    processes
        Processes of a bundle, one value a bundle.
    length_um
        Length of a process, one value each, log.
    brightness
        Resting brightness of a process relative to the background, one value a bundle, log.
    follows
        Share of a bundle's signal that is a neighbouring cell's, one value a bundle.
    peak
        Largest ΔF/F of a bundle, one value each, log.
    grain
        Standard deviation of the logarithm of the background's finest texture.
    depth_correlation
        Correlation of the background's texture 5 µm apart in depth.
    displaced
        Share of the background that a soma displaces.
    """

    bundles_per_mm2: Range = (40.0, 600.0)
    processes: tuple[int, int] = (1, 6)
    length_um: Range = (8.0, 100.0)
    brightness: Range = (0.05, 0.9)
    follows: Range = (0.0, 1.0)
    peak: Range = (0.1, 3.0)
    grain: Range = (0.05, 0.35)
    depth_correlation: Range = (0.3, 0.95)
    displaced: Range = (0.1, 0.8)


@dataclass(frozen=True)
class UnlistedRanges:
    """Active sources that are in no list of ROIs, and dark somata without indicator; densities are log.

    Attributes
    ----------
    hazy_per_mm2, hazy_um
        Somata far from the plane, and how far, one value each.
    caps_per_mm2, caps_um
        Somata that the plane just misses, and how far their centre is, one value each.
    spots_per_mm2, spot_um
        Cross-sections of dendrites, and their radius, one value each, log.
    contrast
        Brightness of an unlisted source in focus relative to the background, one value each, log.
    dark_per_mm2, dark_um, darkness
        Somata without indicator, their radius, one value each, and how much darker they are.
    """

    hazy_per_mm2: Range = (200.0, 2500.0)
    hazy_um: Range = (10.0, 25.0)
    caps_per_mm2: Range = (60.0, 900.0)
    caps_um: Range = (5.5, 10.0)
    spots_per_mm2: Range = (100.0, 3000.0)
    spot_um: Range = (0.8, 3.0)
    contrast: Range = (0.2, 4.0)
    dark_per_mm2: Range = (50.0, 1500.0)
    dark_um: Range = (3.0, 7.0)
    darkness: Range = (0.1, 0.8)


@dataclass(frozen=True)
class SomaRanges:
    """What of a soma is labelled, and what of it people outline.

    Attributes
    ----------
    nucleus
        Brightness of the nuclei relative to the cytoplasm; cells scatter by 0.15.
    filled
        Share of somata whose nucleus is as bright as the rest or brighter.
    nuclear
        Whether the nuclei alone are labelled: 1, yes.
    outline
        Size of the outline relative to the soma, one value a movie, and its scatter.
    outline_scatter
        Standard deviation of the logarithm of the outline's size.
    brightness
        Factor on the ``contrast`` of all cells of a movie, log.
    """

    nucleus: Range = (0.1, 0.95)
    filled: Range = (0.0, 0.5)
    nuclear: Choice = (0.0,)
    outline: Range = (0.85, 1.12)
    outline_scatter: float = 0.06
    brightness: Range = (0.4, 2.0)


@dataclass(frozen=True)
class TrainRanges:
    """How pyramidal cells fire; the shares are drawn for each movie.

    Attributes
    ----------
    bursting, tonic
        Weight of cells that fire in bursts with silence between, and of those that fire all the time; the
        weight of recorded trains is 1.
    bursts_per_min, spikes_per_burst
        Of a bursting cell, one value a cell, log.
    tonic_hz
        Rate of a tonic cell, one value a cell, log; it wanders by a factor of 2.
    """

    bursting: Range = (0.0, 1.5)
    tonic: Range = (0.0, 0.5)
    bursts_per_min: Range = (0.3, 15.0)
    spikes_per_burst: Range = (1.5, 15.0)
    tonic_hz: Range = (0.3, 8.0)


@dataclass(frozen=True)
class DetectorRanges:
    """From photons to counts, and what the scanner adds.

    Attributes
    ----------
    full_scale
        Largest count that the converter gives.
    headroom
        Full scale relative to the background's brightness, log: below about 10 bright cells saturate.
    counts_per_photon
        Gain, log; less where the headroom asks for it.
    pulse_spread
        Standard deviation of the counts of one photon relative to their mean.
    dark_photons
        Standard deviation of the noise of darkness, photons a pixel.
    zero
        Counts of darkness relative to the gain.
    smear
        Share of the noise that neighbours have in common after resampling.
    row_noise, hum
        Noise common to a row, and amplitude of a hum of the mains, relative to a pixel's noise.
    laser
        Standard deviation of the light from frame to frame.
    phase_px
        Displacement of every other row, in the movies that have one.
    phase_share
        Share of movies with such a displacement.
    """

    full_scale: Choice = (4095.0, 8191.0, 16383.0, 32767.0, 65535.0)
    headroom: Range = (3.0, 100.0)
    counts_per_photon: Range = (10.0, 1000.0)
    pulse_spread: Range = (0.1, 0.9)
    dark_photons: Range = (0.02, 0.6)
    zero: Range = (0.0, 3.0)
    smear: Range = (0.0, 0.25)
    row_noise: Range = (0.0, 0.06)
    hum: Range = (0.0, 0.1)
    laser: Range = (0.0, 0.008)
    phase_px: Range = (0.1, 0.9)
    phase_share: float = 0.35


@dataclass(frozen=True)
class BorderRanges:
    """Strips that registration leaves empty.

    Attributes
    ----------
    share
        Share of movies that have them.
    walk_px
        Standard deviation of the shifts that were corrected, log.
    bend_px
        How much the shift differs along an edge (non-rigid registration).
    fills
        What stands in the strips: ``zero``, ``mean``, ``edge`` (the last row repeated) or ``wrap``.
    margin_share, margin_px
        Share of movies with dark margins where the scanner turns, and their width.
    shading
        Exponent of the light's falling off towards the edges of the field.
    """

    share: float = 0.6
    walk_px: Range = (0.5, 6.0)
    bend_px: Range = (0.0, 2.5)
    fills: tuple[str, ...] = ("zero", "mean", "edge", "wrap")
    margin_share: float = 0.15
    margin_px: Range = (2.0, 12.0)
    shading: Range = (0.5, 4.0)


@dataclass(frozen=True)
class TissuePreset(HybridPreset):
    """Ranges of a movie of tissue: those of a hybrid movie, wider, and these.

    Attributes
    ----------
    depth, vessels, structure, unlisted, somata, trains, detector, borders
        See `DepthRanges` and the others.
    """

    type_shares: tuple[float, float, float] = (0.72, 0.14, 0.14)
    pyramidal_sets: tuple[str, ...] = ("DS13", "DS14", "DS16", "DS20", "DS40")
    interneuron_sets: tuple[str, ...] = ("DS22", "DS23", "DS24", "DS25", "DS26", "DS41")
    density: Range = (0.4, 1.0)
    soma_scale: Range = (0.7, 1.15)
    bursts_kept: Range = (0.05, 1.0)
    partners: float = 0.1
    plateaus_per_min: Range = (0.0, 1.0)
    photons: Range = (0.25, 20.0)
    contrast: Range = (0.25, 5.0)
    neuropil: Range = (0.01, 0.4)
    motion_px: Range = (0.05, 0.8)
    jerks_per_min: Range = (0.0, 6.0)
    registered: Range = (0.3, 0.95)
    axial_um: Range = (0.05, 2.0)
    bleaching: Range = (0.0, 0.2)
    depth: DepthRanges = field(default_factory=DepthRanges)
    vessels: VesselRanges = field(default_factory=VesselRanges)
    structure: NeuropilRanges = field(default_factory=NeuropilRanges)
    unlisted: UnlistedRanges = field(default_factory=UnlistedRanges)
    somata: SomaRanges = field(default_factory=SomaRanges)
    trains: TrainRanges = field(default_factory=TrainRanges)
    detector: DetectorRanges = field(default_factory=DetectorRanges)
    borders: BorderRanges = field(default_factory=BorderRanges)

    def __post_init__(self) -> None:
        super().__post_init__()
        unknown = set(self.borders.fills) - {"zero", "mean", "edge", "wrap"}
        if unknown or not self.borders.fills:
            raise InputError(
                "preset",
                "borders.fills",
                f"are {self.borders.fills}",
                "Give one or more of zero, mean, edge and wrap.",
            )


_CORTEX = TissuePreset()
_CORTEX_6F = replace(
    _CORTEX,
    frame_rate_hz=30.0,
    indicator="GCaMP6f",
    pyramidal_sets=("DS10",),
    interneuron_sets=("DS24", "DS25", "DS26"),
    decay_scale=(0.6, 1.6),  # few neurons recorded have it
)

#: ``tissue-cortex``, ``tissue-cortex-6f``: all ranges. The others stress one part each: light so low that
#: most pixels hold no photon; so much that neuropil and motion limit, not noise; depth and registration;
#: vessels; packed, synchronous cells; interneurons alone; nuclei alone; types that neither indicator nor
#: region tells (spinal cells of both types fire so alike that they teach nothing of types).
TISSUE_PRESETS: dict[str, TissuePreset] = {
    "tissue-cortex": _CORTEX,
    "tissue-cortex-6f": _CORTEX_6F,
    "tissue-dim": replace(_CORTEX_6F, photons=(0.1, 0.8), contrast=(0.5, 5.0)),
    "tissue-bright": replace(
        _CORTEX,
        photons=(10.0, 60.0),
        neuropil=(0.08, 0.5),
        structure=NeuropilRanges(bundles_per_mm2=(200.0, 900.0)),
    ),
    "tissue-moving": replace(
        _CORTEX,
        frame_rate_hz=20.0,
        motion_px=(0.3, 1.2),
        jerks_per_min=(2.0, 15.0),
        axial_um=(0.5, 2.5),
        depth=DepthRanges(jitter_um=(0.4, 1.8)),
        borders=BorderRanges(share=1.0, walk_px=(1.5, 8.0)),
    ),
    "tissue-vessels": replace(
        _CORTEX,
        vessels=VesselRanges(
            wide_per_mm2=(5.0, 30.0),
            narrow_per_mm2=(40.0, 250.0),
            flicker_per_mm=(8.0, 40.0),
            flicker=(0.08, 0.6),
        ),
    ),
    "tissue-hippocampus": replace(
        _CORTEX,
        pixel_size_um=1.6,
        type_shares=(0.8, 0.08, 0.12),
        density=(0.85, 1.0),
        partners=0.8,
        soma_scale=(0.8, 1.25),
        sparse_per_min=(0.3, 8.0),
        plateaus_per_min=(0.3, 3.0),
        network_per_min=(0.0, 4.0),
        participation=(0.05, 0.5),
        photons=(0.2, 35.0),
        contrast=(0.2, 2.0),
        somata=SomaRanges(nucleus=(0.05, 0.6), filled=(0.0, 0.2)),
        structure=NeuropilRanges(displaced=(0.3, 0.95)),
    ),
    "tissue-interneurons": replace(
        _CORTEX,
        type_shares=(0.0, 0.85, 0.15),
        density=(0.15, 0.5),
        partners=0.0,
        soma_scale=(0.8, 1.4),
        network_per_min=(0.0, 2.0),
        plateaus_per_min=(0.0, 3.0),
    ),
    "tissue-nuclei": replace(
        _CORTEX,
        frame_rate_hz=7.0,
        soma_scale=(0.72, 1.0),
        somata=SomaRanges(nuclear=(1.0,), outline=(0.9, 1.1)),
    ),
    "tissue-types": replace(
        _CORTEX,
        type_shares=(0.45, 0.35, 0.2),
        pyramidal_sets=("DS10", "DS13", "DS14", "DS16", "DS20"),
        interneuron_sets=("DS22", "DS23", "DS24", "DS25", "DS26"),
        common_kinetics=0.5,
    ),
}
