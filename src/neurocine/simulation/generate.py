"""One simulated recording: a movie, its contours and its truth."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from neurocine.core import FrameSource, InputError, Movie
from neurocine.core.truth import SPLITS
from neurocine.io.result_files import MovieWriter, Registration, Stamp, settings_hash, write_rois
from neurocine.io.result_files.truth import write_truth
from neurocine.motion.summary import SummaryAccumulator
from neurocine.progress import Progress, silent
from neurocine.simulation.fields import field_anatomy, read_fields
from neurocine.simulation.hybrid.make import make_hybrid
from neurocine.simulation.paper.make import make_paper
from neurocine.simulation.presets import AnyPreset, HybridPreset, TissuePreset, preset_of, sampled
from neurocine.simulation.tissue.make import DrawAnatomy, make_tissue

#: Frames rendered at a time: a multiple of the movie file's chunks.
BLOCK_FRAMES = 256


def simulate(
    preset: str | AnyPreset,
    seed: int,
    out: Path,
    *,
    n_frames: int | None = None,
    frame_rate_hz: float | None = None,
    pixel_size_um: float | None = None,
    fov_px: int | None = None,
    split: str = "train",
    fields: str | Path | None = None,
    progress: Progress = silent,
) -> Path:
    """Write ``movie.h5``, ``rois.h5`` and ``truth.h5`` of one simulated recording into `out`.

    Parameters
    ----------
    preset
        Name of a preset, or one of your own.
    seed
        The same preset, seed and split give the same bytes.
    out
        Folder, made if need be.
    n_frames, frame_rate_hz, pixel_size_um
        Length, sampling and scale of the movie, if other than the preset's; the truth keeps its name. See
        `neurocine.simulation.presets.sampled`.
    fov_px
        Height and width of the field of view, if other than the preset's.
    split
        ``train``, ``validation`` or ``test``: no recorded neuron, real outline or random number is in two.
        The ``paper`` preset has no real parts; its splits differ in their random numbers.
    fields
        File of `neurocine.simulation.fields`: the anatomy is that of one of its mean images. For presets of
        tissue.
    progress
        Told about frames.

    Returns
    -------
    pathlib.Path
        `out`.

    Raises
    ------
    InputError
        If there is no such preset or split, the preset has no such rate or scale, or takes no `fields`.
    """
    name = preset if isinstance(preset, str) else "custom"
    chosen = sampled(preset_of(preset), n_frames, frame_rate_hz, pixel_size_um)
    if fov_px is not None:
        chosen = replace(chosen, fov_shape=(fov_px, fov_px))
    if split not in SPLITS:
        raise InputError("simulation", "split", f"is {split!r}", f"Choose one of {', '.join(SPLITS)}.")
    made_of = asdict(chosen)
    for later in ("assemblies", "common_kinetics"):
        if made_of.get(later) is None:
            made_of.pop(later, None)  # movies keep the hash they had before there were any
    made_with: dict[str, Any] = {"preset": made_of, "seed": seed, "split": split}
    if fields is not None:
        made_with["fields"] = Path(fields).name
    stamp = Stamp(config_hash=settings_hash(made_with))
    frames: FrameSource
    if isinstance(chosen, TissuePreset):
        rois, truth, frames = make_tissue(
            chosen, seed, split, name, _anatomy(None if fields is None else Path(fields), split)
        )
    elif fields is not None:
        raise InputError("simulation", "fields", f"can't be used by {name!r}", "Choose a preset of tissue.")
    elif isinstance(chosen, HybridPreset):
        rois, truth, frames = make_hybrid(chosen, seed, split, name)
    else:
        rois, truth, frames = make_paper(chosen, seed, split, name)
    write_rois(out / "rois.h5", rois, stamp)
    write_truth(out / "truth.h5", truth, stamp)
    movie = Movie(
        frames,
        chosen.frame_rate_hz,
        chosen.pixel_size_um,
        chosen.indicator if isinstance(chosen, HybridPreset) else "simulated",
        source="simulation",
    )
    _write_movie(out / "movie.h5", movie, stamp, progress)
    return out


def _anatomy(fields: Path | None, split: str) -> DrawAnatomy | None:
    if fields is None:
        return None
    read = read_fields(fields, split)
    return lambda rng, preset, library: field_anatomy(rng, preset, library, read)


def _write_movie(path: Path, movie: Movie, stamp: Stamp, progress: Progress) -> None:
    summary = SummaryAccumulator(movie.read(0, 1)[0])
    with MovieWriter(path, movie, stamp) as writer:
        for start in range(0, movie.n_frames, BLOCK_FRAMES):
            frames = movie.read(start, min(start + BLOCK_FRAMES, movie.n_frames))
            writer.write(start, frames)
            summary.add(frames)
            progress("simulate", start + len(frames), movie.n_frames)
        pictures = summary.result()
        still = np.zeros(movie.n_frames, dtype=np.float32)
        writer.finish(
            pictures,
            Registration(
                y=still,
                x=still,
                correlation=np.ones_like(still),
                unregistered=np.zeros(movie.n_frames, dtype=bool),
                template=pictures.mean,
                raw_mean=pictures.mean,
                metrics={},
            ),
        )
