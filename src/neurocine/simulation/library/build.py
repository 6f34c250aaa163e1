"""Write the library's files."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np

from neurocine.io.result_files.stamp import Stamp, create
from neurocine.simulation.library.fit import KineticsFit, fit_kinetics
from neurocine.simulation.library.masks import MarkedMovie, choose_files, overlaps, read_masks, rescaled
from neurocine.simulation.library.recordings import (
    DATA_SETS,
    NeuronRecording,
    Sets,
    data_set_of,
    find_files,
    neuron_of,
    read_recordings,
)
from neurocine.simulation.library.scene import SceneStatistics
from neurocine.simulation.library.splits import assign

_log = logging.getLogger(__name__)

#: Neurons whose fitted ΔF/F correlates less than this with the recorded one are left out.
MIN_CORRELATION = 0.5


def write_neurons(folder: Path, path: Path, stamp: Stamp, of_sets: Sets = DATA_SETS) -> None:
    """Fit every neuron of the data sets `of_sets` in `folder` and write those fitted well to `path`."""
    kept: list[tuple[Path, list[NeuronRecording], KineticsFit]] = []
    left_out: Counter[str] = Counter()
    for file in find_files(folder, of_sets):
        recordings = read_recordings(file)
        if not recordings:
            left_out[f"{data_set_of(file)} too slow, short or silent"] += 1
            continue
        fit = fit_kinetics(recordings)
        if fit.correlation < MIN_CORRELATION:
            left_out[f"{data_set_of(file)} fitted poorly"] += 1
            continue
        kept.append((file, recordings, fit))
        _log.info("%s: correlation %.2f", file.name, fit.correlation)
    _log.info("%d neurons kept; left out: %s", len(kept), dict(left_out))
    groups = [neuron_of(file) for file, _, _ in kept]
    sets = [data_set_of(file) for file, _, _ in kept]
    recordings = [r for _, those, _ in kept for r in those]
    spikes = [r.spike_s[r.spike_s >= 0] for r in recordings]
    with create(path, "neurons", stamp) as file:
        for name, values in {
            "name": groups,
            "file": [path.name for path, _, _ in kept],
            "data_set": sets,
            "cell_class": [of_sets[s][0] for s in sets],
            "indicator": [of_sets[s][1] for s in sets],
            "split": assign(groups, sets),
        }.items():
            file[name] = [value.encode() for value in values]
        for name in asdict(kept[0][2].kinetics):
            file[name] = np.array([getattr(fit.kinetics, name) for _, _, fit in kept])
        file["correlation"] = np.array([fit.correlation for _, _, fit in kept])
        file["noise"] = np.array([fit.noise for _, _, fit in kept])
        file["recording_neuron"] = np.repeat(np.arange(len(kept)), [len(those) for _, those, _ in kept])
        file["recording_s"] = np.array([len(r.dff) / r.frame_rate_hz for r in recordings])
        file["recording_spikes"] = np.array([len(s) for s in spikes])
        file.create_dataset(
            "spike_s", data=np.concatenate(spikes).astype(np.float32), compression="gzip", shuffle=True
        )
        file.attrs["left_out"] = "; ".join(f"{count} {why}" for why, count in sorted(left_out.items()))


def write_footprints(folder: Path, path: Path, stamp: Stamp) -> None:
    """Write the outlines of one mask file for each movie in `folder` to `path`."""
    movies = [read_masks(file) for file in choose_files(folder)]
    abo = [crop.sum() * m.um_per_px**2 for m in movies if m.data_set.startswith("ABO") for crop in m.crops]
    if abo:
        area = float(np.median(abo))
        movies = [m if m.data_set.startswith("ABO") else rescaled(m, area) for m in movies]
    _log.info("%d masks of %d movies", sum(len(m.crops) for m in movies), len(movies))
    crops = [crop for movie in movies for crop in movie.crops]
    with create(path, "footprints", stamp) as file:
        _write_movies(file, movies)
        file["movie"] = np.repeat(np.arange(len(movies)), [len(m.crops) for m in movies])
        file["centre_um"] = np.concatenate([m.centre_um for m in movies])
        file["side"] = np.array([crop.shape for crop in crops], dtype=np.uint8)
        bits = np.packbits(np.concatenate([crop.ravel() for crop in crops]))
        file.create_dataset("bits", data=bits, compression="gzip", compression_opts=9)


def _write_movies(file: object, movies: list[MarkedMovie]) -> None:
    split = assign([m.group for m in movies], [m.data_set for m in movies])
    statistics = np.stack([overlaps(m) for m in movies])
    fov = np.array([m.fov_um for m in movies])
    columns = {
        "movie_name": [m.name.encode() for m in movies],
        "movie_group": [m.group.encode() for m in movies],
        "movie_data_set": [m.data_set.encode() for m in movies],
        "movie_split": [s.encode() for s in split],
        "movie_um_per_px": np.array([m.um_per_px for m in movies]),
        "movie_fov_um": fov,
        "movie_per_mm2": np.array([len(m.crops) for m in movies]) / fov.prod(axis=1) * 1e6,
        "movie_partners": statistics[:, 0],
        "movie_large_overlap_share": statistics[:, 1],
    }
    for name, values in columns.items():
        file[name] = values  # type: ignore[index]


def write_scene(scene: SceneStatistics, path: Path, stamp: Stamp) -> None:
    """Write a movie's statistics to `path`."""
    with create(path, "scene", stamp) as file:
        for name, value in asdict(scene).items():
            file[name] = value
