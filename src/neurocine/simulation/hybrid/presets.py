"""What a hybrid movie is made of, by name."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurocine.core import InputError

#: Smallest and largest value, both possible.
Range = tuple[float, float]


def log_uniform(rng: np.random.Generator, limits: Range, size: int | None = None) -> NDArray[np.float64]:
    """Return values within `limits`, uniform in their logarithm: `size` of them, or one, ()."""
    return np.asarray(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]), size)))


@dataclass(frozen=True)
class PlantedAssemblies:
    """Cells that fire together again and again, beside a preset's own network events.

    Attributes
    ----------
    n
        Assemblies; no cell is in two.
    share
        Share of all cells that are in one.
    per_min
        Events of each assembly a minute.
    participation
        Share of its cells that join an event, one value an event.
    others
        Share of all other cells that do, one value an event.
    """

    n: int = 4
    share: float = 0.6
    per_min: float = 3.0
    participation: Range = (0.8, 1.0)
    others: Range = (0.0, 0.05)

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 < self.share <= 1 or self.per_min <= 0:
            raise InputError(
                "preset",
                "assemblies",
                f"are {self.n} of a share of {self.share:g}, {self.per_min:g} events a minute",
                "Give one or more, a share in (0, 1] and a rate above 0.",
            )


@dataclass(frozen=True)
class HybridPreset:
    """Parameters of a hybrid movie; ranges are drawn from once a movie unless said otherwise.

    Attributes
    ----------
    fov_shape
        Height and width of the field of view in pixels.
    n_frames, frame_rate_hz, pixel_size_um, indicator
        Length, sampling, scale and what the movie file names as indicator.
    type_shares
        Share of pyramidal cells, interneurons and noise.
    pyramidal_sets, interneuron_sets
        Data sets of the library whose kinetics and spikes the cells of each type get.
    decay_scale, amplitude_scale
        Factors on the fitted time constants and amplitudes, one a cell.
    density
        Share kept of the cells of a real layout.
    partners
        Layouts are laid over one another until cells overlap so many others on average; 0: mostly one alone.
    soma_scale
        Factor on the size of real outlines, one a movie.
    bursts_kept
        Share kept of the bursts of a recorded pyramidal cell's train, one a cell: cells are recorded because
        they are active, their neighbours aren't.
    sparse_per_min
        Pyramidal cells: bursts a minute besides network events, one value a cell, uniform in its logarithm.
        None: the recorded neurons' own trains.
    plateaus_per_min
        Interneurons: episodes that start high and stay (section 3.3), one value a cell.
    network_per_min, participation
        Network events a minute, and the share of cells that take part, one value an event (squared towards
        the small ones).
    photons
        Brightness of the background, photons a pixel and frame, uniform in its logarithm.
    contrast
        Resting brightness of a cell relative to the background, one a cell, uniform in its logarithm.
    neuropil
        Standard deviation of the neuropil relative to the background, uniform in its logarithm.
    out_of_focus
        Active cells above or below the plane, relative to those in it.
    motion_px, jerks_per_min, jerk_px, registered
        Standard deviation of brain motion; jerks and their size; and the share of each frame's displacement
        that registration takes out (what a frame does within itself stays).
    axial_um
        Standard deviation of slow axial motion; jerks move the plane by 2–8 µm.
    bleaching
        Loss of brightness from the first to the last frame.
    assemblies
        Assemblies planted among the cells in the plane; None: none.
    common_kinetics
        Share of the movies in which all cells glow as the same two recorded neurons do, whatever the type of
        either. A data set has one indicator and one type, so that kinetics tell types here, but not in a
        movie where all cells have one indicator. Also, all data sets of a type are equally likely, however
        few their neurons, and trains are of those sets alone. None: as recorded.
    """

    fov_shape: tuple[int, int] = (160, 160)
    n_frames: int = 2500
    frame_rate_hz: float = 10.0
    pixel_size_um: float = 1.2
    indicator: str = "GCaMP6s"
    type_shares: tuple[float, float, float] = (0.75, 0.12, 0.13)
    pyramidal_sets: tuple[str, ...] = ("DS13", "DS14", "DS16", "DS40")
    interneuron_sets: tuple[str, ...] = ("DS24", "DS25", "DS26", "DS41")
    decay_scale: Range = (0.8, 1.2)
    amplitude_scale: Range = (0.6, 1.4)
    density: Range = (0.6, 1.0)
    partners: float = 0.3
    soma_scale: Range = (0.95, 1.1)
    bursts_kept: Range = (0.15, 1.0)
    sparse_per_min: Range | None = None
    plateaus_per_min: Range = (0.0, 0.0)
    network_per_min: Range = (0.0, 0.5)
    participation: Range = (0.03, 0.25)
    photons: Range = (1.0, 30.0)
    contrast: Range = (0.3, 3.0)
    neuropil: Range = (0.01, 0.1)
    out_of_focus: Range = (0.3, 1.0)
    motion_px: Range = (0.1, 0.7)
    jerks_per_min: Range = (0.0, 3.0)
    jerk_px: Range = (0.5, 3.0)
    registered: Range = (0.4, 0.9)
    axial_um: Range = (0.1, 1.2)
    bleaching: Range = (0.0, 0.2)
    assemblies: PlantedAssemblies | None = None
    common_kinetics: float | None = None

    def __post_init__(self) -> None:
        if min(self.fov_shape) < 32:
            raise InputError(
                "preset", "fov_shape", f"is {self.fov_shape}", "Give at least 32 pixels a side for the cells."
            )
        if self.n_frames < 100:
            raise InputError("preset", "n_frames", f"is {self.n_frames}", "Give at least 100 frames.")
        if self.frame_rate_hz <= 0 or self.pixel_size_um <= 0:
            raise InputError("preset", "frame_rate_hz, pixel_size_um", "aren't above 0", "Give both above 0.")


# Light, checked by the SNR of ROIs that suite2p finds: with these `photons` that of ``cortex-6s`` has the
# median of a real recording's (within 25 %, at 10 and at 30 Hz), and medians of movies lie fourfold apart,
# from poor to good. The other presets have as many photons a µm² and frame. Figures: docs/simulation.md.
_CORTEX_6S = HybridPreset()
_CA1 = HybridPreset(
    fov_shape=(128, 128),
    pixel_size_um=2.0,
    type_shares=(0.78, 0.1, 0.12),
    interneuron_sets=("DS24", "DS25", "DS26", "DS41"),
    density=(0.85, 1.0),
    partners=2.0,
    soma_scale=(1.05, 1.3),
    sparse_per_min=(0.4, 8.0),
    plateaus_per_min=(0.5, 3.0),
    network_per_min=(0.5, 4.0),
    participation=(0.05, 0.5),
    photons=(2.8, 83.0),  # cortex's light: pixels are 2.8 times as large
    contrast=(0.4, 2.5),
    neuropil=(0.01, 0.08),
    motion_px=(0.1, 0.5),
    jerk_px=(0.5, 2.0),
)

#: ``cortex-6f``, ``cortex-6s``: adult visual cortex, two sampling rates. ``ca1-development``: DeepCINAC's
#: Hippo-dvt, sparse and synchronous cells that overlap. ``ca1-interneurons``: its Hippo-dvt-INs.
#: ``low-rate``: its Barrel-ctx-6s, 1.5 Hz. ``geco``: its Hippo-GECO, 5 Hz; no recorded neuron has GECO, so
#: that GCaMP6s is made faster and smaller.
HYBRID_PRESETS = {
    "cortex-6f": replace(
        _CORTEX_6S,
        frame_rate_hz=20.0,
        indicator="GCaMP6f",
        pyramidal_sets=("DS10",),
        interneuron_sets=("DS24", "DS25", "DS26"),
        decay_scale=(0.6, 1.6),  # few neurons recorded have it
    ),
    "cortex-6s": _CORTEX_6S,
    "ca1-development": _CA1,
    "ca1-interneurons": replace(
        _CA1,
        type_shares=(0.0, 0.85, 0.15),
        density=(0.2, 0.5),
        partners=0.0,
        soma_scale=(1.1, 1.5),
        network_per_min=(0.0, 2.0),
    ),
    "low-rate": replace(
        _CORTEX_6S,
        frame_rate_hz=1.5,
        sparse_per_min=(0.3, 5.0),
        plateaus_per_min=(0.3, 2.0),
        network_per_min=(0.2, 2.0),
        participation=(0.05, 0.5),
        partners=0.8,
    ),
    "geco": replace(
        _CA1,
        frame_rate_hz=5.0,
        indicator="GECO",
        decay_scale=(0.35, 0.7),
        amplitude_scale=(0.3, 0.8),
        sparse_per_min=(0.5, 10.0),
        network_per_min=(0.0, 1.0),
        participation=(0.03, 0.2),
    ),
}
