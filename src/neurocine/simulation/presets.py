"""What a simulated movie is made of, by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from neurocine.core import InputError
from neurocine.simulation.hybrid.presets import HYBRID_PRESETS, HybridPreset, Range
from neurocine.simulation.tissue.ranges import TISSUE_PRESETS, TissuePreset

__all__ = [
    "PRESETS",
    "AnyPreset",
    "HybridPreset",
    "Preset",
    "Range",
    "TissuePreset",
    "preset_of",
    "sampled",
]


@dataclass(frozen=True)
class Preset:
    """Parameters of the paper's simulation; ranges are drawn from uniformly unless said otherwise.

    Attributes
    ----------
    fov_shape
        Height and width of the field of view in pixels.
    n_frames, frame_rate_hz, pixel_size_um
        Length, sampling and scale of the movie.
    n_targets
        Target cells: those with overlapping cells on purpose.
    overlapping, near
        How many cells overlap each target, and lie within `near_px` of it without touching it.
    near_px
        Largest distance of a near cell from its target's centre, pixels.
    soma_px
        Diameter of a soma, pixels.
    overlap_share
        Share of the target that one overlapping cell covers.
    target_rate, overlapping_rate, near_rate
        Transients per 1,000 frames.
    rise_frames, decay_frames
        Onset to peak, and time constant of the decay, frames.
    amplitude_sd
        Standard deviation of the logarithm of transients' amplitudes within a cell.
    type_shares
        Share of pyramidal cells, interneurons and noise.
    nucleus
        Brightness of the nucleus relative to the cytoplasm.
    background
        Counts of the background.
    cell_brightness, cell_amplitude
        A cell's resting brightness and mean transient relative to the background.
    pixel_snr
        A typical transient relative to the noise of one pixel; one value a movie, uniform in its logarithm.
    shot_share
        Share of the noise variance that grows with the brightness.
    neuropil_share
        Slow background fluctuation relative to a typical transient; one value a movie.
    jitter_px
        Standard deviation of the residual motion, pixels; one value a movie.
    """

    fov_shape: tuple[int, int] = (120, 120)
    n_frames: int = 2500
    frame_rate_hz: float = 10.0
    pixel_size_um: float = 2.0
    n_targets: int = 16
    overlapping: tuple[int, int] = (1, 4)
    near: tuple[int, int] = (2, 10)
    near_px: float = 16.0
    soma_px: Range = (6.0, 10.0)
    overlap_share: Range = (0.05, 0.6)
    target_rate: Range = (2.0, 4.0)
    overlapping_rate: Range = (8.0, 16.0)
    near_rate: Range = (2.0, 16.0)
    rise_frames: tuple[int, int] = (1, 8)
    decay_frames: Range = (10.0, 12.0)
    amplitude_sd: float = 0.35
    type_shares: tuple[float, float, float] = (0.6, 0.2, 0.2)
    nucleus: Range = (0.3, 0.8)
    background: Range = (200.0, 1000.0)
    cell_brightness: Range = (0.1, 0.8)
    cell_amplitude: Range = (0.3, 1.2)
    pixel_snr: Range = (0.4, 4.0)
    shot_share: Range = (0.0, 0.8)
    neuropil_share: Range = (0.0, 0.3)
    jitter_px: Range = (0.0, 0.4)

    def __post_init__(self) -> None:
        if min(self.fov_shape) < 32:
            raise InputError(
                "preset", "fov_shape", f"is {self.fov_shape}", "Give at least 32 pixels a side for the cells."
            )
        if self.n_frames < 100:
            raise InputError("preset", "n_frames", f"is {self.n_frames}", "Give at least 100 frames.")
        if self.n_targets < 1:
            raise InputError("preset", "n_targets", f"is {self.n_targets}", "Give at least one target cell.")


#: A preset of either generator.
AnyPreset = Preset | HybridPreset

#: ``paper``: DeepCINAC, section 2.4 (#2) and its simulator. Brightness, noise and neuropil are drawn widely,
#: as the paper gives no figures for them. The others are of real parts: see `HYBRID_PRESETS` and
#: `TISSUE_PRESETS`.
PRESETS: dict[str, AnyPreset] = {"paper": Preset(), **HYBRID_PRESETS, **TISSUE_PRESETS}


def preset_of(preset: str | AnyPreset, **changes: Any) -> AnyPreset:
    """Return the preset called `preset` (or itself), with `changes` to its fields.

    Raises
    ------
    InputError
        If there is no preset of that name.
    """
    if isinstance(preset, str):
        if preset not in PRESETS:
            raise InputError("simulation", "preset", f"is {preset!r}", f"Choose one of {', '.join(PRESETS)}.")
        preset = PRESETS[preset]
    return replace(preset, **changes)


def sampled(
    preset: AnyPreset,
    n_frames: int | None = None,
    frame_rate_hz: float | None = None,
    pixel_size_um: float | None = None,
) -> AnyPreset:
    """Return `preset` with the length, sampling and scale that are given.

    Hybrid presets keep kinetics in seconds, cells and motion in µm, and photons a µm² and frame; the field
    keeps its pixels. The paper's preset is given in frames and pixels: it has one rate and one scale.

    Raises
    ------
    InputError
        If `preset` is the paper's, and rate or scale aren't its own.
    """
    given = {"n_frames": n_frames, "frame_rate_hz": frame_rate_hz, "pixel_size_um": pixel_size_um}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if isinstance(preset, Preset):
        for name in ("frame_rate_hz", "pixel_size_um"):
            own = getattr(preset, name)
            if changes.get(name, own) != own:
                raise InputError(
                    "simulation",
                    name,
                    f"is {changes[name]:g}, but the paper's preset is given in frames and pixels",
                    f"Give {own:g}, or choose a hybrid preset.",
                )
    elif pixel_size_um is not None and pixel_size_um > 0:
        larger = pixel_size_um / preset.pixel_size_um
        changes["photons"] = _times(preset.photons, larger**2)
        changes["motion_px"] = _times(preset.motion_px, 1 / larger)
        changes["jerk_px"] = _times(preset.jerk_px, 1 / larger)
    return replace(preset, **changes)


def _times(limits: Range, factor: float) -> Range:
    return (limits[0] * factor, limits[1] * factor)
